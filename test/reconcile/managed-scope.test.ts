import { describe, expect, test } from "vitest";
import type { ServedKind } from "../../src/core/schema.ts";
import { managedScope, queryOf } from "../../src/reconcile/managed-scope.ts";
import type { QueryInput, ScopeTarget } from "../../src/reconcile/managed-scope.ts";
import { desiredOf, yaml } from "../drift/objects.ts";

const CONFIG = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}";
const PAY = CONFIG.replace("shop", "pay");
const ROLE = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}";
const NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}";

function target(name: string, objects: readonly string[], more: Partial<ScopeTarget["target"]> = {}): ScopeTarget {
  return {
    target: { name, unmanaged: "report", ...more },
    state: { objects: objects.map((text) => desiredOf(yaml(text))), complete: true },
  };
}

/** Namespaces with their targets, and the target of the cluster. */
function told(targets: readonly ScopeTarget[], neighbours: readonly ScopeTarget[] = []): unknown {
  const { namespaces, cluster } = managedScope(targets, neighbours);
  return [Object.fromEntries(namespaces), cluster];
}

describe("where unmanaged objects are looked for", () => {
  test.each<[string, readonly ScopeTarget[], unknown]>([
    ["where a target's objects are, and in the cluster", [target("a", [CONFIG, PAY])], [{ shop: "a", pay: "a" }, "a"]],
    ["nowhere for a target without objects", [target("a", [])], [{}, undefined]],
    [
      "in the namespaces that it names, and nowhere else",
      [target("a", [CONFIG], { namespaces: ["x"] })],
      [{ x: "a" }, undefined],
    ],
    [
      "in the cluster too, where it names namespaces and declares what is the cluster's",
      [target("a", [CONFIG, ROLE], { namespaces: ["x"] })],
      [{ x: "a" }, "a"],
    ],
    [
      "not in the cluster for the sake of a Namespace",
      [target("a", [CONFIG, NAMESPACE], { namespaces: ["shop"] })],
      [{ shop: "a" }, undefined],
    ],
    [
      "each for the first target that looks there",
      [target("a", [CONFIG], { unmanaged: "ignore" }), target("b", [CONFIG]), target("c", [CONFIG, PAY])],
      [{ shop: "b", pay: "c" }, "b"],
    ],
    ["nowhere where no target looks", [target("a", [CONFIG, ROLE], { unmanaged: "ignore" })], [{}, undefined]],
  ])("%s", (_, targets, expected) => {
    expect(told(targets)).toEqual(expected);
  });

  test("nowhere where a target, or one that was not chosen, could not be read wholly", () => {
    const whole = target("a", [CONFIG]);
    const partial = { ...target("b", [PAY]), state: { objects: [], complete: false } };
    expect(told([whole, partial])).toEqual([{}, undefined]);
    expect(told([whole], [partial])).toEqual([{}, undefined]);
  });
});

function serve(apiVersion: string, kind: string, namespaced = true): ServedKind {
  return { apiVersion, kind, namespaced, resource: `${kind.toLowerCase()}s`, verbs: ["list"] };
}

describe("what is read of a cluster", () => {
  const LISTABLE = [
    serve("v1", "ConfigMap"),
    serve("v1", "Event"),
    serve("v1", "Node", false),
    serve("v1", "Pod"),
    serve("apps/v1", "Deployment"),
    serve("apps/v1", "ReplicaSet"),
    serve("example.com/v1", "App"),
    serve("rbac.authorization.k8s.io/v1", "ClusterRole", false),
  ];

  function kindsOf(objects: readonly string[], scope: QueryInput["scope"]): readonly string[] {
    const declared = objects.map((text) => ({ target: "a", object: desiredOf(yaml(text)) }));
    return queryOf({ declared, secrets: true, scope, live: { listable: LISTABLE } }).kinds.map(
      ({ apiVersion, kind, undeclared }) => `${apiVersion} ${kind}${undeclared === true ? " too" : ""}`,
    );
  }

  test("is what Git declares where nothing unmanaged is looked for", () => {
    expect(kindsOf([CONFIG], { namespaces: new Map() })).toEqual(["v1 ConfigMap"]);
  });

  test("is every kind in the namespaces that are looked at but for records, owners first", () => {
    expect(kindsOf([CONFIG], { namespaces: new Map([["shop", "a"]]) })).toEqual([
      "example.com/v1 App too",
      "apps/v1 Deployment too",
      "apps/v1 ReplicaSet too",
      "v1 ConfigMap",
      "v1 Pod too",
    ]);
  });

  test("is what matters for security of the cluster's kinds", () => {
    expect(kindsOf([CONFIG], { namespaces: new Map(), cluster: "a" })).toEqual([
      "rbac.authorization.k8s.io/v1 ClusterRole too",
      "v1 ConfigMap",
    ]);
  });

  test("is each kind in every version that Git declares, and autoscalers first where something may be scaled", () => {
    const scaler = "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: a, namespace: shop}}";
    const web = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}}";
    expect(kindsOf([web, scaler], { namespaces: new Map() })).toEqual([
      "autoscaling/v2 HorizontalPodAutoscaler",
      "autoscaling/v1 HorizontalPodAutoscaler",
      "apps/v1 Deployment",
    ]);
  });

  test("is asked for in the namespaces of the scope and those that Git uses", () => {
    const declared = [{ target: "a", object: desiredOf(yaml(CONFIG)) }];
    const scope = { namespaces: new Map([["other", "a"]]) };
    const { namespaces } = queryOf({ declared, secrets: true, scope, live: { listable: [] } });
    expect(namespaces).toEqual(["other", "shop"]);
  });
});
