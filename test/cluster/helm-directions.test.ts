// Which side moved of what the real `helm upgrade --install` deployed, by both majors: seeded changes by hand and by commit,
// rollbacks, and upgrades that failed or were broken off. HOLDFAST_SEED=… makes other changes, HOLDFAST_CHANGES=3,7 those of
// some samples alone: a failure names both.

import { afterAll, beforeAll, expect, test } from "vitest";
import { CLUSTER_BINARIES } from "./binaries.ts";
import { told } from "./deployed-stand.ts";
import {
  API_VERSION,
  CHART,
  expectedOf,
  FIELDS,
  FIRST,
  kindOf,
  observed,
  ref,
  REMOVED,
  samplesChart,
  template,
  templateFile,
  unchangeable,
  VALUES,
  valuesOf,
  versioned,
} from "./helm-samples.ts";
import type { Part, Sample } from "./helm-samples.ts";
import { openHelmStand, targetsOf } from "./helm-stand.ts";
import type { HelmMajor, HelmStand, Release } from "./helm-stand.ts";
import { describeOnCluster } from "./suite.ts";

const COUNT = 16;
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const ONLY = process.env["HOLDFAST_CHANGES"]?.split(",").map(Number);

const LAB: Release = { name: "samples", namespace: "lab", chart: CHART, values: [VALUES] };

const HANDS = ["patch", "patch", "scale", "edit", "apply", "annotate", "remove", "delete"] as const;
const COMMITS = ["values", "template", "removed"] as const;
const WAYS = ["commit", "commit", "hand", "two fields", "conflict", "the same", "deleted"] as const;

/** One for each sample in each part of the suite: linear congruential, so that a failure can be had again by itself. */
function seeded(part: number, index: number): (below: number) => number {
  let state = Math.imul(SEED, 7_919) + Math.imul(part, 104_729) + Math.imul(index, 1_299_709);
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

for (const major of ["helm", "helm4"] as const) {
  describeOnCluster(`which side moved of what ${major} deployed`, () => suite(major), [
    ...CLUSTER_BINARIES,
    "helm",
    "helm4",
  ]);
}

/** Of a failure: the numbers are those of the samples that it names. */
const HOW = `have it again with HOLDFAST_SEED=${SEED} HOLDFAST_CHANGES=<the samples' numbers>`;

function differing(found: readonly string[], expected: readonly string[]): readonly string[] {
  const missed = expected.filter((line) => !found.includes(line)).map((line) => `not said: ${line}`);
  const besides = found.filter((line) => !expected.includes(line)).map((line) => `said: ${line}`);
  return [...missed, ...besides];
}

function theirs(report: Parameters<typeof told>[0]): readonly string[] {
  return told(report)
    .filter((line) => !/test-(?:reader|viewer)$/.test(line))
    .toSorted();
}

function suite(major: HelmMajor): void {
  let stand: HelmStand;
  let fresh = COUNT;
  let changes = 0;
  const git = new Map<number, Sample>();
  const over = new Map<number, Sample>();
  const live = new Map<number, Sample>();
  const byHand = new Map<number, Set<Part>>();
  let deployed: ReadonlyMap<number, Sample> = new Map();
  // Server-side apply stops at what somebody else wrote.
  const forced = major === "helm4" ? ["--force-conflicts"] : [];

  beforeAll(async () => {
    stand = await openHelmStand({ ...samplesChart(COUNT), ".github/holdfast.yml": targetsOf([LAB]) });
    for (let index = 0; index < COUNT; index++) git.set(index, FIRST);
    await upgrade();
  });

  afterAll(async () => await stand?.stop());

  /** What somebody added by hand stays. */
  async function upgrade(): Promise<void> {
    await stand.upgrade(major, LAB, ...forced);
    deployed = new Map(git);
    settle(git);
  }

  function settle(to: ReadonlyMap<number, Sample>): void {
    byHand.clear();
    const seen = new Set([...live].filter(([, one]) => one.seen === true).map(([index]) => index));
    live.clear();
    for (const [index, one] of to) live.set(index, seen.has(index) ? { ...one, seen: true } : one);
  }

  /** What the scan did not say, and what it said besides; with the faults that no part of the suite makes. */
  async function wrong(
    more: { readonly attempted?: ReadonlyMap<number, Sample>; readonly also?: readonly string[] } = {},
  ): Promise<readonly string[]> {
    const { attempted, also = [] } = more;
    const report = await stand.scan({ major });
    const model = { git, deployed, live, byHand, secrets: true, ...(attempted === undefined ? {} : { attempted }) };
    const codes = report.faults.map(({ code }) => `fault ${code}`);
    const failed = attempted === undefined ? [] : ["fault sync-failed"];
    return differing([...theirs(report), ...codes], [...expectedOf(model), ...also, ...failed]);
  }

  function chosen(): readonly number[] {
    return [...git.keys()].filter((index) => ONLY === undefined || ONLY.includes(index));
  }

  async function byHandOf(index: number, part: Part, value: string, way: (typeof HANDS)[number]): Promise<void> {
    changes += 1;
    const kind = kindOf(index);
    const at = [ref(index), "-n", "lab"];
    const now = live.get(index) ?? FIRST;
    const wrote = (sample: Sample): void => {
      live.set(index, sample);
      byHand.set(index, (byHand.get(index) ?? new Set()).add(part));
    };
    switch (way) {
      case "delete":
        await stand.kubectl("delete", ...at);
        live.delete(index);
        return;
      case "annotate":
        await stand.kubectl("annotate", ...at, "example.com/seen=yes");
        live.set(index, { ...now, seen: true });
        return;
      case "remove": {
        const patch = JSON.stringify([{ op: "remove", path: REMOVED[kind] }]);
        await stand.kubectl("patch", ...at, "--type=json", "-p", patch);
        live.set(index, { ...now, level: undefined });
        return;
      }
      case "scale":
        if (kind !== "Deployment" || part !== "size") break;
        await stand.kubectl("scale", ...at, `--replicas=${value}`);
        return wrote({ ...now, size: value });
      case "edit":
        if (part !== "level") break;
        await stand.write(["edit", ...at], { editor: `sed -i -E 's/(level[:=] ?)${now.level}/\\1${value}/'` });
        return wrote({ ...now, level: value });
      case "apply": {
        const patch: { readonly metadata?: object } = FIELDS[kind][part].patch(value);
        const metadata = { name: `sample-${index}`, namespace: "lab", ...patch.metadata };
        const input = JSON.stringify({ apiVersion: API_VERSION[kind], kind, ...patch, metadata });
        const how = ["--server-side", "--force-conflicts", "--field-manager=platform"];
        await stand.write(["apply", ...how, "-f", "-"], { input });
        return wrote({ ...now, [part]: value });
      }
      case "patch":
        break;
    }
    const patch = JSON.stringify(FIELDS[kind][part].patch(value));
    await stand.kubectl("patch", ...at, "--type=strategic", "-p", patch);
    wrote({ ...now, [part]: value });
  }

  /** A value of the values file's goes over what the template says. */
  function committed(index: number, part: Part, value: string, way: "values" | "template"): Record<string, string> {
    changes += 1;
    const next = { ...(git.get(index) ?? FIRST), [part]: value };
    git.set(index, next);
    if (way === "values" || over.has(index)) over.set(index, next);
    return { [templateFile(index)]: template(index, way === "template" ? next : FIRST) };
  }

  /** Each chosen sample in a way of its own: by commit, by hand, both; and one that is new. */
  async function changeAll(turn: number, values: Readonly<Record<Part, string>>): Promise<void> {
    const files: Record<string, string | undefined> = {};
    const hands: (() => Promise<void>)[] = [];
    const elsewhere = { size: `3${turn}`, level: "trace" };
    for (const index of chosen()) {
      const random = seeded(turn, index);
      const [one, other] = random(2) === 0 ? (["size", "level"] as const) : (["level", "size"] as const);
      const way = WAYS[random(WAYS.length)] ?? "commit";
      const how = COMMITS[random(COMMITS.length)] ?? "values";
      const hand = HANDS[random(HANDS.length - 3)] ?? "patch";
      if (how === "removed" && way === "commit") {
        changes += 1;
        git.delete(index);
        over.delete(index);
        files[templateFile(index)] = undefined;
        if (random(3) === 0) hands.push(() => byHandOf(index, one, elsewhere[one], hand));
        continue;
      }
      if (way !== "hand") Object.assign(files, committed(index, one, values[one], how === "values" ? how : "template"));
      if (way === "hand" || way === "conflict") hands.push(() => byHandOf(index, one, elsewhere[one], hand));
      if (way === "two fields") hands.push(() => byHandOf(index, other, elsewhere[other], hand));
      if (way === "deleted") hands.push(() => byHandOf(index, one, "", "delete"));
      // Somebody did by hand what Git says now.
      if (way === "the same") hands.push(() => byHandOf(index, one, values[one], hand));
    }
    const index = fresh++;
    git.set(index, FIRST);
    changes += 1;
    await stand.commit({ ...files, [templateFile(index)]: template(index, FIRST), [VALUES]: valuesOf(over) });
    for (const hand of hands) await hand();
  }

  test("what is deployed is in sync", async () => {
    expect(await wrong(), HOW).toEqual([]);
  });

  test("changes by hand are the cluster's, and gone with the next upgrade, but for what Git never named", async () => {
    for (const index of chosen()) {
      const random = seeded(0, index);
      const part = random(2) === 0 ? "size" : "level";
      await byHandOf(index, part, part === "size" ? "7" : "debug", HANDS[random(HANDS.length)] ?? "patch");
    }
    expect(await wrong(), HOW).toEqual([]);
    await upgrade();
    expect(await wrong(), HOW).toEqual([]);
    for (const [index, { seen }] of live) {
      if (seen !== true) continue;
      await stand.kubectl("annotate", ref(index), "-n", "lab", "example.com/seen-");
      live.set(index, git.get(index) ?? FIRST);
    }
    expect(await wrong(), HOW).toEqual([]);
  });

  test("what was committed and not upgraded to is pending, beside changes by hand", async () => {
    await changeAll(1, { size: "4", level: "warn" });
    expect(await wrong(), HOW).toEqual([]);
  });

  test("without the right to read Secrets only who wrote a field tells", async () => {
    const report = await stand.scan({ major, user: "viewer" });
    const model = { git, deployed, live, byHand, secrets: false };
    expect(differing(theirs(report), expectedOf(model)), HOW).toEqual([]);
  });

  test("a rollback leaves Git ahead", async () => {
    const before = new Map(deployed);
    await upgrade();
    expect(await wrong(), HOW).toEqual([]);
    const { code, output } = await stand.helm(major, "rollback", "samples", "--namespace", "lab", ...forced);
    expect(code, output).toBe(0);
    deployed = before;
    settle(before);
    expect(await wrong(), HOW).toEqual([]);
    const index = chosen().find((one) => live.has(one)) ?? 0;
    await byHandOf(index, "level", "trace", "patch");
    expect(await wrong(), HOW).toEqual([]);
    await upgrade();
    expect(await wrong(), HOW).toEqual([]);
  });

  test("a new version of the chart is pending where it shows, and nowhere else", async () => {
    await stand.commit(versioned("1.1.0"));
    expect(await wrong({ also: ["pending ConfigMap/about", 'about: data.chart git-ahead "1.0.0"'] }), HOW).toEqual([]);
    await upgrade();
    expect(await wrong(), HOW).toEqual([]);
  });

  /** As it really is there, whatever helm came to do. */
  async function observe(): Promise<void> {
    live.clear();
    for (const [index, one] of observed(
      await stand.kubectl("get", "deployments,configmaps,services", "-n", "lab", "-o", "json"),
    )) {
      live.set(index, one);
    }
  }

  test("an upgrade that failed is told, and what came with it is no change by hand", async () => {
    await changeAll(2, { size: "5", level: "error" });
    await stand.commit(unchangeable("2"));
    const { code, output } = await stand.upgradeOrNot(major, LAB, ...forced);
    expect(code, output).not.toBe(0);
    const attempted = new Map(git);
    await observe();
    const also = ["pending ConfigMap/unchangeable", 'unchangeable: data.value git-ahead "1"'];
    expect(await wrong({ attempted, also }), HOW).toEqual([]);
    // Git goes on from what failed.
    await changeAll(3, { size: "6", level: "fatal" });
    expect(await wrong({ attempted, also }), HOW).toEqual([]);
    await stand.commit(unchangeable("1"));
    await upgrade();
    expect(await wrong(), HOW).toEqual([]);
  });

  test("an upgrade that was broken off is told, until a rollback", async () => {
    await changeAll(4, { size: "8", level: "notice" });
    const attempted = new Map(git);
    await stand.breakOff(major, LAB, ...forced);
    await changeAll(5, { size: "9", level: "alert" });
    await observe();
    expect(await wrong({ attempted }), HOW).toEqual([]);
    const { code, output } = await stand.helm(major, "rollback", "samples", "--namespace", "lab", ...forced);
    expect(code, output).toBe(0);
    await observe();
    expect(await wrong(), HOW).toEqual([]);
    await upgrade();
    expect(await wrong(), HOW).toEqual([]);
  });

  test.skipIf(ONLY !== undefined)("as many changes as are counted", () => {
    console.info(`${changes} changes`);
    expect(changes).toBeGreaterThanOrEqual(90);
  });
}
