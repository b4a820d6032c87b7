import { describe, expect, test } from "vitest";
import type { Fault } from "../../../src/core/fault.ts";
import type { LiveEvent, LiveQuery } from "../../../src/core/stages.ts";
import { liveKeysOf } from "../../../src/reconcile/deployers/live-keys.ts";

const FAULT: Fault = {
  kind: "fault",
  code: "list-forbidden",
  about: "x",
  message: "no",
  remedy: "ask",
  leavesUnknown: "declared",
};
const SECRET = { apiVersion: "v1", kind: "Secret" };
const S = { kind: "Secret", namespace: "flux-system", name: "s" } as const;

function object(name: string, data: Readonly<Record<string, string>>, namespace = "flux-system") {
  return { ref: { ...SECRET, namespace, name }, value: { data }, managers: [] };
}

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

const READ: LiveEvent = { kind: "read", of: SECRET, namespace: "flux-system" };

describe("the keys of what only the cluster has", () => {
  test.each<readonly [string, readonly LiveEvent[], unknown]>([
    ["are its keys, and no value", [{ kind: "objects", objects: [object("s", { a: "x", b: "y" })] }, READ], ["a", "b"]],
    ["are none where it is not there", [{ kind: "objects", objects: [object("t", {})] }, READ], "absent"],
    ["are not those of another namespace", [{ kind: "objects", objects: [object("s", {}, "other")] }, READ], "absent"],
    ["are unknown where it may not be read", [{ kind: "unread", of: SECRET, fault: FAULT }], undefined],
    ["are unknown where the end was not reached", [{ kind: "objects", objects: [object("s", {})] }], undefined],
    ["are unknown in a namespace that is not granted", [{ kind: "fault", fault: FAULT }], undefined],
  ])("%s", async (_what, events, expected) => {
    expect(await liveKeysOf(source(events), true).read(S)).toEqual(expected);
  });

  test("are read once for a kind and a namespace, and only where somebody asks", async () => {
    const live = source([READ]);
    const keys = liveKeysOf(live, true);
    expect(keys.asked()).toEqual([]);
    await Promise.all([keys.read(S), keys.read({ ...S, name: "t" }), keys.read({ ...S, kind: "ConfigMap" })]);
    expect(live.asked.map(({ kinds, namespaces }) => [kinds[0]?.kind, namespaces])).toEqual([
      ["Secret", ["flux-system"]],
      ["ConfigMap", ["flux-system"]],
    ]);
    expect(keys.asked().map(({ kind }) => kind)).toEqual(["Secret", "ConfigMap"]);
  });

  test("of Secrets are not asked for where those are not to be read", async () => {
    const live = source([READ]);
    expect(await liveKeysOf(live, false).read(S)).toBeUndefined();
    expect(live.asked).toEqual([]);
  });
});
