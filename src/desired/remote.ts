/** Where to fetch from, and with what: checked before git sees any of it. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";

export interface Remote {
  readonly url: string;
  readonly branch: string;
  /** The one protocol that git may speak. */
  readonly protocol: "https" | "http" | "file";
  /** Hands git the token: of its environment, as configuration of this server alone. */
  readonly env: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly signal?: AbortSignal;
}

export interface RemoteInput {
  readonly url: string;
  readonly token?: string;
  readonly branch: string;
  readonly signal?: AbortSignal;
}

/** Refuses URLs that hold credentials, other protocols, tokens in clear text over a network, and what is no branch name. */
export function remoteOf({ url, token, branch, signal }: RemoteInput): Remote | Fault {
  const parsed = parseUrl(url);
  if (isFault(parsed)) return parsed;
  if (!isBranchName(branch)) return refused("the branch", `${JSON.stringify(branch)} is no branch name`);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    return refused("the token", "it holds characters that no token has");
  const protocol = parsed.protocol.slice(0, -1) as Remote["protocol"];
  if (token !== undefined && protocol === "http" && !isLoopback(parsed.hostname)) {
    return refused("the repository's URL", "a token would travel in clear text; use https");
  }
  return {
    url: parsed.href,
    branch,
    protocol,
    env: token === undefined || protocol === "file" ? {} : tokenEnvironment(parsed, token),
    ...(token === undefined ? {} : { token }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function parseUrl(url: string): URL | Fault {
  const parsed = URL.parse(url);
  // The URL itself is not repeated: it may hold a password.
  if (parsed === null) return refused("the repository's URL", "it is no URL");
  if (!["https:", "http:", "file:"].includes(parsed.protocol)) {
    return refused("the repository's URL", `${parsed.protocol} is not supported; use https`);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return refused("the repository's URL", "it holds credentials; pass them as GITHUB_TOKEN");
  }
  return parsed;
}

/** git-check-ref-format's rules, as far as they keep a name from meaning more than a branch. */
function isBranchName(branch: string): boolean {
  if (branch.length > 250 || branch.startsWith("-") || branch.startsWith("/") || branch.endsWith("/")) return false;
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return branch !== "" && !/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|^\.|\.$|\.lock$|\.lock\//.test(branch);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** What `actions/checkout` writes to a file, passed by environment: `GIT_CONFIG_COUNT` is inherited by git's own helpers. */
function tokenEnvironment(url: URL, token: string): Readonly<Record<string, string>> {
  const basic = Buffer.from(`x-access-token:${token}`, "utf8").toString("base64");
  return {
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: `http.${url.origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    // A redirect would take the header along.
    GIT_CONFIG_KEY_1: "http.followRedirects",
    GIT_CONFIG_VALUE_1: "false",
  };
}

/** What git said of the server, as the fault that it is. */
export function remoteFault(fault: Fault, remote: Remote): Fault {
  const message = redact(fault.message, remote.token);
  if (fault.code !== "git-failed") return { ...fault, message };
  const about = remote.url;
  if (/couldn't find remote ref/i.test(message)) {
    const missing = `${remote.url} has no branch ${JSON.stringify(remote.branch)}`;
    return { ...fault, code: "revision-unknown", about, message: missing, remedy: "name an existing branch" };
  }
  if (/authentication failed|could not read username|invalid credentials|error: 40[13]/i.test(message)) {
    const denied = `${remote.url} refused access to the repository`;
    const remedy = "give a token that may read the repository's contents";
    return { ...fault, code: "unauthorized", about, message: denied, remedy };
  }
  return { ...fault, about, message, remedy: "check the address and the network, and run again" };
}

function redact(message: string, token: string | undefined): string {
  if (token === undefined) return message;
  const basic = Buffer.from(`x-access-token:${token}`, "utf8").toString("base64");
  return message.replaceAll(token, "***").replaceAll(basic, "***");
}

function refused(about: string, message: string): Fault {
  return {
    kind: "fault",
    code: "usage",
    about,
    message: `${about} cannot be used: ${message}`,
    remedy: "correct the repository's address, branch or token",
    leavesUnknown: "declared",
  };
}
