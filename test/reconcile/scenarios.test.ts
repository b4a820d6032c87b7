// Each folder of fixtures/ is a pass, and holds what every stage makes of it. `UPDATE_GOLDENS=1 npm test` writes them anew.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { exitCodeOf } from "../../src/cli/exit-codes.ts";
import { changesOf } from "../../src/core/drift.ts";
import { formatPath } from "../../src/core/path.ts";
import type { Pass } from "../../src/core/pass.ts";
import { formatRef } from "../../src/core/refs.ts";
import { committed, goldensOf, runScenario, scenarioFolder, SCENARIOS } from "./scenario.ts";

const UPDATE = (process.env["UPDATE_GOLDENS"] ?? "") !== "";

/** What a user is told by the exit code, and what is proposed. */
const OUTCOMES: Readonly<Record<string, { readonly exit: number; readonly proposals: string }>> = {
  "hostile-text": { exit: 3, proposals: "pull-request issue issue" },
  "ignored-by-rule": { exit: 2, proposals: "pull-request" },
  "image-digest-changed": { exit: 2, proposals: "pull-request" },
  "json-manifest": { exit: 2, proposals: "pull-request" },
  "list-manifest": { exit: 2, proposals: "pull-request" },
  "mixed-object": { exit: 3, proposals: "pull-request issue" },
  "object-missing": { exit: 2, proposals: "issue" },
  "object-unmanaged": { exit: 3, proposals: "issue" },
  "partial-read": { exit: 1, proposals: "pull-request" },
  "privileged-by-hand": { exit: 3, proposals: "issue" },
  "replicas-scaled-by-hand": { exit: 2, proposals: "pull-request" },
  "secret-changed": { exit: 2, proposals: "pull-request issue issue" },
  "undeclared-kustomization": { exit: 1, proposals: "pull-request" },
};

test("every scenario has an outcome here", () => {
  expect(SCENARIOS).toEqual(Object.keys(OUTCOMES));
});

test("progress names every stage that can take long", async () => {
  const { stages } = await runScenario("replicas-scaled-by-hand");
  expect(stages).toEqual(["desired", "comparing", "history", "judging", "proposing"]);
});

describe.each(SCENARIOS)("%s", (name) => {
  test("is what its golden files say, stage by stage", async () => {
    const goldens = goldensOf(await runScenario(name));
    for (const [golden, text] of Object.entries(goldens)) {
      const file = join(scenarioFolder(name), golden);
      expect(text, `${file} (if this is right now: UPDATE_GOLDENS=1 npm test)`).toBe(goldenAt(file, text));
    }
  });

  test("ends with its exit code and proposals", async () => {
    const { pass } = await runScenario(name);
    const { exit, proposals } = OUTCOMES[name] ?? { exit: -1, proposals: "" };
    expect([exitCodeOf(pass, "drift"), pass.proposals.map((one) => one.kind).join(" ")]).toEqual([exit, proposals]);
  });

  test("has a patch that git applies, after which the codified fields are in sync", async () => {
    const before = await runScenario(name);
    const repo = committed(join(scenarioFolder(name), "repo"));
    onTestFinished(() => rmSync(repo, { recursive: true, force: true }));
    const patch = goldensOf(before)["changes.patch"];
    if (patch !== undefined) {
      for (const flag of ["--check", "--verbose"])
        execFileSync("git", ["apply", flag], { cwd: repo, input: patch, stdio: ["pipe", "ignore", "pipe"] });
    }
    const after = await runScenario(name, repo);
    const codified = codifiedFields(before.pass);
    expect(allFields(before.pass)).toEqual(expect.arrayContaining([...codified]));
    expect(allFields(after.pass)).toEqual(allFields(before.pass).filter((field) => !codified.has(field)));
    expect(after.pass.proposals.filter((one) => one.kind === "pull-request")).toEqual([]);
  });
});

// A patch that git applies repeats the lines around a change as Git has them, whatever they hold.
test.each([
  ["of the cluster's stands in any golden file", /s3cr3t-canary\S*-in-cluster/, []],
  ["of Git's stands anywhere but in a patch's context", /s3cr3t-canary\S*-in-git/, ["secret-changed/changes.patch"]],
] as const)("no secret %s", (_what, canary, expected) => {
  const leaks = SCENARIOS.flatMap((name) =>
    readdirSync(scenarioFolder(name), { withFileTypes: true })
      .filter((entry) => entry.isFile() && canary.test(readFileSync(join(scenarioFolder(name), entry.name), "utf8")))
      .map((entry) => `${name}/${entry.name}`),
  );
  expect(leaks).toEqual(expected);
});

/** What the file says, or `undefined` where there is none; with UPDATE_GOLDENS it is made to say `text` first. */
function goldenAt(file: string, text: string | undefined): string | undefined {
  if (UPDATE && text === undefined) rmSync(file, { force: true });
  if (UPDATE && text !== undefined) writeFileSync(file, text);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function allFields(pass: Pass): readonly string[] {
  return pass.results.flatMap(({ drift }) =>
    changesOf(drift).map((change) => `${formatRef(drift.ref)} ${formatPath(change.path)}`),
  );
}

function codifiedFields(pass: Pass): ReadonlySet<string> {
  return new Set(
    pass.proposals.flatMap((proposal) =>
      proposal.kind === "issue" ? [] : proposal.edits.map((edit) => `${formatRef(edit.ref)} ${formatPath(edit.path)}`),
    ),
  );
}
