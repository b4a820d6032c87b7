// What others' trackers know as false differences of fields that Git declares, each by its number: none of them is drift.

import { describe, expect, test } from "vitest";
import { admissionFacts } from "../../src/drift/admission-facts.ts";
import { compareObject } from "../../src/drift/compare.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { compared, desiredOf, liveOf, refOf, told, yaml } from "./objects.ts";

const HEADS = {
  Deployment: "apiVersion: apps/v1",
  StatefulSet: "apiVersion: apps/v1",
  DaemonSet: "apiVersion: apps/v1",
  Service: "apiVersion: v1",
  Pod: "apiVersion: v1",
  Secret: "apiVersion: v1",
  ConfigMap: "apiVersion: v1",
  Namespace: "apiVersion: v1",
  ServiceAccount: "apiVersion: v1",
  PersistentVolumeClaim: "apiVersion: v1",
  HorizontalPodAutoscaler: "apiVersion: autoscaling/v2",
  CustomResourceDefinition: "apiVersion: apiextensions.k8s.io/v1",
  ValidatingWebhookConfiguration: "apiVersion: admissionregistration.k8s.io/v1",
  ClusterRole: "apiVersion: rbac.authorization.k8s.io/v1",
  ClusterRoleBinding: "apiVersion: rbac.authorization.k8s.io/v1",
  NetworkPolicy: "apiVersion: networking.k8s.io/v1",
} as const;

/** The kind, what Git declares, what the API server answers. */
const SAME: readonly (readonly [title: string, kind: keyof typeof HEADS, desired: string, live: string])[] = [
  [
    "a port without its protocol (argo-cd#24786, #21817)",
    "Service",
    "spec: {ports: [{port: 53}, {port: 53, protocol: UDP}]}",
    "spec: {ports: [{port: 53, protocol: UDP, targetPort: 53}, {port: 53, protocol: TCP, targetPort: 53}]}",
  ],
  [
    "a blank protocol, pull policy and path",
    "Pod",
    'spec: {containers: [{name: a, image: a, imagePullPolicy: "", ports: [{containerPort: 80, protocol: ""}], livenessProbe: {periodSeconds: 0, httpGet: {port: 80, path: ""}}}]}',
    "spec: {containers: [{name: a, image: a, imagePullPolicy: Always, ports: [{containerPort: 80, protocol: TCP}], livenessProbe: {periodSeconds: 10, httpGet: {port: 80, path: /, scheme: HTTP}}}]}",
  ],
  [
    "allocated fields that Git leaves blank (argo-cd#7941, #7609, #18764)",
    "Service",
    'spec: {clusterIP: "", clusterIPs: [], ports: [{port: 80, nodePort: 0}], type: NodePort}',
    "spec: {clusterIP: 10.0.0.7, clusterIPs: [10.0.0.7], ports: [{port: 80, protocol: TCP, nodePort: 30080, targetPort: 80}], type: NodePort}",
  ],
  [
    "the second family and address of a dual-stack Service (argo-cd#7609)",
    "Service",
    "spec: {clusterIPs: [10.0.0.7], ipFamilies: [IPv4], ipFamilyPolicy: PreferDualStack}",
    "spec: {clusterIPs: [10.0.0.7, 'fd00::7'], ipFamilies: [IPv4, IPv6], ipFamilyPolicy: PreferDualStack}",
  ],
  [
    "quantities of the same value (argo-cd#17682, #21135, #1615)",
    "Pod",
    "spec: {containers: [{name: a, resources: {limits: {cpu: 1000m, memory: 1024Mi, ephemeral-storage: 1e9}, requests: {cpu: 0.5, memory: 0.5Gi}}}]}",
    'spec: {containers: [{name: a, resources: {limits: {cpu: "1", memory: 1Gi, ephemeral-storage: 1G}, requests: {cpu: 500m, memory: 512Mi}}}]}',
  ],
  [
    "a processor share below a thousandth, which the server rounds up",
    "Pod",
    "spec: {containers: [{name: a, resources: {limits: {cpu: 100.5m}}}]}",
    "spec: {containers: [{name: a, resources: {limits: {cpu: 101m}}}]}",
  ],
  [
    "volume claim templates that the server completes (argo-cd#11143, #4126, #16707)",
    "StatefulSet",
    "spec: {volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, creationTimestamp: null}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}}]}",
    "spec: {volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, volumeMode: Filesystem}, status: {phase: Pending}}]}",
  ],
  [
    "status and preserveUnknownFields of a definition (argo-cd#6401, #2239)",
    "CustomResourceDefinition",
    "spec: {preserveUnknownFields: false, group: a}\nstatus: {acceptedNames: {kind: '', plural: ''}, conditions: [], storedVersions: []}",
    "spec: {group: a}\nstatus: {storedVersions: [v1]}",
  ],
  [
    "null and empty fields (argo-cd#18213, #5371, #13004)",
    "Deployment",
    "spec: {strategy: {rollingUpdate: null}, template: {metadata: {creationTimestamp: null, annotations: null}, spec: {tolerations: null, affinity: {}, nodeSelector: {}, imagePullSecrets: [], securityContext: {}, containers: [{name: a, resources: {limits: {}}, env: null, args: []}]}}}",
    "spec: {template: {metadata: {}, spec: {containers: [{name: a}]}}}",
  ],
  ["a null value of a map that live lacks (kubernetes#119747)", "ConfigMap", "data: {a: null, b: c}", "data: {b: c}"],
  [
    "annotations that are null as a whole (argo-cd#18213)",
    "ConfigMap",
    "metadata: {name: web, annotations: null, labels: null, creationTimestamp: null}",
    "metadata: {name: web, creationTimestamp: '2026-01-01T00:00:00Z', uid: u, generation: 3, resourceVersion: '7'}",
  ],
  [
    "a certificate authority that Git leaves blank (argo-cd#1487, fleet#5371)",
    "ValidatingWebhookConfiguration",
    'webhooks: [{name: a.b.c, clientConfig: {caBundle: ""}}, {name: d.e.f, clientConfig: {caBundle: Cg==}}]',
    "webhooks: [{name: a.b.c, clientConfig: {caBundle: TUlJ}}, {name: d.e.f, clientConfig: {caBundle: TUlJ}, timeoutSeconds: 10}]",
  ],
  [
    "a certificate authority in lines",
    "ValidatingWebhookConfiguration",
    'webhooks: [{name: a.b.c, clientConfig: {caBundle: "TUl\\nJ\\n"}}]',
    "webhooks: [{name: a.b.c, clientConfig: {caBundle: TUlJ}}]",
  ],
  [
    "metrics of an autoscaler in another order (argo-cd#1079, kubernetes#74099)",
    "HorizontalPodAutoscaler",
    "spec: {metrics: [{type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 70}}}, {type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 0.5}}}]}",
    "spec: {metrics: [{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 500m}}}, {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 70}}}]}",
  ],
  [
    "metrics that Git leaves empty",
    "HorizontalPodAutoscaler",
    "spec: {metrics: []}",
    "spec: {metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}",
  ],
  [
    "pull secrets and tokens that OpenShift adds to a ServiceAccount (stackrox#12124)",
    "ServiceAccount",
    "imagePullSecrets: [{name: mine}]\nsecrets: [{name: mine}]",
    "imagePullSecrets: [{name: mine}, {name: web-dockercfg-x7k2p}]\nsecrets: [{name: mine}, {name: web-dockercfg-x7k2p}, {name: web-token-abcde}]",
  ],
  [
    "rules of an aggregated role, which a controller writes",
    "ClusterRole",
    "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\nrules: []",
    "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\nrules: [{apiGroups: [''], resources: [pods], verbs: [get]}]",
  ],
  [
    "a subject's group that Git leaves blank",
    "ClusterRoleBinding",
    "roleRef: {apiGroup: '', kind: ClusterRole, name: view}\nsubjects: [{apiGroup: '', kind: ServiceAccount, name: a, namespace: b}, {kind: User, name: c, apiGroup: ''}]",
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: a, namespace: b}, {kind: User, name: c, apiGroup: rbac.authorization.k8s.io}]",
  ],
  [
    "tolerations, volumes and mounts that admission gives to each Pod",
    "Pod",
    "spec: {tolerations: [{key: a, operator: Exists}], volumes: [{name: v, emptyDir: {}}], containers: [{name: a, volumeMounts: [{name: v, mountPath: /v}]}]}",
    "spec: {tolerations: [{key: a, operator: Exists}, {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}, {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 300}], volumes: [{name: v, emptyDir: {}}, {name: kube-api-access-x7k2p, projected: {sources: [{serviceAccountToken: {path: token, expirationSeconds: 3607}}]}}], containers: [{name: a, volumeMounts: [{name: v, mountPath: /v}, {name: kube-api-access-x7k2p, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}]}",
  ],
  [
    "zero values that the server does not write",
    "Pod",
    'spec: {hostNetwork: false, hostPID: false, nodeName: "", containers: [{name: a, stdin: false, workingDir: "", env: [{name: A, value: ""}], volumeMounts: [{name: v, mountPath: /v, readOnly: false}]}]}',
    "spec: {containers: [{name: a, env: [{name: A}], volumeMounts: [{name: v, mountPath: /v}]}]}",
  ],
  ["numbers where the API has text", "ConfigMap", "data: {port: 8080, on: true}", 'data: {port: "8080", on: "true"}'],
  ["a Secret's empty value and blank type", "Secret", 'type: ""\ndata: {a: ""}', "type: Opaque\ndata: {a: null}"],
  [
    "the label that the server gives to each Namespace",
    "Namespace",
    "metadata: {name: web, labels: {kubernetes.io/metadata.name: web}}\nspec: {finalizers: []}",
    "metadata: {name: web, labels: {kubernetes.io/metadata.name: web}}\nspec: {finalizers: [kubernetes]}",
  ],
  [
    "bookkeeping annotations of an exported manifest",
    "Deployment",
    "metadata: {name: web, annotations: {deployment.kubernetes.io/revision: '1', kubectl.kubernetes.io/last-applied-configuration: '{}'}}",
    "metadata: {name: web, annotations: {deployment.kubernetes.io/revision: '7'}}",
  ],
  [
    "a field that this version of the API does not know (argo-cd#16400)",
    "Pod",
    "spec: {futureField: 1, containers: [{name: a, anotherOne: {a: b}}]}",
    "spec: {containers: [{name: a}]}",
  ],
  [
    "a claim that was bound",
    "PersistentVolumeClaim",
    'spec: {volumeName: "", accessModes: [ReadWriteOnce]}',
    "spec: {volumeName: pvc-1, accessModes: [ReadWriteOnce]}",
  ],
  [
    "policy types that Git leaves empty",
    "NetworkPolicy",
    "spec: {podSelector: {}, policyTypes: [], ingress: []}",
    "spec: {podSelector: {}, policyTypes: [Ingress]}",
  ],
];

function manifest(kind: keyof typeof HEADS, text: string): ReturnType<typeof yaml> {
  const metadata =
    text.includes("metadata: {name: web") && text.startsWith("metadata") ? "" : "metadata: {name: web}\n";
  return yaml(`${HEADS[kind]}\nkind: ${kind}\n${metadata}${text}\n`);
}

function metric(name: string, value: number): string {
  return `{type: Resource, resource: {name: ${name}, target: {type: Utilization, averageUtilization: ${value}}}}`;
}

describe("what is no drift", () => {
  test.each(SAME)("%s", (_, kind, desired, live) => {
    const result = compared(manifest(kind, desired), manifest(kind, live));
    expect(told(result.changes)).toEqual([]);
    expect(result.unknown).toEqual([]);
  });

  test("replicas under an autoscaler (argo-cd#5105)", () => {
    const scaler = manifest(
      "HorizontalPodAutoscaler",
      "spec: {maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}",
    );
    const desired = desiredOf(manifest("Deployment", "spec: {replicas: 3, minReadySeconds: 5}"));
    const live = liveOf(manifest("Deployment", "spec: {replicas: 7, minReadySeconds: 6}"));
    const facts = admissionFacts(() => undefined);
    facts.take([{ ref: refOf(scaler), value: scaler }], "desired");
    const schema = builtinSchemas.schemaOf("apps/v1", "Deployment");
    const result = compareObject({ desired, live, schema, context: facts.context() });
    expect(told(result.changes)).toEqual(["replace spec.minReadySeconds"]);
    expect(result.leftOut).toMatchObject([{ reason: "controller" }]);
    expect(told(compareObject({ desired, live, schema }).changes)).toContain("replace spec.replicas");
  });
});

describe("what is one drift and no more", () => {
  test("a port whose number was changed under the same name is one replacement (argo-cd#4864)", () => {
    const { changes } = compared(
      manifest("Service", "spec: {ports: [{name: http, port: 80, targetPort: web}, {name: dns, port: 53}]}"),
      manifest(
        "Service",
        "spec: {ports: [{name: http, port: 81, protocol: TCP, targetPort: web}, {name: dns, port: 53, protocol: TCP, targetPort: 53}]}",
      ),
    );
    expect(changes).toMatchObject([{ operation: "replace", desired: 80, live: 81 }]);
    expect(told(changes)).toEqual(['replace spec.ports[port=80,protocol="TCP"].port']);
  });

  test("a port whose unwritten protocol was changed is one addition", () => {
    const { changes } = compared(
      manifest("Service", "spec: {ports: [{name: dns, port: 53}]}"),
      manifest("Service", "spec: {ports: [{name: dns, port: 53, protocol: UDP}]}"),
    );
    expect(told(changes)).toEqual(['add spec.ports[port=53,protocol="TCP"].protocol']);
  });

  test("port 53 over TCP and UDP are two ports (argo-cd#23171)", () => {
    const { changes } = compared(
      manifest("Service", "spec: {ports: [{name: a, port: 53}, {name: b, port: 53, protocol: UDP}]}"),
      manifest("Service", "spec: {ports: [{name: a, port: 53, protocol: TCP}]}"),
    );
    expect(told(changes)).toEqual(['remove spec.ports[port=53,protocol="UDP"]']);
  });

  test("an extra Service port is found (argo-cd#16771)", () => {
    const { changes } = compared(
      manifest("Service", "spec: {ports: [{port: 80}]}"),
      manifest("Service", "spec: {ports: [{port: 80, protocol: TCP}, {port: 22, protocol: TCP}]}"),
    );
    expect(told(changes)).toEqual(['add spec.ports[port=22,protocol="TCP"]']);
  });

  test("a metric of an autoscaler that was changed is a replacement of the list", () => {
    const { changes } = compared(
      manifest("HorizontalPodAutoscaler", `spec: {metrics: [${metric("cpu", 70)}, ${metric("memory", 80)}]}`),
      manifest("HorizontalPodAutoscaler", `spec: {metrics: [${metric("memory", 80)}, ${metric("cpu", 90)}]}`),
    );
    expect(told(changes)).toEqual(["replace spec.metrics"]);
  });

  test("a blank field that has another value than the server's default was changed", () => {
    const { changes } = compared(
      manifest("Pod", 'spec: {restartPolicy: "", containers: [{name: a, imagePullPolicy: ""}]}'),
      manifest("Pod", "spec: {restartPolicy: Never, containers: [{name: a, imagePullPolicy: Never}]}"),
    );
    expect(told(changes)).toEqual(['replace spec.containers[name="a"].imagePullPolicy', "replace spec.restartPolicy"]);
  });

  test("a certificate authority that Git does declare is compared", () => {
    const { changes } = compared(
      manifest("ValidatingWebhookConfiguration", "webhooks: [{name: a.b.c, clientConfig: {caBundle: TUlJ}}]"),
      manifest("ValidatingWebhookConfiguration", "webhooks: [{name: a.b.c, clientConfig: {caBundle: RVZJTA==}}]"),
    );
    expect(told(changes)).toEqual(['replace webhooks[name="a.b.c"].clientConfig.caBundle']);
  });
});
