import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { environment, holdfast, ROOT, sidesOf, temporaryFolder } from "./run.ts";
import { commitAll, git, repositoryOf, write } from "../desired/repositories.ts";

/** A terminal to print on: script(1) of util-linux (that of BSD has other options). */
const SCRIPT = /util-linux/.test(spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? "");
if (!SCRIPT) process.stderr.write("skipped: colours on a terminal: there is no script(1) of util-linux\n");

const ENTRY = join(ROOT, "src/cli/holdfast.js");

describe("the exit code", () => {
  test.each([
    ["0 without drift", "object-missing", ["--target", "default"], { settings: true }, 0],
    ["1 where something that Git declares is unknown", "partial-read", [], {}, 1],
    ["1 with --fail-on none, too, where something is unknown", "partial-read", ["--fail-on", "none"], {}, 1],
    ["2 with compliant drift", "replicas-scaled-by-hand", [], {}, 2],
    ["0 with compliant drift and --fail-on violating", "replicas-scaled-by-hand", ["--fail-on", "violating"], {}, 0],
    ["2 with a missing object", "object-missing", [], {}, 2],
    ["3 with a violating drift", "privileged-by-hand", [], {}, 3],
    ["3 with a violating drift and --fail-on violating", "privileged-by-hand", ["--fail-on", "violating"], {}, 3],
    ["3 with a drift that is both", "mixed-object", [], {}, 3],
    ["3 with an unmanaged object that violates", "object-unmanaged", [], {}, 3],
    ["0 with a violating drift and --fail-on none", "privileged-by-hand", ["--fail-on", "none"], {}, 0],
  ] as const)("is %s", async (_what, scenario, more, alter, expected) => {
    const sides = "settings" in alter ? inSyncSides() : sidesOf(scenario);
    const { code, stderr } = await holdfast(["scan", ...sides, ...more]);
    expect([code, stderr]).toEqual([expected, ""]);
  });
});

test("the exit code is 3 where a violation was seen and something else is unknown", async () => {
  const manifest = readFileSync(join(ROOT, "fixtures/privileged-by-hand/repo/agent.yaml"), "utf8");
  const repo = repositoryOf({ "agent.yaml": manifest, "broken.yaml": "apiVersion: v1\nkind: [\n" });
  const { code, stdout } = await holdfast(["scan", "--repo", repo, "--live", "fixtures/privileged-by-hand/live"]);
  expect([code, stdout]).toEqual([3, expect.stringContaining("The pass is not complete")]);
});

/** What the cluster of object-missing has left. */
function inSyncSides(): readonly string[] {
  const [kept = ""] = readFileSync(join(ROOT, "fixtures/object-missing/repo/settings.yaml"), "utf8").split("---\n");
  return ["--repo", repositoryOf({ "settings.yaml": kept }), "--live", "fixtures/object-missing/live"];
}

describe("explain", () => {
  test("shows the whole chain of one object, and exits as a scan of it would", async () => {
    const { code, stdout } = await holdfast(["explain", "deployment/web", ...sidesOf("replicas-scaled-by-hand")]);
    expect(code).toBe(2);
    for (const part of [
      "Deployment/web in shop",
      "web.yaml:7",
      "kubectl through scale",
      "compliant",
      "+  replicas: 5",
    ]) {
      expect(stdout).toContain(part);
    }
  });

  test("of an object that is in sync exits with 0, whatever else drifted", async () => {
    const { code, stdout } = await holdfast([
      "explain",
      "ConfigMap/settings",
      "-n",
      "shop",
      ...sidesOf("object-missing"),
    ]);
    expect([code, stdout.includes("ConfigMap/settings in shop")]).toEqual([0, true]);
  });

  test("of an object that nobody has says so", async () => {
    const { code, stderr } = await holdfast(["explain", "Deployment/nobody", ...sidesOf("object-missing")]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^holdfast: Deployment\/nobody is neither.*\n$/)]);
  });
});

describe("what is printed", () => {
  test.each([
    ["text", /^DRIFTED /],
    ["json", /^\{\n {2}"apiVersion": "holdfast.dev\/v1alpha1"/],
    ["markdown", /^# Drift report/],
    ["html", /^<!doctype html>/],
  ])("is the report as %s, and the same in a file", async (format, start) => {
    const file = join(temporaryFolder(), "made", "report");
    const args = ["scan", ...sidesOf("mixed-object"), "--format", format, "--report", `${format}=${file}`];
    const { stdout, stderr } = await holdfast(args);
    expect(stdout).toMatch(start);
    expect(readFileSync(file, "utf8")).toBe(stdout);
    expect(stderr).toBe("");
  });

  test("is the same bytes in two runs but for the two times", async () => {
    const runs = await Promise.all(
      [1, 2].map(() => holdfast(["scan", ...sidesOf("mixed-object"), "--format", "json"])),
    );
    const [first = "", second = ""] = runs.map(({ stdout }) => stdout.replace(/"(?:started|finished)At": ".*"/g, ""));
    expect(first.length).toBeGreaterThan(1000);
    expect(first).toBe(second);
  });

  test("is the same whether live objects come from a file, a folder or standard input", async () => {
    const file = "fixtures/mixed-object/live/shop.yaml";
    const repo = ["scan", "--repo", "fixtures/mixed-object/repo", "--format", "json"];
    const runs = await Promise.all([
      holdfast([...repo, "--live", file]),
      holdfast([...repo, "--live", "fixtures/mixed-object/live"]),
      holdfast([...repo, "--live", "-"], { input: readFileSync(join(ROOT, file), "utf8") }),
    ]);
    const [first, ...others] = runs.map(({ code, stdout }) => [
      code,
      (JSON.parse(stdout) as { readonly drifts: unknown }).drifts,
    ]);
    expect(first?.[0]).toBe(3);
    for (const other of others) expect(other).toEqual(first);
  });

  test("ends silently where nobody reads on", () => {
    const command = `"$NODE" "$ENTRY" scan --repo fixtures/demo/repo --live fixtures/demo/live --quiet --format html | head -c 10`;
    const env = environment({ NODE: process.execPath, ENTRY });
    const result = spawnSync("sh", ["-c", command], { cwd: ROOT, env, encoding: "utf8" });
    expect([result.stdout, result.stderr]).toEqual(["<!doctype ", ""]);
  });

  test.skipIf(process.platform !== "linux")("says in one line that the disk is full", () => {
    const command = `"$NODE" "$ENTRY" scan --repo fixtures/demo/repo --live fixtures/demo/live --quiet > /dev/full`;
    const env = environment({ NODE: process.execPath, ENTRY });
    const result = spawnSync("sh", ["-c", command], { cwd: ROOT, env, encoding: "utf8" });
    expect([result.status, result.stderr]).toEqual([1, expect.stringMatching(/^holdfast: cannot write .*ENOSPC.*\n$/)]);
  });
});

describe("colours", () => {
  // oxlint-disable-next-line no-control-regex -- escape sequences are what it is about
  const COLOUR = /\u001B\[/;
  const scan = ["scan", "--quiet", ...sidesOf("mixed-object")];

  test("are not put into a pipe", async () => {
    expect((await holdfast(scan)).stdout).not.toMatch(COLOUR);
  });

  test.skipIf(!SCRIPT).each([
    ["are put on a terminal", "", [], true],
    ["are left out with --no-color", "", ["--no-color"], false],
    ["are left out with NO_COLOR", "1", [], false],
  ] as const)("%s", (_what, noColor, more, coloured) => {
    const command = [process.execPath, ENTRY, ...scan, ...more].join(" ");
    const env = environment({ TERM: "xterm", ...(noColor === "" ? {} : { NO_COLOR: noColor }) });
    const ran = spawnSync("script", ["-qec", command, "/dev/null"], {
      cwd: ROOT,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(ran.stdout).toContain("Deployment/checkout in shop");
    expect(COLOUR.test(ran.stdout)).toBe(coloured);
  });
});

describe("--revision", () => {
  test("reads the commit from git, and the working tree neither before nor after", async () => {
    const manifest = readFileSync(join(ROOT, "fixtures/replicas-scaled-by-hand/repo/web.yaml"), "utf8");
    const repo = repositoryOf({ "web.yaml": manifest });
    const first = git(repo, "rev-parse", "HEAD").trim();
    write(repo, { "web.yaml": manifest.replace("replicas: 3", "replicas: 5") });
    commitAll(repo);
    write(repo, { "web.yaml": "neither: committed\n", "notes.txt": "mine\n" });
    const status = git(repo, "status", "--porcelain");
    const live = ["--live", "fixtures/replicas-scaled-by-hand/live", "--format", "json"];

    const old = await holdfast(["scan", "--repo", repo, "--revision", first, ...live]);
    const head = await holdfast(["scan", "--repo", repo, "--revision", "HEAD", ...live]);

    expect([old.code, head.code]).toEqual([2, 0]);
    expect(old.stdout).toContain(`"revision": "${first}"`);
    expect(git(repo, "status", "--porcelain")).toBe(status);
    expect(readFileSync(join(repo, "web.yaml"), "utf8")).toBe("neither: committed\n");
  });
});

describe("--help", () => {
  test.each(
    [
      [],
      ["scan"],
      ["reconcile"],
      ["serve"],
      ["explain"],
      ["snapshot"],
      ["policy"],
      ["policy", "list"],
      ["policy", "test"],
      ["config"],
      ["config", "check"],
    ].map((words) => [words.join(" "), words] as const),
  )("of holdfast %s goes to standard output and exits with 0", async (name, words) => {
    const { code, stdout, stderr } = await holdfast([...words, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^Usage: holdfast ${name}`));
  });

  test("shows examples and exit codes", async () => {
    const { stdout } = await holdfast(["--help"]);
    expect(stdout).toMatch(/Examples:\n.*holdfast scan/s);
    expect(stdout).toContain("Exit codes");
  });
});

test("policy list names every rule of the packs, and policy test runs their cases", async () => {
  const [list, cases] = await Promise.all([
    holdfast(["policy", "list"]),
    holdfast(["policy", "test", "config/policies"]),
  ]);
  expect([list.code, cases.code]).toEqual([0, 0]);
  expect(list.stdout).toMatch(/^pss-baseline\/privileged +critical/m);
  expect(cases.stdout).toMatch(/ cases: \d+ as expected, 0 not; 0 policies without cases\n$/);
});

test("npm run holdfast takes paths from where the user stands", () => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD)/i.test(name)));
  const args = [
    "run",
    "--silent",
    "holdfast",
    "--",
    "scan",
    "--repo",
    "mixed-object/repo",
    "--live",
    "mixed-object/live",
  ];
  const ran = spawnSync("npm", args, { cwd: join(ROOT, "fixtures"), env, encoding: "utf8" });
  expect([ran.status, ran.stdout]).toEqual([
    3,
    expect.stringContaining("Deployment/checkout in shop  checkout.yaml:2"),
  ]);
});
