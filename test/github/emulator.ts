// A GitHub for end-to-end tests: stateful, on loopback, and as strict as the real one where holdfast could notice.
// `emulate` keeps the state (users, repositories, git objects, issues, pull requests, App tokens). The proxy before it
// adds what it lacks and refuses what it wrongly allows; each file beside this one holds one part of that. What only
// github.com can show stays unproven here: real signatures, rendering of Markdown, lag of lists and search, secondary limits.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAppManifest } from "./app-manifest.ts";
import type { Permissions } from "./app-manifest.ts";
import { STAFF, startBackend } from "./backend.ts";
import type { Fault } from "./faults.ts";
import type { ChangedFile } from "./git-mirror.ts";
import { appJwt, backendToken, Identities, issuedToken, newPrivateKey } from "./identities.ts";
import type { App } from "./identities.ts";
import type { Issue } from "./issues.ts";
import { act, commit, diff, fileAt, seedRepository, userIdentity } from "./people.ts";
import type { PersonsCommit, RepositorySeed } from "./people.ts";
import { Proxy } from "./proxy.ts";
import type { LoggedRequest, WriteHook } from "./proxy.ts";
import { PullRequests, pullRequests } from "./pull-requests.ts";
import type { PullRequest } from "./pull-requests.ts";
import { everyItem, mirrorOf } from "./stand.ts";
import type { Stand } from "./stand.ts";

export interface GitHubOptions {
  /** Organisations on which the App is installed; ["acme"] where it is left out. */
  readonly organisations?: readonly string[];
  /** Owners of every organisation; ["alice"] where it is left out. The first one acts where a helper is not told who. */
  readonly people?: readonly string[];
  /** Users who belong to nothing; ["mallory"] where it is left out. */
  readonly strangers?: readonly string[];
  /** Instead of app.yml's, to show what a missing permission does. */
  readonly permissions?: Permissions;
  readonly webhookSecret?: string;
}

/** Repositories are named "owner/name". Refs are branch names, full refs or hashes. */
export interface TestGitHub {
  /** REST and GraphQL (also below /api/v3 and /api/graphql), and git. */
  readonly url: string;
  /** What holdfast's environment needs to act as the App. */
  readonly appEnvironment: Readonly<Record<string, string>>;
  readonly app: App;
  readonly webhookSecret: string;
  /** Every request of a client, in the order of arrival; what the helpers below do is not among them. */
  readonly requests: readonly LoggedRequest[];
  /** Those of `requests` that changed something. */
  writes(): readonly LoggedRequest[];
  forgetRequests(): void;
  /** Orders a fault; it counts matching requests from now on. */
  inject(fault: Fault): void;
  clearFaults(): void;
  /** Returns what takes the hook away again. */
  onWrite(hook: WriteHook): () => void;

  /** A classic token of a user. */
  userToken(login: string, scopes?: readonly string[]): string;
  /** The token of a workflow run (`github-actions[bot]`), as in GITHUB_TOKEN, for one repository. */
  actionsToken(repository: string, permissions?: Permissions): Promise<string>;
  /** What holdfast's environment needs to act by a token alone. */
  tokenEnvironment(token: string): Readonly<Record<string, string>>;
  installationId(owner: string): number;
  /** All tokens of installations stop working. */
  expireTokens(): void;

  /** Returns the first commit. */
  seedRepository(seed: RepositorySeed): Promise<string>;
  /** Returns the new head. */
  commit(commit: PersonsCommit): Promise<string>;
  archive(repository: string): Promise<void>;
  mergePullRequest(repository: string, number: number, as?: string): Promise<void>;
  closePullRequest(repository: string, number: number, as?: string): Promise<void>;
  closeIssue(repository: string, number: number, as?: string): Promise<void>;
  /** Anything else that a person does through the API, as {method, path, body}; returns the parsed answer. */
  act<T>(login: string, action: { method: string; path: string; body?: unknown }): Promise<T>;
  pullRequests(repository: string): Promise<readonly PullRequest[]>;
  /** Without pull requests. */
  issues(repository: string): Promise<readonly Issue[]>;
  /** Branch → head. */
  branches(repository: string): Promise<ReadonlyMap<string, string>>;
  fileAt(repository: string, ref: string, path: string): Promise<Buffer | undefined>;
  /** What `head` changed since it left `base`. */
  diff(repository: string, base: string, head: string): Promise<readonly ChangedFile[]>;
  /** The SARIF uploads so far. */
  readonly sarifs: readonly unknown[];
  /** Delivers an event as GitHub does, signed. Returns the receiver's answer. */
  sendWebhook(delivery: {
    url: string;
    event: string;
    payload: unknown;
    secret?: string;
    id?: string;
  }): Promise<Response>;
  close(): Promise<void>;
}

/** The id that GitHub Actions has among the Apps. */
const ACTIONS: Omit<App, "privateKey"> = {
  id: 15_368,
  slug: "github-actions",
  permissions: {
    metadata: "read",
    contents: "write",
    pull_requests: "write",
    issues: "write",
    checks: "write",
    security_events: "write",
  },
};

/** Starts the stand-in in this process; it ends with it, and by `close`. */
export async function startGitHub(options: GitHubOptions = {}): Promise<TestGitHub> {
  const { organisations = ["acme"], people = ["alice"], strangers = ["mallory"] } = options;
  const manifest = readAppManifest();
  const app: App = {
    id: 4242,
    slug: manifest.name,
    privateKey: newPrivateKey(),
    permissions: options.permissions ?? manifest.default_permissions,
  };
  const actions: App = { ...ACTIONS, privateKey: newPrivateKey() };
  const users = [STAFF, ...people, ...strangers];
  const owners = [...organisations, ...people];
  const proxy = await Proxy.listen();
  const backend = await startBackend(proxy.url, {
    tokens: Object.fromEntries(users.map((login) => [backendToken(login), login])),
    github: {
      users: users.map((login) => ({ login, name: login, email: `${login}@users.noreply.github.com` })),
      orgs: organisations.map((login) => ({
        login,
        members: [STAFF, ...people].map((member) => ({ login: member, role: "admin" })),
      })),
      apps: [
        appSeed(app, owners, { firstInstallation: 1000, events: manifest.default_events }),
        appSeed(actions, owners, { firstInstallation: 2000, events: [] }),
      ],
    },
  });
  const stand: Stand = {
    url: proxy.url,
    backend,
    identities: new Identities([app, actions]),
    pulls: new PullRequests(),
    signed: new Set(),
    repositories: new Set(),
    sarifs: [],
    mirrors: new Map(),
    folder: mkdtempSync(join(tmpdir(), "holdfast-github-")),
  };
  proxy.connect(stand);
  return testGitHub({
    proxy,
    stand,
    app,
    actions,
    owners,
    people,
    webhookSecret: options.webhookSecret ?? randomBytes(20).toString("hex"),
  });
}

interface Parts {
  readonly proxy: Proxy;
  readonly stand: Stand;
  readonly app: App;
  readonly actions: App;
  readonly owners: readonly string[];
  readonly people: readonly string[];
  readonly webhookSecret: string;
}

function testGitHub(parts: Parts): TestGitHub {
  const { proxy, stand, app, owners, webhookSecret } = parts;
  const [person = STAFF] = parts.people;
  const addresses = {
    GITHUB_API_URL: proxy.url,
    GITHUB_GRAPHQL_URL: `${proxy.url}/graphql`,
    GITHUB_SERVER_URL: proxy.url,
  };
  const doing = <T>(login: string, method: string, path: string, body?: unknown) =>
    proxy.exclusively(() => act<T>(stand, login, { method, path, ...(body === undefined ? {} : { body }) }));
  return {
    url: proxy.url,
    app,
    webhookSecret,
    appEnvironment: {
      ...addresses,
      APP_ID: String(app.id),
      PRIVATE_KEY: app.privateKey,
      WEBHOOK_SECRET: webhookSecret,
    },
    tokenEnvironment: (token) => ({ ...addresses, GITHUB_TOKEN: token }),
    requests: proxy.requests,
    sarifs: stand.sarifs,
    writes: () => proxy.requests.filter(({ wrote }) => wrote),
    forgetRequests: () => void proxy.requests.splice(0),
    inject: (fault) => proxy.faults.add(fault),
    clearFaults: () => proxy.faults.clear(),
    onWrite: (hook) => proxy.onWrite(hook),
    userToken: (login, scopes = ["repo"]) => {
      const token = `ghp_${randomBytes(18).toString("hex")}`;
      stand.identities.addUserToken(token, login, scopes);
      return token;
    },
    actionsToken: (repository, permissions) => proxy.exclusively(() => actionsToken(parts, repository, permissions)),
    installationId: (owner) => 1000 + owners.indexOf(owner),
    expireTokens: () => stand.identities.forgetInstallationTokens(),
    seedRepository: (seed) =>
      proxy.exclusively(() => seedRepository(stand, seed.owner ?? owners[0] ?? STAFF, staffIdentity(), seed)),
    commit: (change) => proxy.exclusively(() => commit(stand, change, person)),
    archive: async (repository) =>
      void (await stand.backend.staff("PATCH", `/repos/${repository}`, { archived: true })),
    mergePullRequest: async (repository, number, as = person) =>
      void (await doing(as, "PUT", `/repos/${repository}/pulls/${number}/merge`, {})),
    closePullRequest: async (repository, number, as = person) =>
      void (await doing(as, "PATCH", `/repos/${repository}/pulls/${number}`, { state: "closed" })),
    closeIssue: async (repository, number, as = person) =>
      void (await doing(as, "PATCH", `/repos/${repository}/issues/${number}`, { state: "closed" })),
    act: (login, { method, path, body }) => doing(login, method, path, body),
    pullRequests: (repository) => proxy.exclusively(() => pullRequests(stand, repository, "state=all&direction=asc")),
    issues: (repository) =>
      proxy.exclusively(() => everyItem<Issue>(stand, `/repos/${repository}/issues?state=all&direction=asc`)),
    branches: (repository) =>
      proxy.exclusively(async () => branchesOf(await (await mirrorOf(stand, repository)).refs())),
    fileAt: (repository, ref, path) => proxy.exclusively(() => fileAt(stand, repository, ref, path)),
    diff: (repository, base, head) => proxy.exclusively(() => diff(stand, repository, base, head)),
    sendWebhook: (delivery) => sendWebhook({ secret: webhookSecret, ...delivery }),
    close: async () => {
      await proxy.close();
      await stand.backend.close();
      rmSync(stand.folder, { recursive: true, force: true });
    },
  };
}

function appSeed(
  app: App,
  owners: readonly string[],
  { firstInstallation, events }: { firstInstallation: number; events: readonly string[] },
) {
  return {
    app_id: app.id,
    slug: app.slug,
    name: app.slug,
    private_key: app.privateKey,
    permissions: app.permissions,
    events,
    installations: owners.map((account, index) => ({ installation_id: firstInstallation + index, account })),
  };
}

async function actionsToken(
  { stand, actions, owners }: Parts,
  repository: string,
  permissions?: Permissions,
): Promise<string> {
  const [owner = "", name = ""] = repository.split("/");
  const answer = await stand.backend.forward({
    method: "POST",
    path: `/app/installations/${2000 + owners.indexOf(owner)}/access_tokens`,
    headers: { authorization: `Bearer ${appJwt(actions)}`, "content-type": "application/json" },
    body: JSON.stringify({ repositories: [name], permissions: permissions ?? actions.permissions }),
  });
  const { token, installation } = issuedToken(answer, actions.slug, owner);
  stand.identities.addInstallationToken(token, installation);
  return token;
}

function staffIdentity() {
  return userIdentity(STAFF);
}

function branchesOf(refs: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const heads = [...refs].filter(([ref]) => ref.startsWith("refs/heads/"));
  return new Map(heads.map(([ref, sha]) => [ref.slice("refs/heads/".length), sha]));
}

function sendWebhook({
  url,
  event,
  payload,
  secret,
  id,
}: {
  url: string;
  event: string;
  payload: unknown;
  secret: string;
  id?: string;
}): Promise<Response> {
  const body = JSON.stringify(payload);
  return fetch(url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/stand-in",
      "x-github-event": event,
      "x-github-delivery": id ?? randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
  });
}
