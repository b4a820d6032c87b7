import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { holdfast, ROOT, temporaryFolder } from "./run.ts";
import type { Ran } from "./run.ts";
import { git } from "../desired/repositories.ts";

/** A copy of the demo in a repository of its own, and where its proposals go. */
interface Place {
  readonly repo: string;
  readonly live: string;
  readonly out: string;
}

function place(): Place {
  const folder = temporaryFolder();
  cpSync(join(ROOT, "fixtures/demo"), folder, { recursive: true });
  const repo = join(folder, "repo");
  git(repo, "init", "--quiet");
  return { repo, live: join(folder, "live"), out: join(folder, "out") };
}

async function reconcile({ repo, live, out }: Place, ...more: readonly string[]): Promise<Ran> {
  return holdfast(["reconcile", "--repo", repo, "--live", live, "--out", out, ...more]);
}

/** Everything below a folder: path, content, time of change. */
function filesOf(folder: string): readonly (readonly [string, string, number])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => [file, readFileSync(file, "utf8"), statSync(file).mtimeMs]);
}

function patchesIn(out: string): readonly string[] {
  const folder = join(out, "pull-requests");
  return readdirSync(folder).map((branch) => join(folder, branch, "changes.patch"));
}

interface Report {
  readonly drifts: readonly {
    readonly object: { readonly kind: string; readonly name: string };
    readonly changes: readonly { readonly field: string; readonly verdict: string }[];
    readonly actions: readonly { readonly kind: string; readonly url?: string }[];
  }[];
}

function reportIn(out: string): Report {
  return JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
}

function compliantFields(report: Report): readonly string[] {
  return report.drifts.flatMap((drift) =>
    drift.changes
      .filter((change) => change.verdict === "compliant")
      .map((change) => `${drift.object.kind}/${drift.object.name} ${change.field}`),
  );
}

describe("reconcile to a folder", () => {
  test("lays out what the contract says, and exits with 0", async () => {
    const at = place();
    const { code, stderr } = await reconcile(at, "--quiet");
    expect([code, stderr]).toEqual([0, ""]);
    expect(
      readdirSync(at.out)
        .filter((name) => !name.startsWith("."))
        .toSorted(),
    ).toEqual(["issues", "pull-requests", "report.html", "report.json"]);
    const [branch = ""] = readdirSync(join(at.out, "pull-requests"));
    expect(branch).toMatch(/^holdfast__[0-9a-f]{16}$/);
    expect(readdirSync(join(at.out, "pull-requests", branch)).toSorted()).toEqual([
      "body.md",
      "changes.patch",
      "title.txt",
    ]);
    const issues = readdirSync(join(at.out, "issues"));
    expect(issues).toHaveLength(4);
    for (const id of issues) {
      expect(id).toMatch(/^[0-9a-f]{16}$/);
      expect(readdirSync(join(at.out, "issues", id)).toSorted()).toEqual(["body.md", "title.txt"]);
    }
  });

  test("gives patches that git applies, after which these fields are in sync and the pull request is gone", async () => {
    const at = place();
    await reconcile(at);
    const before = compliantFields(reportIn(at.out));
    expect(before.length).toBeGreaterThan(3);
    for (const patch of patchesIn(at.out)) {
      execFileSync("git", ["apply", "--check", patch], { cwd: at.repo });
      execFileSync("git", ["apply", patch], { cwd: at.repo });
    }
    const { code, stderr } = await reconcile(at);
    expect(code).toBe(0);
    expect(stderr).toContain("holdfast: pull request closed: ");
    expect(compliantFields(reportIn(at.out))).toEqual([]);
    expect(existsSync(join(at.out, "pull-requests")) ? patchesIn(at.out) : []).toEqual([]);
    expect(readdirSync(join(at.out, "issues"))).toHaveLength(4);
  });

  test("changes no byte and no time in a second run", async () => {
    const at = place();
    await reconcile(at);
    const before = filesOf(at.out);
    const { code, stderr } = await reconcile(at);
    expect([code, stderr]).toEqual([0, ""]);
    expect(before.length).toBeGreaterThan(10);
    expect(filesOf(at.out)).toEqual(before);
  });

  test("writes nothing with --dry-run, and says what it would open", async () => {
    const at = place();
    const { code, stderr } = await reconcile(at, "--dry-run");
    expect(code).toBe(0);
    expect(stderr.match(/ would be opened$/gm)).toHaveLength(5);
    expect(existsSync(at.out)).toBe(false);
  });

  test("takes nothing away with --dry-run", async () => {
    const at = place();
    await reconcile(at);
    const before = filesOf(at.out);
    for (const patch of patchesIn(at.out)) execFileSync("git", ["apply", patch], { cwd: at.repo });
    const { stderr } = await reconcile(at, "--dry-run");
    expect(stderr).toContain("pull request would be closed: ");
    expect(filesOf(at.out)).toEqual(before);
  });

  test("refuses a folder of somebody else's, and leaves it as it is", async () => {
    const at = place();
    const mine = { ...at, out: temporaryFolder() };
    writeFileSync(join(mine.out, "thesis.txt"), "mine");
    const before = filesOf(mine.out);
    const { code, stdout } = await reconcile(mine);
    expect([code, stdout]).toEqual([1, expect.stringContaining("FAULT")]);
    expect(filesOf(mine.out)).toEqual(before);
  });

  test("never reads its own folder as manifests, nor a snapshot", async () => {
    const at = place();
    const inside = { ...at, out: join(at.repo, "holdfast-out") };
    await reconcile(inside);
    // What would be taken for a second declaration of the same objects.
    cpSync(join(at.repo, "shop"), join(inside.out, "pull-requests", "copy"), { recursive: true });
    cpSync(join(at.repo, "shop"), join(at.repo, "snapshot"), { recursive: true });
    writeFileSync(join(at.repo, "snapshot/.holdfast-snapshot"), "{}");
    const { code, stdout } = await reconcile(inside);
    expect(code).toBe(0);
    expect(stdout).not.toContain("declared twice");
  });

  test("takes nothing away after a pass that is not complete", async () => {
    const at = place();
    await reconcile(at);
    const issues = readdirSync(join(at.out, "issues"));
    writeFileSync(join(at.repo, "shop/broken.yaml"), "apiVersion: v1\nkind: [\n");
    for (const patch of patchesIn(at.out)) execFileSync("git", ["apply", patch], { cwd: at.repo });
    const { code } = await reconcile(at);
    expect(code).toBe(1);
    expect(readdirSync(join(at.out, "issues"))).toEqual(expect.arrayContaining(issues));
    expect(patchesIn(at.out)).toHaveLength(1);
  });

  test("links each drift of the report to what was written for it", async () => {
    const at = place();
    await reconcile(at);
    const kinds = reportIn(at.out).drifts.flatMap((drift) => drift.actions.map((action) => action.kind));
    expect(kinds.filter((kind) => kind === "issue")).toHaveLength(4);
    expect(kinds).toContain("pull-request");
  });
});
