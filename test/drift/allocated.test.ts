import { expect, test } from "vitest";
import { formatPath } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { compared, yaml } from "./objects.ts";

const HEAD = "apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\n";

/** The value of the port that only the cluster has. */
function addedPort(type: string): Value | undefined {
  const desired = yaml(`${HEAD}spec: { ${type}ports: [{ name: http, port: 80, protocol: TCP }] }\n`);
  const live = yaml(
    `${HEAD}spec: { type: NodePort, ports: [{ name: http, port: 80, protocol: TCP, nodePort: 30080 }, { name: https, port: 443, protocol: TCP, nodePort: 30443 }] }\n`,
  );
  const added = compared(desired, live).changes.filter(({ path }) => path.length === 3);
  expect(added).toHaveLength(1);
  return added[0]?.live;
}

test("a port that somebody added is proposed without what the server fills in: its protocol and node port", () => {
  expect(addedPort("")).toEqual({ name: "https", port: 443 });
  expect(addedPort("type: ClusterIP, ")).toEqual({ name: "https", port: 443 });
  expect(addedPort("type: NodePort, ")).toEqual({ name: "https", port: 443 });
});

test("the node port of a port whose number was changed is left out and judged: nothing says whose it is", () => {
  const desired = yaml(
    `${HEAD}spec: { type: NodePort, ports: [{ name: http, port: 80 }, { name: https, port: 443 }] }\n`,
  );
  const owned = `managedFields: [{ manager: kubectl-edit, operation: Update, fieldsType: FieldsV1, fieldsV1: { "f:spec": { "f:ports": { 'k:{"port":81,"protocol":"TCP"}': { "f:port": {}, "f:nodePort": {} }, 'k:{"port":443,"protocol":"TCP"}': { "f:nodePort": {} } } } } }]`;
  const live = yaml(
    `${HEAD.replace(" }", `, ${owned} }`)}spec: { type: NodePort, ports: [{ name: http, port: 81, protocol: TCP, nodePort: 30080 }, { name: https, port: 443, protocol: TCP, nodePort: 30443 }] }\n`,
  );
  const { changes, leftOut } = compared(desired, live);
  expect(changes.map(({ path }) => formatPath(path))).toEqual([
    'spec.ports[port=443,protocol="TCP"].nodePort',
    'spec.ports[port=80,protocol="TCP"].port',
  ]);
  const left = leftOut.filter(({ path }) => formatPath(path).endsWith("nodePort"));
  expect(left.map(({ live: port, judged }) => ({ port, judged }))).toEqual([{ port: 30_080, judged: true }]);
});
