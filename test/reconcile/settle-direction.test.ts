// Claims that Git is ahead hold as long as no policy objects; only what all waits is pending.

import { describe, expect, test } from "vitest";
import { changesOf } from "../../src/core/drift.ts";
import type { Change, Direction, Drift, FindingStatus, Judgement } from "../../src/core/drift.ts";
import { fields } from "../../src/core/path.ts";
import { settleDirection } from "../../src/reconcile/settle-direction.ts";

const REF = { apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name: "web" };
const VALUE = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web" } };
const ORIGIN = { file: "web.yaml", document: 0, items: [], layer: "literal", hash: "sha256:0" } as const;
const LIVE = { ref: REF, value: VALUE, managers: [] };

function change(name: string, direction: Direction): Change {
  return { path: fields("data", name), operation: "replace", desired: "1", live: "2", direction };
}

function drifted(...changes: readonly Change[]): Drift {
  return { state: "drifted", ref: REF, desired: { ref: REF, value: VALUE, origin: ORIGIN }, live: LIVE, changes };
}

/** Objects to changes of these names, where it is asked about them at all: of what waits, and of pending, it never is. */
function objectingTo(...names: readonly string[]): (drift: Drift) => Promise<Judgement> {
  const verdictOf = ({ path, direction }: Change): "violating" | "compliant" => {
    const [, last] = path;
    const objects = last?.kind === "field" && names.includes(last.name) && direction !== "git-ahead";
    return objects ? "violating" : "compliant";
  };
  return async (drift) => ({
    verdict: drift.state === "unmanaged" && names.length > 0 ? "violating" : "compliant",
    findings: [],
    changes: changesOf(drift).map((one) => ({ verdict: verdictOf(one), findings: [] })),
  });
}

function nameOf({ path }: Change): string {
  const last = path.at(-1);
  return last?.kind === "field" ? last.name : "";
}

function words(drift: Drift): readonly string[] {
  return [drift.state, ...changesOf(drift).map(({ direction }) => direction)];
}

describe("drift", () => {
  test.each<readonly [string, readonly Change[], readonly string[], readonly string[], readonly string[]]>([
    ["that is proved to wait is pending", [change("a", "git-ahead")], [], [], ["pending", "git-ahead"]],
    [
      "that claims to wait is pending where policy has nothing to say",
      [change("a", "git-ahead")],
      ["a"],
      [],
      ["pending", "git-ahead"],
    ],
    [
      "that claims to wait is drift where policy objects",
      [change("a", "git-ahead")],
      ["a"],
      ["a"],
      ["drifted", "unknown"],
    ],
    ["that is proved to wait is not asked about", [change("a", "git-ahead")], [], ["a"], ["pending", "git-ahead"]],
    [
      "of which one part claims what policy objects to",
      [change("a", "git-ahead"), change("b", "git-ahead")],
      ["a", "b"],
      ["b"],
      ["drifted", "git-ahead", "unknown"],
    ],
    [
      "of which a part was changed by hand stays drift",
      [change("a", "git-ahead"), change("b", "live-changed")],
      [],
      [],
      ["drifted", "git-ahead", "live-changed"],
    ],
    ["of both sides stays drift", [change("a", "both-changed")], [], [], ["drifted", "both-changed"]],
    ["without changes is none", [], [], [], ["drifted"]],
  ])("%s", async (_what, changes, claims, objections, expected) => {
    const told = changes.map((one) => (claims.includes(nameOf(one)) ? { ...one, claimed: true as const } : one));
    expect(words(await settleDirection(drifted(...told), {}, objectingTo(...objections)))).toEqual(expected);
  });
});

/** Objects to the change of `a`, with findings of these kinds. */
function finding(...statuses: readonly FindingStatus[]): (drift: Drift) => Promise<Judgement> {
  const findings = statuses.map((status) => ({ policy: "p/r", severity: "high", message: "no", status }) as const);
  const verdict = { verdict: "violating", findings: findings.map((_, index) => index) } as const;
  return async (drift) => ({ verdict: "violating", findings, changes: changesOf(drift).map(() => verdict) });
}

describe("drift of which only the time of a write says that it waits", () => {
  test.each<readonly [string, readonly FindingStatus[], readonly string[]]>([
    ["is pending, whatever a policy says of such a change by hand", ["weakened"], ["pending", "git-ahead"]],
    ["is drift where what is live violates a policy", ["introduced"], ["drifted", "unknown"]],
    ["is drift where it does both", ["weakened", "introduced"], ["drifted", "unknown"]],
    ["is drift where a policy cannot say", ["not-evaluable"], ["drifted", "unknown"]],
    ["is drift where nothing says why it violates", [], ["drifted", "unknown"]],
  ])("%s", async (_what, statuses, expected) => {
    const waits: Change = { ...change("a", "git-ahead"), dated: true };
    const settled = await settleDirection(drifted(waits), {}, finding(...statuses));
    expect(words(settled)).toEqual(expected);
    expect(changesOf(settled).filter((one) => one.direction === "unknown" && one.dated === true)).toEqual([]);
  });
});

describe("an object that Git gave up", () => {
  const due: Drift = { state: "pending", ref: REF, live: LIVE, changes: [], removedIn: "c1" };
  const added = { ...change("a", "unknown"), reason: "admission", rule: "a webhook", judged: true } as const;

  test.each<readonly [string, readonly (typeof added)[], readonly string[], string]>([
    ["waits to be pruned, whatever policy says of what Git had", [], ["a"], "pending"],
    ["waits where policy has nothing to say of what it has besides", [added], [], "pending"],
    ["is unmanaged where it has more than Git had, and violates", [added], ["a"], "unmanaged"],
  ])("%s", async (_what, questioned, objections, expected) => {
    expect(await settleDirection(due, { questioned }, objectingTo(...objections))).toMatchObject({
      state: expected,
      removedIn: "c1",
    });
  });

  test.each<readonly [string, readonly string[], string]>([
    ["waits, where only a note says so and policy has nothing to say", [], "pending"],
    ["is unmanaged, where only a note says that it waits and policy objects", ["a"], "unmanaged"],
  ])("%s", async (_what, objections, expected) => {
    const noted: Drift = { state: "pending", ref: REF, live: LIVE, changes: [] };
    const settled = await settleDirection(noted, { claimed: true }, objectingTo(...objections));
    expect(settled.state).toBe(expected);
    expect(settled).not.toHaveProperty("removedIn");
  });
});
