/** Addresses of charts: as Git writes them, and as the operator allows them. */

import { isIP } from "node:net";
import { isPublicAddress } from "./public-address.ts";
import type { ChartGrant } from "./charts.ts";

export interface ChartAddress {
  readonly scheme: "https" | "http" | "oci";
  /** With the port, where one is named. */
  readonly host: string;
  /** Without a slash at either end. */
  readonly path: string;
}

/** `undefined` for what is no address of charts, holds a password, or does not say plainly where it leads. */
export function chartAddress(written: string): ChartAddress | undefined {
  const found = /^(https|http|oci):\/\/([^/?#@\\\s]+)(?:\/([^?#\\\s]*))?$/i.exec(written);
  const [, scheme = "", host = "", path = ""] = found ?? [];
  // What is not ASCII, escaped or relative could be another host or folder to whoever reads it next.
  if (written.length > 1000 || !/^[a-z0-9.-]+(?::\d{1,5})?$|^\[[0-9a-f:]+\](?::\d{1,5})?$/i.test(host))
    return undefined;
  if (!/^[A-Za-z0-9._~/+-]*$/.test(path) || /^\/|(?:^|\/)\.{1,2}(?:\/|$)|\/\//.test(path)) return undefined;
  return {
    scheme: scheme.toLowerCase() as ChartAddress["scheme"],
    host: host.toLowerCase(),
    path: path.replace(/\/+$/, ""),
  };
}

export function addressText({ scheme, host, path }: ChartAddress): string {
  return `${scheme}://${host}${path === "" ? "" : `/${path}`}`;
}

/** The grant that says most about the address; `undefined` where none covers it. */
export function grantFor(address: ChartAddress, grants: readonly ChartGrant[]): ChartGrant | undefined {
  const covering = grants.filter((grant) => covers(grant, address));
  return covering.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0];
}

/** `public` says least. */
function lengthOf({ address }: ChartGrant): number {
  return address === PUBLIC ? 0 : address.length;
}

export const PUBLIC = "public";

function covers({ address }: ChartGrant, asked: ChartAddress): boolean {
  if (address === PUBLIC) return asked.scheme !== "http" && mayBePublic(asked.host);
  const own = chartAddress(address);
  if (own === undefined || own.scheme !== asked.scheme || withPort(own) !== withPort(asked)) return false;
  return own.path === "" || asked.path === own.path || asked.path.startsWith(`${own.path}/`);
}

/** By its name alone; where that leads is seen when it is connected to. */
function mayBePublic(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (isIP(name) !== 0) return isPublicAddress(name);
  // Go's client takes numbers and this machine's names past any proxy.
  return name.includes(".") && !/^[\d.]+$|^0x|(?:^|\.)localhost\.?$/i.test(name);
}

/** `host:port`, as it is connected to. */
export function withPort({ scheme, host }: Pick<ChartAddress, "scheme" | "host">): string {
  if (/:\d+$/.test(host) && !host.endsWith("]")) return host;
  return `${host}:${scheme === "http" ? 80 : 443}`;
}

/** What talks to this machine itself. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}
