// Lists that are one value, to which the server and its controllers append: what they append is no drift, and nothing else is.

import { describe, expect, test } from "vitest";
import { formatPath } from "../../src/core/path.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { compared } from "./objects.ts";

const SPOT = { key: "spot", operator: "Exists" };
const NOT_READY = eviction("not-ready");
const UNREACHABLE = eviction("unreachable");
const GPU = { key: "example.com/gpu", operator: "Exists", effect: "NoSchedule" };

function eviction(name: string, tolerationSeconds = 300): ValueMap {
  return { key: `node.kubernetes.io/${name}`, operator: "Exists", effect: "NoExecute", tolerationSeconds };
}

interface Case {
  readonly git?: readonly Value[];
  readonly live: readonly Value[];
  /** Who wrote the list last. */
  readonly by?: string;
}

function changed(kind: string, field: string, { git, live, by = "kubectl-edit" }: Case): readonly string[] {
  const containers = [{ name: "a", image: "a:1", resources: { requests: { "example.com/gpu": "1" } } }];
  const rest = kind === "Pod" ? { containers } : {};
  const head = { apiVersion: "v1", kind, metadata: { name: "a" } };
  const managedFields = [
    { manager: by, operation: "Update", fieldsType: "FieldsV1", fieldsV1: { "f:spec": { [`f:${field}`]: {} } } },
  ];
  const { changes } = compared(
    { ...head, spec: { ...rest, ...(git === undefined ? {} : { [field]: git }) } },
    { ...head, metadata: { ...head.metadata, managedFields }, spec: { ...rest, [field]: live } },
  );
  return changes.map(({ operation, path }) => `${operation} ${formatPath(path)}`);
}

describe("tolerations that admission appends, whoever wrote the list", () => {
  test.for<[sentence: string, one: Case]>([
    ["both", { git: [SPOT], live: [SPOT, NOT_READY, UNREACHABLE] }],
    ["to none", { live: [NOT_READY, UNREACHABLE] }],
    [
      "the other one, where Git tolerates one",
      { git: [eviction("not-ready", 5)], live: [eviction("not-ready", 5), UNREACHABLE] },
    ],
    ["that of a resource that the Pod requests", { git: [SPOT], live: [SPOT, NOT_READY, UNREACHABLE, GPU] }],
  ])("%s", ([, one]) => {
    expect(changed("Pod", "tolerations", one)).toEqual([]);
  });

  test.for<[sentence: string, one: Case]>([
    ["others behind them", { git: [SPOT], live: [SPOT, NOT_READY, UNREACHABLE, { key: "a", operator: "Exists" }] }],
    ["for longer", { git: [SPOT], live: [SPOT, eviction("not-ready", 301), UNREACHABLE] }],
    [
      "for ever",
      { git: [SPOT], live: [SPOT, { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" }] },
    ],
    ["twice", { git: [SPOT], live: [SPOT, NOT_READY, UNREACHABLE, UNREACHABLE] }],
    ["in another order", { git: [SPOT], live: [SPOT, UNREACHABLE, NOT_READY] }],
    ["in front of Git's", { git: [SPOT], live: [NOT_READY, UNREACHABLE, SPOT] }],
    [
      "where Git tolerates it already",
      { git: [eviction("not-ready", 5)], live: [eviction("not-ready", 5), NOT_READY] },
    ],
    ["where Git tolerates everything", { git: [{ operator: "Exists" }], live: [{ operator: "Exists" }, NOT_READY] }],
    ["of a resource that the Pod does not request", { git: [SPOT], live: [SPOT, { ...GPU, key: "example.com/fpga" }] }],
    ["of a resource, for all effects", { git: [SPOT], live: [SPOT, { key: "example.com/gpu", operator: "Exists" }] }],
  ])("not %s", ([, one]) => {
    expect(changed("Pod", "tolerations", one)).toEqual(["replace spec.tolerations"]);
  });

  test("not where Git has none, and somebody wrote another one", () => {
    expect(changed("Pod", "tolerations", { live: [NOT_READY, UNREACHABLE, SPOT] })).toEqual(["add spec.tolerations"]);
  });
});

const TAINT = { key: "spot", value: "yes", effect: "NoSchedule" };
const NEW = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
const GONE = { key: "node.kubernetes.io/unreachable", effect: "NoExecute", timeAdded: "2026-01-01T00:00:00Z" };

describe("taints that the node controllers append", () => {
  test.for<[sentence: string, one: Case]>([
    ["the one with which a Node is created, whoever wrote the list", { git: [TAINT], live: [TAINT, NEW] }],
    ["with the time of the controller", { git: [TAINT], live: [TAINT, GONE], by: "kube-controller-manager" }],
    ["to none", { live: [NEW, GONE], by: "kube-controller-manager" }],
    ["beside what says nothing in Git", { git: [{ ...TAINT, timeAdded: null }], live: [TAINT, NEW] }],
  ])("%s", ([, one]) => {
    expect(changed("Node", "taints", one)).toEqual([]);
  });

  test.for<[sentence: string, one: Case]>([
    ["in front of Git's", { git: [TAINT], live: [NEW, TAINT] }],
    ["another one behind them", { git: [TAINT], live: [TAINT, NEW, { key: "a", effect: "NoExecute" }] }],
    ["with a time that somebody wrote", { git: [TAINT], live: [TAINT, { ...NEW, timeAdded: "2026-01-01T00:00:00Z" }] }],
    ["with another effect", { git: [TAINT], live: [TAINT, { ...NEW, effect: "NoExecute" }] }],
    ["with a value", { git: [TAINT], live: [TAINT, { ...NEW, value: "a" }] }],
    [
      "the one that people write",
      { git: [TAINT], live: [TAINT, { ...GONE, key: "node.kubernetes.io/out-of-service" }], by: "kubelet" },
    ],
  ])("not %s", ([, one]) => {
    expect(changed("Node", "taints", one)).toEqual(["replace spec.taints"]);
  });
});
