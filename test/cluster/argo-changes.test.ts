// Which side moved of what the real Argo CD deploys: seeded changes by hand and by commit, before and after it came to them,
// under each way of syncing. HOLDFAST_SEED=… makes other changes, HOLDFAST_CHANGES=3,107 those of some samples alone: a
// failure names both.

import { afterAll, beforeAll, expect, test } from "vitest";
import { expectedOf, fileOf, MODE_NAMES, modeOf, namespaceOf, numbers, sampleFleet, textOf } from "./argo-samples.ts";
import type { Mode } from "./argo-samples.ts";
import { describeOnArgo, openArgoStand } from "./argo-stand.ts";
import type { ArgoStand } from "./argo-stand.ts";
import { told } from "./deployed-stand.ts";
import type { DeployedReport } from "./deployed-stand.ts";
import { FIELDS, FIRST, kindOf, observed, ref } from "./helm-samples.ts";
import type { Part, Sample, Samples } from "./helm-samples.ts";

const COUNT = 14;
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const ONLY = process.env["HOLDFAST_CHANGES"]?.split(",").map(Number);
const HOW = `have it again with HOLDFAST_SEED=${SEED} HOLDFAST_CHANGES=<the samples' numbers>`;

const WAYS = ["commit", "hand", "two fields", "conflict", "the same", "removed", "deleted"] as const;

/** One for each sample in each part of the suite: linear congruential, so that a failure can be had again by itself. */
function seeded(part: number, index: number): (below: number) => number {
  let state = Math.imul(SEED, 7_919) + Math.imul(part, 104_729) + Math.imul(index, 1_299_709);
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describeOnArgo("which side moved of what Argo CD deploys", () => {
  let stand: ArgoStand;
  let head: string;
  let changes = 0;
  const git = new Map<number, Sample>();
  const deployed = new Map<number, Sample>();
  const commits = new Map<Mode, string>();
  const removedIn = new Map<number, string>();

  beforeAll(async () => {
    stand = await openArgoStand(sampleFleet(COUNT));
    head = stand.first;
    for (const index of MODE_NAMES.flatMap((mode) => numbers(mode, COUNT))) git.set(index, FIRST);
    await stand.argo.sync("hand", { revisions: [head] });
    await stand.argo.settle(head);
    for (const mode of MODE_NAMES) synced(mode);
  });

  afterAll(async () => await stand?.stop());

  /** All of what Git has is deployed now. */
  function synced(mode: Mode): void {
    commits.set(mode, head);
    for (const index of new Set([...git.keys(), ...deployed.keys()])) {
      if (modeOf(index) !== mode) continue;
      const sample = git.get(index);
      if (sample === undefined) deployed.delete(index);
      else deployed.set(index, sample);
    }
  }

  async function live(): Promise<Samples> {
    return observed(await stand.kubectl("get", "deployments,configmaps,services", "-A", "-o", "json"));
  }

  /** What a scan says that it must not, and the other way round. */
  async function differing(): Promise<readonly string[]> {
    const found = theirs(await stand.scan());
    const expected = expectedOf({ git, deployed, live: await live(), commits, removedIn });
    const missed = expected.filter((line) => !found.includes(line)).map((line) => `not said: ${line}`);
    return [...missed, ...found.filter((line) => !expected.includes(line)).map((line) => `said: ${line}`)];
  }

  async function byHand(index: number, part: Part, value: string): Promise<void> {
    changes += 1;
    const patch = JSON.stringify(FIELDS[kindOf(index)][part].patch(value));
    await stand.kubectl("patch", ref(index), "-n", namespaceOf(index), "--type=strategic", "-p", patch);
  }

  async function deleted(index: number): Promise<void> {
    changes += 1;
    await stand.kubectl("delete", ref(index), "-n", namespaceOf(index));
  }

  /** What somebody did to what heals itself is gone, each time. */
  async function healed(): Promise<void> {
    await expect
      .poll(async () => ofMode(await live(), "healed"), { timeout: 60_000, interval: 500 })
      .toEqual(ofMode(deployed, "healed"));
  }

  test("what is deployed is in sync", async () => {
    const { drifts, faults, code } = await stand.scan();
    expect([theirs({ drifts, faults, code, summary: { objects: {} } }), faults, code]).toEqual([[], [], 0]);
  });

  test("changes by hand stay and are the cluster's, but where Argo CD heals them", async () => {
    for (const index of chosen(git)) {
      const random = seeded(1, index);
      if (random(2) === 0) continue;
      if (random(4) === 0) await deleted(index);
      else await byHand(index, random(2) === 0 ? "size" : "level", "7");
    }
    await stand.argo.settle(head);
    await healed();
    expect(await differing(), HOW).toEqual([]);
  });

  /** Each sample in a way of its own: by commit, by hand, both. Argo CD does not look at the commit. */
  async function changed(part: number, value: string): Promise<void> {
    const now = await live();
    const files: Record<string, string | undefined> = {};
    const hands: (() => Promise<void>)[] = [];
    const removed: number[] = [];
    const asDeployed = (index: number): boolean => isSame(deployed.get(index), now.get(index));
    // One of each mode at least.
    const leaving = new Set(
      MODE_NAMES.map((mode) => chosen(git).find((index) => modeOf(index) === mode && asDeployed(index))),
    );
    for (const index of chosen(git)) {
      const before = git.get(index);
      if (before === undefined || !now.has(index)) continue;
      const random = seeded(part, index);
      const [one, other] = random(2) === 0 ? (["size", "level"] as const) : (["level", "size"] as const);
      const way = leaving.has(index) ? "removed" : (WAYS[random(WAYS.length)] ?? "commit");
      if (way === "deleted") hands.push(() => deleted(index));
      if (way === "hand" || way === "conflict") hands.push(() => byHand(index, one, "31"));
      if (way === "two fields") hands.push(() => byHand(index, other, "31"));
      if (way === "the same") hands.push(() => byHand(index, one, value));
      if (way === "hand" || way === "deleted") continue;
      changes += 1;
      if (way === "removed") {
        // One that somebody changed, too, is nobody's any more.
        if (!asDeployed(index)) continue;
        removed.push(index);
        files[fileOf(index)] = undefined;
        git.delete(index);
        continue;
      }
      const after = { ...before, [one]: value };
      git.set(index, after);
      files[fileOf(index)] = textOf(index, after);
    }
    for (const mode of MODE_NAMES) {
      const fresh = numbers(mode, 100).find((index) => !git.has(index) && !deployed.has(index) && !now.has(index));
      if (fresh === undefined || ONLY !== undefined) continue;
      changes += 1;
      git.set(fresh, FIRST);
      files[fileOf(fresh)] = textOf(fresh, FIRST);
    }
    head = await stand.commit(files);
    for (const index of removed) removedIn.set(index, head);
    for (const hand of hands) await hand();
  }

  test("what Git says and Argo CD did not look at yet is pending, beside changes by hand", async () => {
    await changed(2, "4");
    await healed();
    expect(await differing(), HOW).toEqual([]);
  });

  test("a commit that waits for a sync by hand is pending, and deployed where it is automated", async () => {
    await stand.argo.settle(head);
    for (const mode of MODE_NAMES) if (mode !== "hand") synced(mode);
    const all = await stand.argo.applications();
    expect(all.find(({ name }) => name === "hand")).toMatchObject({ sync: "OutOfSync", compared: [head] });
    expect(await differing(), HOW).toEqual([]);
    const said = theirs(await stand.scan()).filter((line) => line.startsWith("unmanaged"));
    expect(said.length).toBeGreaterThanOrEqual(ONLY === undefined ? 1 : 0);
  });

  test("a sync by hand leaves nothing to say, but what it does not prune", async () => {
    await stand.argo.sync("hand", { revisions: [head] });
    synced("hand");
    expect(await differing(), HOW).toEqual([]);
    await stand.argo.sync("hand", { revisions: [head], prune: true });
    expect(await differing(), HOW).toEqual([]);
  });

  test("a second commit, and changes by hand, before and after Argo CD came to them", async () => {
    await changed(3, "6");
    await healed();
    expect(await differing(), HOW).toEqual([]);
    await stand.argo.settle(head);
    for (const mode of MODE_NAMES) if (mode !== "hand") synced(mode);
    expect(await differing(), HOW).toEqual([]);
    expect(changes).toBeGreaterThanOrEqual(ONLY === undefined ? 100 : 0);
  });

  test("a sync of an older commit leaves Git ahead", async () => {
    const now = new Map(git);
    await stand.argo.sync("hand", { revisions: [head], prune: true });
    synced("hand");
    const older = head;
    const index = numbers("hand", COUNT).find((one) => git.has(one)) ?? 0;
    git.set(index, { size: "9", level: "trace" });
    head = await stand.commit({ [fileOf(index)]: textOf(index, { size: "9", level: "trace" }) });
    await stand.argo.sync("hand", { revisions: [head] });
    await stand.argo.sync("hand", { revisions: [older] });
    expect((await live()).get(index)).toEqual(now.get(index));
    expect(await differing(), HOW).toEqual([]);
    await stand.argo.sync("hand", { revisions: [head] });
    synced("hand");
    expect(await differing(), HOW).toEqual([]);
  });

  test("a sync that fails is told, and what it did not come to is pending", async () => {
    const index = numbers("pruned", COUNT).find((one) => git.has(one) && kindOf(one) === "Deployment") ?? 0;
    const sample = git.get(index) ?? FIRST;
    const text = textOf(index, sample).replaceAll("app: ", "new: ");
    head = await stand.commit({ [fileOf(index)]: text });
    await stand.argo.settle(head);
    const all = await stand.argo.applications();
    expect(all.find(({ name }) => name === "pruned")).toMatchObject({ phase: "Failed", synced: [head] });
    const report = await stand.scan();
    expect(report.faults.map(({ code }) => code)).toEqual(["sync-failed"]);
    expect(report.faults[0]?.message).toContain(`failed at commit ${head.slice(0, 12)}`);
    const said = report.drifts.filter(({ object }) => object.name === `sample-${index}`);
    expect(said.map(({ state }) => state)).toEqual(["pending"]);
    expect(report.code).toBe(0);
  });
});

function isSame(one: Sample | undefined, other: Sample | undefined): boolean {
  return one?.size === other?.size && one?.level === other?.level;
}

function chosen(samples: Samples): readonly number[] {
  return [...samples.keys()].filter((index) => ONLY === undefined || ONLY.includes(index));
}

function ofMode(samples: Samples, mode: Mode): Readonly<Record<number, Sample>> {
  const own = [...samples].filter(([index]) => modeOf(index) === mode);
  return Object.fromEntries(own.map(([index, { size, level }]) => [index, { size, level }]));
}

/** Of Argo CD's own installation nothing is in the repository. */
function theirs(report: DeployedReport): readonly string[] {
  return told({ ...report, drifts: report.drifts.filter(({ object }) => !isOfArgo(object)) }).toSorted();
}

function isOfArgo({ kind, name, namespace }: DeployedReport["drifts"][number]["object"]): boolean {
  return namespace === "argocd" ? kind !== "Application" : name === "argocd" || name.endsWith(".argoproj.io");
}
