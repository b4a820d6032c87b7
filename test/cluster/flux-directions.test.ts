// Which side moved of what Flux's real kustomize-controller deploys: changes by hand and by commit, before and after it came
// to them, seeded. HOLDFAST_SEED=… makes other changes, HOLDFAST_CHANGES=3,7 those of some samples alone: a failure names both.

import { afterAll, beforeAll, expect, test } from "vitest";
import { CLUSTER_BINARIES } from "./binaries.ts";
import { short, told } from "./deployed-stand.ts";
import { fluxComponents } from "./flux-controller.ts";
import { fleet, kustomization, sample, samples } from "./flux-repository.ts";
import type { Sample } from "./flux-repository.ts";
import { openFluxStand } from "./flux-stand.ts";
import type { FluxStand } from "./flux-stand.ts";
import { describeOnCluster } from "./suite.ts";

const COUNT = 42;
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const ONLY = process.env["HOLDFAST_CHANGES"]?.split(",").map(Number);
const HOW = `have it again with HOLDFAST_SEED=${SEED} HOLDFAST_CHANGES=<the samples' numbers>`;
const SAMPLES = "apps/samples";
const DEPLOYS = "clusters/main/samples.yaml";

function deploys(more = ""): string {
  const variables = "  postBuild: { substituteFrom: [{ kind: ConfigMap, name: cluster-vars }] }\n";
  return kustomization({ name: "samples", path: `./${SAMPLES}`, more: `  targetNamespace: lab\n${variables}${more}` });
}

const CONTAINER = 'spec.template.spec.containers[name="main"]';

function isConfig(index: number): boolean {
  return index % 3 === 2;
}

function ref(index: number): string {
  return `${isConfig(index) ? "ConfigMap" : "Deployment"}/sample-${index}`;
}

/** The field that a change by hand or by commit is about, and how a commit and a hand make it. */
interface Edit {
  readonly field: string;
  readonly was: string;
  readonly commit: (value: string) => Partial<Sample>;
  readonly patch: (value: string) => HandPatch;
  readonly value: (value: string) => unknown;
}

interface HandPatch {
  readonly spec?: { readonly replicas?: number; readonly template?: object };
  readonly data?: object;
}

const EDITS: readonly (readonly [deployment: Edit, config: Edit])[] = [
  [
    {
      field: "spec.replicas",
      was: "2",
      commit: (value) => ({ replicas: Number(value) }),
      patch: (value) => ({ spec: { replicas: Number(value) } }),
      value: Number,
    },
    {
      field: "data.size",
      was: "2",
      commit: (value) => ({ replicas: Number(value) }),
      patch: (value) => ({ data: { size: value } }),
      value: String,
    },
  ],
  [
    {
      field: `${CONTAINER}.args`,
      was: "info",
      commit: (value) => ({ level: value }),
      patch: (value) => ({
        spec: { template: { spec: { containers: [{ name: "main", args: [`--level=${value}`] }] } } },
      }),
      value: (value) => [`--level=${value}`],
    },
    {
      field: "data.level",
      was: "info",
      commit: (value) => ({ level: value }),
      patch: (value) => ({ data: { level: value } }),
      value: String,
    },
  ],
];

function editOf(index: number, which: number): Edit {
  const [deployment, config] = EDITS[which % EDITS.length] as (typeof EDITS)[number];
  return isConfig(index) ? config : deployment;
}

/** One for each sample in each part of the suite: linear congruential, so that a failure can be had again by itself. */
function seeded(part: number, index: number): (below: number) => number {
  let state = Math.imul(SEED, 7_919) + Math.imul(part, 104_729) + Math.imul(index, 1_299_709);
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What a scan must say, gathered as it is done. */
class Expected {
  readonly #lines = new Map<string, { state: string; changes: string[] }>();

  state(name: string, state: string): void {
    this.#at(name).state = state;
  }

  change(index: number, edit: Edit, direction: string, commit: string): void {
    const was = JSON.stringify(edit.value(edit.was));
    const one = this.#at(ref(index));
    one.changes.push(`sample-${index}: ${edit.field} ${direction} ${was} ${short(commit)}`);
    if (direction !== "git-ahead") one.state = "drifted %";
  }

  #at(name: string): { state: string; changes: string[] } {
    const known = this.#lines.get(name) ?? { state: "pending %", changes: [] };
    this.#lines.set(name, known);
    return known;
  }

  lines(): readonly string[] {
    return [...this.#lines].flatMap(([name, { state, changes }]) => [state.replace("%", name), ...changes]).toSorted();
  }
}

const WAYS = ["commit", "hand", "two fields", "conflict", "the same", "removed"] as const;

describeOnCluster(
  "which side moved of what Flux deploys",
  () => {
    let stand: FluxStand;
    let deployed: string;
    const alive = new Set(Array.from({ length: COUNT }, (_, index) => index));
    let changes = 0;

    beforeAll(async () => {
      const files = { ...fleet({ components: await fluxComponents() }), ...samples(COUNT), [DEPLOYS]: deploys() };
      stand = await openFluxStand(files);
      deployed = await applied();
    });

    afterAll(async () => await stand?.stop());

    async function applied(): Promise<string> {
      const all = await stand.flux.kustomizations();
      return (
        all
          .find(({ name }) => name === "samples")
          ?.applied?.split(":")
          .at(-1) ?? "nothing"
      );
    }

    async function byHand(index: number, patch: HandPatch): Promise<void> {
      changes += 1;
      // Through a subresource, every other time.
      const replicas = index % 2 === 0 ? undefined : patch.spec?.replicas;
      if (replicas !== undefined)
        return void (await stand.kubectl("scale", ref(index), "-n", "lab", `--replicas=${replicas}`));
      await stand.kubectl("patch", ref(index), "-n", "lab", "--type=strategic", "-p", JSON.stringify(patch));
    }

    function chosen(): readonly number[] {
      return [...alive].filter((index) => ONLY === undefined || ONLY.includes(index));
    }

    async function scanned(): Promise<readonly string[]> {
      return told(await stand.scan()).toSorted();
    }

    test("what is deployed is in sync", async () => {
      const { drifts, faults, code } = await stand.scan();
      expect([drifts, faults, code]).toEqual([[], [], 0]);
    });

    test("changes by hand are the cluster's, and gone once Flux came by", async () => {
      const expected = new Expected();
      for (const index of chosen()) {
        const random = seeded(1, index);
        if (random(5) === 0) {
          changes += 1;
          await stand.kubectl("delete", ref(index), "-n", "lab");
          expected.state(ref(index), "missing %");
          continue;
        }
        const edit = editOf(index, random(2));
        await byHand(index, edit.patch("7"));
        expected.state(ref(index), "drifted %");
        expected.change(index, edit, "live-changed", deployed);
      }
      expect(await scanned(), HOW).toEqual(expected.lines());
      await stand.flux.reconcile("samples");
      expect(await scanned(), HOW).toEqual([]);
    });

    /** Each object in a way of its own: by commit, by hand, both. Nothing of it is deployed yet. */
    async function changed(part: number, value: string): Promise<{ expected: Expected; commit: string }> {
      const expected = new Expected();
      const files: Record<string, string | undefined> = {};
      const removed: number[] = [];
      const hands: (readonly [number, Edit, string])[] = [];
      for (const index of chosen()) {
        const random = seeded(part, index);
        const file = `${SAMPLES}/sample-${index}.yaml`;
        const [one, other] = random(2) === 0 ? [0, 1] : [1, 0];
        const edit = editOf(index, one);
        const way = WAYS[random(WAYS.length)] ?? "commit";
        if (way === "removed") {
          removed.push(index);
          files[file] = undefined;
          continue;
        }
        if (way !== "hand") files[file] = sample({ index, ...edit.commit(value) });
        if (way === "commit") expected.change(index, edit, "git-ahead", deployed);
        if (way === "hand") {
          hands.push([index, edit, "31"]);
          expected.change(index, edit, "live-changed", deployed);
        }
        if (way === "two fields") {
          hands.push([index, editOf(index, other), "31"]);
          expected.change(index, edit, "git-ahead", deployed);
          expected.change(index, editOf(index, other), "live-changed", deployed);
        }
        if (way === "conflict") {
          hands.push([index, edit, "31"]);
          expected.change(index, edit, "both-changed", deployed);
        }
        // Somebody did by hand what Git says now.
        if (way === "the same") hands.push([index, edit, value]);
      }
      const fresh = COUNT + part;
      files[`${SAMPLES}/sample-${fresh}.yaml`] = sample({ index: fresh });
      expected.state(ref(fresh), "pending %");
      changes += Object.keys(files).length;
      const commit = await stand.commit(files);
      for (const index of removed) {
        alive.delete(index);
        expected.state(ref(index), `pending % ${short(commit)}`);
      }
      for (const [index, edit, written] of hands) await byHand(index, edit.patch(written));
      return { expected, commit };
    }

    test("what Git says and Flux did not come to yet is pending, beside changes by hand", async () => {
      const { expected, commit } = await changed(2, "4");
      expect(await scanned(), HOW).toEqual(expected.lines());
      await stand.deploy(commit);
      expect(await scanned(), HOW).toEqual([]);
    });

    test("a suspended Kustomization leaves what waits pending, and what was done by hand as it is", async () => {
      const calm = await stand.commit(
        Object.fromEntries([...alive].map((index) => [`${SAMPLES}/sample-${index}.yaml`, sample({ index })])),
      );
      await stand.deploy(calm);
      await stand.deploy(await stand.commit({ [DEPLOYS]: deploys("  suspend: true\n") }));
      deployed = await applied();
      expect(await scanned(), HOW).toEqual([]);
      const { expected, commit } = await changed(3, "6");
      await stand.deploy(commit);
      expect(await applied()).toBe(deployed);
      expect(await scanned(), HOW).toEqual(expected.lines());
      await stand.deploy(await stand.commit({ [DEPLOYS]: deploys() }));
      expect(await scanned(), HOW).toEqual([]);
    });

    test.skipIf(ONLY !== undefined)("as many changes as are counted", () => {
      expect(changes).toBeGreaterThanOrEqual(100);
    });

    test("a sync that fails is told, and what it did not come to is pending", async () => {
      const index = [...alive].find((one) => !isConfig(one)) ?? 0;
      const text = sample({ index }).replaceAll("app: ", "new: ");
      const commit = await stand.commit({ [`${SAMPLES}/sample-${index}.yaml`]: text });
      await stand.deploy(commit);
      const report = await stand.scan();
      expect(report.faults.map(({ code }) => code)).toEqual(["sync-failed"]);
      expect(report.faults[0]?.message).toContain(`failed at commit ${commit.slice(0, 12)} (ReconciliationFailed)`);
      expect(report.drifts.map(({ object, state }) => `${state} ${object.name}`)).toEqual([`pending sample-${index}`]);
      expect(report.code).toBe(0);
    });

    test("a checkout that is behind what Flux deployed says so, and takes no side", async () => {
      const report = await stand.scan("--revision", deployed);
      expect(report.faults.map(({ code }) => code)).toContain("deployed-unknown");
      const directions = new Set(report.drifts.flatMap((drift) => drift.changes.map(({ direction }) => direction)));
      expect([...directions]).toEqual(["unknown"]);
    });
  },
  [...CLUSTER_BINARIES, "kustomize", "kustomize-controller"],
);
