// What `ignore` rules take out of a comparison, and what they leave.

import { describe, expect, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import { parseFieldPattern } from "../../src/core/field-pattern.ts";
import type { IgnoreRule } from "../../src/core/ignore.ts";
import type { Actor } from "../../src/core/objects.ts";
import { fields, formatPath } from "../../src/core/path.ts";
import type { FieldPath, PathStep } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { isInUse, rulesFor, wholeObjectRule, withoutIgnored } from "../../src/drift/ignore.ts";
import { desiredOf, liveOf, yaml } from "./objects.ts";

interface Written {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly field?: string;
  readonly manager?: string;
}

function rule({ field, ...rest }: Written): IgnoreRule {
  const pattern = field === undefined ? undefined : parseFieldPattern(field);
  if (pattern !== undefined && "kind" in pattern) throw new Error(`${pattern.message}: ${pattern.remedy}`);
  return {
    ...rest,
    ...(pattern === undefined ? {} : { field: pattern }),
    position: { file: "holdfast.yml", line: 7, column: 5 },
  };
}

const WEB = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };
const CLUSTER_ROLE = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", name: "web" };
const KEDA: Actor = { manager: "keda-operator", operation: "Update" };
const item = (name: string): PathStep => ({ kind: "key", keys: { name } });
const CONTAINERS = fields("spec", "template", "spec", "containers");

function change(path: FieldPath, sides: { readonly desired?: Value; readonly live?: Value }, actor?: Actor): Change {
  const operation = sides.desired === undefined ? "add" : sides.live === undefined ? "remove" : "replace";
  return { path, operation, ...sides, direction: "unknown", ...(actor === undefined ? {} : { actor }) };
}

describe("which objects a rule is about:", () => {
  test.each([
    [{ kind: "Deployment" }, WEB, true],
    [{ kind: "deployment" }, WEB, false],
    [{ kind: "Deployment.apps" }, WEB, true],
    [{ kind: "Deployment.extensions" }, WEB, false],
    [{ kind: "*.rbac.authorization.k8s.io" }, CLUSTER_ROLE, true],
    [{ kind: "*Role" }, CLUSTER_ROLE, true],
    [{ name: "w?b" }, WEB, true],
    [{ name: "we" }, WEB, false],
    [{ name: "web-*" }, WEB, false],
    [{ namespace: "sh*" }, WEB, true],
    [{ namespace: "*" }, CLUSTER_ROLE, false],
    [{ kind: "Deployment", name: "web", namespace: "other" }, WEB, false],
  ])("%j, %j: %j", (written, ref, expected) => {
    expect(rulesFor([rule(written)], ref).length === 1).toBe(expected);
  });

  test("only a rule that names neither field nor manager is about the whole object", () => {
    const rules = [rule({ kind: "A", field: "spec" }), rule({ kind: "A", manager: "x" }), rule({ name: "web" })];
    expect(wholeObjectRule(rules)).toBe(rules[2]);
    expect(wholeObjectRule(rules.slice(0, 2))).toBeUndefined();
  });
});

describe("a change is ignored, or not:", () => {
  const annotation: FieldPath = [...fields("metadata", "annotations"), { kind: "field", name: "a.b/c" }];
  const image = [...CONTAINERS, item("web"), ...fields("image")];
  const udp: PathStep = { kind: "key", keys: { containerPort: 53, protocol: "UDP" } };
  const set: FieldPath = [...fields("metadata", "finalizers"), { kind: "value", value: "a.b/c" }];
  test.each<readonly [string, FieldPath, boolean]>([
    ["spec.replicas", fields("spec", "replicas"), true],
    ["spec", fields("spec", "replicas"), true],
    ["spec.replica", fields("spec", "replicas"), false],
    ["spec.rep*", fields("spec", "replicas"), true],
    ["replicas", fields("spec", "replicas"), false],
    ["*.replicas", fields("spec", "replicas"), true],
    ['metadata.annotations["a.b/c"]', annotation, true],
    ['metadata.annotations["a.b/*"]', annotation, true],
    ['metadata.annotations["a.b/d"]', annotation, false],
    ["metadata.annotations[*]", annotation, true],
    ["metadata.annotations.*", annotation, true],
    ["spec.template.spec.containers[*].image", image, true],
    ['spec.template.spec.containers[name="web"].image', image, true],
    ['spec.template.spec.containers[name="w*"]', image, true],
    ['spec.template.spec.containers[name="api"].image', image, false],
    ["spec.template.spec.containers.image", image, false],
    ["ports[containerPort=53]", [...fields("ports"), udp], true],
    ['ports[containerPort=53,protocol="TCP"]', [...fields("ports"), udp], false],
    ['ports[containerPort="53"]', [...fields("ports"), udp], false],
    ['metadata.finalizers["a.b/c"]', set, true],
    ['metadata.finalizers["x"]', set, false],
    ["args[1]", [...fields("args"), { kind: "index", index: 1 }], true],
    ["args[0]", [...fields("args"), { kind: "index", index: 1 }], false],
    ["__proto__.polluted", fields("spec", "replicas"), false],
  ])("%s, %j: %j", (field, path, expected) => {
    const { change: kept, left } = withoutIgnored(change(path, { desired: 1, live: 2 }), [rule({ field })]);
    expect([kept === undefined, left.length]).toEqual(expected ? [true, 1] : [false, 0]);
  });

  test.each<readonly [string, string, Actor | undefined, boolean]>([
    ["its manager's", "keda-operator", KEDA, true],
    ["its manager's, by a wildcard", "keda-*", KEDA, true],
    ["somebody else's", "keda-operator", { manager: "kubectl-edit", operation: "Update" }, false],
    ["nobody's", "*", undefined, false],
  ])("%s", (_what, manager, actor, expected) => {
    const { change: kept } = withoutIgnored(change(fields("spec"), { desired: 1, live: 2 }, actor), [
      rule({ manager }),
    ]);
    expect(kept === undefined).toBe(expected);
  });
});

test("only what rests on a manager's name, which anybody may use, is policy's to judge; else the reviewed rule counts", () => {
  const scaled = change(fields("spec", "replicas"), { desired: 1, live: 2 }, KEDA);
  const byName = rule({ manager: "keda-operator" });
  const reviewed = rule({ field: "spec.replicas" });
  const judged = (rules: readonly IgnoreRule[]) => withoutIgnored(scaled, rules).left.map((one) => one.judged);
  expect(judged([byName])).toEqual([true]);
  expect(judged([reviewed])).toEqual([false]);
  expect(judged([byName, reviewed])).toEqual([false]);
});

function stripped(path: FieldPath, live: Value, ...written: readonly string[]) {
  const rules = written.map((field) => rule({ field }));
  const { change: kept, left } = withoutIgnored(change(path, { live }), rules);
  return { kept: kept?.live, left: left.map((one) => [formatPath(one.path), one.live]) };
}

describe("of what was added above the rule's field", () => {
  const CONTEXT = fields("spec", "securityContext");

  test("the ignored part is taken out, and the rest stays", () => {
    expect(stripped(CONTEXT, { runAsUser: 0, privileged: true }, "spec.securityContext.runAsUser")).toEqual({
      kept: { privileged: true },
      left: [["spec.securityContext.runAsUser", 0]],
    });
  });

  test("nothing is left where all of it is ignored, by one rule or by several", () => {
    const all = [
      ["spec.securityContext.a", 1],
      ["spec.securityContext.b", 2],
    ];
    expect(stripped(CONTEXT, { a: 1, b: 2 }, "spec.securityContext.*")).toEqual({ kept: undefined, left: all });
    expect(stripped(CONTEXT, { a: 1, b: 2 }, "spec.securityContext.a", "spec.securityContext.b")).toEqual({
      kept: undefined,
      left: all,
    });
  });

  test("nothing is taken where the rule leads elsewhere, and empty values stay as they are", () => {
    expect(stripped(CONTEXT, { a: {}, b: [] }, "spec.securityContext.a.x", "spec.other.a")).toEqual({
      kept: { a: {}, b: [] },
      left: [],
    });
  });

  test("what was empty stays beside what is taken out", () => {
    const { kept } = stripped(CONTEXT, { a: {}, b: [], c: 1 }, "spec.securityContext.c", "spec.securityContext.*.x");
    expect(kept).toEqual({ a: {}, b: [] });
  });

  test("items are found by what the rule says of them", () => {
    const container = { name: "web", ports: [{ containerPort: 53 }, { containerPort: 80 }], args: ["-v", "-x"] };
    expect(
      stripped(
        [...CONTAINERS, item("web")],
        container,
        "spec.template.spec.containers[*].ports[containerPort=53]",
        'spec.template.spec.containers[*].args["-x"]',
        "spec.template.spec.containers[*].args[7]",
      ),
    ).toEqual({
      kept: { name: "web", ports: [{ containerPort: 80 }], args: ["-v"] },
      left: [
        ['spec.template.spec.containers[name="web"].ports[containerPort=53]', { containerPort: 53 }],
        ['spec.template.spec.containers[name="web"].args["-x"]', "-x"],
      ],
    });
  });

  test("keys such as __proto__ are keys like any other", () => {
    const live = JSON.parse('{ "__proto__": { "x": 1 }, "y": 2 }') as Value;
    const { kept, left } = stripped(CONTEXT, live, "spec.securityContext.__proto__.x");
    expect(JSON.stringify(kept)).toBe('{"y":2}');
    expect(left).toEqual([["spec.securityContext.__proto__.x", 1]]);
  });
});

describe("what was replaced or removed as a whole above the rule's field", () => {
  const selector = fields("spec", "nodeSelector");
  const field = "spec.nodeSelector.zone";
  test.each<readonly [string, Value, Value | undefined, boolean]>([
    ["is ignored where nothing else in it differs", { a: 1, zone: 1 }, { a: 1, zone: 2 }, true],
    ["is ignored where only one side has the part", { a: 1 }, { a: 1, zone: 2 }, true],
    ["stays where something else differs too", { a: 1, zone: 1 }, { a: 2, zone: 2 }, false],
    ["is ignored where it was removed and had nothing else", { zone: 1 }, undefined, true],
    ["stays where it was removed with something else", { a: 1, zone: 1 }, undefined, false],
  ])("%s", (_what, desired, live, ignored) => {
    const whole = change(selector, { desired, ...(live === undefined ? {} : { live }) });
    const { change: kept } = withoutIgnored(whole, [rule({ field })]);
    expect(kept).toEqual(ignored ? undefined : whole);
  });
});

describe("a rule is in use where what it is about exists, whether or not it differs:", () => {
  const value = yaml(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, managedFields: [{ manager: keda-operator, operation: Update, fieldsV1: {} }] }
spec: { replicas: 3, template: { spec: { containers: [{ name: web, image: a }] } } }`);
  const desired = desiredOf(value);
  const live = liveOf(value);
  test.each<readonly [Written, boolean]>([
    [{ kind: "Deployment" }, true],
    [{ kind: "StatefulSet" }, false],
    [{ field: "spec.replicas" }, true],
    [{ field: "spec.replica" }, false],
    [{ field: "spec.template.spec.containers[*].image" }, true],
    [{ field: "spec.template.spec.containers[*].imag" }, false],
    [{ manager: "keda-operator" }, true],
    [{ manager: "keda" }, false],
    [{ manager: "keda-operator", field: "spec.replica" }, false],
  ])("%j: %j", (written, expected) => {
    expect(isInUse(rule(written), { ref: WEB, desired, live })).toBe(expected);
  });
});
