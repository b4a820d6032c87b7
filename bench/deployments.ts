// The Deployments that the benchmarks use: two containers, ten environment variables each, probes, volumes; about 3 KB.

import type { ValueMap } from "../src/core/value.ts";

/** What Git declares or, with `live`, what the API server answers. JSON makes each a tree of its own, as readers do. */
export function deployment(name: string, live: boolean): ValueMap {
  const only = <T extends object>(value: T): T | object => (live ? value : {});
  const probe = only({ failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 });
  const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop", tier: "front" };
  const container = (id: string): object => ({
    name: id,
    image: `registry.example.com/shop/${id}:1.27.3`,
    args: ["--listen=:8080", "--log-level=info", `--name=${name}`],
    env: Array.from({ length: 10 }, (_, index) => ({ name: `SETTING_${index}`, value: `value ${index} of ${name}` })),
    ports: [8080, 9090].map((port) => ({ containerPort: port, name: `p${port}`, ...only({ protocol: "TCP" }) })),
    resources: live
      ? { limits: { cpu: "1", memory: "512Mi" }, requests: { cpu: "500m", memory: "256Mi" } }
      : { limits: { cpu: "1000m", memory: "512Mi" }, requests: { cpu: 0.5, memory: "256Mi" } },
    readinessProbe: { httpGet: { path: "/ready", port: 8080, ...only({ scheme: "HTTP" }) }, ...probe },
    livenessProbe: { httpGet: { path: "/live", port: 8080, ...only({ scheme: "HTTP" }) }, ...probe },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      { name: "config", mountPath: "/etc/web", ...(live ? {} : { readOnly: false }) },
    ],
    ...only({
      imagePullPolicy: "IfNotPresent",
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
    }),
  });
  const value = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name,
      namespace: "shop",
      labels,
      annotations: { "example.com/owner": "shop", ...only({ "deployment.kubernetes.io/revision": "3" }) },
      ...only({ uid: "1", resourceVersion: "2", generation: 3, creationTimestamp: "2026-01-01T00:00:00Z" }),
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...only({ creationTimestamp: null }) },
        spec: {
          serviceAccountName: "web",
          containers: [container("web"), container("proxy")],
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ key: "dedicated", operator: "Equal", value: "shop", effect: "NoSchedule" }],
          volumes: [
            { name: "tmp", emptyDir: {} },
            { name: "config", configMap: { name: "web", ...only({ defaultMode: 420 }) } },
          ],
          ...only({
            dnsPolicy: "ClusterFirst",
            restartPolicy: "Always",
            schedulerName: "default-scheduler",
            securityContext: {},
            serviceAccount: "web",
            terminationGracePeriodSeconds: 30,
          }),
        },
      },
      ...only({ progressDeadlineSeconds: 600, revisionHistoryLimit: 10, strategy: { type: "RollingUpdate" } }),
    },
    ...only({ status: { availableReplicas: 3, observedGeneration: 3, replicas: 3 } }),
  };
  return JSON.parse(JSON.stringify(value)) as ValueMap;
}
