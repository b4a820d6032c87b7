// Roots of real repositories, from the corpus, each deployed by an Application of the real Argo CD and scanned.

import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import { groupOf } from "../../src/core/refs.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import { textOf } from "../../src/core/value.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { commitAll, git } from "../desired/repositories.ts";
import { application, from, HEALED } from "./argo-repository.ts";
import { describeOnArgo, openArgoStand } from "./argo-stand.ts";
import type { DeployedReport } from "./deployed-stand.ts";
import { definition } from "./foreign-kinds.ts";
import { renderTree } from "./rendering.ts";

const CORPUS = join(import.meta.dirname, "../../../shared/corpus/manifests");
const PARTS = ["gitops-catalog", "podinfo", "kubernetes-examples"];
/** As many as two minutes take. */
const MOST = 40;
const LEAST = 30;
/** Kinds of operators that come with roots which were left out, and roots beside each other that declare one object. */
const TOLD: ReadonlySet<string> = new Set([
  "duplicate-object",
  "kind-not-served",
  "not-deployed",
  "secret-not-made",
  "sync-failed",
]);
const ONCE = "  syncPolicy: { automated: {}, retry: { limit: 0 } }\n";

describe.skipIf(!existsSync(CORPUS))(`the corpus${existsSync(CORPUS) ? "" : " (skipped: it is not here)"}`, () => {
  describeOnArgo("deployed by Argo CD", () => {
    test("is no drift", { timeout: 1_800_000 }, async () => {
      const folder = await mkdtemp(join(tmpdir(), "holdfast-corpus-"));
      try {
        for (const part of PARTS) await cp(join(CORPUS, part), join(folder, part), { recursive: true });
        const roots = await deployable(folder);
        expect(roots.size).toBe(MOST);
        const objects = [...roots.values()].flat();
        const stand = await openArgoStand(applications([...roots.keys()]), {
          from: folder,
          before: definitions(objects),
          patience: 240_000,
        });
        try {
          const all = await stand.argo.applications();
          const done = all.filter(({ sync, phase }) => sync === "Synced" && phase === "Succeeded");
          const settled = new Set(done.map(({ name }) => name));
          const report = await stand.scan();
          const deployers = new Map(
            [...roots.values()].flatMap((own, index) =>
              own.map(({ ref }): [string, string] => [`${ref.kind}/${ref.name}`, `root-${index}`]),
            ),
          );
          const left = theirs(report).map((drift) => ({
            ...drift,
            deployer: deployers.get(`${drift.object.kind}/${drift.object.name}`) ?? "",
          }));
          const reasons = all.flatMap(({ name, message }) => (settled.has(name) ? [] : [`${name}: ${message}`]));
          expect(settled.size, reasons.join("\n")).toBeGreaterThanOrEqual(LEAST);
          // What did not come to its end waits, but for the namespaces that were there before.
          expect(left.filter(({ deployer }) => settled.has(deployer))).toEqual([]);
          const changed = left.filter(({ state, changes }) => state !== "pending" || changes.length > 0);
          expect(changed.filter(({ object }) => object.kind !== "Namespace")).toEqual([]);
          expect(report.summary.objects).toMatchObject({ missing: 0 });
          const codes = new Set(report.faults.map(({ code }) => code));
          expect([...codes].filter((code) => !TOLD.has(code))).toEqual([]);
        } finally {
          await stand.stop();
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  });
});

/** The corpus' kustomizations that render to objects which nothing else of them declares. */
async function deployable(folder: string): Promise<ReadonlyMap<string, readonly DesiredObject[]>> {
  git(folder, "init", "--quiet", "--initial-branch=main");
  commitAll(folder);
  const tree = await openWorktree(folder);
  if (isFault(tree)) throw new Error(tree.message);
  const { objects } = await renderTree(tree);
  const roots = Map.groupBy(
    objects.filter(({ origin }) => origin.root !== undefined),
    ({ origin }) => origin.root ?? "",
  );
  const taken = new Set<string>();
  const kept = new Map<string, readonly DesiredObject[]>();
  for (const [root, own] of roots) {
    // Those beside each other mostly declare the same.
    const beside = root.split("/").slice(0, 2).join("/");
    const keys = [beside, ...own.map(({ ref }) => `${groupOf(ref.apiVersion)} ${ref.kind} ${ref.name}`)];
    if (keys.some((key) => taken.has(key)) || kept.size === MOST) continue;
    for (const key of keys) taken.add(key);
    kept.set(root, own);
  }
  return kept;
}

function applications(roots: readonly string[]): Record<string, string> {
  const each = roots.map((path, index): [string, string] => [
    `applications/root-${index}.yaml`,
    application({ name: `root-${index}`, namespace: "default", spec: from(path) + ONCE }),
  ]);
  return {
    "root.yaml": application({ name: "root", namespace: "argocd", spec: from("applications") + HEALED }),
    ...Object.fromEntries(each),
  };
}

function definitions(objects: readonly DesiredObject[]): string {
  const foreign = objects.map(({ ref }) => ref).filter((ref) => builtinKind(ref) === undefined && !isArgo(ref));
  const groups = Map.groupBy(foreign, (ref) => `${groupOf(ref.apiVersion)} ${ref.kind}`);
  const namespaces = new Set(objects.flatMap(({ ref, value }) => [ref.namespace ?? [], namespaceIn(value)].flat()));
  const made = [...namespaces].map((name) =>
    JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name } }),
  );
  return [...[...groups.values()].map(definition), ...made].join("\n---\n");
}

function namespaceIn(value: DesiredObject["value"]): readonly string[] {
  const name = textOf(value["metadata"], "namespace");
  return name === undefined ? [] : [name];
}

function isArgo({ apiVersion }: ObjectRef): boolean {
  return groupOf(apiVersion) === "argoproj.io";
}

/** Without Argo CD's own installation, and what the test made beforehand. */
function theirs({ drifts }: DeployedReport): DeployedReport["drifts"] {
  return drifts.filter(
    ({ object: { kind, name, namespace }, state }) =>
      !(namespace === "argocd" && kind !== "Application") &&
      name !== "argocd" &&
      kind !== "CustomResourceDefinition" &&
      !(kind === "Namespace" && state === "unmanaged"),
  );
}
