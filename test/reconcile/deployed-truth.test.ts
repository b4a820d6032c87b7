import { describe, expect, test } from "vitest";
import type { DesiredObject, LiveObject } from "../../src/core/objects.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import { refKey } from "../../src/core/refs.ts";
import type { HistoryCommit, OlderTree, SourceTree } from "../../src/core/stages.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { DeployedTruth } from "../../src/reconcile/deployed-truth.ts";
import { syncFault, syncOf } from "../../src/reconcile/sync-status.ts";

const ONE = "1".repeat(40);
const TWO = "2".repeat(40);
const THREE = "3".repeat(40);
const ELSEWHERE = "f".repeat(40);

function flux(name: string): ObjectRef {
  return { apiVersion: "kustomize.toolkit.fluxcd.io/v1", kind: "Kustomization", name, namespace: "flux-system" };
}

function live(ref: ObjectRef, status: ValueMap = {}, spec: ValueMap = { prune: true }): LiveObject {
  return { ref, value: { spec, status }, managers: [] };
}

function config(name: string): ObjectRef {
  return { apiVersion: "v1", kind: "ConfigMap", name, namespace: "apps" };
}

function declared(ref: ObjectRef, deployer: ObjectRef | undefined, data: string): DesiredObject {
  const origin = { file: "a.yaml", document: 0, items: [], layer: "kustomize", hash: "" } as const;
  return { ref, origin, value: { data: { a: data } }, ...(deployer === undefined ? {} : { deployer }) };
}

type Commits = Readonly<Record<string, readonly DesiredObject[]>>;

/** A repository of three commits, newest last. */
function truthOf(commits: Commits, deployers: readonly LiveObject[]) {
  const read: string[] = [];
  const line: readonly HistoryCommit[] = [
    { id: THREE, parent: TWO, time: 3000, files: new Map() },
    { id: TWO, parent: ONE, time: 2000, files: new Map() },
    { id: ONE, time: 1000, files: new Map() },
  ];
  const bare = { list: () => Promise.resolve([]), read: () => Promise.resolve(Buffer.from("")) };
  const tree: SourceTree = {
    ...bare,
    revision: THREE,
    history: () =>
      Promise.resolve({
        commits: line,
        end: "beginning",
        prefetch: () => Promise.resolve(),
        read: () => Promise.resolve(undefined),
        codified: () => Promise.resolve(false),
        close: () => {},
      }),
    at: (commit) =>
      Promise.resolve(
        commit in commits
          ? { ...bare, revision: commit, close: () => {} }
          : {
              kind: "fault",
              code: "revision-unknown",
              about: commit,
              message: "m",
              remedy: "r",
              leavesUnknown: "nothing",
            },
      ),
  };
  const target = {
    tree,
    objects: commits[THREE] ?? [],
    read: ({ revision }: SourceTree | OlderTree) => {
      read.push(revision.slice(0, 1));
      return Promise.resolve({ revision, roots: [], objects: commits[revision] ?? [], faults: [], complete: true });
    },
  };
  const truth = new DeployedTruth({
    targets: new Map([["t", target]]),
    deployers: new Map(deployers.map((one) => [refKey(one.ref), one])),
  });
  return { truth, read };
}

const K = flux("k");
const REVISION = (commit: string): string => `main@sha1:${commit}`;

function versions(data: Readonly<Record<string, string | undefined>>): Commits {
  return Object.fromEntries(
    Object.entries(data).map(([commit, a]) => [commit, a === undefined ? [] : [declared(config("a"), K, a)]]),
  );
}

describe("what a Flux Kustomization deployed", () => {
  const now = declared(config("a"), K, "new");

  test("is the object as that commit has it, until the commit after it", async () => {
    const { truth } = truthOf(versions({ [ONE]: "old", [THREE]: "new" }), [
      live(K, { lastAppliedRevision: REVISION(ONE), lastAttemptedRevision: REVISION(ONE) }),
    ]);
    expect(await truth.of("t", now)).toMatchObject({
      kind: "known",
      past: { versions: [{ commit: ONE, until: 2000, object: { value: { data: { a: "old" } } } }] },
      deployed: { commit: ONE },
    });
  });

  test("is Git as it is now, where that is deployed", async () => {
    const { truth } = truthOf(versions({ [THREE]: "new" }), [live(K, { lastAppliedRevision: REVISION(THREE) })]);
    expect(await truth.of("t", now)).toMatchObject({
      kind: "known",
      past: { versions: [] },
      deployed: { commit: THREE },
    });
  });

  test("may be what it tried last, in part", async () => {
    const status = { lastAppliedRevision: REVISION(ONE), lastAttemptedRevision: REVISION(TWO) };
    const { truth } = truthOf(versions({ [ONE]: "old", [TWO]: "tried", [THREE]: "new" }), [live(K, status)]);
    const told = await truth.of("t", now);
    expect(told).toMatchObject({ past: { versions: [{ commit: TWO }, { commit: ONE }] }, deployed: { commit: ONE } });
  });

  test.each<readonly [string, readonly LiveObject[], Commits, string | undefined]>([
    ["never was: it was never synced", [live(K)], {}, "never"],
    [
      "never was: the object is newer",
      [live(K, { lastAppliedRevision: REVISION(ONE) })],
      versions({ [ONE]: undefined }),
      "known",
    ],
    [
      "is not to be had: the commit is elsewhere",
      [live(K, { lastAppliedRevision: REVISION(ELSEWHERE) })],
      {},
      "untold",
    ],
    ["is not to be had: it is no commit", [live(K, { lastAppliedRevision: "latest@sha256:nothing" })], {}, "untold"],
    ["is not told by one that is not there", [], { [THREE]: [declared(K, K, "x")] }, undefined],
    [
      "never was: its Kustomization waits for its own",
      [live(flux("top"), { lastAppliedRevision: REVISION(ONE) })],
      { [ONE]: [], [THREE]: [declared(K, flux("top"), "x")] },
      "never",
    ],
    [
      "is not told by ones that wait for each other",
      [],
      { [THREE]: [declared(K, flux("l"), "x"), declared(flux("l"), K, "x")] },
      undefined,
    ],
  ])("%s", async (_what, deployers, commits, expected) => {
    expect((await truthOf(commits, deployers).truth.of("t", now))?.kind).toBe(expected);
  });

  test("is asked of nobody where nothing says who deploys", async () => {
    const { truth } = truthOf({}, [live(K)]);
    expect(await truth.of("t", declared(config("a"), undefined, "x"))).toBeUndefined();
  });

  test("is read once for a commit, and of a bounded number of commits", async () => {
    const many = Array.from({ length: 30 }, (_, index) => index.toString(16).padStart(40, "a"));
    const deployers = many.map((commit, index) => live(flux(`k${index}`), { lastAppliedRevision: commit }));
    const { truth, read } = truthOf(Object.fromEntries(many.map((commit) => [commit, []])), deployers);
    for (let round = 0; round < 2; round += 1) {
      for (const { ref } of deployers) await truth.of("t", declared(config("a"), ref, "x"));
    }
    expect(read.length).toBe(16);
  });

  test("is told once for each Kustomization, where it is not to be had", async () => {
    const { truth } = truthOf({}, [live(K, { lastAppliedRevision: REVISION(ELSEWHERE) })]);
    await truth.of("t", now);
    await truth.of("t", declared(config("b"), K, "x"));
    expect(truth.faults().map(({ code, about }) => `${code} ${about}`)).toEqual([
      "deployed-unknown Kustomization/k in flux-system",
    ]);
  });
});

describe("what Git removed", () => {
  const marked: LiveObject = {
    ref: config("a"),
    value: {
      metadata: {
        labels: { "kustomize.toolkit.fluxcd.io/name": "k", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" },
      },
    },
    managers: [],
  };
  const own = declared(K, K, "x");
  const commits = {
    [ONE]: [own, declared(config("a"), K, "old")],
    [TWO]: [own],
    [THREE]: [own],
  };

  test("is named with the commit that took it out", async () => {
    const { truth } = truthOf(commits, [live(K, { lastAppliedRevision: REVISION(ONE) })]);
    expect(await truth.removed(marked)).toMatchObject({
      removedIn: TWO,
      time: 2000,
      object: { value: { data: { a: "old" } } },
    });
  });

  test.each<readonly [string, LiveObject, LiveObject]>([
    [
      "is not pruned by one that does not prune",
      live(K, { lastAppliedRevision: REVISION(ONE) }, { prune: false }),
      marked,
    ],
    ["was not deployed where the deployed commit lacks it", live(K, { lastAppliedRevision: REVISION(TWO) }), marked],
    ["carries the deployer's mark", live(K, { lastAppliedRevision: REVISION(ONE) }), { ...marked, value: {} }],
  ])("%s", async (_what, deployer, object) => {
    expect(await truthOf(commits, [deployer]).truth.removed(object)).toBeUndefined();
  });
});

describe("a status", () => {
  test.each([
    [`main@sha1:${ONE}`, ONE],
    [`refs/heads/main@sha1:${ONE}`, ONE],
    [`sha1:${ONE}`, ONE],
    [`main/${ONE}`, ONE],
    [ONE, ONE],
    ["", "nothing"],
    ["main@sha1:123", undefined],
    [`main@sha1:${ONE}x`, undefined],
    [`latest@sha256:${"a".repeat(64)}`, "a".repeat(64)],
    ["--upload-pack=x", undefined],
  ])("%s is a commit, or none", (lastAppliedRevision, expected) => {
    expect(syncOf(live(K, { lastAppliedRevision }))?.applied).toBe(expected);
  });

  function ready(status: string, reason: string, spec: ValueMap = {}): LiveObject {
    const conditions = [
      { type: "Reconciling", status: "True" },
      { type: "Ready", status, reason, message: "token=abc" },
    ];
    return live(K, { conditions, lastAttemptedRevision: REVISION(TWO), lastAppliedRevision: REVISION(ONE) }, spec);
  }

  test("of a sync that failed is told, with Flux' reason and without its message", () => {
    const message = syncFault(ready("False", "BuildFailed"))?.message ?? "";
    expect(message).toBe(
      "the last sync of Kustomization/k in flux-system failed at commit 222222222222 (BuildFailed): it last deployed 111111111111",
    );
    expect(syncFault(ready("False", "a\u001b[31m; rm"))?.message).not.toContain("\u001b");
  });

  test.each([
    ["is ready", ready("True", "ReconciliationSucceeded")],
    ["is at work", ready("Unknown", "Progressing")],
    ["is suspended", ready("False", "BuildFailed", { suspend: true })],
    ["says nothing", live(K)],
  ])("of one that %s is no fault", (_what, object) => {
    expect(syncFault(object)).toBeUndefined();
  });
});
