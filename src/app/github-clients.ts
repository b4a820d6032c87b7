/**
 * How holdfast talks to GitHub: as an App (a JSON web token, and for each pass an installation's token that reaches one
 * repository with no more than it needs), or by a token that it was given. Nothing is logged, since requests hold
 * tokens and answers hold private text; nothing is repeated here that could have had an effect.
 */

import { setTimeout as sleep } from "node:timers/promises";

import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { faultOf, forgeErrorOf } from "../publish/github-faults.ts";
import type { AppCredentials, Credentials } from "./credentials.ts";
import type { GitHubAddresses } from "./github-addresses.ts";

/** An App's permissions: `contents` → `write`. */
export type Permissions = Readonly<Record<string, string | undefined>>;

export interface Installation {
  readonly id: number;
  readonly appSlug: string;
  readonly permissions: Permissions;
}

/** One repository, as one pass may reach it. */
export interface RepositoryAccess {
  readonly client: Octokit;
  /** For git; the client's own. */
  readonly token: string;
  /** Whom the client acts as: how GitHub names the author of what it writes. */
  login(): Promise<string | Fault>;
  /** Gives an installation's token back. Never fails. */
  close(): Promise<void>;
}

export interface AccessOptions {
  readonly credentials: Credentials;
  readonly addresses: GitHubAddresses;
  readonly owner: string;
  readonly name: string;
  /** `false`: a token that could not write if it wanted to (of an App; a token that was given is what it is). */
  readonly write: boolean;
  /** Where it is known already. */
  readonly installation?: Installation;
}

const TIME_LIMIT = 30_000;
const READ_ATTEMPTS = 3;
const RETRY_AFTER = 1000;
/** For so long after it was made, GitHub may not know an installation's token everywhere. */
const TOKEN_SETTLES = 5000;

/** What publishing and fetching need, besides `metadata`, which every App may read. */
const WANTED = ["contents", "issues", "pull_requests"] as const;

/** Faults: as GitHub refuses, and `forge-forbidden` where the App is not installed or may not read contents. */
export async function openAccess(options: AccessOptions): Promise<RepositoryAccess | Fault> {
  const { credentials, addresses } = options;
  if (credentials.kind === "app") return appAccess(options, credentials);
  const client = tokenClient(credentials.token, addresses);
  return { client, token: credentials.token, login: () => viewerOf(client), close: async () => undefined };
}

/** Every kind of token may ask this, that of Actions too. */
async function viewerOf(client: Octokit): Promise<string | Fault> {
  const answer = await asked("GITHUB_TOKEN", "the token's user", () =>
    client.graphql<{ readonly viewer: { readonly login: string } }>("query { viewer { login } }"),
  );
  return isFault(answer) ? answer : answer.viewer.login;
}

/** The App's own client, which sees installations and no repository. */
export function appClient({ appId, privateKey }: AppCredentials, { api }: GitHubAddresses): Octokit {
  return new Octokit({ ...common(api), authStrategy: createAppAuth, auth: { appId, privateKey } });
}

export function tokenClient(token: string, { api }: GitHubAddresses): Octokit {
  return new Octokit({ ...common(api), auth: token });
}

/** A token of the installation, for these repositories (all that it has where left out) and permissions. */
export async function installationToken(
  client: Octokit,
  installation: number,
  scope: { readonly repositories?: readonly string[]; readonly permissions: Permissions },
): Promise<string> {
  const { data } = await client.request("POST /app/installations/{installation_id}/access_tokens", {
    installation_id: installation,
    ...(scope.repositories === undefined ? {} : { repositories: [...scope.repositories] }),
    permissions: scope.permissions,
  });
  return data.token;
}

/** A client whose token was made a moment ago: refusals of the first seconds are asked again, since they had no effect. */
export function freshTokenClient(token: string, addresses: GitHubAddresses): Octokit {
  const client = tokenClient(token, addresses);
  const made = Date.now();
  client.hook.wrap("request", async (request, options) => {
    for (;;) {
      try {
        return await request(options);
      } catch (error) {
        if ((error as { status?: unknown }).status !== 401 || Date.now() - made > TOKEN_SETTLES) throw error;
        await sleep(RETRY_AFTER);
      }
    }
  });
  return client;
}

/**
 * The answer, or the fault that GitHub's refusal is. For reads: where GitHub or the connection fails, it is asked
 * again.
 */
export async function asked<T>(about: string, what: string, work: () => Promise<T>): Promise<T | Fault> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const failure = forgeErrorOf(error, what);
      if (failure.status < 500 || attempt === READ_ATTEMPTS) return faultOf(failure, about);
      await sleep(RETRY_AFTER * attempt);
    }
  }
}

async function appAccess(options: AccessOptions, credentials: AppCredentials): Promise<RepositoryAccess | Fault> {
  const { addresses, owner, name, write } = options;
  const about = `${owner}/${name}`;
  const client = appClient(credentials, addresses);
  const installation = options.installation ?? (await installationOf(client, owner, name));
  if (isFault(installation)) return installation;
  const permissions = granted(installation.permissions, write);
  if (permissions["contents"] === undefined)
    return forbidden(about, "the App may not read contents", "allow it Contents in the App's permissions");
  const token = await asked(about, "an installation's token", () =>
    installationToken(client, installation.id, { repositories: [name], permissions }),
  );
  if (isFault(token)) return token;
  const own = freshTokenClient(token, addresses);
  return {
    client: own,
    token,
    login: async () => `${installation.appSlug}[bot]`,
    close: async () => {
      await own.request("DELETE /installation/token").catch(() => undefined);
    },
  };
}

async function installationOf(client: Octokit, owner: string, repo: string): Promise<Installation | Fault> {
  const about = `${owner}/${repo}`;
  const answer = await asked(about, "the App's installation", () =>
    client.request("GET /repos/{owner}/{repo}/installation", { owner, repo }).catch((error: { status?: unknown }) => {
      if (error.status === 404) return undefined;
      throw error;
    }),
  );
  if (answer === undefined)
    return forbidden(about, "the App is not installed there", "install it on the repository, and check the name");
  return isFault(answer) ? answer : toInstallation(answer.data);
}

/** As GitHub's answers have it. */
export function toInstallation(data: {
  readonly id: number;
  readonly app_slug: string;
  readonly permissions: object;
}): Installation {
  return { id: data.id, appSlug: data.app_slug, permissions: data.permissions as Permissions };
}

/** No more than is needed, and no more than there is: GitHub refuses a token that asks for more. */
function granted(permissions: Permissions, write: boolean): Permissions {
  const had = WANTED.filter((name) => permissions[name] !== undefined);
  return { metadata: "read", ...Object.fromEntries(had.map((name) => [name, write ? permissions[name] : "read"])) };
}

/** GitHub lets these credentials do less than is needed. */
export function forbidden(about: string, message: string, remedy: string): Fault {
  return {
    kind: "fault",
    code: "forge-forbidden",
    about,
    message: `${about}: ${message}`,
    remedy,
    leavesUnknown: "declared",
  };
}

function common(api: string) {
  return {
    baseUrl: api,
    userAgent: "holdfast",
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    request: { fetch: limitedFetch },
  };
}

/** Octokit's requests wait for ever otherwise. */
async function limitedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  return fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(TIME_LIMIT) });
}

function ignore(): void {}
