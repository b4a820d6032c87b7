// What `holdfast targets` prints for people.

import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/core/fault.ts";
import { toldFaults } from "../../src/report/fault-groups.ts";
import { targetsText } from "../../src/report/targets.ts";
import type { ShownTarget } from "../../src/report/targets.ts";

function target(name: string, cluster: string | undefined, faults: readonly Fault[] = []): ShownTarget {
  return {
    target: { name, path: name, ...(cluster === undefined ? {} : { cluster }) },
    kubeVersion: { version: "v1.36.0", from: "assumed" },
    deployers: new Map(),
    state: { revision: "worktree", roots: [], objects: [], faults, complete: true },
  };
}

function chartMissing(name: string, remedy = "vendor it"): Fault {
  return {
    kind: "fault",
    code: "chart-missing",
    about: `HelmRelease/${name}`,
    message: `HelmRelease/${name} needs the chart ${name}`,
    remedy,
    position: { file: `${name}.yaml`, line: 1 },
    leavesUnknown: "declared",
  };
}

const ENCRYPTED: Fault = {
  kind: "fault",
  code: "secrets-encrypted",
  about: "shop",
  message: "1 object is encrypted",
  remedy: "nothing needs to be done",
  leavesUnknown: "nothing",
};

describe("targets", () => {
  test("of one cluster have no heading", () => {
    const text = targetsText([target("a", "prod"), target("b", "prod")]);
    expect(text.match(/^\S.*/gm)).toEqual([
      "target a: a, cluster prod, the working tree",
      "target b: b, cluster prod, the working tree",
    ]);
  });

  test("of several clusters stand by cluster", () => {
    const text = targetsText([
      target("a", "prod"),
      target("b", "test\u001B[1m"),
      target("c", "prod"),
      target("d", undefined),
    ]);
    expect(text.match(/^\S.*/gm)).toEqual([
      "cluster prod",
      "target a: a, cluster prod, the working tree",
      "target c: c, cluster prod, the working tree",
      "cluster test\\u{1b}[1m",
      "target b: b, cluster test\\u{1b}[1m, the working tree",
      "no cluster named (that of the current context)",
      "target d: d, the working tree",
    ]);
  });
});

describe("what was not understood", () => {
  test("has a scan's words, and comes before what costs nothing", () => {
    const lines = targetsText([target("shop", undefined, [ENCRYPTED, chartMissing("db")])]).split("\n");
    expect(lines.slice(2)).toEqual([
      "  FAULT  db.yaml:1: HelmRelease/db needs the chart db (vendor it)",
      "  NOTICE  shop: 1 object is encrypted (nothing needs to be done)",
      "",
    ]);
  });

  test("is one line for charts by the dozen, with their number and the advice once", () => {
    const faults = ["a", "b", "c", "d", "e", "f", "g"].map((name) => chartMissing(name));
    expect(
      targetsText([target("shop", undefined, faults)])
        .split("\n")
        .slice(2),
    ).toEqual([
      "  FAULT  7 roots: need charts that the repository does not hold: HelmRelease/a, HelmRelease/b, HelmRelease/c, HelmRelease/d, HelmRelease/e and 2 more (as JSON each of them) (vendor it)",
      "",
    ]);
  });

  test("is a line each where the advice differs, or there are few", () => {
    expect(toldFaults([chartMissing("a"), chartMissing("b")]).map(({ count }) => count)).toEqual([1, 1]);
    const three = [chartMissing("a"), chartMissing("b"), chartMissing("c", "another")];
    expect(toldFaults(three).map(({ count }) => count)).toEqual([1, 1, 1]);
  });
});
