import { describe, expect, test } from "vitest";
import { deletionOf, isGoing } from "../../src/drift/going.ts";
import { liveOf, yaml } from "./objects.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");

function deleted(kind: string, at: string, more = ""): ReturnType<typeof liveOf> {
  return liveOf(yaml(`{${kind}, metadata: {name: a, deletionTimestamp: "${at}"${more}}}`));
}

const POD = "apiVersion: v1, kind: Pod";
const DEPLOYMENT = "apiVersion: apps/v1, kind: Deployment";
const BINDING = "apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding";
const CLAIM = "apiVersion: v1, kind: PersistentVolumeClaim";
const CUSTOM = "apiVersion: example.com/v1, kind: App";
const JUST_NOW = "2026-01-01T11:59:30Z";
const FOREGROUND = ", finalizers: [foregroundDeletion]";

describe("what was deleted", () => {
  test.each<[string, string, string, string, boolean]>([
    ["a moment ago goes", BINDING, JUST_NOW, "", true],
    ["ten minutes ago should be gone", BINDING, "2026-01-01T11:50:00Z", "", false],
    ["and has another minute to end goes", POD, "2026-01-01T12:01:00Z", ", deletionGracePeriodSeconds: 60", true],
    [
      "and has thirty-one years to end does not",
      POD,
      "2057-01-01T00:00:00Z",
      ", deletionGracePeriodSeconds: 1000000000",
      false,
    ],
    ["at no time that can be read does not go", POD, "soon", "", false],
    ["in the foreground goes, of a kind that owns others", DEPLOYMENT, JUST_NOW, FOREGROUND, true],
    ["in the foreground goes, of a custom kind", CUSTOM, JUST_NOW, FOREGROUND, true],
    ["in the foreground does not go, of a kind that owns nothing", BINDING, JUST_NOW, FOREGROUND, false],
    ["and is held as an orphaning owner, and owns nothing", BINDING, JUST_NOW, ", finalizers: [orphan]", false],
    ["is a claim in use", CLAIM, JUST_NOW, ", finalizers: [kubernetes.io/pvc-protection]", true],
    [
      "is a claim in use for ever",
      CLAIM,
      "2025-01-01T00:00:00Z",
      ", finalizers: [kubernetes.io/pvc-protection]",
      false,
    ],
    ["is a binding that says it is a claim", BINDING, JUST_NOW, ", finalizers: [kubernetes.io/pvc-protection]", false],
    ["is held by somebody", DEPLOYMENT, JUST_NOW, ", finalizers: [x.io/a]", false],
    ["is held by a property of all objects", DEPLOYMENT, JUST_NOW, ", finalizers: [constructor]", false],
  ])("%s", (_, kind, at, more, expected) => {
    expect(isGoing(deleted(kind, at, more), NOW)).toBe(expected);
  });

  test("is told with what holds it", () => {
    expect(deletionOf(deleted(BINDING, JUST_NOW, FOREGROUND))).toBe(
      "it is being deleted (2026-01-01T11:59:30Z), held by its finalizers foregroundDeletion, and is in force until it is gone",
    );
  });

  test("is nothing that was not", () => {
    const living = liveOf(yaml(`{${POD}, metadata: {name: a}}`));
    expect([isGoing(living, NOW), deletionOf(living)]).toEqual([false, undefined]);
  });
});
