import { describe, expect, test } from "vitest";
import type { LiveEvent } from "../../src/core/stages.ts";
import { absenceOf, readsOf } from "../../src/drift/inventory.ts";
import { desiredOf, refOf, yaml } from "./objects.ts";

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
