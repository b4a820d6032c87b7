// `holdfast reconcile --publish github` as a real process: the demo's repository on the stand-in, and the demo's
// snapshot for a cluster, so that a whole pass needs neither Go nor a cluster.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEMO_LIVE, demoFiles } from "./demo.ts";
import { startGitHub } from "./emulator.ts";
import type { TestGitHub } from "./emulator.ts";
import { runHoldfast } from "./processes.ts";
import type { Finished } from "./processes.ts";

const SECRET = "a secret of the test, long enough";
/** A write at least waits a second for the one before it. */
const FIRST_RUN = 90_000;

let github: TestGitHub;
let home: string;
let repository: string;
let count = 0;

beforeAll(async () => {
  github = await startGitHub();
  home = mkdtempSync(join(tmpdir(), "holdfast-one-shot-"));
});
afterAll(async () => {
  await github.close();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(async () => {
  repository = await seeded(demoFiles());
});

async function seeded(files: Readonly<Record<string, string>>): Promise<string> {
  const name = `demo-${++count}`;
  await github.seedRepository({ name, files });
  github.clearFaults();
  github.forgetRequests();
  return `acme/${name}`;
}

type Environment = Readonly<Record<string, string>>;

function reconcile(environment: Environment, ...args: readonly string[]): Promise<Finished> {
  return inHome(environment, ["--github", repository, ...args]);
}

function inHome(environment: Environment, args: readonly string[]): Promise<Finished> {
  return runHoldfast({
    args: ["reconcile", "--publish", "github", "--live", DEMO_LIVE, "--format", "json", ...args],
    environment: { HOME: home, ...environment },
    cwd: home,
  });
}

/** Without HOLDFAST_SECRET: the key is derived from the App's. */
function asApp(): Environment {
  const { WEBHOOK_SECRET: _, ...environment } = github.appEnvironment;
  return environment;
}

function byToken(token: string): Environment {
  return { ...github.tokenEnvironment(token), HOLDFAST_SECRET: SECRET };
}

/** The drift of the demo: one pull request for what is compliant, an issue for each of the rest. */
async function expectPublished(author: string): Promise<void> {
  const [pulls, issues] = [await github.pullRequests(repository), await github.issues(repository)];
  expect(pulls).toHaveLength(1);
  expect(pulls[0]).toMatchObject({ state: "open", user: { login: author }, base: { ref: "main" } });
  expect(issues.length).toBeGreaterThan(2);
  for (const issue of issues) expect(issue).toMatchObject({ state: "open", user: { login: author } });
}

const CREDENTIALS: readonly [string, string, () => Promise<Environment>][] = [
  ["an App", "holdfast[bot]", async () => asApp()],
  ["the token of a workflow", "github-actions[bot]", async () => byToken(await github.actionsToken(repository))],
];

describe.each(CREDENTIALS)("reconcile --publish github as %s", (_, author, environmentOf) => {
  it(
    "opens what there is to open once, and the second run writes nothing",
    async () => {
      const environment = await environmentOf();
      const first = await reconcile(environment);
      expect(first).toMatchObject({ code: 0 });
      await expectPublished(author);
      const report = JSON.parse(first.stdout) as {
        targets: { revision: string }[];
        drifts: { actions: { url?: string }[] }[];
      };
      expect(report.targets[0]?.revision).toBe((await github.branches(repository)).get("main"));
      expect(report.drifts.flatMap(({ actions }) => actions).every(({ url }) => url?.startsWith(github.url))).toBe(
        true,
      );

      github.forgetRequests();
      expect(await reconcile(environment)).toMatchObject({ code: 0 });
      expect(github.writes()).toEqual([]);
    },
    FIRST_RUN,
  );

  it("writes nothing in a dry run, and says what it would open", async () => {
    const result = await reconcile(await environmentOf(), "--dry-run");
    expect(result.code).toBe(0);
    expect(result.stderr).toContain("pull request would be opened");
    expect(result.stderr).toMatch(/issue about .* would be opened/);
    expect(github.writes()).toEqual([]);
  });
});

describe("tokens", () => {
  it("asks for a token of one repository: to read while it scans, to write while it publishes, and gives both back", async () => {
    await reconcile(asApp(), "--dry-run");
    const asked = () => github.requests.filter(({ path }) => path.endsWith("/access_tokens")).map(({ body }) => body);
    const [, name] = repository.split("/");
    const read = { metadata: "read", contents: "read", issues: "read", pull_requests: "read" };
    expect(asked()).toEqual([
      { repositories: [name], permissions: read },
      { repositories: [name], permissions: read },
    ]);
    expect(github.requests.filter(({ path }) => path === "/installation/token").map(({ status }) => status)).toEqual([
      204, 204,
    ]);
  });

  it("keeps tokens and keys out of everything that it prints and keeps", async () => {
    const token = await github.actionsToken(repository);
    const { stdout, stderr } = await reconcile(byToken(token), "--dry-run", "--verbose");
    const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
    const kept = readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    expect(kept.length).toBeGreaterThan(5);
    for (const text of [stdout, stderr, ...kept]) {
      for (const secret of [token, basic, SECRET]) expect(text.includes(secret)).toBe(false);
    }
  });
});

describe("where it looks", () => {
  it("takes the repository from the origin remote", async () => {
    const clone = join(home, `clone-${count}`);
    mkdirSync(clone);
    execFileSync("git", ["init", "--quiet"], { cwd: clone });
    execFileSync("git", ["remote", "add", "origin", `${github.url}/${repository}.git`], { cwd: clone });
    const result = await inHome(asApp(), ["--repo", clone, "--dry-run"]);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain("pull request would be opened");
  });

  it("asks for the name where the remote is of another host, without repeating an address that may hold a password", async () => {
    const clone = join(home, `clone-${count}`);
    mkdirSync(clone);
    execFileSync("git", ["init", "--quiet"], { cwd: clone });
    execFileSync("git", ["remote", "add", "origin", "https://me:hunter2@git.example/acme/demo.git"], { cwd: clone });
    const result = await inHome(asApp(), ["--repo", clone, "--dry-run"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("--github OWNER/NAME");
    expect(result.stderr).not.toContain("hunter2");
  });

  it("compares the named branch's head, and asks for that branch", async () => {
    await github.commit({
      repository,
      branch: "prod",
      files: { "shop/extra.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra, namespace: shop }\n" },
    });
    const result = await reconcile(asApp(), "--dry-run", "--base", "prod");
    const report = JSON.parse(result.stdout) as {
      targets: { revision: string }[];
      drifts: { object: { name: string }; state: string }[];
    };
    expect(report.targets[0]?.revision).toBe((await github.branches(repository)).get("prod"));
    expect(report.drifts.find(({ object }) => object.name === "extra")?.state).toBe("missing");
  });

  it("opens nothing where the repository's configuration says report", async () => {
    await github.commit({ repository, files: { ".github/holdfast.yml": "mode: report\n" } });
    github.forgetRequests();
    const result = await reconcile(asApp());
    expect(result.code).toBe(0);
    expect(github.writes()).toEqual([]);
  });
});

interface Refusal {
  readonly title: string;
  readonly environment: () => Promise<Environment> | Environment;
  readonly prepare?: () => Promise<void> | void;
  readonly says: readonly string[];
  readonly args?: readonly string[];
}

const REFUSALS: readonly Refusal[] = [
  {
    title: "a token that GitHub does not know",
    environment: () => byToken("ghp_unknown"),
    says: ["does not know the credentials", "GITHUB_TOKEN"],
  },
  {
    title: "a token that may not see the repository",
    environment: () => byToken(github.userToken("mallory")),
    says: ["no such repository"],
  },
  {
    title: "an App that is not installed on it",
    environment: asApp,
    args: ["--github", "acme/elsewhere"],
    says: ["not installed"],
  },
  {
    title: "an archived repository",
    environment: asApp,
    prepare: () => github.archive(repository),
    says: ["archived"],
  },
  { title: "a branch that is not there", environment: asApp, args: ["--base", "nowhere"], says: ["nowhere"] },
  {
    title: "a token without HOLDFAST_SECRET",
    environment: () => github.tokenEnvironment("ghp_any"),
    says: ["HOLDFAST_SECRET", "openssl rand"],
  },
  { title: "no credentials at all", environment: () => ({}), says: ["GITHUB_TOKEN", "APP_ID"] },
  { title: "an App's id without its key", environment: () => ({ APP_ID: "12" }), says: ["PRIVATE_KEY is not set"] },
  {
    title: "a key that is none",
    environment: () => ({ APP_ID: "12", PRIVATE_KEY: "c2VjcmV0" }),
    says: ["PRIVATE_KEY is neither"],
  },
  {
    title: "a token that would travel in clear text",
    environment: () => ({ ...byToken("ghp_x"), GITHUB_API_URL: "http://github.example/api/v3" }),
    says: ["GITHUB_API_URL", "https"],
  },
  {
    title: "a configuration with a mistake",
    environment: asApp,
    prepare: async () =>
      void (await github.commit({ repository, files: { ".github/holdfast.yml": "moed: report\n" } })),
    says: [".github/holdfast.yml:1:1", "mode"],
  },
  { title: "a revision", environment: asApp, args: ["--revision", "HEAD"], says: ["--base"] },
];

describe("refusals", () => {
  it.each(REFUSALS)(
    "refuses $title in one line, and writes nothing",
    async ({ environment, prepare, says, args = [] }) => {
      await prepare?.();
      const result = await reconcile(await environment(), ...args);
      expect(result.code).toBe(1);
      expect(result.stdout).toBe("");
      expect(result.stderr.trim().split("\n")).toHaveLength(1);
      for (const words of says) expect(result.stderr).toContain(words);
      expect(github.writes()).toEqual([]);
    },
  );

  it(
    "names the permission that is missing, and does the rest",
    async () => {
      const token = await github.actionsToken(repository, { metadata: "read", contents: "write", issues: "write" });
      const result = await reconcile(byToken(token));
      expect(result.code).toBe(1);
      expect(result.stdout).toContain("forge-forbidden");
      expect(result.stdout).toContain("pull_requests=");
      expect(await github.pullRequests(repository)).toEqual([]);
      expect((await github.issues(repository)).length).toBeGreaterThan(2);
    },
    FIRST_RUN,
  );

  it(
    "says which setting lets workflows open pull requests",
    async () => {
      const message = "GitHub Actions is not permitted to create or approve pull requests.";
      github.inject({ kind: "status", status: 403, message, method: "POST", path: /\/pulls$/, times: 9 });
      const result = await reconcile(byToken(await github.actionsToken(repository)));
      expect(result.code).toBe(1);
      expect(result.stdout).toContain("Allow GitHub Actions to create and approve pull requests");
    },
    FIRST_RUN,
  );
});
