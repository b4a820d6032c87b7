import { describe, expect, test } from "vitest";
import { formatRef, kindKey, refKey } from "../../src/core/refs.ts";
import type { KindRef } from "../../src/core/refs.ts";
import type { LiveEvent, LiveSource } from "../../src/core/stages.ts";
import { readsOf } from "../../src/drift/inventory.ts";
import { madeSecrets } from "../../src/drift/made-secrets.ts";
import { claimsOf, createUnmanagedFinder } from "../../src/drift/unmanaged.ts";
import type { Excused, ManagedScope } from "../../src/drift/unmanaged.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { hashed, liveOf, refOf, yaml } from "./objects.ts";

const NOW = Date.parse("2026-01-01T00:01:00Z");
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
    readonly pause?: () => Promise<void>;
    readonly onExcused?: (excused: Excused) => void;
  } = {},
): Promise<readonly string[]> {
  const { declared = [WEB], events = READ, scope = SCOPE, look, pause, onExcused } = facts;
  const refs = declared.map((text) => refOf(yaml(text)));
  const made = madeSecrets(declared.map((text) => ({ ref: refOf(yaml(text)), value: yaml(text) })));
  const finder = createUnmanagedFinder({
    made,
    known: new Set(refs.map(refKey)),
    declaredKinds: new Set(refs.map(kindKey)),
    scope,
    isClaim: () => false,
    isHook: ({ name }) => name.startsWith("hook-"),
    hash: hashed,
    now: NOW,
    kinds: {
      served: (kind: KindRef) => builtinKind(kind),
      lacks: ({ kind }: KindRef) => kind === "Ghost",
    },
    ...(look === undefined ? {} : { look }),
    ...(pause === undefined ? {} : { pause }),
    ...(onExcused === undefined ? {} : { onExcused }),
  });
  for (const text of objects) {
    const live = liveOf(yaml(text));
    made.saw(live);
    finder.take(live);
  }
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
    ["counts where its owner was seen before", [APP, owned(OWNED, BY_APP)], ["default App/web"]],
    ["counts where its owner comes later", [owned(OWNED, BY_APP), APP], ["default App/web"]],
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
    expect(await unmanaged([owned(POD, BY_SET, ", controller: true")], { events: [] })).toEqual([]);
  });
});

function ownedObject(apiVersion: string, kind: string): string {
  return `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a, namespace: shop, ownerReferences: [REFERENCE]}}`;
}

describe("what Kubernetes' own kinds are said to own", () => {
  const uid = "66666666-6666-4666-8666-666666666666";
  const by = (apiVersion: string, kind: string): string => reference(apiVersion, kind, uid);
  const ownerOf = (apiVersion: string, kind: string): string =>
    `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: web, namespace: shop, uid: ${uid}}}`;
  const DEPLOYMENT = ["apps/v1", "Deployment"] as const;
  const SERVICE = ["v1", "Service"] as const;
  type Kind = readonly [apiVersion: string, kind: string];

  test.each<[owner: Kind, object: Kind, excused: boolean]>([
    [DEPLOYMENT, ["apps/v1", "ReplicaSet"], true],
    [DEPLOYMENT, ["v1", "Service"], false],
    [DEPLOYMENT, ["v1", "Secret"], false],
    [DEPLOYMENT, ["v1", "ConfigMap"], false],
    [DEPLOYMENT, ["v1", "ServiceAccount"], false],
    [DEPLOYMENT, ["v1", "PersistentVolumeClaim"], false],
    [DEPLOYMENT, ["networking.k8s.io/v1", "NetworkPolicy"], false],
    [DEPLOYMENT, ["networking.k8s.io/v1", "Ingress"], false],
    [DEPLOYMENT, ["autoscaling/v2", "HorizontalPodAutoscaler"], false],
    [SERVICE, ["networking.k8s.io/v1", "NetworkPolicy"], false],
    [SERVICE, ["v1", "Secret"], false],
    [["v1", "ConfigMap"], ["v1", "Secret"], false],
    [["batch/v1", "CronJob"], ["batch/v1", "Job"], true],
    [["batch/v1", "Job"], ["v1", "Pod"], true],
    [["apps/v1", "StatefulSet"], ["v1", "PersistentVolumeClaim"], true],
    [["v1", "Pod"], ["v1", "PersistentVolumeClaim"], true],
    [["v1", "Pod"], ["resource.k8s.io/v1", "ResourceClaim"], true],
    // Custom kinds, on either side: nobody can know what operators make.
    [DEPLOYMENT, ["example.com/v1", "Widget"], true],
    [["example.com/v1", "App"], ["v1", "Service"], true],
  ])("a %s and a %s: %s", async (owner, kind, excused) => {
    const child = owned(ownedObject(...kind), by(...owner), ", controller: true");
    const found = await unmanaged([ownerOf(...owner), child], { declared: [ownerOf(...owner)] });
    expect(found).toEqual(excused ? [] : [`default ${kind[1]}/a`]);
  });
});

describe("what is excused is told, with the reason", () => {
  test.each<[string, readonly string[], string, string | undefined, boolean]>([
    [
      "a Pod by the controller of its ReplicaSet",
      [WEB, SET, owned(POD, BY_SET, ", controller: true")],
      "owned by a kind (ReplicaSet) whose controller makes such objects",
      "ReplicaSet/web in shop",
      true,
    ],
    [
      "what an operator's resource owns, and policies are asked about it",
      [APP, owned(OWNED, BY_APP)],
      "owned by a kind (App of example.com) of which nobody can know what it makes",
      "App/web in shop",
      true,
    ],
    [
      "what is owned by something that was not read",
      [owned(OWNED, BY_APP)],
      "owned by a kind (App of example.com) of which nobody can know what it makes, and the owner was not read",
      "App/web in shop",
      true,
    ],
    [
      "what the system makes",
      ["{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}}"],
      "as its maker makes it (kubernetes pkg/controller/certificates/rootcacertpublisher/publisher.go)",
      undefined,
      false,
    ],
    [
      "what is going",
      [claim("x").replace("name:", "deletionTimestamp: 2026-01-01T00:00:00Z, name:")],
      "deleted a moment ago, and held by nothing but what lets go by itself",
      undefined,
      true,
    ],
    [
      "what is called like a StatefulSet's claim",
      [
        claim("data-web-0"),
        "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web, namespace: shop}, spec: {volumeClaimTemplates: [{metadata: {name: data}}]}}",
      ],
      "called like the claims that a StatefulSet's template makes",
      undefined,
      true,
    ],
    [
      "what Git declares as a chart's hook",
      ["{apiVersion: batch/v1, kind: Job, metadata: {name: hook-a, namespace: shop}}"],
      "a hook of a chart, which Git declares",
      undefined,
      true,
    ],
  ])("%s", async (_, objects, rule, owner, judged) => {
    const excused: Excused[] = [];
    await unmanaged(objects, { onExcused: (one) => excused.push(one) });
    const last = excused.at(-1)?.excuse;
    expect(last).toMatchObject({ rule, judged });
    expect(last?.owner === undefined ? undefined : formatRef(last.owner)).toBe(owner);
  });

  test("once, of a kind that comes in two versions", async () => {
    const excused: Excused[] = [];
    const child = owned(OWNED, BY_APP).replace("v1, kind: ConfigMap", "apps/v1, kind: Deployment");
    await unmanaged([APP, child, child.replace("apps/v1", "apps/v1beta1")], { onExcused: (one) => excused.push(one) });
    expect(excused).toHaveLength(1);
  });
});

function certificate(name: string, secretName: string): string {
  return `{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: ${name}, namespace: shop}, spec: {secretName: ${secretName}}}`;
}

describe("a Secret that says it is of a Certificate", () => {
  const secret =
    "{apiVersion: v1, kind: Secret, metadata: {name: tls, namespace: shop, annotations: {cert-manager.io/certificate-name: web}}}";
  const certificates = [...READ, read("cert-manager.io/v1", "Certificate")];
  test.each<[string, readonly string[], readonly LiveEvent[], readonly string[]]>([
    ["is its", [certificate("web", "tls"), secret], certificates, []],
    ["is its, whichever comes first", [secret, certificate("web", "tls")], certificates, []],
    ["is nobody's without one", [secret], certificates, ["default Secret/tls"]],
    [
      "is nobody's where it names another Secret",
      [certificate("web", "x"), secret],
      certificates,
      ["default Secret/tls"],
    ],
    ["is excused where Certificates could not be read", [secret], READ, []],
  ])("%s", async (_, objects, events, expected) => {
    const declared = objects.filter((text) => text !== secret);
    expect(await unmanaged(objects, { declared, events })).toEqual(expected);
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

  test("and once more after a moment: what has lost its owner waits for the garbage collector", async () => {
    const objects: Record<string, ValueMap> = { "Pod/a": metadata, "Pod/b": metadata };
    const collect = (): Promise<void> => {
      delete objects["Pod/a"];
      return Promise.resolve();
    };
    const two = [WEB, child, child.replace("name: a,", "name: b,")];
    expect(await unmanaged(two, { look: cluster(objects), pause: collect })).toEqual(["default Pod/b"]);
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

describe("an EndpointSlice, which says where a Service's traffic goes", () => {
  const uid = "77777777-7777-4777-8777-777777777777";
  const service = (spec = "selector: {app: web}"): string =>
    `{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop, uid: ${uid}}, spec: {${spec}}}`;
  const slice = (
    by: string,
    owner = `, ownerReferences: [{apiVersion: v1, kind: Service, name: web, controller: true, uid: ${uid}}]`,
  ) =>
    `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-x, namespace: shop, labels: {kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: ${by}}${owner}}}`;
  const CONTROLLER = "endpointslice-controller.k8s.io";
  const MIRRORING = "endpointslicemirroring-controller.k8s.io";
  const ENDPOINTS = "{apiVersion: v1, kind: Endpoints, metadata: {name: web, namespace: shop}}";
  const told = ["default EndpointSlice/web-x"];
  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ["is the controller's", [service(), slice(CONTROLLER)], [service()], []],
    ["is by hand without an owner", [service(), slice(CONTROLLER, "")], [service()], told],
    ["is by hand under another manager", [service(), slice("mallory")], [service()], told],
    [
      "is by hand, of a Service for which the controller makes none",
      [service(""), slice(CONTROLLER)],
      [service("")],
      told,
    ],
    [
      "is by hand, of one Service, and steers another's",
      [service(), slice(CONTROLLER).replace("service-name: web", "service-name: ext")],
      [service()],
      told,
    ],
    ["mirrors Endpoints that Git declares", [service(""), slice(MIRRORING, "")], [service(""), ENDPOINTS], []],
    ["mirrors Endpoints that Git does not declare", [service(""), slice(MIRRORING, "")], [service("")], told],
  ])("%s", async (_, objects, declared, expected) => {
    expect(await unmanaged(objects, { declared })).toEqual(expected);
  });
});
