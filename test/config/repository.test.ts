import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { Fault } from "../../src/core/fault.ts";
import { defaultRepositoryConfig } from "../../src/config/defaults.ts";
import { readRepositoryConfig } from "../../src/config/repository.ts";
import type { RepositoryConfig } from "../../src/config/repository.ts";

const FILE = ".github/holdfast.yml";

function valid(text: string | undefined): RepositoryConfig {
  const read = readRepositoryConfig(text, FILE);
  if (Array.isArray(read)) throw new Error(JSON.stringify(read));
  return read as RepositoryConfig;
}

function faults(text: string): readonly Fault[] {
  const read = readRepositoryConfig(text, FILE);
  if (!Array.isArray(read)) throw new Error("it was taken");
  return read as readonly Fault[];
}

function configFile(name: string): string {
  return readFileSync(join(import.meta.dirname, "../../config", name), "utf8");
}

describe("the repository config", () => {
  test.each([undefined, "", "\n# nothing yet\n", "---\n", "{}", "~"])("%j is the defaults", (text) => {
    expect(valid(text)).toEqual(defaultRepositoryConfig());
  });

  test("by default is one target that is the whole repository, with the packs that are there", () => {
    expect(valid(undefined)).toEqual({
      version: 1,
      schedule: { kind: "every", milliseconds: 900_000 },
      targets: [{ name: "default", path: "", exclude: [], unmanaged: "report" }],
      holdOffMs: 600_000,
      ignore: [],
      deployers: [],
      policies: { packs: ["pss-baseline", "rbac-escalation", "exposure"], paths: [], failOn: "medium" },
      pullRequests: { group: "target", maxOpen: 10, perHour: 2, labels: ["drift"] },
      issues: { labels: ["drift", "security"], assignees: [] },
    });
  });

  test("of config/defaults.yml is the defaults", () => {
    expect(valid(configFile("defaults.yml"))).toEqual(defaultRepositoryConfig());
  });

  test("of the example is taken as it reads", () => {
    const config = valid(configFile("holdfast.example.yml"));
    expect(config.schedule).toEqual({ kind: "cron", expression: "*/20 * * * *" });
    expect(config.mode).toBe("propose");
    expect(config.targets[0]).toEqual({
      name: "shop-prod",
      cluster: "prod",
      path: "clusters/prod/shop",
      namespace: "shop",
      namespaces: ["shop"],
      exclude: ["**/testdata/**", "*.tmpl.yaml"],
      unmanaged: "report",
    });
    expect(config.policies.paths).toEqual(["policies"]);
  });

  test("cleans paths, and fills in a part that is written in part", () => {
    const config = valid(
      "targets: [{name: a, path: ./x//y/}, {name: b, path: .}]\npullRequests: {maxOpen: 3}\nholdOff: 0\n",
    );
    expect(config.targets.map((target) => target.path)).toEqual(["x/y", ""]);
    expect(config.pullRequests).toEqual({ group: "target", maxOpen: 3, perHour: 2, labels: ["drift"] });
    expect(config.holdOffMs).toBe(0);
  });

  test.each([
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["90s", 90_000],
  ])("reads the time %s", (text, milliseconds) => {
    expect(valid(`holdOff: ${text}`).holdOffMs).toBe(milliseconds);
    expect(valid(`schedule: ${text}`).schedule).toEqual({ kind: "every", milliseconds });
  });

  test("takes empty lists of what does not work yet, since they ask for nothing", () => {
    expect(valid("freeze: []\nignore: []\nexceptions: []\npullRequests: {reviewers: []}\n")).toEqual(valid(""));
  });
});

const DEEP = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
  .split("")
  .map((name, index) => `${name}: &${name} [${`*${"abcdefgh"[index]},`.repeat(9)}]\n`)
  .join("")}`;

test("ignore rules are read with the place where each stands", () => {
  const { ignore, deployers } = valid(
    `ignore:
  - { kind: Deployment.apps, name: "web-*", namespace: shop, field: spec.replicas }
  - manager: keda-operator
  - field: 'metadata.annotations["a.b/*"]'
deployers: [acme-deployer]
`,
  );
  expect(ignore).toEqual([
    {
      kind: "Deployment.apps",
      name: "web-*",
      namespace: "shop",
      field: {
        text: "spec.replicas",
        steps: [
          { kind: "field", name: "spec" },
          { kind: "field", name: "replicas" },
        ],
      },
      position: { file: FILE, line: 2, column: 3 },
    },
    { manager: "keda-operator", position: { file: FILE, line: 3, column: 3 } },
    {
      field: {
        text: 'metadata.annotations["a.b/*"]',
        steps: [
          { kind: "field", name: "metadata" },
          { kind: "field", name: "annotations" },
          { kind: "text", text: "a.b/*" },
        ],
      },
      position: { file: FILE, line: 4, column: 3 },
    },
  ]);
  expect(deployers).toEqual(["acme-deployer"]);
});

describe("a repository config is refused at the line and column of the problem:", () => {
  const cases: readonly (readonly [string, string, number, number, RegExp])[] = [
    ["an unknown key", "version: 1\nscedule: 15m\n", 2, 1, /did you mean "schedule"/],
    ["an unknown key in a target", "targets:\n  - name: a\n    pth: x\n", 3, 5, /did you mean "path"/],
    ["an unknown key in policies", "policies:\n  fail_on: low\n", 2, 3, /did you mean "failOn"/],
    ["an unknown key that is near nothing", "zzzzzzzzzz: 1\n", 1, 1, /known are version/],
    ["a key named __proto__", "__proto__: {}\n", 1, 1, /__proto__/],
    ["text for a list", "targets: everything\n", 1, 1, /must be a list/],
    ["a list for a map", "policies:\n  - pss-baseline\n", 1, 1, /must be a map/],
    ["text for a number", "pullRequests:\n  perHour: two\n", 2, 3, /must be a number|whole number/],
    ["a fraction for a count", "pullRequests: {maxOpen: 1.5}\n", 1, 16, /whole number/],
    ["a number below its bound", "pullRequests: {maxOpen: -1}\n", 1, 16, /at least 0/],
    ["a target without a name", "targets:\n  - path: x\n", 2, 3, /targets\[0\].name is missing/],
    ["two targets of one name", "targets:\n  - name: a\n  - name: a\n", 3, 5, /another target's name/],
    ["no target at all", "targets: []\n", 1, 1, /at least 1/],
    ["a path that leaves the repository", "targets:\n  - name: a\n    path: ../other\n", 3, 5, /within the repository/],
    ["an absolute path", "targets:\n  - {name: a, path: /etc}\n", 2, 15, /within the repository/],
    ["a path into .git", "policies: {paths: [.git/x]}\n", 1, 20, /within the repository/],
    ["no namespace's name", "targets:\n  - name: a\n    namespaces: [ok, Not_Ok]\n", 3, 22, /no namespace's name/],
    ["a mode that is none", "mode: proposes\n", 1, 1, /did you mean "propose"/],
    ["a severity that is none", "policies: {failOn: mediun}\n", 1, 12, /did you mean "medium"/],
    ["a pack that is none", "policies:\n  packs:\n    - pss-baselin\n", 3, 5, /did you mean "pss-baseline"/],
    ["a pack that is to come", "policies:\n  packs: [network-policy]\n", 2, 11, /does not work yet/],
    ["a pack named twice", "policies: {packs: [exposure, exposure]}\n", 1, 12, /twice/],
    ["a time without a unit", "holdOff: 10\n", 1, 1, /15m/],
    ["a schedule that is neither", "schedule: sometimes\n", 1, 1, /cron/],
    ["a schedule too often", "schedule: 5s\n", 1, 1, /shorter than a minute/],
    ["a cron expression out of range", "schedule: 99 * * * *\n", 1, 1, /cron/],
    ["a day that never comes", "schedule: 0 0 31 2 *\n", 1, 1, /cron/],
    ["another version", "version: 2\n", 1, 1, /must be "1"/],
    ["freeze windows, which are to come", "freeze:\n  - {cron: x}\n", 1, 1, /does not work yet/],
    ["an ignore rule that names nothing", "ignore:\n  - kind: A\n  - {}\n", 3, 3, /would ignore everything/],
    ["an ignore rule of wildcards alone", "ignore: [{name: '*', field: '*'}]\n", 1, 10, /would ignore everything/],
    ["an unknown key in an ignore rule", "ignore:\n  - kind: A\n    fild: spec\n", 3, 5, /did you mean "field"/],
    ["a kind that is none", "ignore: [{kind: apps/v1/Deployment}]\n", 1, 11, /no kind.*Deployment.apps/],
    ["a name with a space", "ignore: [{name: 'a b'}]\n", 1, 11, /no name/],
    ["a field that ends in the middle", "ignore:\n  - kind: A\n    field: spec.\n", 3, 5, /character 5/],
    ["a field with a key in half", "ignore: [{field: 'containers[name=]'}]\n", 1, 11, /character 11/],
    ["a field that is a JSON pointer", "ignore: [{field: /spec/containers/0}]\n", 1, 11, /: spec.containers\[\*\]/],
    [
      "a field with a name that needs quotes",
      "ignore: [{field: metadata.annotations.a.b/c}]\n",
      1,
      11,
      /metadata.annotations\["a.b\/c"\]/,
    ],
    ["a field with **", "ignore: [{field: spec.**.image}]\n", 1, 11, /\*\*.*all that is below/],
    ["an empty field", "ignore: [{field: ''}]\n", 1, 11, /is empty/],
    ["a deployer that is no name", "deployers: ['']\n", 1, 13, /field manager/],
    ["a deployer named twice", "deployers: [a, a]\n", 1, 1, /twice/],
    ["exceptions, which are to come", "exceptions: [{policy: a}]\n", 1, 1, /does not work yet/],
    ["a release's name that Helm refuses", "targets: [{name: a, helm: {release: X_1}}]\n", 1, 28, /no release's name/],
    [
      "a values file from elsewhere",
      "targets: [{name: a, helm: {values: [https://x/y]}}]\n",
      1,
      37,
      /no path of a values/,
    ],
    ["a renderer, which is to come", "targets: [{name: a, renderer: helm}]\n", 1, 21, /does not work yet/],
    ["reviewers, which are to come", "pullRequests: {reviewers: codeowners}\n", 1, 16, /does not work yet/],
    [
      "a deployed revision other than auto",
      "targets: [{name: a, deployedRevision: flux}]\n",
      1,
      21,
      /does not work yet/,
    ],
    ["no GitHub user", "issues: {assignees: ['@me']}\n", 1, 22, /login/],
    ["a label with a comma", "issues: {labels: ['a,b']}\n", 1, 19, /label/],
    ["a word that Kubernetes' YAML takes for a boolean", "targets: [{name: y}]\n", 1, 12, /quotes/],
    ["a duplicate key", "mode: report\nholdOff: 0\nmode: propose\n", 3, 1, /two keys/],
    ["YAML that does not parse", "mode: report\n  holdOff: [\n", 1, 7, /./],
    ["a text that is no map", "just words\n", 1, 1, /map/],
    ["a second document", "mode: report\n---\nmode: propose\n", 3, 1, /one document/],
    ["nesting without end", DEEP, 1, 1, /./],
    ["aliases without end", BOMB, 1, 1, /aliases|unknown/i],
    ["a file of megabytes", `# ${"x".repeat(2_000_000)}\n`, 1, 1, /shorten/],
  ];
  test.each(cases)("%s", (_, text, line, column, words) => {
    const [first] = faults(text);
    expect(isFault(first)).toBe(true);
    expect(first).toMatchObject({ code: "config-invalid", about: FILE, leavesUnknown: "declared" });
    expect(first?.position).toEqual({ file: FILE, line, column });
    expect(`${first?.message} (${first?.remedy})`).toMatch(words);
  });

  test("every problem at once, in the order of the lines", () => {
    const found = faults("mode: maybe\npolicies:\n  failon: high\nscheduel: 1m\n");
    expect(found.map((fault) => fault.position?.line)).toEqual([1, 3, 4]);
  });

  test("in a moment, whatever the text", () => {
    const started = performance.now();
    for (const text of [
      DEEP,
      BOMB,
      `holdOff: ${"1".repeat(100_000)}h`,
      `schedule: ${"* ".repeat(50_000)}`,
      `mode: ${"a".repeat(500_000)}`,
    ])
      faults(text);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
