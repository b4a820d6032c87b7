// What users get wrong: each one clear line, what is wrong, where, and how to mend it; never a stack trace.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort } from "./ports.ts";
import { holdfast, ROOT, sidesOf, temporaryFolder } from "./run.ts";
import type { Ran } from "./run.ts";
import { deployment, repositoryOf, write } from "../desired/repositories.ts";
import { writeKubeconfig } from "../live/fake-api.ts";

const SIDES = sidesOf("replicas-scaled-by-hand");
const LIVE = ["--live", "fixtures/replicas-scaled-by-hand/live"];

describe("a command line", () => {
  test.each([
    ["an unknown command", ["frobnicate"], /unknown command 'frobnicate'/],
    ["an unknown option, with the nearest one", ["scan", "--frmat", "json"], /unknown option '--frmat'.*--format/],
    ["an unknown format", ["scan", "--format", "xml"], /'xml' is invalid.*text, json, markdown or html/],
    ["a format that does not work yet", ["scan", "--format", "sarif"], /'sarif' is invalid.*cannot do that yet/],
    ["a report without a format", ["scan", "--report", "=x"], /'=x' is invalid.*FORMAT=FILE/],
    ["a report of an unknown format", ["scan", "--report", "xml=x"], /'xml=x' is invalid.*text, json/],
    ["a report without a file", ["scan", "--report", "json"], /'json' is invalid.*FORMAT=FILE/],
    [
      "an unknown result to fail on",
      ["scan", "--fail-on", "sometimes"],
      /'sometimes' is invalid.*violating, drift, none/,
    ],
    ["an unknown mode", ["scan", "--mode", "write"], /'write' is invalid.*read-only or server-dry-run/],
    [
      "a server dry-run of a snapshot",
      ["scan", ...SIDES, "--mode", "server-dry-run"],
      /--mode server-dry-run asks an API server.*leave out --live/,
    ],
    ["too many arguments", ["scan", "infra"], /too many arguments for 'scan'/],
    ["no folder for a snapshot", ["snapshot"], /'--out <dir>' not specified/],
    ["an unknown target", ["scan", ...SIDES, "--target", "nowhere"], /no target is called "nowhere".*default/],
    ["an object without a name", ["explain", "Deployment", ...SIDES], /"Deployment" is no object.*KIND\/NAME/],
    [
      "no such repository",
      ["scan", "--repo", "/nonexistent/infra", ...LIVE],
      /\/nonexistent\/infra is no Git repository/,
    ],
    ["an unknown revision", ["scan", ...SIDES, "--revision", "no-such-branch"], /no commit "no-such-branch"/],
    ["a revision that is an option", ["scan", ...SIDES, "--revision=--output=x"], /no commit "--output=x"/],
    [
      "no such snapshot",
      ["scan", "--repo", "fixtures/demo/repo", "--live", "/nonexistent"],
      /\/nonexistent does not exist/,
    ],
    [
      "no such kubeconfig",
      ["scan", "--repo", "fixtures/demo/repo", "--kubeconfig", "/nonexistent"],
      /kubeconfig \/nonexistent/,
    ],
    ["no such configuration", ["scan", ...SIDES, "--config", "/nonexistent.yml"], /configuration \/nonexistent.yml/],
    ["no cases to test", ["policy", "test", "test/cli"], /no cases were found/],
  ] as const)("with %s ends in one line", async (_what, args, line) => {
    expect(toldBy(await holdfast(args))).toMatch(line);
  });

  test("that is empty shows what there is", async () => {
    const { code, stderr } = await holdfast([]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("Usage: holdfast")]);
  });
});

describe("a folder", () => {
  test("that is no repository ends in one line", async () => {
    expect(toldBy(await holdfast(["scan", "--repo", temporaryFolder(), ...LIVE]))).toMatch(/is no Git repository/);
  });

  test.each(["report.json", "deep/below/report.json"])("that is a file takes no --report (%s)", async (name) => {
    const folder = temporaryFolder();
    write(folder, { file: "" });
    const ran = await holdfast(["scan", ...SIDES, "--report", `json=${folder}/file/${name}`]);
    expect(toldBy(ran)).toMatch(/cannot write .*\/file\//);
  });

  test("that is a file takes no --out", async () => {
    const folder = temporaryFolder();
    write(folder, { file: "" });
    const { code, stdout, stderr } = await holdfast([
      "reconcile",
      ...SIDES,
      "--out",
      `${folder}/file/out`,
      "--format",
      "json",
    ]);
    const faults = (JSON.parse(stdout) as { readonly faults: readonly { readonly code: string }[] }).faults;
    expect([code, stderr]).toEqual([1, ""]);
    expect(faults.map((fault) => fault.code)).toContain("output-unwritable");
  });
});

describe("a cluster", () => {
  test("that refuses the connection ends in one line", async () => {
    const kubeconfig = await writeKubeconfig(join(temporaryFolder(), "config"), `http://127.0.0.1:${await freePort()}`);
    const ran = await holdfast(["scan", "--repo", "fixtures/demo/repo", "--kubeconfig", kubeconfig]);
    expect(toldBy(ran)).toMatch(/127\.0\.0\.1.*refused|refused.*127\.0\.0\.1/i);
  });

  test.each([
    ["that is no YAML", "a: [b"],
    ["without the context that it names", '{"apiVersion":"v1","kind":"Config","current-context":"gone"}'],
  ])("whose kubeconfig is one %s ends in one line", async (_what, text) => {
    const folder = temporaryFolder();
    write(folder, { config: text });
    const ran = await holdfast(["scan", "--repo", "fixtures/demo/repo", "--kubeconfig", join(folder, "config")]);
    expect(toldBy(ran)).toMatch(/kubeconfig/);
  });
});

describe("a configuration", () => {
  test.each([
    [
      "an unknown key, with the nearest one",
      "version: 1\nschedul: 15m\n",
      /\.github\/holdfast\.yml:2:1: .*schedul.*schedule/,
    ],
    ["a wrong type", "version: 1\ntargets: shop\n", /\.github\/holdfast\.yml:2:1: /],
    ["an unknown pack", "version: 1\npolicies:\n  packs: [pss-base]\n", /\.github\/holdfast\.yml:3:11: .*pss-base/],
    [
      "a key that does not work yet",
      "version: 1\nfreeze: [{ cron: '0 18 * * FRI', for: 62h }]\n",
      /\.github\/holdfast\.yml:2:1: /,
    ],
    ["YAML that does not parse", "version: 1\ntargets: [\n", /\.github\/holdfast\.yml:\d+:\d+: /],
  ])("with %s ends in one line with its place, in a scan and in config check", async (_what, text, line) => {
    const repo = repositoryOf({ ".github/holdfast.yml": text });
    const [scan, check] = await Promise.all([
      holdfast(["scan", "--repo", repo, ...LIVE]),
      holdfast(["config", "check", "--repo", repo]),
    ]);
    expect(toldBy(scan)).toMatch(line);
    expect(toldBy(check)).toMatch(line);
  });

  test("with several problems names each", async () => {
    const repo = repositoryOf({ ".github/holdfast.yml": "version: 1\nschedul: 15m\nmod: report\n" });
    const { code, stderr } = await holdfast(["config", "check", "--repo", repo]);
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 2]);
  });

  test("that is right is said to be", async () => {
    const repo = repositoryOf({ ".github/holdfast.yml": "version: 1\nmode: report\n" });
    const { code, stdout } = await holdfast(["config", "check", "--repo", repo]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("ok")]);
  });
});

describe("a manifest", () => {
  const good = readFileSync(join(ROOT, "fixtures/replicas-scaled-by-hand/repo/web.yaml"), "utf8");
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (const [at, name] of "bcdefghi".split("").entries()) {
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[at]}`).join(", ")}]`);
  }
  test.each([
    [
      "that does not parse",
      { "bad.yaml": "apiVersion: v1\nkind: ConfigMap\n  metadata: [\n" },
      "yaml-invalid",
      /^bad\.yaml:3:\d+: /,
    ],
    ["with a key twice", { "bad.yaml": deployment("other", "kind: Service\n") }, "yaml-invalid", /^bad\.yaml:5:1: /],
    [
      "that is an alias bomb",
      { "bad.yaml": `kind: ConfigMap\napiVersion: v1\nmetadata: { name: x }\n${bomb.join("\n")}\n` },
      "yaml-invalid",
      /^bad\.yaml:\d+:\d+: /,
    ],
    [
      "without a name",
      { "bad.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n" },
      "manifest-invalid",
      /^bad\.yaml:3:\d+: /,
    ],
    [
      "of 11 MB",
      { "bad.yaml": `${deployment("big")}# ${"x".repeat(11 * 1024 * 1024)}\n` },
      "file-too-large",
      /bad\.yaml/,
    ],
    [
      "that another declares, too",
      { "bad.yaml": good, "more/bad.yaml": good },
      "duplicate-object",
      /bad\.yaml.* and .*bad\.yaml/,
    ],
  ] as const)("%s is a fault with its place, and the rest goes on", async (_what, files, code, message) => {
    const repo = repositoryOf({ ...(code === "duplicate-object" ? {} : { "web.yaml": good }), ...files });
    const started = performance.now();
    const ran = await holdfast(["scan", "--repo", repo, ...LIVE, "--format", "json"]);
    const report = JSON.parse(ran.stdout) as {
      readonly drifts: readonly unknown[];
      readonly faults: readonly { readonly code: string; readonly message: string }[];
    };
    expect([ran.code, ran.stderr.includes("    at ")]).toEqual([1, false]);
    const found = report.faults.filter((fault) => fault.code === code);
    expect(found).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
    expect(report.drifts).toHaveLength(code === "duplicate-object" ? 0 : 1);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("a policy of the repository", () => {
  const range = JSON.stringify(Array.from({ length: 60 }, (_none, index) => index));
  const loop = `${range}.all(a, ${range}.all(b, ${range}.all(c, ${range}.all(d, ${range}.all(e, a + b + c + d + e >= 0)))))`;

  test.each([
    ["that does not compile", "object.spec.replicas <="],
    ["that loops", loop],
  ])("%s makes drift not compliant and says so; the pass goes on", async (_what, expression) => {
    const repo = repositoryOf({
      "web.yaml": readFileSync(join(ROOT, "fixtures/replicas-scaled-by-hand/repo/web.yaml"), "utf8"),
      ".github/holdfast.yml":
        "version: 1\npolicies: { paths: [policies/] }\ntargets: [{ name: all, path: ., exclude: [policies/**] }]\n",
      "policies/odd.yaml": policy(expression),
    });
    const started = performance.now();
    const { code, stdout, stderr } = await holdfast(["scan", "--repo", repo, ...LIVE, "--format", "json"]);
    expect(performance.now() - started).toBeLessThan(25_000);
    expect(stderr).not.toContain("    at ");
    const { drifts } = JSON.parse(stdout) as {
      readonly drifts: readonly {
        readonly verdict: string;
        readonly findings: readonly { readonly status: string }[];
      }[];
    };
    expect(drifts.map(({ verdict, findings }) => [verdict, findings[0]?.status])).toEqual([
      ["violating", "not-evaluable"],
    ]);
    expect(code).toBe(3);
  });
});

test("a stack trace is shown with --verbose only", async () => {
  const args = ["scan", "--repo", "/nonexistent"];
  const [plain, verbose] = await Promise.all([holdfast(args), holdfast([...args, "--verbose"])]);
  expect(plain.stderr).not.toContain("    at ");
  expect(verbose.stderr).toContain("    at ");
});

/** The one line on standard error of a command that failed as it should; else everything that it said, which is no such line. */
function toldBy({ code, stdout, stderr }: Ran): string {
  const failedWell = code === 1 && stdout === "" && /^holdfast: [^\n]+ \([^\n]+\)\n$/.test(stderr);
  return failedWell ? stderr : `NOT ONE LINE: exit code ${code}\n`;
}

function policy(expression: string): string {
  return [
    "apiVersion: admissionregistration.k8s.io/v1",
    "kind: ValidatingAdmissionPolicy",
    "metadata: { name: odd }",
    "spec:",
    "  matchConstraints:",
    "    resourceRules: [{ apiGroups: [apps], apiVersions: [v1], operations: ['*'], resources: [deployments] }]",
    "  validations:",
    `    - expression: ${JSON.stringify(expression)}`,
    "",
  ].join("\n");
}
