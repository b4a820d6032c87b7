/** What a server is told by its environment. */

import type { Fault } from "../core/fault.ts";
import { isFault } from "../core/fault.ts";
import { appCredentials } from "../app/credentials.ts";
import type { AppCredentials } from "../app/credentials.ts";
import { gitHubAddresses } from "../app/github-addresses.ts";
import type { GitHubAddresses } from "../app/github-addresses.ts";

export interface ServerSettings {
  readonly credentials: AppCredentials;
  readonly addresses: GitHubAddresses;
  readonly webhookSecret: string;
  readonly host: string;
  readonly port: number;
}

const SHORTEST_SECRET = 16;

/** Every problem at once: there is no start with a webhook secret that anybody could guess. */
export function serverSettings(environment: NodeJS.ProcessEnv): ServerSettings | readonly Fault[] {
  const credentials = appCredentials(environment);
  const addresses = gitHubAddresses(environment);
  const webhookSecret = webhookSecretOf(environment);
  const port = portOf(environment);
  if (isFault(credentials) || isFault(addresses) || isFault(webhookSecret) || isFault(port)) {
    return [credentials, addresses, webhookSecret, port].filter(isFault);
  }
  return { credentials, addresses, webhookSecret, host: environment["HOST"] || "127.0.0.1", port };
}

function webhookSecretOf(environment: NodeJS.ProcessEnv): string | Fault {
  const secret = environment["WEBHOOK_SECRET"] ?? "";
  if (secret === "") return problem("WEBHOOK_SECRET", "WEBHOOK_SECRET is not set");
  // What Probot takes where none is set: the whole world knows it.
  if (secret === "development") return problem("WEBHOOK_SECRET", "WEBHOOK_SECRET is the one that everybody knows");
  if (secret.length >= SHORTEST_SECRET) return secret;
  return problem("WEBHOOK_SECRET", `WEBHOOK_SECRET is shorter than ${SHORTEST_SECRET} characters`);
}

function portOf(environment: NodeJS.ProcessEnv): number | Fault {
  const text = environment["PORT"] || "3000";
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port >= 0 && port < 65_536) return port;
  return { ...problem("PORT", "PORT is no port"), remedy: "set a number from 1 to 65535, or 0 for any that is free" };
}

function problem(about: string, message: string): Fault {
  const remedy = "make one with openssl rand -hex 32, and set it here and on the App's settings page";
  return { kind: "fault", code: "usage", about, message, remedy, leavesUnknown: "nothing" };
}
