import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OUTPUT_MARKER } from "../../src/core/markers.ts";
import type { Published } from "../../src/core/proposal.ts";
import { createLocalForge } from "../../src/publish/local.ts";
import { inputOf, ISSUE, PULL } from "./publications.ts";

let folder = "";
let out = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-local-"));
  out = join(folder, "out");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BOTH = inputOf([PULL, ISSUE]);
const PULL_FOLDER = "pull-requests/holdfast__aaaaaaaaaaaaaaaa";
const ISSUE_FOLDER = "issues/bbbbbbbbbbbbbbbb";

/** The two reports of a pass that ended at this second. */
function reports(second: number, drifts = 1) {
  const [startedAt, finishedAt] = [`2026-01-01T00:00:00.00${second}Z`, `2026-01-01T00:00:01.00${second}Z`];
  return [
    { name: "report.json", text: `${JSON.stringify({ startedAt, finishedAt, drifts }, null, 2)}\n` },
    { name: "report.html", text: `<p>${finishedAt} ${drifts}</p>\n` },
  ];
}

function publish(input = BOTH, second = 0, drifts = 1): Promise<Published> {
  return createLocalForge({ out, reports: reports(second, drifts) }).publish(input);
}

/** Every file and folder with its time of change and its content. */
function snapshot(): Readonly<Record<string, readonly [bigint, string]>> {
  const paths = [".", ...(readdirSync(out, { recursive: true }) as string[])].toSorted();
  return Object.fromEntries(
    paths.map((path) => {
      const stat = lstatSync(join(out, path), { bigint: true });
      return [path, [stat.mtimeNs, stat.isFile() ? readFileSync(join(out, path), "utf8") : ""] as const];
    }),
  );
}

function filesIn(path: string): readonly string[] {
  return Object.keys(snapshot()).filter(
    (name) => name !== "." && !name.startsWith(".") && join(out, name).startsWith(join(out, path)),
  );
}

describe("the output folder", () => {
  it("holds a folder for each pull request and issue, the reports and the marker", async () => {
    const published = await publish();
    expect(published.faults).toEqual([]);
    expect(published.actions.map(({ did }) => did)).toEqual(["opened", "opened"]);
    expect(Object.keys(snapshot())).toEqual([
      ".",
      OUTPUT_MARKER,
      "issues",
      ISSUE_FOLDER,
      `${ISSUE_FOLDER}/body.md`,
      `${ISSUE_FOLDER}/title.txt`,
      "pull-requests",
      PULL_FOLDER,
      `${PULL_FOLDER}/body.md`,
      `${PULL_FOLDER}/changes.patch`,
      `${PULL_FOLDER}/title.txt`,
      "report.html",
      "report.json",
    ]);
    expect(readFileSync(join(out, PULL_FOLDER, "title.txt"), "utf8")).toBe(`${PULL.title}\n`);
    expect(readFileSync(join(out, ISSUE_FOLDER, "body.md"), "utf8")).toBe("Privileged.\n");
  });

  it("holds a patch that git takes from the repository's root", async () => {
    await publish();
    const repo = join(folder, "repo");
    mkdirSync(join(repo, "apps"), { recursive: true });
    writeFileSync(join(repo, "apps/web.yaml"), "replicas: 3\n");
    execFileSync("git", ["init", "-q"], { cwd: repo });
    execFileSync("git", ["apply", join(out, PULL_FOLDER, "changes.patch")], { cwd: repo });
    expect(readFileSync(join(repo, "apps/web.yaml"), "utf8")).toBe("replicas: 5\n");
  });

  it("keeps every byte and time of change where only the times of the pass differ", async () => {
    await publish(BOTH, 0);
    const before = snapshot();
    const published = await publish(BOTH, 1);
    expect(published.actions.map(({ did }) => did)).toEqual(["unchanged", "unchanged"]);
    expect(snapshot()).toEqual(before);
  });

  it("gives the same reasons in both runs, so that a report that shows them stays the same", async () => {
    const [first, second] = [await publish(), await publish()];
    expect(second.actions.map(({ reason }) => reason)).toEqual(first.actions.map(({ reason }) => reason));
  });

  it("writes reports anew where they say something else", async () => {
    await publish(BOTH, 0, 1);
    await publish(BOTH, 1, 2);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("01.001Z 2");
    expect(JSON.parse(readFileSync(join(out, "report.json"), "utf8"))).toMatchObject({ drifts: 2 });
  });

  it("mends a report and a body that were changed or removed by hand", async () => {
    await publish();
    const before = readFileSync(join(out, ISSUE_FOLDER, "body.md"), "utf8");
    writeFileSync(join(out, ISSUE_FOLDER, "body.md"), "mine");
    rmSync(join(out, "report.json"));
    const published = await publish();
    expect(published.actions.map(({ did }) => did)).toEqual(["unchanged", "updated"]);
    expect(readFileSync(join(out, ISSUE_FOLDER, "body.md"), "utf8")).toBe(before);
    expect(filesIn("report.json")).toHaveLength(1);
  });

  it("hands what was done to the reports", async () => {
    const seen: Published[] = [];
    await createLocalForge({ out, reports: (published) => (seen.push(published), []) }).publish(BOTH);
    expect(seen.map(({ actions }) => actions.length)).toEqual([2]);
  });

  it("is not touched by a dry run", async () => {
    const published = await publish({ ...BOTH, dryRun: true });
    expect(published.actions.map(({ did }) => did)).toEqual(["opened", "opened"]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("drift that is gone", () => {
  it("takes its folder along", async () => {
    await publish();
    const published = await publish(inputOf([PULL]));
    expect(published.actions.map(({ id, did }) => [id, did])).toEqual([
      ["aaaaaaaaaaaaaaaa", "unchanged"],
      ["bbbbbbbbbbbbbbbb", "closed"],
    ]);
    expect(filesIn("issues")).toEqual(["issues"]);
    expect(filesIn("pull-requests")).toHaveLength(5);
  });

  it.each([
    ["a pass that is not complete", { complete: false }],
    ["a pass over another target", { targets: ["other"] }],
    ["a dry run", { dryRun: true }],
  ])("stays after %s", async (_name, more) => {
    await publish();
    const before = snapshot();
    await publish(inputOf([], more));
    expect(Object.keys(snapshot())).toEqual(Object.keys(before));
  });

  it("keeps the issue about what the pass did not look at", async () => {
    await publish();
    const before = filesIn("issues");
    await publish(inputOf([], { unseen: new Set([ISSUE.id]) }), 0);
    expect(filesIn("issues")).toEqual(before);
  });

  it("is remembered over a pass that is not complete", async () => {
    await publish();
    await publish(inputOf([PULL], { complete: false }), 0, 2);
    await publish(inputOf([PULL]));
    expect(filesIn("issues")).toEqual(["issues"]);
  });
});

describe("a folder that is not holdfast's", () => {
  it("is a fault where it holds anything, and nothing in it changes", async () => {
    mkdirSync(out);
    writeFileSync(join(out, "precious"), "mine");
    const before = snapshot();
    expect((await publish()).faults.map(({ code }) => code)).toEqual(["output-unwritable"]);
    expect(snapshot()).toEqual(before);
  });

  it("is used where it is empty", async () => {
    mkdirSync(out);
    expect((await publish()).faults).toEqual([]);
  });

  it.each([
    ["is no JSON", "{"],
    [
      "names a folder outside",
      JSON.stringify({ version: 1, reports: {}, items: [{ kind: "issue", target: "shop-prod", name: ".." }] }),
    ],
    [
      "names a path",
      JSON.stringify({
        version: 1,
        reports: {},
        items: [{ kind: "issue", target: "shop-prod", name: "a/../../precious" }],
      }),
    ],
    ["is of another version", JSON.stringify({ version: 2, reports: {}, items: [] })],
  ])("is a fault where the marker %s", async (_name, text) => {
    mkdirSync(out);
    mkdirSync(join(folder, "precious"));
    writeFileSync(join(out, OUTPUT_MARKER), text);
    const before = snapshot();
    expect((await publish()).faults.map(({ code }) => code)).toEqual(["output-unwritable"]);
    expect(snapshot()).toEqual(before);
    expect(readdirSync(folder).toSorted()).toEqual(["out", "precious"]);
  });

  it.each([
    ["the folder of the issues", "issues"],
    ["the folder of one issue", ISSUE_FOLDER],
  ])("is not reached through a symbolic link in the place of %s", async (_name, path) => {
    await publish();
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(join(elsewhere, "bbbbbbbbbbbbbbbb"), { recursive: true });
    writeFileSync(join(elsewhere, "title.txt"), "mine");
    rmSync(join(out, path), { recursive: true });
    symlinkSync(elsewhere, join(out, path));
    expect((await publish()).faults.map(({ code }) => code)).toEqual(["output-unwritable"]);
    await publish(inputOf([]));
    expect(readdirSync(elsewhere).toSorted()).toEqual(["bbbbbbbbbbbbbbbb", "title.txt"]);
    expect(readFileSync(join(elsewhere, "title.txt"), "utf8")).toBe("mine");
  });

  it("is not written through a symbolic link in the place of a file", async () => {
    await publish();
    writeFileSync(join(folder, "precious"), "mine");
    rmSync(join(out, ISSUE_FOLDER, "body.md"));
    symlinkSync(join(folder, "precious"), join(out, ISSUE_FOLDER, "body.md"));
    expect((await publish()).faults).toEqual([]);
    expect(readFileSync(join(folder, "precious"), "utf8")).toBe("mine");
    expect(lstatSync(join(out, ISSUE_FOLDER, "body.md")).isFile()).toBe(true);
  });
});

describe("what cannot be written", () => {
  it("below a file is a fault", async () => {
    writeFileSync(out, "a file");
    expect((await publish()).faults).toMatchObject([{ code: "output-unwritable", about: out }]);
    out = join(out, "below");
    expect((await publish()).faults).toMatchObject([{ code: "output-unwritable", about: out }]);
  });

  it("because the process was interrupted changes nothing", async () => {
    await publish();
    const before = snapshot();
    const published = await publish(inputOf([], { signal: AbortSignal.abort() }));
    expect(published.faults.map(({ code }) => code)).toEqual(["interrupted"]);
    expect(snapshot()).toEqual(before);
  });

  it("on a full disk leaves what was there, whole", async ({ skip }) => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "ignore" });
    } catch {
      skip("no small disk can be mounted here");
    }
    try {
      out = join(disk, "out");
      await publish();
      const before = snapshot();
      const long = { ...ISSUE, body: "x".repeat(400_000) };
      expect((await publish(inputOf([PULL, long]), 1, 2)).faults.map(({ code }) => code)).toEqual([
        "output-unwritable",
      ]);
      expect(Object.keys(snapshot())).toEqual(Object.keys(before));
      expect({ ...snapshot(), ".": undefined }).toEqual({ ...before, ".": undefined });
      expect((await publish(BOTH, 2)).faults).toEqual([]);
    } finally {
      execFileSync("umount", [disk]);
    }
  });

  it("of a run that was killed while it wrote is mended by the next one", async () => {
    await publish();
    const whole = snapshot();
    mkdirSync(join(out, ".holdfast-staged"));
    writeFileSync(join(out, ".holdfast-staged", "0"), "half");
    await publish();
    expect(Object.keys(snapshot())).toEqual(Object.keys(whole));
    rmSync(join(out, PULL_FOLDER, "changes.patch"));
    await publish();
    expect(Object.keys(snapshot())).toEqual(Object.keys(whole));
  });

  it("of a run that was killed before it wrote anything is begun anew", async () => {
    mkdirSync(out);
    writeFileSync(join(out, OUTPUT_MARKER), "");
    expect((await publish()).faults).toEqual([]);
    expect(filesIn("issues")).toHaveLength(4);
  });
});
