// No blind spot: seeded changes by real writers in every kind, each found exactly, and nothing else with it. The whole
// measure, of which this is a part: `npm run bench:drift`.

import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LEFT_OUT } from "../../bench/drift/bases.ts";
import { measureEquivalence } from "../../bench/drift/equivalence.ts";
import { measureRecall } from "../../bench/drift/measure.ts";
import type { Recall } from "../../bench/drift/measure.ts";
import { randomOf } from "../../bench/drift/recall.ts";
import { openStage } from "../../bench/drift/stage.ts";
import type { Stage } from "../../bench/drift/stage.ts";
import { measureWhole } from "../../bench/drift/whole.ts";
import { WAYS } from "../../bench/drift/ways.ts";
import { runHoldfast } from "./cli.ts";
import { describeOnCluster } from "./suite.ts";

const SEED = 20;
const PLANTED = 520;
/** Of the rewritings about which the server is asked, one in so many. */
const ONE_REWRITING_IN = 40;

describeOnCluster("what is changed in the cluster is found", () => {
  let stage: Stage;
  let recall: Recall;

  beforeAll(async () => {
    stage = await openStage(WAYS);
    recall = await measureRecall(stage, { seed: SEED, planted: PLANTED });
  });

  afterAll(async () => {
    await stage.close();
  });

  test("there is an object of every kind that can be created, but for those that are left out by name", () => {
    expect(stage.refused).toEqual([]);
    expect(recall.uncovered).toEqual([]);
    const creatable = stage.resources.filter(({ verbs }) => verbs.includes("create"));
    const names = creatable.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
    expect(names).toEqual(expect.arrayContaining(Object.keys(LEFT_OUT)));
    expect(recall.kinds).toBeGreaterThanOrEqual(40);
  });

  test("the objects as they were deployed, in each way, have no drift", () => {
    expect(recall.alarms).toEqual([]);
  });

  test("every planted change is found: the path, the operation, who and which side, and nothing else", () => {
    expect(recall.broken).toEqual([]);
    expect(recall.wrong).toEqual([]);
    expect(recall.found).toBe(PLANTED);
  });

  test("what means the same is no drift", async () => {
    const { same, wrong } = await measureEquivalence(stage, (index) => randomOf(SEED, index)() < 1 / ONE_REWRITING_IN);
    expect(wrong).toEqual([]);
    expect(same).toBeGreaterThan(500);
  });

  test("the command line tells the same of the whole: nothing, then exactly what kubectl changed", async () => {
    const clean = await scanByCommand();
    expect(clean.drifts).toEqual([]);
    expect(clean.code).toBe(0);
    const { code, stderr } = await stage.cluster.kubectl(["scale", "-n", "csa", "deployment/web", "--replicas=4"]);
    expect(code, stderr).toBe(0);
    const scaled = await scanByCommand();
    expect(scaled.drifts).toEqual(["drifted Deployment/web: spec.replicas"]);
    expect(scaled.code).toBe(2);
  });

  interface Reported {
    readonly drifts: readonly {
      readonly state: string;
      readonly object: { readonly kind: string; readonly name: string };
      readonly changes: readonly { readonly field: string }[];
    }[];
  }

  /** Unmanaged objects are the harness's own, and are told below. */
  async function scanByCommand(): Promise<{ readonly code: number | null; readonly drifts: readonly string[] }> {
    const { kubeconfig } = stage.cluster;
    const { code, stdout } = await runHoldfast([
      "scan",
      "--format",
      "json",
      "--repo",
      stage.git,
      "--kubeconfig",
      kubeconfig,
      "--config",
      await declaredOnly(),
    ]);
    const drifts = (JSON.parse(stdout) as Reported).drifts.filter(({ state }) => state !== "unmanaged");
    return {
      code,
      drifts: drifts.map(
        ({ state, object, changes }) =>
          `${state} ${object.kind}/${object.name}: ${changes.map(({ field }) => field).join(", ")}`,
      ),
    };
  }

  test("objects that were made by hand are unmanaged, those that were deleted by hand missing", async () => {
    const { created, deleted } = await measureWhole(stage);
    expect([...created.missed, ...created.alarms]).toEqual([]);
    expect([...deleted.missed, ...deleted.alarms]).toEqual([]);
    expect(created.planted).toBeGreaterThan(50);
    expect(deleted.planted).toBeGreaterThan(50);
  });
});

/** A configuration under which nothing is unmanaged. */
async function declaredOnly(): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "holdfast-recall-")), "holdfast.yml");
  await writeFile(file, "version: 1\ntargets:\n  - name: all\n    unmanaged: ignore\n");
  return file;
}
