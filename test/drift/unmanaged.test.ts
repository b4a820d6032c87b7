import { describe, expect, test } from "vitest";
import { kindKey, refKey } from "../../src/core/refs.ts";
import type { KindRef } from "../../src/core/refs.ts";
import type { LiveEvent, LiveSource } from "../../src/core/stages.ts";
import { readsOf } from "../../src/drift/inventory.ts";
import { claimsOf, createUnmanagedFinder } from "../../src/drift/unmanaged.ts";
import type { ManagedScope } from "../../src/drift/unmanaged.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { liveOf, refOf, yaml } from "./objects.ts";

const SCOPE: ManagedScope = { namespaces: new Map([["shop", "default"]]), cluster: "platform" };
const WEB =
  "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: 11111111-1111-4111-8111-111111111111}}";
const OWNED = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, ownerReferences: [REFERENCE]}}";
const POD = OWNED.replace("ConfigMap", "Pod");
const BINDING = OWNED.replace("v1, kind: ConfigMap", "rbac.authorization.k8s.io/v1, kind: RoleBinding");
const CLUSTER_BINDING = BINDING.replace("RoleBinding", "ClusterRoleBinding").replace("namespace: shop, ", "");

const BY_WEB = reference("apps/v1", "Deployment", "11111111-1111-4111-8111-111111111111");
const BY_NOBODY = reference("apps/v1", "Deployment", "22222222-2222-4222-8222-222222222222");
const BY_APP = reference("example.com/v1", "App", "33333333-3333-4333-8333-333333333333");
const BY_GHOST = reference("example.com/v1", "Ghost", "44444444-4444-4444-8444-444444444444");
const BY_SET = reference("apps/v1", "ReplicaSet", "55555555-5555-4555-8555-555555555555");
const APP =
  "{apiVersion: example.com/v1, kind: App, metadata: {name: web, namespace: shop, uid: 33333333-3333-4333-8333-333333333333}}";
const SET =
  "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web, namespace: shop, uid: 55555555-5555-4555-8555-555555555555, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true, uid: 11111111-1111-4111-8111-111111111111}]}}";

function reference(apiVersion: string, kind: string, uid: string): string {
  return `{apiVersion: ${apiVersion}, kind: ${kind}, name: web, uid: ${uid}}`;
}

function owned(object: string, by: string, more = ""): string {
  return object.replace("REFERENCE", by.replace("}", `${more}}`));
}

const read = (apiVersion: string, kind: string): LiveEvent => ({
  kind: "read",
  of: { apiVersion, kind },
  namespace: "shop",
});
const READ = [read("apps/v1", "Deployment"), read("apps/v1", "ReplicaSet"), read("v1", "ConfigMap")];

/** `target kind/name` of what is unmanaged among these, in a cluster that serves no Ghosts. */
async function unmanaged(
  objects: readonly string[],
  facts: {
    readonly declared?: readonly string[];
    readonly events?: readonly LiveEvent[];
    readonly scope?: ManagedScope;
    readonly look?: LiveSource["look"];
  } = {},
): Promise<readonly string[]> {
  const { declared = [WEB], events = READ, scope = SCOPE, look } = facts;
  const refs = declared.map((text) => refOf(yaml(text)));
  const finder = createUnmanagedFinder({
    known: new Set(refs.map(refKey)),
    declaredKinds: new Set(refs.map(kindKey)),
    scope,
    isClaim: () => false,
    kinds: {
      served: (kind: KindRef) => builtinKind(kind),
      lacks: ({ kind }: KindRef) => kind === "Ghost",
    },
    ...(look === undefined ? {} : { look }),
  });
  for (const text of objects) finder.take(liveOf(yaml(text)));
  const found = await finder.finish(readsOf(events));
  return found.map(({ target, drift }) => `${target} ${drift.ref.kind}/${drift.ref.name}`);
}

describe("a live object that Git does not declare", () => {
  const other = WEB.replace("name: web", "name: other");
  test.each<[string, string, readonly string[]]>([
    ["is unmanaged", other, ["default Deployment/other"]],
    ["is declared in another version", WEB.replace("apps/v1", "apps/v1beta1"), []],
    ["is in a namespace out of scope", other.replace("shop", "pay"), []],
    ["is of a kind that Git does not declare", POD.replace(", ownerReferences: [REFERENCE]", ""), ["default Pod/a"]],
    ["is a Lease", "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l, namespace: shop}}", []],
    [
      "is a ControllerRevision of nobody's",
      "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: r, namespace: shop}}",
      ["default ControllerRevision/r"],
    ],
    ["is a record", "{apiVersion: v1, kind: Event, metadata: {name: e, namespace: shop}}", []],
    ["is the system's", "{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}}", []],
    ["has an empty list of owners", owned(OWNED, "").replace("[}]", "[]"), ["default ConfigMap/a"]],
    [
      "is going",
      other.replace("name:", "deletionTimestamp: 2026-01-01T00:00:00Z, finalizers: [foregroundDeletion], name:"),
      [],
    ],
    [
      "is deleted, and held by somebody's finalizer",
      other.replace("name:", "deletionTimestamp: 2026-01-01T00:00:00Z, finalizers: [x.io/a], name:"),
      ["default Deployment/other"],
    ],
    [
      "is of the cluster and matters",
      CLUSTER_BINDING.replace(", ownerReferences: [REFERENCE]", ""),
      ["platform ClusterRoleBinding/a"],
    ],
    ["is of the cluster and is made as it runs", "{apiVersion: v1, kind: Node, metadata: {name: n}}", []],
    ["is a Namespace that Git uses", "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", []],
    [
      "is a Namespace that Git does not use",
      "{apiVersion: v1, kind: Namespace, metadata: {name: pay}}",
      ["platform Namespace/pay"],
    ],
  ])("%s", async (_, object, expected) => {
    expect(await unmanaged([object])).toEqual(expected);
  });

  test("comes in two versions and is told once", async () => {
    expect(await unmanaged([other, other.replace("apps/v1", "apps/v1beta1")])).toEqual(["default Deployment/other"]);
  });

  test("of the cluster is nobody's where no target looks there", async () => {
    const scope = { namespaces: SCOPE.namespaces };
    expect(await unmanaged(["{apiVersion: v1, kind: Namespace, metadata: {name: pay}}"], { scope })).toEqual([]);
  });

  test("of a kind of the cluster that Git declares others of is unmanaged, whatever the kind", async () => {
    const [mine, theirs] = ["mine", "theirs"].map(
      (name) => `{apiVersion: example.com/v1, kind: Zone, metadata: {name: ${name}}}`,
    ) as [string, string];
    expect(await unmanaged([mine, theirs], { declared: [mine] })).toEqual(["platform Zone/theirs"]);
    expect(await unmanaged([mine, theirs])).toEqual([]);
  });
});

describe("an owner reference", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["counts where its owner was seen before", [WEB, owned(OWNED, BY_WEB)], []],
    ["counts where its owner comes later", [owned(OWNED, BY_WEB), WEB], []],
    ["to an owner that is not there counts for nothing", [WEB, owned(OWNED, BY_NOBODY)], ["default ConfigMap/a"]],
    ["to a kind that was not read counts", [owned(OWNED, BY_APP)], []],
    ["to a kind that nobody serves counts for nothing", [owned(OWNED, BY_GHOST)], ["default ConfigMap/a"]],
    ["to a record counts for nothing", [owned(OWNED, reference("v1", "Event", "e"))], ["default ConfigMap/a"]],
    [
      "without a uid counts for nothing",
      [owned(OWNED, "{apiVersion: apps/v1, kind: Deployment, name: web}")],
      ["default ConfigMap/a"],
    ],
    [
      "of a binding to a Deployment counts for nothing: no controller makes such",
      [WEB, owned(BINDING, BY_WEB)],
      ["default RoleBinding/a"],
    ],
    ["of a binding to an operator's resource counts", [APP, owned(BINDING, BY_APP)], ["default App/web"]],
    [
      "of an object in no namespace to one in a namespace counts for nothing",
      [WEB, owned(CLUSTER_BINDING, BY_WEB)],
      ["platform ClusterRoleBinding/a"],
    ],
    ["of a Pod to its ReplicaSet counts", [WEB, SET, owned(POD, BY_SET, ", controller: true")], []],
    [
      "of a Pod to a ReplicaSet that is not its controller counts for nothing",
      [WEB, SET, owned(POD, BY_SET)],
      ["default Pod/a"],
    ],
    ["of a Pod to a Deployment counts for nothing", [WEB, owned(POD, BY_WEB, ", controller: true")], ["default Pod/a"]],
  ])("%s", async (_, objects, expected) => {
    expect(await unmanaged(objects)).toEqual(expected);
  });

  test("to an owner whose kind was read in part only counts", async () => {
    expect(await unmanaged([owned(OWNED, BY_NOBODY)], { events: [] })).toEqual([]);
  });
});

/** A cluster that has these by now: their metadata by kind and name. */
function cluster(objects: Readonly<Record<string, ValueMap | undefined>>, asked: string[] = []): LiveSource["look"] {
  return (ref) => {
    const key = `${ref.kind}/${ref.name}`;
    asked.push(key);
    if (!Object.hasOwn(objects, key)) return Promise.resolve("absent");
    const metadata = objects[key];
    return Promise.resolve(metadata === undefined ? undefined : { metadata });
  };
}

describe("an object whose owner is in no list is looked at again", () => {
  const child = owned(POD, BY_SET, ", controller: true");
  const { metadata } = yaml(child) as { readonly metadata: ValueMap };
  const set = { uid: "55555555-5555-4555-8555-555555555555" };
  const told = ["default Pod/a"];
  test.each<[string, Readonly<Record<string, ValueMap | undefined>>, readonly string[]]>([
    ["its owner came after the list", { "Pod/a": metadata, "ReplicaSet/web": set }, []],
    ["it is gone", {}, []],
    ["it is going", { "Pod/a": { ...metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }, []],
    ["its owner is not there", { "Pod/a": metadata }, told],
    ["another owner has the name", { "Pod/a": metadata, "ReplicaSet/web": { uid: "6" } }, told],
    ["it has lost its owner", { "Pod/a": { name: "a" }, "ReplicaSet/web": set }, told],
    ["it cannot be read", { "Pod/a": undefined, "ReplicaSet/web": set }, told],
    ["its owner cannot be read", { "Pod/a": metadata, "ReplicaSet/web": undefined }, told],
    [
      "it is deleted, and held by somebody's finalizer",
      { "Pod/a": { ...metadata, deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["x.io/a"] } },
      told,
    ],
  ])("%s", async (_, objects, expected) => {
    expect(await unmanaged([WEB, child], { look: cluster(objects) })).toEqual(expected);
  });

  test("but not one whose owner was seen, that names none, or whose owner cannot count", async () => {
    const asked: string[] = [];
    const objects = [WEB, SET, child, owned(OWNED, BY_GHOST), owned(POD, BY_WEB).replace("name: a", "name: b")];
    await unmanaged(objects, { look: cluster({}, asked) });
    expect(asked).toEqual([]);
  });

  test("an owner once, and of many objects only as many as a pass has requests for", async () => {
    const asked: string[] = [];
    const objects: Record<string, ValueMap> = { "ReplicaSet/web": set };
    const many = Array.from({ length: 300 }, (_, index) => {
      objects[`Pod/a${index}`] = metadata;
      return child.replace("name: a,", `name: a${index},`);
    });
    const left = await unmanaged(many, { look: cluster(objects, asked) });
    expect(asked.length).toBe(200);
    expect(asked.filter((one) => one === "ReplicaSet/web")).toHaveLength(1);
    expect(left).toHaveLength(300 - 199);
  });
});

function claim(name: string): string {
  return `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: ${name}, namespace: shop}}`;
}

describe("PersistentVolumeClaims of StatefulSets", () => {
  const text = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: redis, namespace: data }
spec: { volumeClaimTemplates: [{ metadata: { name: data } }] }
`;
  const isClaim = claimsOf([liveOf(yaml(text))]);

  test("that are there and that Git does not declare are told with them, in whatever order both come", async () => {
    const set = text.replace("namespace: data", "namespace: shop");
    const both = [claim("data-redis-0"), set, claim("data-redis-1"), claim("data-nobody-0")];
    expect(await unmanaged(both)).toEqual(["default StatefulSet/redis", "default PersistentVolumeClaim/data-nobody-0"]);
  });

  test.each([
    ["data-redis-0", "data", true],
    ["data-redis-12", "data", true],
    ["data-redis", "data", false],
    ["data-redis-x", "data", false],
    ["other-redis-0", "data", false],
    ["data-redis-0", "shop", false],
  ])("%s in %s: %s", (name, namespace, expected) => {
    expect(isClaim({ apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name })).toBe(expected);
  });
});
