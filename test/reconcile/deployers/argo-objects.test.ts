import { describe, expect, test } from "vitest";
import type { Fault } from "../../../src/core/fault.ts";
import type { LiveEvent, LiveQuery } from "../../../src/core/stages.ts";
import { argoObjectsOf } from "../../../src/reconcile/deployers/argo-objects.ts";

const FAULT: Fault = {
  kind: "fault",
  code: "list-failed",
  about: "x",
  message: "no",
  remedy: "ask",
  leavesUnknown: "declared",
};
const APPLICATION = { apiVersion: "argoproj.io/v1alpha1", kind: "Application" };
const SET = { ...APPLICATION, kind: "ApplicationSet" };
const OBJECT = { ref: { ...APPLICATION, namespace: "argocd", name: "a" }, value: {}, managers: [] };

function source(events: readonly LiveEvent[]) {
  const asked: LiveQuery[] = [];
  return {
    asked,
    async *read(query: LiveQuery) {
      asked.push(query);
      yield* events;
    },
  };
}

describe("Argo CD's own objects", () => {
  test.each<readonly [string, readonly LiveEvent[], unknown]>([
    [
      "are those of both kinds, read to their ends",
      [
        { kind: "objects", objects: [OBJECT] },
        { kind: "read", of: APPLICATION },
        { kind: "read", of: SET, namespace: "argocd" },
      ],
      [OBJECT],
    ],
    [
      "are unknown where a kind was not read",
      [
        { kind: "read", of: APPLICATION },
        { kind: "unread", of: SET, fault: FAULT },
      ],
      FAULT,
    ],
    ["are unknown where nothing was", [{ kind: "fault", fault: FAULT }], { message: "namespace argocd was not read" }],
  ])("%s", async (_what, events, expected) => {
    expect(await argoObjectsOf(source(events)).read("argocd")).toMatchObject(expected as object);
  });

  test("are read once for each namespace, and only where somebody asks", async () => {
    const live = source([]);
    const objects = argoObjectsOf(live);
    expect(objects.asked()).toEqual([]);
    await objects.read("argocd");
    await Promise.all([objects.read("argocd"), objects.read("other")]);
    expect(live.asked.map(({ namespaces }) => namespaces)).toEqual([["argocd"], ["other"]]);
    expect(objects.asked().map(({ kind }) => kind)).toEqual(["Application"]);
  });
});
