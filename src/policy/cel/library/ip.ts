/** `ip`, `cidr` and their questions (kubernetes/apiserver `pkg/cel/library/ip.go`, `cidr.go`). */

import type { Environment } from "@marcbachmann/cel-js";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";
import { containsAddress, formatAddress, maskedAddress, parseAddress, parseNetwork, widthOf } from "./addresses.ts";
import type { Address, Network } from "./addresses.ts";
import { registerNamespace } from "./namespaces.ts";

class Ip {
  readonly #address: Address;
  constructor(of: Address) {
    this.#address = of;
  }
  get address(): Address {
    return this.#address;
  }
}

class Cidr {
  readonly #network: Network;
  constructor(of: Network) {
    this.#network = of;
  }
  get network(): Network {
    return this.#network;
  }
}

const IP = "net.IP";
const CIDR = "net.CIDR";

export function registerIp(environment: Environment, register: Register): void {
  environment.registerType(IP, Ip);
  environment.registerType(CIDR, Cidr);
  environment.registerOperator(`${IP} == ${IP}`, (a: Ip, b: Ip) => sameAddress(a.address, b.address));
  environment.registerOperator(`${CIDR} == ${CIDR}`, (a: Cidr, b: Cidr) => formatNetwork(a) === formatNetwork(b));
  register(`ip(string): ${IP}`, (text: string) => new Ip(address(text)));
  register("isIP(string): bool", (text: string) => parseAddress(text) !== undefined);
  register(
    `${registerNamespace(environment, "ip")}.isCanonical(string): bool`,
    (_: unknown, text: string) => formatAddress(address(text)) === text,
  );
  register(`string(${IP}): string`, (value: Ip) => formatAddress(value.address));
  register(`${IP}.family(): int`, (value: Ip) => BigInt(value.address.family));
  for (const [name, networks] of QUESTIONS) {
    const parsed = networks.map((text) => parseNetwork(text) as Network);
    register(`${IP}.${name}(): bool`, (value: Ip) => parsed.some((range) => containsAddress(range, value.address)));
  }
  register(`${IP}.isGlobalUnicast(): bool`, (value: Ip) => isGlobalUnicast(value.address));
  registerCidr(register);
}

const QUESTIONS: readonly (readonly [string, readonly string[]])[] = [
  ["isUnspecified", ["0.0.0.0/32", "::/128"]],
  ["isLoopback", ["127.0.0.0/8", "::1/128"]],
  ["isLinkLocalMulticast", ["224.0.0.0/24", "ff02::/16"]],
  ["isLinkLocalUnicast", ["169.254.0.0/16", "fe80::/10"]],
];

/** Go's `netip.Addr.IsGlobalUnicast`: private addresses are; ff00::/8 and 224.0.0.0/4 are multicast. */
const NOT_GLOBAL = [
  "0.0.0.0/32",
  "255.255.255.255/32",
  "127.0.0.0/8",
  "224.0.0.0/4",
  "169.254.0.0/16",
  "::/128",
  "::1/128",
  "ff00::/8",
  "fe80::/10",
];

function isGlobalUnicast(value: Address): boolean {
  return !NOT_GLOBAL.some((text) => containsAddress(parseNetwork(text) as Network, value));
}

function registerCidr(register: Register): void {
  register(`cidr(string): ${CIDR}`, (text: string) => new Cidr(network(text)));
  register("isCIDR(string): bool", (text: string) => parseNetwork(text) !== undefined);
  register(`string(${CIDR}): string`, formatNetwork);
  register(`${CIDR}.containsIP(${IP}): bool`, (a: Cidr, b: Ip) => containsAddress(a.network, b.address));
  register(`${CIDR}.containsIP(string): bool`, (a: Cidr, b: string) => containsAddress(a.network, address(b)));
  register(`${CIDR}.containsCIDR(${CIDR}): bool`, (a: Cidr, b: Cidr) => containsNetwork(a.network, b.network));
  register(`${CIDR}.containsCIDR(string): bool`, (a: Cidr, b: string) => containsNetwork(a.network, network(b)));
  register(`${CIDR}.ip(): ${IP}`, (value: Cidr) => new Ip(value.network.address));
  register(
    `${CIDR}.masked(): ${CIDR}`,
    ({ network: of }: Cidr) => new Cidr({ address: maskedAddress(of), prefix: of.prefix }),
  );
  register(`${CIDR}.prefixLength(): int`, (value: Cidr) => BigInt(value.network.prefix));
}

function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.bits === b.bits;
}

function formatNetwork({ network: { address: of, prefix } }: Cidr): string {
  return `${formatAddress(of)}/${prefix}`;
}

function containsNetwork(outer: Network, inner: Network): boolean {
  return (
    widthOf(outer.address) === widthOf(inner.address) &&
    outer.prefix <= inner.prefix &&
    containsAddress(outer, maskedAddress(inner))
  );
}

function address(text: string): Address {
  const found = parseAddress(text);
  if (found === undefined) throw new CelFailure("no IP address in this text");
  return found;
}

function network(text: string): Network {
  const found = parseNetwork(text);
  if (found === undefined) throw new CelFailure("no network in this text");
  return found;
}
