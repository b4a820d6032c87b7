import { describe, expect, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import type { Fault } from "../../src/core/fault.ts";
import { fields } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { toldFaults } from "../../src/report/fault-groups.ts";
import { coverageShare, statusWords } from "../../src/report/words.ts";
import { showSide } from "../../src/report/values.ts";
import { passOf } from "./passes.ts";

function changeOf(desired: Value, live: Value): Change {
  return { path: fields("spec", "args"), operation: "replace", desired, live, direction: "live-changed" };
}

const LONG = Array.from({ length: 100 }, (_none, index) => `--option-${index}=value`);

describe("a long value beside another long one is shown where they part", () => {
  test.each<readonly [string, Value, Value, string, string]>([
    ["an item in the middle", LONG, LONG.with(60, "--evil"), "--option-60=value", "--evil"],
    ["an item at the end", LONG, [...LONG, "--evil"], "--option-99=value", "--evil"],
    ["an item that is gone", LONG, LONG.toSpliced(70, 1), "--option-70=value", "--option-71=value"],
    ["a text", `${"x".repeat(5000)}git`, `${"x".repeat(5000)}live`, "git", "live"],
    ["what is longer by far", LONG, [...LONG.slice(0, 50), "y".repeat(100_000)], "--option-50=value", "yyyy"],
  ])("%s", (_what, desired, live, git, cluster) => {
    const change = changeOf(desired, live);
    expect(showSide(change, "desired")).toContain(git);
    expect(showSide(change, "live")).toContain(cluster);
    for (const side of ["desired", "live"] as const) expect(showSide(change, side).length).toBeLessThanOrEqual(202);
  });

  test("but from its beginning where they part there", () => {
    const change = changeOf(LONG, LONG.with(0, "--evil"));
    expect(showSide(change, "live")).toMatch(/^\["--evil", "--option-1=value"/);
    expect(showSide(change, "desired")).toMatch(/^\["--option-0=value"/);
  });

  test("a secret is never shown", () => {
    expect(showSide({ ...changeOf(LONG, LONG.with(60, "x")), sensitive: true }, "live")).toBe("(secret)");
  });
});

function refused(kind: string, resource: string): Fault {
  return {
    kind: "fault",
    code: "list-forbidden",
    about: kind,
    message: `${kind} may not be listed in shop`,
    remedy: `Grant "list" on ${resource}, or leave the kind out.`,
    leavesUnknown: "declared",
  };
}

describe("faults of one cause", () => {
  const three = [refused("Service", "services"), refused("Role.rbac", "roles"), refused("Job.batch", "jobs")];

  test("are told in one line that names all of them", () => {
    expect(toldFaults(three).map(({ message, remedy, count }) => ({ message, remedy, count }))).toEqual([
      {
        message: "Service, Role.rbac, Job.batch may not be listed in shop",
        remedy: 'Grant "list" on services, roles, jobs, or leave the kind out.',
        count: 3,
      },
    ]);
  });

  test("are told one by one where they are two, or differ in more, or have places of their own", () => {
    expect(toldFaults(three.slice(0, 2))).toHaveLength(2);
    const others = three.map((fault, index) => ({ ...fault, message: `${fault.about} failed: ${index}` }));
    expect(toldFaults(others)).toHaveLength(3);
    const placed = three.map((fault, line) => ({ ...fault, position: { file: "a.yaml", line } }));
    expect(toldFaults(placed)).toHaveLength(3);
  });

  test("of a thousand kinds name some", () => {
    const many = Array.from({ length: 1000 }, (_none, index) => refused(`K${index}`, `k${index}s`));
    const [told] = toldFaults(many);
    expect(told?.message).toContain("960 more");
    expect(told?.message.length).toBeLessThan(500);
  });
});

test("coverage is not known where nothing that Git declares could be looked at", () => {
  const { summary } = passOf([]);
  const of = (desired: number, unknown: number): string =>
    coverageShare({ ...summary, objects: { ...summary.objects, desired, unknown }, coverage: 1 });
  expect([of(4, 4), of(4, 1), of(0, 0)]).toEqual(["not known", "100.0 %", "100.0 %"]);
});

test("a finding that no change brings is not said to be old", () => {
  expect(statusWords("pre-existing")).not.toContain("pre-existing");
  expect(statusWords("introduced")).toBe("introduced");
});
