// A scenario of fixtures/, run as a pass without publishing, and what each stage of it is compared with.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFault } from "../../src/core/fault.ts";
import { changesOf } from "../../src/core/drift.ts";
import type { DriftResult, Pass } from "../../src/core/pass.ts";
import { formatPath } from "../../src/core/path.ts";
import type { Publication } from "../../src/core/proposal.ts";
import { formatRef } from "../../src/core/refs.ts";
import { readRepositoryConfig } from "../../src/config/repository.ts";
import type { RepositoryConfig } from "../../src/config/repository.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { openSnapshot } from "../../src/live/snapshot.ts";
import { publicationsOf } from "../../src/reconcile/publications.ts";
import { runPass } from "../../src/reconcile/run-pass.ts";
import { htmlReport } from "../../src/report/html.ts";
import { jsonReport } from "../../src/report/json.ts";
import { markdownReport } from "../../src/report/markdown.ts";
import { textReport } from "../../src/report/text.ts";
import { createDigester } from "../../src/text/digest.ts";
import { unifiedPatch } from "../../src/text/patch.ts";
import { createStyle } from "../../src/text/style.ts";

export const ROOT = join(import.meta.dirname, "../..");

/** Digests in goldens are under this key, as are those of recorded snapshots (test/cluster/record-scenarios.ts). */
export const SCENARIO_KEY = "the scenarios' key, not a secret";

/** Folders of fixtures/ that hold something else. */
const NO_SCENARIOS: ReadonlySet<string> = new Set(["demo", "drift-cases", "yaml-awkward"]);

export const SCENARIOS: readonly string[] = readdirSync(join(ROOT, "fixtures")).filter(
  (name) => !NO_SCENARIOS.has(name),
);

export function scenarioFolder(name: string): string {
  return join(ROOT, "fixtures", name);
}

export interface Finished {
  readonly pass: Pass;
  readonly publications: readonly Publication[];
  /** What progress was told of, in order. */
  readonly stages: readonly string[];
}

/** Long before the live sides were recorded: what Git says is what was deployed. */
const COMMITTED = "2026-01-01T00:00:00Z";

/** A copy of the folder as a repository of its own with one commit, whatever the past of the project's own repository is. The caller's to remove. */
export function committed(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), "holdfast-scenario-"));
  cpSync(folder, copy, { recursive: true });
  const env = {
    ...process.env,
    GIT_COMMITTER_DATE: COMMITTED,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
  };
  const git = (...args: readonly string[]): Buffer => execFileSync("git", args, { cwd: copy, env });
  git("init", "--quiet");
  git("add", "--all");
  git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message=As it was deployed");
  return copy;
}

/** One pass at a fixed time by a fixed version; `repo` stands in for the scenario's own. */
export async function runScenario(name: string, repo?: string): Promise<Finished> {
  if (repo !== undefined) return await runOn(name, repo);
  const copy = committed(join(scenarioFolder(name), "repo"));
  try {
    return await runOn(name, copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function runOn(name: string, repo: string): Promise<Finished> {
  const digester = createDigester(Buffer.from(SCENARIO_KEY));
  const config = configOf(name);
  const tree = await openWorktree(repo);
  // Relative, because it is the cluster's name in reports; tests run at the project's root.
  const live = await openSnapshot({ path: `fixtures/${name}/live`, digester });
  if (isFault(tree)) throw new Error(tree.message);
  if (isFault(live)) throw new Error(live.message);
  const stages = new Set<string>();
  const pass = await runPass({
    config,
    targets: [],
    tree,
    live,
    digester,
    secrets: true,
    // No renderers: what needs one is a fault, on every machine.
    environment: {},
    packageFolder: ROOT,
    version: "0.0.0",
    clock: { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) },
    progress: ({ stage }) => void stages.add(stage),
  });
  const settings = { pullRequestLabels: [], issueLabels: [], assignees: [] };
  return { pass, publications: publicationsOf(pass, settings), stages: [...stages] };
}

function configOf(name: string): RepositoryConfig {
  const file = join(scenarioFolder(name), "holdfast.yml");
  const config = readRepositoryConfig(existsSync(file) ? readFileSync(file, "utf8") : undefined, "holdfast.yml");
  if (Array.isArray(config)) throw new Error(`${file}: ${JSON.stringify(config)}`);
  return config as RepositoryConfig;
}

/** By file name, what each stage made of the scenario; `undefined` where it made nothing, and there is no such file. */
export function goldensOf({ pass, publications }: Finished): Readonly<Record<string, string | undefined>> {
  const pullRequests = publications.filter((one) => one.kind === "pull-request");
  const issues = publications.filter((one) => one.kind === "issue");
  return {
    "drift.json": pretty(pass.results.map(driftStage)),
    "verdict.json": pretty(pass.results.map(verdictStage)),
    "edits.json": pretty(editsStage(pass)),
    "pull-request.md": joined(
      pullRequests.map(
        ({ branch, title, body, commitMessage }) =>
          `${title}\n\n${body}\n\n======== commit to ${branch}:\n\n${commitMessage}`,
      ),
    ),
    "issue.md": joined(issues.map(({ title, body }) => `${title}\n\n${body}\n`)),
    "changes.patch": pullRequests.map(({ files }) => unifiedPatch(files)).join("") || undefined,
    "report.json": jsonReport(pass),
    "report.txt": textReport(pass, createStyle(false)),
    "report.md": markdownReport(pass),
    "report.html": htmlReport(pass),
  };
}

function driftStage({ drift, source }: DriftResult): object {
  return {
    object: formatRef(drift.ref),
    state: drift.state,
    source,
    changes: changesOf(drift).map(({ path, ...change }) => ({ field: formatPath(path), ...change })),
  };
}

function verdictStage({ drift, judgement }: DriftResult): object {
  const changes = changesOf(drift).map((change, index) => ({
    field: formatPath(change.path),
    ...judgement.changes[index],
  }));
  return { object: formatRef(drift.ref), verdict: judgement.verdict, changes, findings: judgement.findings };
}

function editsStage(pass: Pass): object {
  return pass.proposals.map((proposal) => {
    if (proposal.kind === "issue") {
      const refusals = proposal.refusals.map(({ path, ...refusal }) => ({ field: formatPath(path), ...refusal }));
      return { kind: proposal.kind, id: proposal.id, changes: proposal.changes, refusals };
    }
    const edits = proposal.edits.map(({ ref, path, ...edit }) => ({
      object: formatRef(ref),
      field: formatPath(path),
      ...edit,
    }));
    return { kind: proposal.kind, id: proposal.id, branch: proposal.branch, edits, proof: proposal.proof };
  });
}

function pretty(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function joined(texts: readonly string[]): string | undefined {
  return texts.length === 0 ? undefined : texts.join("\n================\n\n");
}
