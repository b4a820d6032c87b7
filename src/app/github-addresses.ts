/** Where GitHub is: its API, and Git over HTTP. */

import type { Fault } from "../core/fault.ts";
import { isLoopback } from "../desired/remote.ts";

export interface GitHubAddresses {
  /** Of REST, without a slash at the end; GraphQL's follows from it. */
  readonly api: string;
  /** Repositories are at `<server>/<owner>/<name>`. */
  readonly server: string;
}

const PUBLIC_API = "https://api.github.com";

/**
 * `GITHUB_API_URL` and `GITHUB_SERVER_URL`, as Actions sets them. Without the second: what belongs to the first on
 * github.com, on ghe.com (`api.acme.ghe.com`) and on Enterprise Server (`HOST/api/v3`). Tokens travel over https only,
 * but for this machine itself.
 */
export function gitHubAddresses(environment: NodeJS.ProcessEnv): GitHubAddresses | Fault {
  const given = environment["GITHUB_API_URL"] || PUBLIC_API;
  const api = usable(given);
  if (api === undefined) return refused("GITHUB_API_URL", "is no https address without credentials");
  const named = environment["GITHUB_SERVER_URL"];
  const server = named ? usable(named) : serverOf(api);
  if (server !== undefined) return { api, server };
  return named
    ? refused("GITHUB_SERVER_URL", "is no https address without credentials")
    : refused("GITHUB_API_URL", "does not say where Git over HTTP is");
}

function serverOf(api: string): string | undefined {
  const { protocol, host, pathname } = new URL(api);
  if (pathname === "/api/v3") return `${protocol}//${host}`;
  if (pathname !== "/" || !host.startsWith("api.")) return undefined;
  const rest = host.slice("api.".length);
  return rest === "github.com" || rest.endsWith(".ghe.com") ? `${protocol}//${rest}` : undefined;
}

function usable(address: string): string | undefined {
  const url = URL.parse(address);
  if (url === null || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return undefined;
  }
  const safe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  return safe ? url.href.replace(/\/+$/, "") : undefined;
}

function refused(setting: string, why: string): Fault {
  return {
    kind: "fault",
    code: "usage",
    about: setting,
    message: `${setting} ${why}`,
    remedy:
      "set GITHUB_API_URL (https://api.github.com, https://HOST/api/v3 …) and, for other servers, GITHUB_SERVER_URL",
    leavesUnknown: "nothing",
  };
}
