import { Octokit } from "@octokit/rest";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Permissions } from "./app-manifest.ts";
import { startGitHub } from "./emulator.ts";
import type { TestGitHub } from "./emulator.ts";
import { appJwt } from "./identities.ts";

/** What the seeded repository of each test holds. */
export const FILES = {
  "apps/web.yaml": "kind: Deployment\nreplicas: 3\n",
  "apps/deep/er/api.yaml": "kind: Service\n",
  "logo.bin": Buffer.from([0, 255, 254, 1, 10, 13]),
};

const COMMIT_ON_BRANCH = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url signature { isValid } } }
}`;

/** A stand-in for all tests of a file, and for each test a fresh repository and the App's client. */
export interface Bench {
  github: TestGitHub;
  /** "acme/platform-n" */
  repo: string;
  /** The same for Octokit. */
  where: { owner: string; repo: string };
  /** The first commit. */
  first: string;
  bot: Octokit;
  /** How many such repositories there are so far. */
  count: number;
}

/** Text by path; null removes the file. */
export type Files = Readonly<Record<string, string | null>>;

/** To be called at the top of a test file; the fields are ready inside tests only. */
export function useBench(): Bench {
  const bench = { count: 0 } as Bench;
  beforeAll(async () => {
    bench.github = await startGitHub();
  });
  afterAll(() => bench.github.close());
  beforeEach(async () => {
    const name = `platform-${++bench.count}`;
    bench.repo = `acme/${name}`;
    bench.where = { owner: "acme", repo: name };
    bench.first = await bench.github.seedRepository({ name, files: FILES });
    bench.bot = octokit(bench, await installationToken(bench));
    bench.github.clearFaults();
    bench.github.forgetRequests();
  });
  return bench;
}

export function octokit({ github }: Pick<Bench, "github">, auth?: string): Octokit {
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  return new Octokit({ baseUrl: github.url, log, ...(auth === undefined ? {} : { auth }) });
}

/** A token of the App for "acme", with all that the App has where nothing narrows it. */
export async function installationToken(
  bench: Pick<Bench, "github">,
  narrowed: { permissions?: Permissions; repositories?: string[] } = {},
): Promise<string> {
  const request = { id: bench.github.installationId("acme"), ...narrowed };
  const { data } = await octokit(bench, appJwt(bench.github.app)).request(
    "POST /app/installations/{id}/access_tokens",
    request,
  );
  return (data as { token: string }).token;
}

/** What a refused request shows: status, message and GitHub's list of errors. */
export async function refused(
  request: Promise<unknown>,
): Promise<{ status: number; message: string; errors?: unknown }> {
  const error: unknown = await request.then(
    () => {
      throw new Error("was not refused");
    },
    (reason: unknown) => reason,
  );
  const { status, response } = error as { status: number; response?: { data: { message: string; errors?: unknown } } };
  if (!response) throw error;
  const { message, errors } = response.data;
  return { status, message, ...(errors === undefined ? {} : { errors }) };
}

/** Commits on an existing branch by GraphQL. Returns the new head. */
export async function commitOnBranch(
  bench: Bench,
  { branch, head = bench.first, files, client = bench.bot }: CommitOnBranch,
): Promise<string> {
  const additions = Object.entries(files).flatMap(([path, text]) =>
    text === null ? [] : [{ path, contents: Buffer.from(text).toString("base64") }],
  );
  const deletions = Object.entries(files).flatMap(([path, text]) => (text === null ? [{ path }] : []));
  const input = {
    branch: { repositoryNameWithOwner: bench.repo, branchName: branch },
    expectedHeadOid: head,
    message: { headline: "Keep what runs", body: "replicas of apps/web" },
    fileChanges: { additions, deletions },
  };
  const answer = await client.graphql<{ createCommitOnBranch: { commit: { oid: string } } }>(COMMIT_ON_BRANCH, {
    input,
  });
  return answer.createCommitOnBranch.commit.oid;
}

interface CommitOnBranch {
  readonly branch: string;
  /** The first commit where it is left out. */
  readonly head?: string;
  readonly files: Files;
  readonly client?: Octokit;
}

/** A branch from the first commit with one commit on it. Returns its head. */
export async function branchWithChange(
  bench: Bench,
  branch = "holdfast/a",
  files: Files = { "apps/web.yaml": "replicas: 5\n" },
): Promise<string> {
  await createBranch(bench, branch);
  return commitOnBranch(bench, { branch, files });
}

export function createBranch({ bot, where, first }: Bench, branch: string, sha = first): Promise<unknown> {
  return bot.git.createRef({ ...where, ref: `refs/heads/${branch}`, sha });
}

/** Opens a pull request on main. */
export function openPull({ bot, where }: Bench, head: string, more: { body?: string } = {}) {
  return bot.pulls.create({ ...where, title: "Keep replicas", head, base: "main", body: "why", ...more });
}

function ignore(): void {}
