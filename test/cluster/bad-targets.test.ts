// Bad input as a user meets it: `holdfast scan` and `holdfast targets`, with a good root and the cluster beside it. The bad
// root costs itself: nothing that it may declare is called missing or unmanaged, and what else there is, is compared.

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { holdfast, temporaryFolder } from "../cli/run.ts";
import { repositoryOf } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { chartOf, configMap, script } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

type Files = Readonly<Record<string, string>>;

const own = (name: string, data = "a: b"): string =>
  configMap(name, data).replace("metadata:\n", "metadata:\n  namespace: shop\n");
const GOOD: Files = { "good/kustomization.yaml": "resources: [c.yaml]\n", "good/c.yaml": own("good") };
/** What the good root declares; what the bad root would; what nobody does. */
const LIVE = ["good", "web", "stranger"].map((name) => own(name)).join("---\n");

interface Bad {
  readonly files: Files;
  readonly links?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Report {
  readonly summary: { readonly objects: Readonly<Record<string, number>> };
  readonly drifts: readonly { readonly state: string; readonly object: { readonly name: string } }[];
  readonly faults: readonly { readonly code: string; readonly message: string; readonly remedy: string }[];
}

/** Without where it is, which comes first. */
function saying({ code, message }: Report["faults"][number]): string {
  return `${code}: ${message.replace(/^\S+:\d+(?::\d+)?: /, "")}`;
}

const kustomization = (text: string, more: Files = {}): Files => ({ "bad/kustomization.yaml": text, ...more });

describe.skipIf(unavailable !== undefined)("beside a good root", () => {
  let programs: Readonly<Record<string, string>> = {};
  beforeAll(async () => {
    programs = { HOLDFAST_KUSTOMIZE: await ensureBinary("kustomize"), HOLDFAST_HELM: await ensureBinary("helm") };
  });

  async function run(command: readonly string[], repo: string, env: Files = {}, input?: string) {
    const cache = { XDG_CACHE_HOME: temporaryFolder() };
    return await holdfast([...command, "--repo", repo], {
      env: { ...programs, ...cache, ...env },
      ...(input === undefined ? {} : { input }),
    });
  }

  const version = 'case "$1" in version) echo v3.99.0; exit ;; esac\n';

  const TABLE: readonly (readonly [string, Bad | (() => Bad), RegExp])[] = [
    [
      "a kustomization that does not build",
      { files: kustomization("resources: [web.yaml]\npatches: [{path: gone.yaml}]\n", { "bad/web.yaml": own("web") }) },
      /^render-failed: bad cannot be rendered: kustomize says: .*gone\.yaml/,
    ],
    [
      "a cycle",
      {
        files: kustomization("resources: [../worse]\n", { "worse/kustomization.yaml": "resources: [../bad]\n" }),
      },
      /^render-failed: bad cannot be rendered: .*cycle/,
    ],
    ["a missing base", { files: kustomization("resources: [../gone]\n") }, /^render-failed: bad .*gone/],
    [
      "a path out of the repository",
      { files: kustomization("resources: [../../elsewhere]\n") },
      /^render-refused: bad needs what is not in the repository: "\.\.\/\.\.\/elsewhere"/,
    ],
    [
      "a link out of the repository",
      { files: kustomization("resources: [web.yaml]\n"), links: { "bad/web.yaml": "/etc/hostname" } },
      /^render-failed: bad .*web\.yaml/,
    ],
    [
      "a template that prints 100 MB",
      { files: chartOf("bad", { "a.yaml": '# {{ repeat 10000000 "0123456789" }}\na: b\n' }) },
      /^render-failed: bad cannot be rendered: helm (?:printed more than the limit|.*too much memory)/,
    ],
    [
      "a template that goes round",
      { files: chartOf("bad", { "a.yaml": '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}' }) },
      /^render-failed: bad cannot be rendered: helm /,
    ],
    [
      "a chart whose schema refuses the values",
      {
        files: {
          ...chartOf("bad", { "a.yaml": own("web") }, { values: "replicas: many\n" }),
          "bad/values.schema.json": '{"properties": {"replicas": {"type": "integer"}}}',
        },
      },
      /^render-failed: bad cannot be rendered: helm says: .*replicas/,
    ],
    [
      "a values file that is not YAML",
      { files: chartOf("bad", { "a.yaml": own("web") }, { values: "a: [\n" }) },
      /^render-failed: bad cannot be rendered: helm says: .*cannot load values\.yaml/,
    ],
    [
      "a renderer that is missing",
      { files: chartOf("bad", { "a.yaml": own("web") }), env: { HOLDFAST_HELM: "/nowhere/helm" } },
      /^renderer-missing: helm is not where HOLDFAST_HELM says: it is needed to render bad$/,
    ],
    [
      "a renderer that is too old",
      () => ({ files: chartOf("bad", { "a.yaml": own("web") }), env: { HOLDFAST_HELM: script("echo v3.2.0") } }),
      /^renderer-missing: helm is v3\.2\.0, which is too old: 3\.8 is the oldest.*: it is needed to render bad$/,
    ],
    [
      "a renderer that is killed",
      () => ({
        files: chartOf("bad", { "a.yaml": own("web") }),
        env: { HOLDFAST_HELM: script(`${version}kill -KILL $$`) },
      }),
      /^render-failed: bad cannot be rendered: helm was ended by SIGKILL/,
    ],
  ];

  test.for(TABLE)("%s costs itself", async ([, given, expected]) => {
    const { files, links = {}, env = {} } = typeof given === "function" ? given() : given;
    const repo = repositoryOf({ ...GOOD, ...files });
    for (const [path, to] of Object.entries(links)) symlinkSync(to, join(repo, path));
    const changed = LIVE.replace("a: b", "a: changed");
    const scanned = await run(["scan", "--live", "-", "--format", "json"], repo, env, changed);
    const { summary, drifts, faults } = JSON.parse(scanned.stdout) as Report;
    // A cycle is a root each way, and both are told.
    const told = faults.filter(({ code }) => code !== "snapshot-incomplete");
    expect(told.map(saying)[0]).toMatch(expected);
    expect(told.every(({ remedy }) => remedy !== "")).toBe(true);
    expect(scanned.code).toBe(1);
    expect(drifts.map(({ state, object }) => `${state} ${object.name}`)).toEqual(["drifted good"]);
    expect(summary.objects).toMatchObject({ drifted: 1, missing: 0, unmanaged: 0 });
    expect(scanned.stderr).not.toMatch(/\n\s+at /);
    const targets = await run(["targets"], repo, env);
    expect(targets.code).toBe(1);
    expect(targets.stdout).toContain("good");
    expect(targets.stdout).toMatch(/bad/);
    expect(targets.stderr).not.toMatch(/\n\s+at /);
  });

  test.for([
    ["equally", own("web")],
    ["differently", own("web", "a: c")],
  ] as const)("two roots that declare one object %s are both named", async ([how, second]) => {
    const repo = repositoryOf({
      ...GOOD,
      "one/kustomization.yaml": "resources: [web.yaml]\n",
      "one/web.yaml": own("web"),
      ...chartOf("two", { "web.yaml": second }),
    });
    const { code, stdout } = await run(["scan", "--live", "-", "--format", "json"], repo, {}, LIVE);
    const { summary, drifts, faults } = JSON.parse(stdout) as Report;
    expect(faults.map(saying)).toEqual([
      `duplicate-object: ConfigMap/web in shop is declared 2 times, ${how}: one/web.yaml:1:1 and two/templates/web.yaml:1:1`,
    ]);
    expect(code).toBe(1);
    expect(drifts).toEqual([]);
    expect(summary.objects).toMatchObject({ inSync: 1, missing: 0, unmanaged: 0 });
  });

  test("two targets that declare one object are both named, and nothing of it is unmanaged", async () => {
    const repo = repositoryOf({
      ".github/holdfast.yml": "targets:\n- { name: a, path: one }\n- { name: b, path: two }\n",
      "one/kustomization.yaml": "resources: [web.yaml, good.yaml]\n",
      "one/web.yaml": own("web"),
      "one/good.yaml": own("good"),
      ...chartOf("two", { "web.yaml": own("web", "a: c") }),
    });
    const { code, stdout } = await run(["scan", "--live", "-", "--format", "json"], repo, {}, LIVE);
    const { drifts, faults } = JSON.parse(stdout) as Report;
    expect(faults.map(saying)).toEqual([
      "duplicate-object: ConfigMap/web in shop is declared twice, differently: in one/web.yaml (target a) and two/templates/web.yaml (target b)",
    ]);
    expect(code).toBe(1);
    expect(drifts.map(({ state, object }) => `${state} ${object.name}`)).toEqual(["unmanaged stranger"]);
  });

  test("a target whose path is not there ends in a fault that names it, and the other goes on", async () => {
    const repo = repositoryOf({
      ".github/holdfast.yml": "targets:\n- { name: a, path: good }\n- { name: b, path: gone }\n",
      ...GOOD,
    });
    const { code, stdout } = await run(["scan", "--live", "-", "--format", "json"], repo, {}, LIVE);
    const { drifts, faults, summary } = JSON.parse(stdout) as Report;
    expect(faults.map(saying)).toEqual([
      expect.stringMatching(/^target-unknown: the path "gone" of target b holds no file/),
    ]);
    expect([code, drifts, summary.objects["inSync"]]).toEqual([1, [], 1]);
  });

  test("targets of clusters that no one context is ask for one of them, in one line", async () => {
    const repo = repositoryOf({
      ".github/holdfast.yml":
        "targets:\n- { name: a, path: good, cluster: one }\n- { name: b, path: good, cluster: two }\n",
      ...GOOD,
    });
    const { code, stdout, stderr } = await run(["scan", "--live", "-"], repo, {}, LIVE);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^holdfast: [^\n]*--target[^\n]*\n$/);
  });

  test("a cluster that no context is called ends in one line that names it", async () => {
    const repo = repositoryOf({
      ".github/holdfast.yml": "targets:\n- { name: a, path: good, cluster: nowhere }\n",
      ...GOOD,
    });
    const { code, stdout, stderr } = await run(["scan"], repo, { KUBECONFIG: "/dev/null" });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^holdfast: [^\n]*\n$/);
  });

  test("10,000 YAML files none of which is a manifest say nothing", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`data/${index % 50}/f${index}.yaml`, `some: text\nn: ${index}\n`]),
    );
    const repo = repositoryOf({ ...GOOD, ...files });
    const { code, stdout } = await run(
      ["scan", "--live", "-", "--format", "json"],
      repo,
      {},
      ["good", "good-2"].map((name) => own(name)).join("---\n"),
    );
    const { summary, faults } = JSON.parse(stdout) as Report;
    expect([code, faults, summary.objects["inSync"]]).toEqual([0, [], 1]);
    const targets = await run(["targets"], repo);
    expect(targets.code).toBe(0);
    expect(targets.stdout).not.toContain("data/");
  });
});
