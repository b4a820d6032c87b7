// The demo shows what it is made of: each ingredient is changed in turn, and the output changes with it.

import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load, loadAll } from "js-yaml";
import { expect, test } from "vitest";
import { environment, ROOT, temporaryFolder } from "./run.ts";

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** A copy of the demo's two sides. */
function copyOfDemo(): string {
  const folder = temporaryFolder();
  cpSync(join(ROOT, "fixtures/demo"), folder, { recursive: true });
  return folder;
}

function runDemo(scenario: string): string {
  const work = join(temporaryFolder(), "demo");
  const started = performance.now();
  const ran = spawnSync(process.execPath, [join(ROOT, "src/cli/demo.ts"), scenario, work], {
    cwd: ROOT,
    env: environment(),
    encoding: "utf8",
  });
  // Progress and what was opened are told there, and nothing else.
  expect([ran.status, ran.stderr.replace(/^(?:\w+: \d|holdfast: [\w /-]+ opened: ).*\n/gm, "")]).toEqual([0, ""]);
  expect(performance.now() - started).toBeLessThan(60_000);
  return ran.stdout;
}

function editRepo(scenario: string, file: string, edit: (text: string) => string): void {
  const path = join(scenario, "repo", file);
  const text = readFileSync(path, "utf8");
  const edited = edit(text);
  expect(edited).not.toBe(text);
  writeFileSync(path, edited);
}

/** What `kubectl get -o yaml` printed is a List; JSON is YAML, too. */
function editLive(scenario: string, file: string, edit: (items: readonly Manifest[]) => readonly Manifest[]): void {
  const path = join(scenario, "live", file);
  const list = load(readFileSync(path, "utf8")) as { readonly items: readonly Manifest[] };
  const text = JSON.stringify({ ...list, items: edit(list.items) });
  expect(text).not.toBe(JSON.stringify(list));
  writeFileSync(path, text);
}

const manifestsIn = (folder: string): readonly Manifest[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(?:ya?ml|json)$/.test(file))
    .flatMap((file) => loadAll(readFileSync(join(folder, file), "utf8")) as Partial<Manifest>[])
    .filter((value): value is Manifest => value.kind !== undefined && value.metadata !== undefined);

test("the demo's repository has at least 40 objects of 12 kinds in 3 namespaces", () => {
  const objects = manifestsIn(join(ROOT, "fixtures/demo/repo"));
  expect(objects.length).toBeGreaterThanOrEqual(40);
  expect(new Set(objects.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(12);
  expect(new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? [])).size).toBeGreaterThanOrEqual(3);
});

test("as it is, it shows one of each, where the files are, and what to run next", () => {
  const output = runDemo(copyOfDemo());
  for (const part of [
    "PULL REQUEST  Codify 4 live changes of 4 objects",
    "+  replicas: 5   # two zones and a spare",
    "ISSUE  DaemonSet/node-agent in observability violates policy in the cluster",
    "ISSUE  Deployment/checkout in shop violates policy in the cluster",
    "ISSUE  NetworkPolicy/default-deny in data is missing from the cluster",
    "ISSUE  Deployment/netshoot in shop is not in Git",
    "changes.patch",
    "report.html",
    "holdfast -- scan --repo",
  ]) {
    expect(output).toContain(part);
  }
  expect(output).toMatch(/^\d+ objects in Git: \d+ in sync, 5 drifted, 1 missing; \d+ unmanaged in the cluster$/m);
  const [, all = 0, inSync = 0] = /(\d+) objects in Git: (\d+) in sync/.exec(output)?.map(Number) ?? [];
  expect(inSync).toBeGreaterThan(all / 2);
});

test("a compliant drift that is reverted is proposed no longer", () => {
  const demo = copyOfDemo();
  editRepo(demo, "shop/web.yaml", (text) => text.replace("replicas: 3", "replicas: 5"));
  const output = runDemo(demo);
  expect(output).toContain("PULL REQUEST  Codify 3 live changes of 3 objects");
  expect(output).not.toContain("Deployment/web in shop");
});

test("a violation that is reverted opens no issue", () => {
  const demo = copyOfDemo();
  editLive(demo, "observability.yaml", (items) =>
    items.map(
      (item) => JSON.parse(JSON.stringify(item).replaceAll('"privileged":true', '"privileged":false')) as Manifest,
    ),
  );
  const output = runDemo(demo);
  expect(output).not.toContain("node-agent");
  expect(output).toContain("ISSUE  Deployment/checkout in shop violates policy");
});

test("the violating part of a mixed object that is reverted leaves the compliant part", () => {
  const demo = copyOfDemo();
  editLive(demo, "shop.yaml", (items) =>
    items.map((item) => JSON.parse(JSON.stringify(item).replaceAll(',"hostNetwork":true', "")) as Manifest),
  );
  const output = runDemo(demo);
  expect(output).not.toContain("ISSUE  Deployment/checkout");
  expect(output).toContain("PULL REQUEST  Codify 4 live changes of 4 objects");
});

test("a missing object that is back is missed no longer", () => {
  const demo = copyOfDemo();
  const declared = manifestsIn(join(demo, "repo")).filter(({ metadata }) => metadata.name === "default-deny");
  editLive(demo, "data.yaml", (items) => [
    ...items,
    ...declared.filter(({ metadata }) => metadata.namespace === "data"),
  ]);
  const output = runDemo(demo);
  expect(output).not.toContain("is missing from the cluster");
  expect(output).toContain("0 missing");
});

test("an unmanaged object that is gone is told of no longer", () => {
  const demo = copyOfDemo();
  editLive(demo, "shop.yaml", (items) => items.filter(({ metadata }) => metadata.name !== "netshoot"));
  expect(runDemo(demo)).not.toContain("netshoot");
});

test("a drift that is new is found, with its line", () => {
  const demo = copyOfDemo();
  editLive(demo, "shop.yaml", (items) =>
    items.map((item) =>
      item.kind === "ConfigMap" && item.metadata.name === "checkout"
        ? { ...item, data: { ...(item["data"] as object), PAYMENT_TIMEOUT: "60s" } }
        : item,
    ),
  );
  const output = runDemo(demo);
  expect(output).toMatch(/data\.PAYMENT_TIMEOUT: "5s" → "60s" {2}compliant {2}shop\/checkout\.yaml:\d+/);
  expect(output).toMatch(/^ {2}\+ +PAYMENT_TIMEOUT: .*60s/m);
});

test("it takes no folder that it has not made", () => {
  const folder = temporaryFolder();
  const ran = spawnSync(process.execPath, [join(ROOT, "src/cli/demo.ts"), join(ROOT, "fixtures/demo"), folder], {
    env: environment(),
    encoding: "utf8",
  });
  expect([ran.status, ran.stderr]).toEqual([1, expect.stringMatching(/^holdfast: .* is not a demo's.*\n$/)]);
  expect(readdirSync(folder)).toEqual([]);
});
