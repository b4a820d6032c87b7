import { expect, test } from "vitest";
import type { Value } from "../../src/core/value.ts";
import { compared, yaml } from "./objects.ts";

const HEAD = "apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\n";

/** The value of the port that only the cluster has. */
function addedPort(type: string): Value | undefined {
  const desired = yaml(`${HEAD}spec: { ${type}ports: [{ name: http, port: 80, protocol: TCP }] }\n`);
  const live = yaml(
    `${HEAD}spec: { type: NodePort, ports: [{ name: http, port: 80, protocol: TCP, nodePort: 30080 }, { name: https, port: 443, protocol: TCP, nodePort: 30443 }] }\n`,
  );
  const added = compared(desired, live).changes.filter(({ operation }) => operation === "add");
  expect(added).toHaveLength(1);
  return added[0]?.live;
}

test("a port that somebody added is proposed without the node port of a type that Git does not declare", () => {
  expect(addedPort("")).toEqual({ name: "https", port: 443, protocol: "TCP" });
  expect(addedPort("type: ClusterIP, ")).toEqual({ name: "https", port: 443, protocol: "TCP" });
});

test("and with it where Git declares a type that has node ports", () => {
  expect(addedPort("type: NodePort, ")).toEqual({ name: "https", port: 443, protocol: "TCP", nodePort: 30443 });
});
