import { describe, expect, test } from "vitest";
import { field, valueAt } from "../../src/core/path.ts";

const PORTS = { ports: [{ port: 53 }, { port: 53, protocol: "UDP" }, { port: 80, protocol: "TCP" }] };

describe("an item of a keyed list", () => {
  test.each<readonly [string, Readonly<Record<string, string | number>>, number | undefined]>([
    ["by all of its keys", { port: 53, protocol: "UDP" }, 1],
    ["by a key that it leaves out, with its default", { port: 53, protocol: "TCP" }, 0],
    ["and by no other value of that", { port: 53, protocol: "SCTP" }, undefined],
    ["and by no key without a default", { port: 80, name: "web" }, undefined],
  ])("is found %s", (_, keys, index) => {
    const found = valueAt(PORTS, [field("ports"), { kind: "key", keys }]);
    expect(found).toBe(index === undefined ? undefined : PORTS.ports[index]);
  });
});
