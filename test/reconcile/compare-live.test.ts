import { describe, expect, test } from "vitest";
import { changesOf } from "../../src/core/drift.ts";
import type { Fault } from "../../src/core/fault.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import { formatRef } from "../../src/core/refs.ts";
import type { LiveEvent, LiveSource } from "../../src/core/stages.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { compareLive } from "../../src/reconcile/compare-live.ts";
import { withoutDuplicates } from "../../src/reconcile/declared-twice.ts";
import type { Declared, LiveComparison } from "../../src/reconcile/compare-live.ts";
import { desiredOf, liveOf, yaml } from "../drift/objects.ts";

const CONFIG = { apiVersion: "v1", kind: "ConfigMap" };
const DEPLOYMENT = { apiVersion: "apps/v1", kind: "Deployment" };
const INGRESS_CLASS = { apiVersion: "networking.k8s.io/v1", kind: "IngressClass" };
const AUTOSCALER = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" };

function config(name: string, value = "a"): ValueMap {
  return yaml(
    `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name}, namespace: shop }, data: { key: ${value} } }`,
  );
}

function deployment(replicas: number): ValueMap {
  return yaml(
    `{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web, namespace: shop }, spec: { replicas: ${replicas} } }`,
  );
}

function autoscaler(): ValueMap {
  return yaml(
    "{ apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: { name: web, namespace: shop }, spec: { maxReplicas: 9, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }",
  );
}

function objects(...values: readonly ValueMap[]): LiveEvent {
  return { kind: "objects", objects: values.map((value) => liveOf(value)) };
}

const read = (of: typeof CONFIG): LiveEvent => ({ kind: "read", of, namespace: "shop" });

function unread(of: typeof CONFIG, message = "refused"): LiveEvent {
  const fault: Fault = {
    kind: "fault",
    code: "list-forbidden",
    about: of.kind,
    message,
    remedy: "grant it",
    leavesUnknown: "nothing",
  };
  return { kind: "unread", of, namespace: "shop", fault };
}

function declare(...values: readonly ValueMap[]): readonly Declared[] {
  return values.map((value) => ({ target: "default", object: desiredOf(value) }));
}

async function compare(
  declared: readonly Declared[],
  events: readonly LiveEvent[],
  served: LiveSource["served"] = () => undefined,
  hooks: readonly DesiredObject[] = [],
): Promise<LiveComparison> {
  const live: LiveSource = {
    cluster: { name: "fake", version: "" },
    served,
    lacks: () => false,
    listable: [],
    schemas: { schemaOf: () => undefined },
    read: async function* () {
      yield* events;
    },
    close: async () => undefined,
  };
  return compareLive({
    declared,
    hooks,
    live,
    schemas: builtinSchemas,
    secrets: true,
    scope: { namespaces: new Map([["shop", "default"]]) },
    progress: () => undefined,
  });
}

function told({ drifts }: LiveComparison): readonly string[] {
  return drifts.map(({ drift }) => `${drift.state} ${formatRef(drift.ref)}`);
}

describe("what the cluster has, page by page", () => {
  test("is compared wherever it comes, and what does not come is missing once its kind was read", async () => {
    const compared = await compare(declare(config("a"), config("b"), config("c")), [
      objects(config("b")),
      objects(config("a", "other")),
      read(CONFIG),
    ]);
    expect(told(compared)).toEqual(["drifted ConfigMap/a in shop", "missing ConfigMap/c in shop"]);
    expect([compared.inSync, compared.matched, compared.unknown]).toEqual([1, 2, 0]);
  });

  test("is unknown where its kind was not read, whatever pages came before, and a fault of what Git declares", async () => {
    const compared = await compare(declare(config("a"), config("b")), [objects(config("a")), unread(CONFIG)]);
    expect(told(compared)).toEqual([]);
    expect([compared.inSync, compared.unknown]).toEqual([1, 1]);
    expect(compared.faults.map((fault) => fault.leavesUnknown)).toEqual(["declared"]);
  });

  test("is unmanaged where Git does not have it", async () => {
    const compared = await compare(declare(config("a")), [objects(config("a"), config("left-behind")), read(CONFIG)]);
    expect(told(compared)).toEqual(["unmanaged ConfigMap/left-behind in shop"]);
  });
});

test("a chart's hook is asked about where it lives otherwise than Git has it, and is never missing", async () => {
  const hooks = [config("same"), config("other"), config("gone")].map((value) => desiredOf(value));
  const events = [objects(config("a"), config("same"), config("other", "mine")), read(CONFIG)];
  const compared = await compare(declare(config("a")), events, undefined, hooks);
  expect(told(compared)).toEqual([]);
  expect(compared.questioned.map(({ live }) => formatRef(live.ref))).toEqual(["ConfigMap/other in shop"]);
  expect(compared.excused.told()?.rules).toEqual([
    { rule: "a hook of a chart, which Git declares", count: 1, examples: ["ConfigMap/same in shop"] },
  ]);
});

function ingress(more: string): ValueMap {
  return yaml(
    `{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web, namespace: shop }, spec: { defaultBackend: { service: { name: a, port: { number: 1 } } }${more} } }`,
  );
}

describe("what may be the default class", () => {
  const declared = declare(ingress(""));
  const live = objects(ingress(", ingressClassName: x"));

  test.each<readonly [string, readonly LiveEvent[], LiveSource["served"], number]>([
    ["is told where the cluster serves no classes", [live], () => undefined, 0],
    ["is not known where they may not be listed", [unread(INGRESS_CLASS), live], () => undefined, 1],
    ["is not known where nobody asked for them: in a dump", [live], builtinKind, 1],
  ])("%s", async (_, events, served, notKnown) => {
    const { leftOut, drifts } = await compare(declared, events, served);
    expect(leftOut.counts.admission).toBe(notKnown);
    expect(drifts.flatMap(({ drift }) => changesOf(drift))).toHaveLength(1 - notKnown);
  });
});

function scaler(version: string, spec: string): ValueMap {
  return yaml(
    `{ apiVersion: autoscaling/${version}, kind: HorizontalPodAutoscaler, metadata: { name: web, namespace: shop }, spec: { maxReplicas: 3, ${spec} } }`,
  );
}

describe("several versions of one kind", () => {
  const one = scaler("v1", "targetCPUUtilizationPercentage: 60");
  const two = scaler("v2", "minReplicas: 1");
  const V1 = { ...AUTOSCALER, apiVersion: "autoscaling/v1" };

  test("leave each object to be compared in the version that Git declares", async () => {
    const compared = await compare(declare(one, deployment(3)), [
      objects(two),
      read(AUTOSCALER),
      objects(one),
      read(V1),
      objects(deployment(3)),
      read(DEPLOYMENT),
    ]);
    expect([told(compared), compared.inSync]).toEqual([[], 2]);
  });

  test("of which a dump holds another one are unknown, and not missing", async () => {
    const compared = await compare(declare(one, deployment(3)), [
      objects(two),
      read(AUTOSCALER),
      read(V1),
      objects(deployment(3)),
      read(DEPLOYMENT),
    ]);
    expect([told(compared), compared.unknown]).toEqual([[], 1]);
  });

  test("are unknown where the declared one could not be read", async () => {
    const compared = await compare(declare(one, deployment(3)), [
      objects(two),
      read(AUTOSCALER),
      unread(V1),
      objects(deployment(3)),
      read(DEPLOYMENT),
    ]);
    expect([told(compared), compared.unknown]).toEqual([[], 1]);
  });
});

test("kinds that Git does not declare and that may not be listed are told in one fault, which costs nothing", async () => {
  const compared = await compare(declare(config("a")), [
    unread(DEPLOYMENT),
    unread({ apiVersion: "v1", kind: "Pod" }),
    objects(config("a")),
    read(CONFIG),
  ]);
  expect(compared.faults.map(({ code, leavesUnknown }) => [code, leavesUnknown])).toEqual([
    ["list-forbidden", "undeclared"],
  ]);
  expect(compared.faults[0]?.message).toContain("Deployment.apps, Pod");
  expect(compared.wholly).toBe(true);
});

describe("replicas", () => {
  const scaled = [objects(autoscaler()), read(AUTOSCALER), objects(deployment(5)), read(DEPLOYMENT)];

  test("are left out where an autoscaler that Git declares sets them", async () => {
    const compared = await compare(declare(deployment(3), autoscaler()), scaled);
    expect(told(compared)).toEqual([]);
    expect(compared.leftOut.counts.controller).toBe(1);
  });

  test("are told where nobody declares the autoscaler", async () => {
    const compared = await compare(declare(deployment(3)), scaled);
    expect(told(compared)).toEqual(["drifted Deployment/web in shop", "unmanaged HorizontalPodAutoscaler/web in shop"]);
    expect(compared.leftOut.counts.controller).toBe(0);
  });

  test("that drifted are said to be perhaps an autoscaler's, where autoscalers could not be read", async () => {
    const compared = await compare(declare(deployment(3)), [
      unread(AUTOSCALER),
      objects(deployment(5)),
      read(DEPLOYMENT),
    ]);
    expect(told(compared)).toEqual(["drifted Deployment/web in shop"]);
    expect(compared.faults.map(({ leavesUnknown, message }) => [leavesUnknown, message])).toEqual([
      ["undeclared", "an autoscaler may have set the replicas: refused"],
    ]);
  });

  test("that did not drift make autoscalers that could not be read nobody's business", async () => {
    const compared = await compare(declare(deployment(3)), [
      unread(AUTOSCALER),
      objects(deployment(3)),
      read(DEPLOYMENT),
    ]);
    expect([compared.inSync, compared.faults]).toEqual([1, []]);
  });

  test("do not hide that an autoscaler of Git's could not be read", async () => {
    const compared = await compare(declare(autoscaler()), [unread(AUTOSCALER)]);
    expect([compared.unknown, compared.faults.map((fault) => fault.leavesUnknown)]).toEqual([1, ["declared"]]);
  });
});

test("one cause that keeps several kinds from being read is told once", async () => {
  const one = { ...unread(CONFIG), of: CONFIG } as Extract<LiveEvent, { kind: "unread" }>;
  const compared = await compare(declare(config("a"), deployment(3)), [one, { ...one, of: DEPLOYMENT }]);
  expect(compared.faults.map((fault) => fault.leavesUnknown)).toEqual(["declared"]);
});

test("an object that two targets declare is neither's, and both places are named", () => {
  const [first, second] = declare(config("a"), config("a"));
  const { declared, faults } = withoutDuplicates([
    ...(first === undefined ? [] : [first]),
    ...(second === undefined ? [] : [{ ...second, target: "other" }]),
    ...declare(config("b")),
  ]);
  expect(declared.map(({ object }) => object.ref.name)).toEqual(["b"]);
  expect(faults.map(({ code, message }) => [code, message])).toEqual([
    ["duplicate-object", expect.stringMatching(/web\.yaml.*target default.* and .*web\.yaml.*target other/)],
  ]);
});

const released = (name: string, release: string): ValueMap =>
  yaml(
    `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name}, namespace: shop, labels: { app.kubernetes.io/managed-by: Helm }, annotations: { meta.helm.sh/release-name: ${release}, meta.helm.sh/release-namespace: shop } } }`,
  );

describe("what is unmanaged, of a Helm release", () => {
  const live = [objects(released("a", "web"), released("looked-up", "web"), released("other", "api")), read(CONFIG)];
  const makers = async (looksUp: boolean): Promise<readonly unknown[]> => {
    const declared = declare(released("a", "web")).map(({ target, object }) => ({
      target,
      object: looksUp ? { ...object, looksUp } : object,
    }));
    const { drifts } = await compare(declared, live);
    return drifts.map(({ drift }) => (drift.state === "unmanaged" ? [drift.ref.name, drift.maker?.looksUp] : drift));
  };

  test("may be what Git's chart of that release makes of what it looks up", async () => {
    expect(await makers(true)).toEqual([
      ["looked-up", true],
      ["other", undefined],
    ]);
  });

  test("is not said to be where the chart looks nothing up", async () => {
    expect(await makers(false)).toEqual([
      ["looked-up", undefined],
      ["other", undefined],
    ]);
  });
});
