/** Which addresses are everybody's, and which may be of a network that only this machine can reach. */

import { BlockList, isIP } from "node:net";

/** IANA's special-purpose registries for IPv4: all that is not globally reachable, and multicast. */
const SPECIAL: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Of 2000::/3, all that is given out: what leads to IPv4 by tunnels, and to documentation. */
const SPECIAL_6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !listOf(SPECIAL, "ipv4").check(address, "ipv4");
  if (family !== 6 || address.includes("%")) return false;
  const given = listOf([["2000::", 3]], "ipv6");
  return given.check(address, "ipv6") && !listOf(SPECIAL_6, "ipv6").check(address, "ipv6");
}

function listOf(nets: readonly (readonly [string, number])[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of nets) list.addSubnet(net, prefix, family);
  return list;
}
