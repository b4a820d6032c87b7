import { describe, expect, test } from "vitest";
import type { LiveObject } from "../../../src/core/objects.ts";
import type { ObjectRef } from "../../../src/core/refs.ts";
import type { ValueMap } from "../../../src/core/value.ts";
import { syncFault, syncOf } from "../../../src/reconcile/deployers/sync-status.ts";
import { config, declared, ELSEWHERE, live, ONE, THREE, truthOf, TWO } from "./past-repository.ts";
import type { Commits } from "./past-repository.ts";

function flux(name: string): ObjectRef {
  return { apiVersion: "kustomize.toolkit.fluxcd.io/v1", kind: "Kustomization", name, namespace: "flux-system" };
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
    const [fault] = truth.faults();
    expect([truth.faults().length, fault?.about]).toEqual([14, "Kustomization/k16 in flux-system"]);
    expect(fault?.message).toContain("16 others were rendered");
  });

  test("is not told of what is made with files of another repository by a name that moves, now or then", async () => {
    const status = live(K, { lastAppliedRevision: REVISION(ONE) });
    const moving = { ...declared(config("a"), K, "old"), moves: true } as const;
    for (const { truth, asked } of [
      { truth: truthOf(versions({ [ONE]: "old" }), [status]).truth, asked: { ...now, moves: true } as const },
      { truth: truthOf({ [ONE]: [moving] }, [status]).truth, asked: now },
    ]) {
      expect(await truth.of("t", asked)).toEqual({ kind: "untold" });
      expect(truth.faults()).toEqual([
        expect.objectContaining({ code: "deployed-unknown", message: expect.stringContaining("remote base") }),
      ]);
    }
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

  test.each([
    ["does not prune", { prune: false }, {}],
    ["is told to keep it", { prune: true }, { "kustomize.toolkit.fluxcd.io/prune": "Disabled" }],
  ])("stays where its deployer %s", async (_what, spec, annotations) => {
    const { truth } = truthOf(commits, [live(K, { lastAppliedRevision: REVISION(ONE) }, spec)]);
    const metadata = { ...(marked.value["metadata"] as ValueMap), annotations };
    expect(await truth.removed({ ...marked, value: { metadata } })).toMatchObject({ removedIn: TWO, keptBy: "Flux" });
  });

  test.each<readonly [string, LiveObject, LiveObject]>([
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
    const told = syncOf(live(K, { lastAppliedRevision }), config("a"), () => true)?.applied;
    expect(told?.kind === "commit" ? told.commit : told?.kind).toBe(expected ?? "untold");
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
