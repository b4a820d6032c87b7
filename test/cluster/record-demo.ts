// Records fixtures/demo/live from a real cluster: the demo's repository is applied as its owners would, a few things are
// changed by hand as people do, and what `kubectl get` then prints is kept. Run by `npm run record:demo`.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";

const ROOT = join(import.meta.dirname, "../..");
const REPOSITORY = join(ROOT, "fixtures/demo/repo");
const LIVE = join(ROOT, "fixtures/demo/live");
const NAMESPACED = [
  "configmaps,cronjobs.batch,daemonsets.apps,deployments.apps,horizontalpodautoscalers,ingresses,limitranges",
  "networkpolicies,persistentvolumeclaims,poddisruptionbudgets,resourcequotas,rolebindings,roles,secrets",
  "serviceaccounts,services,statefulsets.apps",
].join(",");

/** What people did to the cluster, in order. */
const BY_HAND: readonly (readonly string[])[] = [
  ["scale", "deployment/web", "-n", "shop", "--replicas=5"],
  ["set", "image", "deployment/cart", "-n", "shop", "cart=registry.acme.example/shop/cart:1.8.4"],
  ["patch", "configmap/alerting", "-n", "observability", "--type=merge", "-p", '{"data":{"repeat_interval":"1h"}}'],
  [
    "patch",
    "daemonset/node-agent",
    "-n",
    "observability",
    "-p",
    '{"spec":{"template":{"spec":{"containers":[{"name":"agent","securityContext":{"privileged":true}}]}}}}',
  ],
  ["scale", "deployment/checkout", "-n", "shop", "--replicas=4"],
  ["patch", "deployment/checkout", "-n", "shop", "-p", '{"spec":{"template":{"spec":{"hostNetwork":true}}}}'],
  ["delete", "networkpolicy/default-deny", "-n", "data"],
];

const LEFT_BEHIND = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: netshoot, namespace: shop }
spec:
  selector: { matchLabels: { app: netshoot } }
  template:
    metadata: { labels: { app: netshoot } }
    spec:
      containers:
        - name: netshoot
          image: docker.io/nicolaka/netshoot:latest
          command: [sleep, infinity]
          securityContext: { privileged: true }
`;

const cluster = await startCluster({ controllerManager: true, name: "prod" });
try {
  await kubectl(cluster, ["apply", "-f", join(REPOSITORY, "cluster/namespaces.yaml")]);
  await kubectl(cluster, ["apply", "--recursive", "-f", REPOSITORY]);
  await sleep(3000);
  for (const args of BY_HAND) await kubectl(cluster, args);
  await kubectl(cluster, ["create", "-f", "-"], LEFT_BEHIND);
  await sleep(3000);
  await rm(LIVE, { recursive: true, force: true });
  await mkdir(LIVE, { recursive: true });
  for (const namespace of ["shop", "data", "observability"]) {
    await record(cluster, `${namespace}.yaml`, [NAMESPACED, "-n", namespace]);
  }
  await record(cluster, "cluster.yaml", [
    "namespace/shop",
    "namespace/data",
    "namespace/observability",
    "clusterrole/metrics-reader",
    "clusterrole/support",
    "clusterrolebinding/metrics-reader",
    "priorityclass/customer-facing",
    "priorityclass/batch",
  ]);
} finally {
  await cluster.stop();
}

async function record(from: TestCluster, file: string, what: readonly string[]): Promise<void> {
  const printed = await kubectl(from, ["get", ...what, "-o", "yaml", "--show-managed-fields"]);
  await writeFile(join(LIVE, file), printed);
}

async function kubectl(on: TestCluster, args: readonly string[], input?: string): Promise<string> {
  const result = await on.kubectl(args, input === undefined ? {} : { input });
  if (result.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}
