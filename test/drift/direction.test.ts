// Which side moved: a table over what Git says, what is live, what was deployed, and who wrote what is live.

import { describe, expect, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import type { DesiredObject, LiveObject, ManagedFields } from "../../src/core/objects.ts";
import { formatPath } from "../../src/core/path.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { compareObject } from "../../src/drift/compare.ts";
import type { Comparison } from "../../src/drift/compare.ts";
import { tellDirection } from "../../src/drift/direction.ts";
import type { Past, Version } from "../../src/drift/direction.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { desiredOf, liveOf, yaml } from "./objects.ts";

/** Minutes after an hour: commits and writes are told apart by them. */
function at(minute: number): string {
  return `2026-03-01T10:${String(minute).padStart(2, "0")}:00Z`;
}

/** `a: 1` and so on, as a ConfigMap's data. */
function config(data: Readonly<Record<string, string>>): ValueMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web", namespace: "shop" }, data };
}

type Owned = Readonly<Record<string, readonly string[]>>;

/** Entries by `manager operation minute`, each with the data keys that it owns. */
function managersOf(owned: Owned): readonly ManagedFields[] {
  return Object.entries(owned).map(([entry, keys]) => {
    const [manager = "", operation = "", minute] = entry.split(" ");
    return {
      manager,
      operation: operation as ManagedFields["operation"],
      ...(minute === undefined ? {} : { time: at(Number(minute)) }),
      fields: { "f:data": Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
    };
  });
}

interface Case {
  readonly git: Readonly<Record<string, string>>;
  readonly live: Readonly<Record<string, string>>;
  readonly owned?: Owned;
  /** Older versions, newest first, each with the minute in which it was superseded. */
  readonly before?: readonly (readonly [number | undefined, Readonly<Record<string, string>>])[];
  /** Which of them the deployer's own object names. */
  readonly named?: readonly number[];
  /** Which of them were superseded by a commit of holdfast's own. */
  readonly codified?: readonly number[];
  readonly end?: Past["end"];
  readonly noted?: Readonly<Record<string, string>>;
  /** What was tried since, newest first: notes that stand elsewhere than in the object. */
  readonly attempted?: readonly Readonly<Record<string, string>>[];
  /** What Git said when the deployer wrote after what it noted, newest first. */
  readonly since?: readonly Readonly<Record<string, string>>[];
}

function compare(desired: DesiredObject, live: LiveObject): Comparison {
  const { apiVersion, kind } = desired.ref;
  return compareObject({ desired, live, schema: builtinSchemas.schemaOf(apiVersion, kind) });
}

/** `data.a live-changed`, with what was deployed, the commit, and `?` where it is only claimed, `~` where it rests on a time. */
function told(one: Case): readonly string[] {
  const {
    git,
    live,
    owned = {},
    before = [],
    codified = [],
    named = [],
    end = "beginning",
    noted,
    attempted,
    since,
  } = one;
  const desired = desiredOf(config(git));
  const cluster: LiveObject = { ...liveOf(config(live)), managers: managersOf(owned) };
  const versions = before.map(([minute, data], index): Version => ({
    commit: `c${index + 1}`,
    codified: codified.includes(index),
    object: desiredOf(config(data)),
    ...(named.includes(index) ? { told: true } : {}),
    ...(minute === undefined ? {} : { until: Date.parse(at(minute)) }),
  }));
  const answers = tellDirection({
    desired,
    live: cluster,
    changes: compare(desired, cluster).changes,
    past: { versions, end },
    compare,
    ...(noted === undefined ? {} : { noted: desiredOf(config(noted)) }),
    ...(attempted === undefined
      ? {}
      : { attempted: attempted.map((data) => desiredOf(config(data))), notedApart: true }),
    ...(since === undefined
      ? {}
      : {
          since: since.map((data, index) => ({ object: desiredOf(config(data)), commit: `s${index + 1}` })),
          notedApart: true,
        }),
  });
  return answers.map(words);
}

function words({ path, direction, deployed, deployedIn, claimed, dated }: Change): string {
  const parts = [formatPath(path), `${direction}${claimed === true ? "?" : ""}${dated === true ? "~" : ""}`];
  if (deployed !== undefined) parts.push(`was ${JSON.stringify(deployed)}`.replaceAll('"', ""));
  if (deployedIn !== undefined) parts.push(`in ${deployedIn}`);
  return parts.join(" ");
}

const APPLIED = "kubectl-client-side-apply Update 10";
const FLUX = "kustomize-controller Apply 10";

describe("what the deployer wrote", () => {
  test.each<readonly [string, Case, string]>([
    [
      "is what Git had before: Git is ahead, and the commit is named",
      { git: { a: "2" }, live: { a: "1" }, owned: { [FLUX]: ["a"] }, before: [[20, { a: "1" }]] },
      "data.a git-ahead~ was 1 in c1",
    ],
    [
      "is what its own object says that it deployed: then nobody could have chosen when",
      {
        git: { a: "2" },
        live: { a: "1" },
        owned: { [FLUX]: ["a"] },
        before: [[20, { a: "1" }]],
        named: [0],
        end: "unreadable",
      },
      "data.a git-ahead was 1 in c1",
    ],
    [
      "is what Git had two versions ago",
      {
        git: { a: "3" },
        live: { a: "1" },
        owned: { [FLUX]: ["a"] },
        before: [
          [30, { a: "2" }],
          [20, { a: "1" }],
        ],
      },
      "data.a git-ahead~ was 1 in c2",
    ],
    [
      "is what Git has and the working tree changes",
      { git: { a: "2" }, live: { a: "1" }, owned: { [APPLIED]: ["a"] }, before: [[undefined, { a: "1" }]] },
      "data.a git-ahead~ was 1 in c1",
    ],
    [
      "is what Git had, but it was written after Git had moved on: that may be somebody who put the old value back",
      { git: { a: "2" }, live: { a: "1" }, owned: { [FLUX]: ["a"] }, before: [[5, { a: "1" }]] },
      "data.a git-ahead? was 1 in c1",
    ],
    [
      "is what Git had, and nobody recorded when it was written",
      { git: { a: "2" }, live: { a: "1" }, owned: { "kustomize-controller Apply": ["a"] }, before: [[20, { a: "1" }]] },
      "data.a git-ahead? was 1 in c1",
    ],
    [
      "is what Git never had: whoever calls itself so has changed the cluster",
      { git: { a: "1" }, live: { a: "9" }, owned: { [APPLIED]: ["a"] } },
      "data.a live-changed was 1",
    ],
    [
      "is what Git never had, though its own note says so",
      { git: { a: "1" }, live: { a: "9" }, owned: { [APPLIED]: ["a"] }, noted: { a: "9" } },
      "data.a live-changed was 1",
    ],
    [
      "is nothing of what is seen of the past, whose beginning is not seen",
      { git: { a: "3" }, live: { a: "1" }, owned: { [FLUX]: ["a"] }, before: [[20, { a: "2" }]], end: "window" },
      "data.a unknown",
    ],
    [
      "can be compared with no past: what it noted is a claim",
      { git: { a: "2" }, live: { a: "1" }, owned: { [APPLIED]: ["a"] }, noted: { a: "1" }, end: "unreadable" },
      "data.a git-ahead? was 1",
    ],
    [
      "can be compared with no past, and is not what it noted",
      { git: { a: "2" }, live: { a: "9" }, owned: { [APPLIED]: ["a"] }, noted: { a: "2" }, end: "unreadable" },
      "data.a live-changed was 2",
    ],
    [
      "can be compared with no past or note: its name is a claim",
      { git: { a: "2" }, live: { a: "1" }, owned: { [FLUX]: ["a"] }, end: "unreadable" },
      "data.a git-ahead?",
    ],
    [
      "is what Git has given up: a prune of the field is due",
      { git: { a: "1" }, live: { a: "1", b: "1" }, owned: { [FLUX]: ["a", "b"] }, before: [[20, { a: "1", b: "1" }]] },
      "data.b git-ahead~ was 1 in c1",
    ],
    [
      "is an addition that Git never had",
      { git: { a: "1" }, live: { a: "1", b: "1" }, owned: { [APPLIED]: ["a", "b"] } },
      "data.b live-changed",
    ],
    [
      "was written by kubectl's name where a controller had deployed before: that is a person",
      {
        git: { a: "2", b: "1" },
        live: { a: "1", b: "1" },
        owned: { [FLUX]: ["b"], "kubectl-client-side-apply Update 15": ["a"] },
        before: [[8, { a: "1", b: "1" }]],
      },
      "data.a live-changed was 2",
    ],
    [
      "is left over from a time before a controller took over",
      {
        git: { b: "1" },
        live: { a: "1", b: "1" },
        owned: { [FLUX]: ["b"], "kubectl-client-side-apply Update 5": ["a"] },
        before: [[8, { a: "1", b: "1" }]],
      },
      "data.a git-ahead~ was 1 in c1",
    ],
  ])("%s", (_name, given, expected) => {
    expect(told(given)).toEqual([expected]);
  });
});

describe("what was written after Git had moved on, under a deployer's name", () => {
  const LATER = { "kubectl-client-side-apply Update 30": ["a"] };

  test.each<readonly [string, Case, string]>([
    [
      "is a rollback by hand where the deployer noted what Git says now",
      { git: { a: "2" }, live: { a: "1" }, owned: LATER, noted: { a: "2" }, before: [[20, { a: "1" }]] },
      "data.a live-changed was 2",
    ],
    [
      "is a conflict where it noted something in between",
      {
        git: { a: "3" },
        live: { a: "1" },
        owned: LATER,
        noted: { a: "2" },
        before: [
          [25, { a: "2" }],
          [20, { a: "1" }],
        ],
      },
      "data.a both-changed was 2",
    ],
    [
      "is a claim where it noted that it deployed the old value",
      { git: { a: "2" }, live: { a: "1" }, owned: LATER, noted: { a: "1" }, before: [[20, { a: "1" }]] },
      "data.a git-ahead? was 1 in c1",
    ],
  ])("%s", (_name, given, expected) => {
    expect(told(given)).toEqual([expected]);
  });
});

describe("what somebody else wrote", () => {
  const BY_HAND = { [FLUX]: [], "kubectl-edit Update 30": ["a"] };

  test.each<readonly [string, Case, string]>([
    ["over what Git says still", { git: { a: "1" }, live: { a: "9" }, owned: BY_HAND }, "data.a live-changed was 1"],
    [
      "an old value of Git's, by hand, after the new one was deployed",
      { git: { a: "2" }, live: { a: "1" }, owned: BY_HAND, before: [[5, { a: "1" }]] },
      "data.a live-changed was 2",
    ],
    [
      "and Git moved on since the last deployment: both did",
      { git: { a: "2" }, live: { a: "9" }, owned: BY_HAND, before: [[20, { a: "1" }]] },
      "data.a both-changed was 1 in c1",
    ],
    [
      "and Git moved on since what the deployer noted",
      { git: { a: "2" }, live: { a: "9" }, owned: BY_HAND, noted: { a: "1" }, end: "unreadable" },
      "data.a both-changed was 1",
    ],
    [
      "and Git moved on at a time that cannot be placed",
      { git: { a: "2" }, live: { a: "9" }, owned: { "kubectl-edit Update 30": ["a"] }, before: [[20, { a: "1" }]] },
      "data.a unknown",
    ],
    [
      "and nothing of the past can be read: who wrote it is evidence",
      { git: { a: "2" }, live: { a: "9" }, owned: { "kubectl-edit Update 30": ["a"] }, end: "unreadable" },
      "data.a live-changed",
    ],
    [
      "by kubectl, but with no apply: that is no deployment",
      { git: { a: "1" }, live: { a: "9" }, owned: { "kubectl Update": ["a"] } },
      "data.a live-changed was 1",
    ],
  ])("%s", (_name, given, expected) => {
    expect(told(given)).toEqual([expected]);
  });
});

describe("what a release's Secrets say, where Git's past is not rendered", () => {
  const HELM = { "helm Update 10": ["a"] };
  const HAND = { "helm Update 10": [], "kubectl-edit Update 30": ["a"] };
  const end = "unreadable";

  test.each<readonly [string, Case, string]>([
    [
      "is live, by helm: Git is ahead, as far as anybody says",
      { git: { a: "2" }, live: { a: "1" }, owned: HELM, noted: { a: "1" }, attempted: [], end },
      "data.a git-ahead? was 1",
    ],
    [
      "came with an upgrade that failed, and Git went on",
      { git: { a: "3" }, live: { a: "2" }, owned: HELM, noted: { a: "1" }, attempted: [{ a: "2" }], end },
      "data.a git-ahead? was 2",
    ],
    [
      "came with a first installation that failed",
      { git: { a: "2" }, live: { a: "1" }, owned: HELM, attempted: [{ a: "1" }], end },
      "data.a git-ahead? was 1",
    ],
    [
      "was not what is live, before Git moved on",
      { git: { a: "2" }, live: { a: "9" }, owned: HAND, noted: { a: "1" }, attempted: [], end },
      "data.a both-changed was 1",
    ],
    [
      "was somebody's change by hand before it was deployed, and helm left it his",
      { git: { a: "2" }, live: { a: "1" }, owned: HAND, noted: { a: "1" }, attempted: [], end },
      "data.a git-ahead? was 1",
    ],
    [
      "was written over by hand after a first installation that failed",
      { git: { a: "2" }, live: { a: "9" }, owned: HAND, attempted: [{ a: "1" }], end },
      "data.a both-changed was 1",
    ],
    [
      "was taken away by hand",
      { git: { a: "1", b: "1" }, live: { b: "1" }, owned: { "helm Update 10": ["b"] }, noted: { a: "1" }, end },
      "data.a live-changed was 1",
    ],
    [
      "never was there, with what failed neither: Git has it, and it waits",
      { git: { a: "1", b: "1" }, live: { b: "1" }, owned: HELM, noted: { b: "2" }, attempted: [{ b: "1" }], end },
      "data.a git-ahead?",
    ],
  ])("%s", (_name, given, expected) => {
    expect(told(given)).toEqual([expected]);
  });

  test("stands in the object itself, says what is live, and somebody else wrote that: it is no note of Helm's", () => {
    const given = { git: { a: "2" }, live: { a: "1" }, owned: HAND, noted: { a: "1" }, end } as const;
    expect(told(given)).toEqual(["data.a both-changed was 1"]);
  });
});

describe("what the deployer wrote after all that it notes", () => {
  const ARGO = "argocd-controller Update 25";
  const end = "unreadable";
  const before = [
    [30, { a: "2", b: "2" }],
    [20, { a: "1", b: "1" }],
  ] as const;
  const noted = { a: "1", b: "1" };
  const since = [{ a: "2", b: "2" }];

  test.each<readonly [string, Case, readonly string[]]>([
    [
      "is what Git was then: Git is ahead, if that was the time",
      { git: { a: "3", b: "2" }, live: { a: "2", b: "2" }, owned: { [ARGO]: ["a", "b"] }, before, noted, since, end },
      ["data.a git-ahead~ was 2 in c1"],
    ],
    [
      "is deployed, and somebody changed it by hand",
      {
        git: { a: "3", b: "2" },
        live: { a: "2", b: "9" },
        owned: { [ARGO]: ["a"], "kubectl-edit Update 40": ["b"] },
        before,
        noted,
        since,
        end,
      },
      ["data.a git-ahead~ was 2 in c1", "data.b live-changed was 2 in s1"],
    ],
    [
      "is deployed, and somebody put back by hand what had been noted",
      {
        git: { a: "2", b: "2" },
        live: { a: "2", b: "1" },
        owned: { [ARGO]: ["a"], "kubectl-edit Update 40": ["b"] },
        before: before.slice(1),
        noted,
        since,
        end,
      },
      ["data.b live-changed was 2 in s1"],
    ],
    [
      "was never Git's: then what was noted counts",
      {
        git: { a: "1", b: "2" },
        live: { a: "9", b: "1" },
        owned: { [ARGO]: ["a", "b"] },
        before: [
          [30, { a: "1", b: "2" }],
          [20, { a: "1", b: "1" }],
        ],
        noted,
        since: [{ a: "1", b: "2" }],
        end,
      },
      ["data.a live-changed was 1", "data.b git-ahead? was 1 in c2"],
    ],
    [
      "is what Git had been a little before",
      {
        git: { a: "4" },
        live: { a: "2" },
        owned: { [ARGO]: ["a"] },
        before: [
          [30, { a: "3" }],
          [24, { a: "2" }],
          [20, { a: "1" }],
        ],
        noted,
        since: [{ a: "3" }, { a: "2" }],
        end,
      },
      ["data.a git-ahead? was 2 in c2"],
    ],
    [
      "may be more than was looked at",
      { git: { a: "3" }, live: { a: "2" }, owned: { [ARGO]: ["a"] }, before: [], noted, since: [], end: "window" },
      ["data.a unknown"],
    ],
  ])("%s", (_name, given, expected) => {
    expect(told(given)).toEqual(expected);
  });
});

describe("what nobody is recorded to have written", () => {
  test.each<readonly [string, Case, string]>([
    [
      "a removal of what was deployed",
      { git: { a: "1", b: "1" }, live: { a: "1" }, owned: { [APPLIED]: ["a"] }, noted: { a: "1", b: "1" } },
      "data.b live-changed was 1",
    ],
    [
      "a field that was never deployed, and Git's past shows that it is new: a claim, since notes can be forged",
      {
        git: { a: "1", b: "1" },
        live: { a: "1" },
        owned: { [APPLIED]: ["a"] },
        noted: { a: "1" },
        before: [[20, { a: "1" }]],
      },
      "data.b git-ahead? in c1",
    ],
    [
      "a field that the note lacks, and Git always had",
      { git: { a: "1", b: "1" }, live: { a: "1" }, owned: { [APPLIED]: ["a"] }, noted: { a: "1" } },
      "data.b live-changed",
    ],
    [
      "a new field that came after the last deployment",
      { git: { a: "1", b: "1" }, live: { a: "1" }, owned: { [FLUX]: ["a"] }, before: [[20, { a: "1" }]] },
      "data.b git-ahead? in c1",
    ],
    [
      "a field that was there before the last deployment, and is gone",
      { git: { a: "1", b: "1" }, live: { a: "1" }, owned: { [FLUX]: ["a"] }, before: [[5, { a: "1" }]] },
      "data.b live-changed was 1",
    ],
    [
      "a field that goes along with others of the same version",
      {
        git: { a: "2", b: "1" },
        live: { a: "1" },
        owned: { "kustomize-controller Apply": ["a"] },
        before: [[20, { a: "1" }]],
      },
      "data.b git-ahead? in c1",
    ],
    [
      "a value, where the cluster keeps no field managers",
      { git: { a: "2" }, live: { a: "1" }, before: [[20, { a: "1" }]] },
      "data.a unknown",
    ],
    [
      "a value, where there are no field managers but a note",
      { git: { a: "2" }, live: { a: "1" }, noted: { a: "1" }, before: [[20, { a: "1" }]] },
      "data.a git-ahead? was 1 in c1",
    ],
    [
      "a value that the API server gave up the entry of",
      { git: { a: "2" }, live: { a: "1" }, owned: { "ancient-changes Update": ["a"] }, before: [[20, { a: "1" }]] },
      "data.a unknown",
    ],
  ])("%s", (_name, given, expected) => {
    expect(told(given).at(-1)).toBe(expected);
  });
});

describe("what holdfast codified, once it was merged, is as good as deployed", () => {
  const BY_HAND = { [APPLIED]: ["b"], "kubectl-edit Update 30": ["a"] };
  const [NOW, BEFORE] = [
    { a: "2", b: "1" },
    { a: "1", b: "1" },
  ];

  test.each<readonly [string, Case, string]>([
    [
      "changed once more by hand",
      { git: NOW, live: { a: "3", b: "1" }, owned: BY_HAND, before: [[20, BEFORE]], codified: [0] },
      "data.a live-changed was 2",
    ],
    [
      "with other fields of the object committed since",
      {
        git: { ...NOW, c: "1" },
        live: { a: "3", b: "1", c: "1" },
        owned: BY_HAND,
        before: [
          [25, NOW],
          [20, BEFORE],
        ],
        codified: [1],
      },
      "data.a live-changed was 2",
    ],
    [
      "and somebody committed another value since: that one was never deployed",
      {
        git: { a: "4", b: "1" },
        live: { a: "3", b: "1" },
        owned: BY_HAND,
        before: [
          [25, NOW],
          [20, BEFORE],
        ],
        codified: [1],
      },
      "data.a both-changed was 1 in c2",
    ],
    [
      "a field that was added by hand, codified, and taken away by hand",
      { git: NOW, live: { b: "1" }, owned: { [APPLIED]: ["b"] }, before: [[20, { b: "1" }]], codified: [0] },
      "data.a live-changed was 2",
    ],
    [
      "but not what the deployer put back, with Git's older value",
      { git: NOW, live: BEFORE, owned: { [APPLIED]: ["a", "b"] }, before: [[20, BEFORE]], codified: [0] },
      "data.a git-ahead~ was 1 in c1",
    ],
  ])("%s", (_name, given, expected) => {
    expect(told(given)).toEqual([expected]);
  });
});

const LABELLED = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: {a: x, b: x}}, spec: {}}";

/** Helm wrote one label of two; `other` the second. */
function labelledBy(other: string): LiveObject {
  return { ...liveOf(yaml(LABELLED)), managers: [labeller("helm", "a"), labeller(other, "b")] };
}

function labeller(manager: string, label: string): ManagedFields {
  const fields = { "f:metadata": { "f:labels": { [`f:${label}`]: {} } } };
  return { manager, operation: "Update", time: at(1), fields };
}

test.each([
  ["helm", "metadata.labels git-ahead"],
  ["kubectl-label", "metadata.labels live-changed"],
])("a whole map that Git lacks is the deployer's only where all of it is: beside helm, %s", (other, expected) => {
  const desired = desiredOf(yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {}}"));
  const live = labelledBy(other);
  const { changes } = compare(desired, live);
  const answers = tellDirection({ desired, live, changes, past: { versions: [], end: "unreadable" }, compare });
  expect(answers.map(({ path, direction }) => `${formatPath(path)} ${direction}`)).toEqual([expected]);
});

test("a field called __proto__ is a field like any other", () => {
  const odd = JSON.parse('{"a": "1", "__proto__": "9"}') as Readonly<Record<string, string>>;
  const owned = { [FLUX]: ["a"] };
  expect(told({ git: { a: "1" }, live: odd, owned })).toEqual(["data.__proto__ live-changed"]);
  expect(told({ git: odd, live: { a: "1" }, owned, before: [[20, { a: "1" }]] })).toEqual([
    "data.__proto__ git-ahead? in c1",
  ]);
});
