// A real repository that Flux deploys, from the corpus, deployed by the real kustomize-controller and scanned.

import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import { groupOf } from "../../src/core/refs.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { commitAll, git, write } from "../desired/repositories.ts";
import { CLUSTER_BINARIES } from "./binaries.ts";
import { openStand } from "./flux-stand.ts";
import { definition } from "./foreign-kinds.ts";
import { renderTree } from "./rendering.ts";
import { describeOnCluster } from "./suite.ts";

const CORPUS = join(import.meta.dirname, "../../../shared/corpus/manifests/onedr0p-home-ops");
/** What `flux bootstrap`, or the operator, makes, and the corpus' repository leaves to it. */
const SOURCE = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1h, url: "https://git.example/home-ops.git" }
`;

/** Flux' own kinds that kustomize-controller deploys by have definitions of their own. */
function isForeign(ref: ObjectRef): boolean {
  const group = groupOf(ref.apiVersion);
  return builtinKind(ref) === undefined && !/^(?:kustomize|source)\.toolkit\.fluxcd\.io$/.test(group);
}

describe.skipIf(!existsSync(CORPUS))(`the corpus${existsSync(CORPUS) ? "" : " (skipped: it is not here)"}`, () => {
  describeOnCluster(
    "deployed by Flux",
    () => {
      test("is no drift", { timeout: 1_800_000 }, async () => {
        const repository = await mkdtemp(join(tmpdir(), "holdfast-corpus-"));
        await cp(CORPUS, repository, { recursive: true });
        git(repository, "init", "--quiet", "--initial-branch=main");
        write(repository, { "kubernetes/flux/cluster/source.yaml": SOURCE });
        const commit = commitAll(repository);
        const stand = await openStand(repository, { apiServerFlags: ["--feature-gates=HPAScaleToZero=true"] });
        try {
          const tree = await openWorktree(repository);
          if (isFault(tree)) throw new Error(tree.message);
          const { objects } = await renderTree(tree);
          const groups = Map.groupBy(
            objects.map(({ ref }) => ref).filter(isForeign),
            (ref) => `${groupOf(ref.apiVersion)} ${ref.kind}`,
          );
          await stand.apply([...groups.values()].map(definition).join("\n---\n"));
          await stand.kubectl("apply", "--server-side", "-f", join(repository, "kubernetes/flux/cluster"));
          // Some wait for what only a chart could bring, and never come to an end.
          await stand.deploy(commit, 45_000).catch(() => undefined);
          const all = await stand.flux.kustomizations();
          const settled = new Set(
            all.flatMap(({ name, namespace, ready }) => (ready === "True" ? [`${namespace}/${name}`] : [])),
          );
          expect(settled.size).toBeGreaterThan(40);
          const report = await stand.scan();
          const deployers = new Map(
            objects.map(({ ref, deployer }) => [`${ref.kind}/${ref.name}`, `${deployer?.namespace}/${deployer?.name}`]),
          );
          // What is there is as Git has it, and what is not there waits for a sync that did not come to its end.
          expect(report.drifts.filter(({ state, changes }) => state !== "pending" || changes.length > 0)).toEqual([]);
          const waiting = report.drifts.map(({ object }) => deployers.get(`${object.kind}/${object.name}`) ?? "");
          expect(waiting.filter((deployer) => settled.has(deployer))).toEqual([]);
          expect(report.summary.objects).toMatchObject({ drifted: 0, missing: 0, unmanaged: 0, unknown: 0 });
          const codes = new Set(report.faults.map(({ code }) => code));
          const told = new Set(["chart-missing", "not-deployed", "render-failed", "sync-failed", "variables-unknown"]);
          expect([...codes].filter((code) => !told.has(code))).toEqual([]);
        } finally {
          await stand.stop();
          await rm(repository, { recursive: true, force: true });
        }
      });
    },
    [...CLUSTER_BINARIES, "kustomize", "kustomize-controller"],
  );
});
