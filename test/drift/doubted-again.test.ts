import { describe, expect, test } from "vitest";
import type { LiveObject } from "../../src/core/objects.ts";
import { refKey } from "../../src/core/refs.ts";
import { fieldAt, isList, textOf } from "../../src/core/value.ts";
import { stillObjected } from "../../src/drift/doubted-again.ts";
import type { OwnedObject } from "../../src/drift/doubted-again.ts";
import { createTemplates } from "../../src/drift/templates.ts";
import { hashed, liveOf, refOf, yaml } from "./objects.ts";

const SET = "11111111-1111-4111-8111-111111111111";
const DEPLOYMENT = "22222222-2222-4222-8222-222222222222";
const CONTAINER = "{name: web, image: 'registry.example/web:1', securityContext: {privileged: true}}";
const SECOND = "{name: more, image: 'registry.example/more:1', securityContext: {privileged: true}}";
const BY_CONTROLLER =
  "managedFields: [{manager: kube-controller-manager, operation: Update, fieldsV1: {'f:spec': {}}}]";

const deployment = (containers: string, reason = "NewReplicaSetAvailable", uid = DEPLOYMENT): string =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: ${uid}, generation: 2}, spec: {template: {spec: {containers: [${containers}]}}}, status: {observedGeneration: 2, conditions: [{type: Progressing, status: 'True', reason: ${reason}}]}}`;

const owned = (kind: string, name: string, uid: string): string =>
  `ownerReferences: [{apiVersion: apps/v1, kind: ${kind}, name: ${name}, uid: ${uid}, controller: true}]`;

const set = (replicas: number, containers = CONTAINER, more = BY_CONTROLLER): string =>
  `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, namespace: shop, uid: ${SET}, ${owned("Deployment", "web", DEPLOYMENT)}, ${more}}, spec: {replicas: ${replicas}, template: {spec: {containers: [${containers}]}}}, status: {replicas: ${replicas}}}`;

const pod = (name = "web-1-x", more = BY_CONTROLLER, containers = CONTAINER, status = "{phase: Running}"): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: shop, ${owned("ReplicaSet", "web-1", SET)}, ${more}}, spec: {containers: [${containers}]}, status: ${status}}`;

const TEMPLATES = {
  isMutated: () => false,
  isGoing: ({ value }: Pick<LiveObject, "value">) =>
    textOf(fieldAt(value, "metadata"), "deletionTimestamp") !== undefined,
  hash: hashed,
};

function objectedTo(owner: string, made: string): OwnedObject {
  const templates = createTemplates(TEMPLATES);
  templates.saw(liveOf(yaml(owner)));
  const uid = textOf(fieldAt(yaml(owner), "metadata"), "uid") ?? "";
  const found = { ref: refOf(yaml(owner)), uid, how: "made" } as const;
  const doubt = templates.doubtOf(liveOf(yaml(made)), found);
  if (doubt === undefined) throw new Error("there is nothing to look at again");
  return { live: liveOf(yaml(made)), doubt, owner: found };
}

interface Cluster {
  /** What is there by now; `?` in front of one that cannot be read. */
  readonly now: readonly string[];
  readonly pause?: () => readonly string[];
}

interface Seen {
  readonly told: readonly string[];
  readonly settled: readonly string[];
  readonly asked: readonly string[];
}

/** Policies object to whatever has more to it than the template accounts for. */
async function again(objected: readonly OwnedObject[], { now, pause }: Cluster): Promise<Seen> {
  const asked: string[] = [];
  const settled: string[] = [];
  let there = now;
  const left = await stillObjected(objected, {
    readAgain: (ref) => {
      asked.push(`${ref.kind}/${ref.name}`);
      const found = there.find((text) => refKey(refOf(yaml(text.replace("?", "")))) === refKey(ref));
      if (found === undefined) return Promise.resolve("absent");
      return Promise.resolve(found.startsWith("?") ? undefined : liveOf(yaml(found)));
    },
    ownersOf: ({ value }) => {
      const references = fieldAt(value, "metadata", "ownerReferences");
      return (isList(references) ? references : []).map((one) => ({ uid: textOf(one, "uid") ?? "" }));
    },
    templates: TEMPLATES,
    objections: (some) => Promise.resolve(some.map(({ doubt }) => doubt !== undefined)),
    onSettled: ({ live }) => settled.push(live.ref.name),
    ...(pause === undefined
      ? {}
      : {
          pause: () => {
            there = pause();
            return Promise.resolve();
          },
        }),
  });
  return { told: left.map(({ live }) => live.ref.name), settled, asked };
}

const TOLD = { told: ["web-1-x"], settled: [] };
const SETTLED = { told: [], settled: ["web-1-x"] };
const GONE = { told: [], settled: [] };

describe("a Pod of a ReplicaSet that had none when it was read", () => {
  test.each<[string, readonly string[], Pick<Seen, "told" | "settled">]>([
    ["is its, where that has some by now", [set(2), pod()], SETTLED],
    ["is told where that has none still", [set(0), pod()], TOLD],
    ["is gone by now", [set(0)], GONE],
    ["is going by now", [set(0), pod("web-1-x", "deletionTimestamp: 2026-01-01T00:00:00Z")], SETTLED],
    ["is done by now", [set(0), pod("web-1-x", BY_CONTROLLER, CONTAINER, "{phase: Succeeded}")], SETTLED],
    ["is told where that has some of another template", [set(2, SECOND), pod()], TOLD],
    ["is told where that cannot be read", [`?${set(2)}`, pod()], TOLD],
    ["is told where neither can be read", [`?${set(2)}`, `?${pod()}`], TOLD],
    ["is told where it cannot be read itself", [set(0), `?${pod()}`], TOLD],
    ["is told where that is gone, and it is not", [pod()], TOLD],
    ["is told where another has its name", [set(2).replace(SET, DEPLOYMENT), pod()], TOLD],
    [
      "is told where it says no more that it is its",
      [set(0), pod("web-1-x", "deletionTimestamp: 2026-01-01T00:00:00Z").replace(SET, DEPLOYMENT)],
      TOLD,
    ],
  ])("%s", async (_, now, expected) => {
    expect(await again([objectedTo(set(0), pod())], { now })).toMatchObject(expected);
  });

  test("and whatever it runs beside the template is told, though the set has Pods by now", async () => {
    const made = pod("web-1-x", BY_CONTROLLER, `${CONTAINER}, ${SECOND}`);
    expect(await again([objectedTo(set(0), made)], { now: [set(2), made] })).toMatchObject(TOLD);
  });

  test("is looked at once more after a moment", async () => {
    const seen = await again([objectedTo(set(0), pod())], { now: [set(0), pod()], pause: () => [set(0)] });
    expect(seen).toEqual({ ...GONE, asked: ["ReplicaSet/web-1", "Pod/web-1-x", "ReplicaSet/web-1", "Pod/web-1-x"] });
  });
});

describe("a ReplicaSet of another template than its Deployment's", () => {
  const both = `${CONTAINER}, ${SECOND}`;
  const old = deployment(CONTAINER);
  const told = { told: ["web-1"], settled: [] };
  const settled = { told: [], settled: ["web-1"] };
  const forged = set(2, both, "labels: {}");
  test.each<[string, string, readonly string[], Pick<Seen, "told" | "settled">]>([
    ["is its, where that is of the same by now", set(2, both), [deployment(both)], settled],
    ["goes, where that rolls out a third by now", set(2, both), [deployment(SECOND, "ReplicaSetUpdated")], settled],
    ["is told where that is as it was", set(2, both), [old, set(2, both)], told],
    ["is told where that cannot be read", set(2, both), [`?${deployment(both)}`, set(2, both)], told],
    ["is told where somebody forged it", forged, [old, forged], told],
    [
      "is told where somebody forged it, though that rolls out by now",
      forged,
      [deployment(SECOND, "ReplicaSetUpdated"), forged],
      told,
    ],
  ])("%s", async (_, made, now, expected) => {
    expect(await again([objectedTo(old, made)], { now })).toMatchObject(expected);
  });
});

describe("looking again costs", () => {
  test("nothing where nothing is to be told for its owner's sake", async () => {
    const live = liveOf(yaml(pod()));
    const { doubt, owner } = objectedTo(set(0), pod());
    const unread = { live, doubt, owner: { ...owner, unread: true } } as OwnedObject;
    expect(await again([], { now: [] })).toMatchObject({ asked: [] });
    expect(await again([{ live }, unread], { now: [] })).toMatchObject({ told: ["web-1-x", "web-1-x"], asked: [] });
  });

  test("one request for all Pods of a ReplicaSet that has them by now", async () => {
    const many = Array.from({ length: 300 }, (_, index) => objectedTo(set(0), pod(`web-1-x${index}`)));
    const { told, settled, asked } = await again(many, { now: [set(2)] });
    expect({ told, settled: settled.length, asked }).toEqual({ told: [], settled: 300, asked: ["ReplicaSet/web-1"] });
  });

  test("so many requests and no more, and what is beyond them is told", async () => {
    const many = Array.from({ length: 300 }, (_, index) => objectedTo(set(0), pod(`web-1-x${index}`)));
    const { told, asked } = await again(many, { now: [set(0)] });
    expect({ told: told.length, asked: asked.length }).toEqual({ told: 300 - 199, asked: 200 });
  });
});
