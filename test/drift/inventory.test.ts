import { describe, expect, test } from "vitest";
import { kindKey, refKey } from "../../src/core/refs.ts";
import type { LiveEvent } from "../../src/core/stages.ts";
import { claimsOf, absenceOf, readsOf, unmanagedOf } from "../../src/drift/inventory.ts";
import { desiredOf, liveOf, refOf, yaml } from "./objects.ts";

const DEPLOYMENT = { apiVersion: "apps/v1", kind: "Deployment" };
const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap" };
const WEB = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}";
const ROLE = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: mine}}";

const FAULT = {
  kind: "fault",
  code: "list-forbidden",
  about: "deployments",
  message: "forbidden",
  remedy: "grant it",
  leavesUnknown: "declared",
} as const;

const read = (namespace?: string, of = DEPLOYMENT): LiveEvent => ({
  kind: "read",
  of,
  ...(namespace === undefined ? {} : { namespace }),
});
const unread = (namespace?: string): LiveEvent => ({
  kind: "unread",
  of: DEPLOYMENT,
  fault: FAULT,
  ...(namespace === undefined ? {} : { namespace }),
});

describe("an object that Git declares and that is not live", () => {
  test.each<[string, string, readonly LiveEvent[], "missing" | "unknown"]>([
    ["its kind was read everywhere", WEB, [read()], "missing"],
    ["its kind was read in its namespace", WEB, [read("shop")], "missing"],
    ["its kind was read in another version", WEB, [read("shop", { ...DEPLOYMENT, apiVersion: "apps/v2" })], "missing"],
    ["its kind was read in another namespace", WEB, [read("pay")], "unknown"],
    ["another kind was read", WEB, [read("shop", CONFIG_MAP)], "unknown"],
    [
      "another group's kind of that name was read",
      WEB,
      [read("shop", { apiVersion: "x.io/v1", kind: "Deployment" })],
      "unknown",
    ],
    ["nothing was read", WEB, [], "unknown"],
    ["pages came, and then the read broke off", WEB, [{ kind: "objects", objects: [] }, unread("shop")], "unknown"],
    ["it was read once and not the other time", WEB, [read("shop"), unread("shop")], "unknown"],
    ["it was read everywhere once and not the other time", WEB, [unread(), read()], "unknown"],
    ["another namespace could not be read", WEB, [read("shop"), unread("pay")], "missing"],
    ["it is of the cluster, and was read there", ROLE, [read(undefined, refOf(yaml(ROLE)))], "missing"],
    ["it is of the cluster, and was read in a namespace", ROLE, [read("shop", refOf(yaml(ROLE)))], "unknown"],
  ])("%s", (_, object, events, expected) => {
    const absence = absenceOf(desiredOf(yaml(object)), readsOf(events));
    expect(absence === "unknown" ? absence : absence.state).toBe(expected);
  });
});

describe("a live object that Git does not declare", () => {
  const scope = {
    namespaces: new Set(["shop"]),
    kinds: new Set([kindKey(DEPLOYMENT), kindKey(CONFIG_MAP)]),
    clusterScoped: false,
  };
  const about = (text: string, desired: readonly string[] = []): string => {
    const keys = new Set(desired.map((one) => refKey(refOf(yaml(one)))));
    const found = unmanagedOf({ live: liveOf(yaml(text)), desired: keys, scope, isClaim: () => false });
    return "state" in found ? found.state : found.kind;
  };

  test.each([
    ["is unmanaged", WEB, [], "unmanaged"],
    ["is declared in another version", WEB, [WEB.replace("apps/v1", "apps/v1beta1")], "declared"],
    ["is in a namespace out of scope", WEB.replace("shop", "pay"), [], "out-of-scope"],
    ["is of a kind out of scope", WEB.replace("Deployment", "DaemonSet"), [], "out-of-scope"],
    ["is of the cluster", ROLE, [], "out-of-scope"],
    ["has an owner", WEB.replace("name: web", "name: web, ownerReferences: [{uid: u, kind: App}]"), [], "owned"],
    ["has an empty list of owners", WEB.replace("name: web", "name: web, ownerReferences: []"), [], "unmanaged"],
    [
      "is the system's",
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}}",
      [],
      "system-made",
    ],
  ] as const)("%s", (_, object, desired, expected) => {
    expect(about(object, desired)).toBe(expected);
  });
});

describe("PersistentVolumeClaims of StatefulSets", () => {
  const text = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: redis, namespace: data }
spec: { volumeClaimTemplates: [{ metadata: { name: data } }] }
`;
  const isClaim = claimsOf([liveOf(yaml(text))]);

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
