/** IP addresses and networks as numbers, by the rules of Go's `netip` (no zones, no IPv4 in IPv6, no leading zeros). */

export interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

export interface Network {
  readonly address: Address;
  readonly prefix: number;
}

export function parseAddress(text: string): Address | undefined {
  if (text.length > 45) return undefined;
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match === null ? undefined : parseAddress(match[1] as string);
  const prefix = Number(match?.[2]);
  return address === undefined || prefix > widthOf(address) ? undefined : { address, prefix };
}

export function widthOf({ family }: Address): number {
  return family === 4 ? 32 : 128;
}

/** The network's first address. */
export function maskedAddress({ address, prefix }: Network): Address {
  const shift = BigInt(widthOf(address) - prefix);
  return { family: address.family, bits: (address.bits >> shift) << shift };
}

export function containsAddress(network: Network, address: Address): boolean {
  const { address: base, prefix } = network;
  if (base.family !== address.family) return false;
  const shift = BigInt(widthOf(base) - prefix);
  return base.bits >> shift === address.bits >> shift;
}

/** The canonical form (RFC 5952 for IPv6). */
export function formatAddress({ family, bits }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const gap = longestZeros(groups);
  if (gap === undefined) return groups.join(":");
  return `${groups.slice(0, gap.start).join(":")}::${groups.slice(gap.end).join(":")}`;
}

/** The first of the longest runs of two or more zero groups. */
function longestZeros(groups: readonly string[]): { readonly start: number; readonly end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === "0") end++;
    if (end - start >= 2 && end - start > (best === undefined ? 0 : best.end - best.start)) best = { start, end };
    if (end > start) start = end;
  }
  return best;
}

function parseV4(text: string): Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return { family: 4, bits: parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n) };
}

function parseV6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const bits = groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
  // IPv4 written as IPv6 is refused (kubernetes/apiserver `pkg/cel/library/ip.go`).
  return bits >> 32n === 0xffffn ? undefined : { family: 6, bits };
}
