import { describe, expect, test } from "vitest";
import { systemMaker } from "../../src/kinds/system-made.ts";
import { liveOf, yaml } from "../drift/objects.ts";

/** A dump: nothing is known not to be served. */
const ANY = { served: () => undefined, lacks: () => false };

function token(name: string, manager: string): string {
  const written = `managedFields: [{manager: ${manager}, operation: Update, fieldsV1: {"f:type": {}}}]`;
  return `{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: ${name}, namespace: shop, annotations: {kubernetes.io/service-account.name: robot, kubernetes.io/service-account.uid: u}, ${written}}}`;
}

function account(fields: string, manager: string): string {
  return `{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop, managedFields: [{manager: ${manager}, operation: Update, fieldsV1: {}}]}, ${fields}}`;
}

const MADE: readonly [string, string][] = [
  ["the default ServiceAccount", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}"],
  [
    "the root certificates",
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}, data: {ca.crt: x}}",
  ],
  [
    "a Helm release",
    "{apiVersion: v1, kind: Secret, type: helm.sh/release.v1, metadata: {name: sh.helm.release.v1.web.v3, labels: {owner: helm, name: web, version: '3'}}}",
  ],
  ["a ServiceAccount's token, as the controller made it", token("robot-token-x7x2q", "kube-controller-manager")],
  ["a ServiceAccount's token, as OpenShift made it", token("robot-token-x7x2q", "openshift-controller-manager")],
  [
    "the default ServiceAccount with OpenShift's pull Secret",
    account("imagePullSecrets: [{name: default-dockercfg-x7x2q}]", "openshift-controller-manager").replace(
      "managedFields",
      "annotations: {openshift.io/internal-registry-pull-secret-ref: default-dockercfg-x7x2q}, managedFields",
    ),
  ],
  [
    "the default ServiceAccount that hands out no token",
    account("automountServiceAccountToken: false", "kubectl-patch"),
  ],
  [
    "a certificate's Secret",
    "{apiVersion: v1, kind: Secret, metadata: {name: tls, annotations: {cert-manager.io/certificate-name: web}}}",
  ],
  ["a Lease", "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: leader, namespace: shop}}"],
  ["an Event", "{apiVersion: v1, kind: Event, metadata: {name: web.1, namespace: shop}}"],
  [
    "the API server's Service",
    "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default, labels: {component: apiserver, provider: kubernetes}}, spec: {type: ClusterIP, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], internalTrafficPolicy: Cluster, ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, ports: [{name: https, port: 443, protocol: TCP, targetPort: 6443}], sessionAffinity: None}}",
  ],
  [
    "a role of the bootstrap policy",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:public-info-viewer'}, rules: [{nonResourceURLs: [/version/, /version, /livez, /readyz, /healthz], verbs: [get]}]}",
  ],
  [
    "a binding of the bootstrap policy",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: 'system:controller:bootstrap-signer', namespace: kube-public}, roleRef: {kind: Role, name: 'system:controller:bootstrap-signer'}, subjects: [{kind: ServiceAccount, name: bootstrap-signer, namespace: kube-system}]}",
  ],
  [
    "the binding of cluster-admin",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: cluster-admin}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: 'system:masters'}]}",
  ],
  [
    "an aggregated role, whatever rules it has come to",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: view}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}}]}, rules: [{apiGroups: [x.io], resources: [y], verbs: [get]}]}",
  ],
  [
    "kubeadm's binding of its administrators",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: 'kubeadm:cluster-admins'}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: 'kubeadm:cluster-admins'}]}",
  ],
  [
    "an APIService of the API server itself",
    "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.apps, labels: {kube-aggregator.kubernetes.io/automanaged: onstart}}, spec: {group: apps}}",
  ],
  [
    "a FlowSchema of the API server's",
    "{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: FlowSchema, metadata: {name: probes, annotations: {apf.kubernetes.io/autoupdate-spec: 'true'}}}",
  ],
  [
    "a controller's ServiceAccount",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: node-controller, namespace: kube-system}}",
  ],
];

const SEALING =
  "{apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: {name: sealed-secrets-keyx7x2q, namespace: kube-system, labels: {sealedsecrets.bitnami.com/sealed-secrets-key: active}}, data: {tls.crt: x, tls.key: y}}";
const LEADER =
  '{apiVersion: v1, kind: ConfigMap, metadata: {name: leader, namespace: shop, annotations: {control-plane.alpha.kubernetes.io/leader: \'{"holderIdentity":"a"}\'}}}';
const MESH =
  "{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-ca-root-cert, namespace: shop}, data: {root-cert.pem: x}}";
const AUTHENTICATION =
  "{apiVersion: v1, kind: ConfigMap, metadata: {name: extension-apiserver-authentication, namespace: kube-system, managedFields: [{manager: kube-apiserver, operation: Update, fieldsV1: {'f:data': {}}}]}, data: {client-ca-file: x}}";

const HAND_MADE: readonly [string, string][] = [
  [
    "a token with a sealing key's label",
    token("evil", "kubectl-create").replace(
      "namespace: shop,",
      "namespace: shop, labels: {sealedsecrets.bitnami.com/sealed-secrets-key: active},",
    ),
  ],
  ["a sealing key with something else in it", SEALING.replace("}, data: {", "}, data: {config: z, ")],
  [
    "a bootstrap token",
    "{apiVersion: v1, kind: Secret, type: bootstrap.kubernetes.io/token, metadata: {name: bootstrap-token-abcdef, namespace: kube-system}, data: {auth-extra-groups: x}}",
  ],
  [
    "a ConfigMap that grants, and says that it is an election",
    LEADER.replace("name: leader, namespace: shop", "name: aws-auth, namespace: kube-system").replace(
      /}$/,
      ", data: {mapUsers: x}}",
    ),
  ],
  ["a ConfigMap with an election's annotation and no record in it", LEADER.replace(/'\{.*\}'/, "x")],
  [
    "a controller's ServiceAccount with a cloud role",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: replicaset-controller, namespace: kube-system, annotations: {eks.amazonaws.com/role-arn: 'arn:x'}}}",
  ],
  [
    "a FlowSchema that the API server does not put right",
    "{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: FlowSchema, metadata: {name: global-default, annotations: {apf.kubernetes.io/autoupdate-spec: 'false'}}, spec: {priorityLevelConfiguration: {name: exempt}}}",
  ],
  ["a mesh's trust with something else in it", MESH.replace("}, data: {", "}, data: {b: y, ")],
  [
    "root certificates with something else in them",
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}, data: {ca.crt: x, b: y}}",
  ],
  [
    "what API servers trust, as somebody extended it",
    AUTHENTICATION.replace("manager: kube-apiserver", "manager: kubectl-edit"),
  ],
  ["what API servers trust, without a record", AUTHENTICATION.replace(/, managedFields: \[.*?\]/, "")],
  [
    "an account that is called like OpenShift's",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: builder, namespace: shop, annotations: {openshift.io/internal-registry-pull-secret-ref: x, eks.amazonaws.com/role-arn: y}}}",
  ],
  [
    "the API server's Service with Pods behind it",
    "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {type: ClusterIP, selector: {app: x}}}",
  ],
  [
    "the API server's Service, open to the world",
    "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {type: LoadBalancer}}",
  ],
  [
    "the API server's Service under a name of the world's",
    "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default, annotations: {external-dns.alpha.kubernetes.io/hostname: a.example}}}",
  ],
  [
    "a Service called kubernetes elsewhere",
    "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: shop}}",
  ],
  [
    "a role that only bears the bootstrap label",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: mine, labels: {kubernetes.io/bootstrapping: rbac-defaults}}}",
  ],
  [
    "the binding of cluster-admin with one subject more",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: cluster-admin, labels: {kubernetes.io/bootstrapping: rbac-defaults}}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: 'system:masters'}, {kind: User, name: mallory}]}",
  ],
  [
    "a binding of Kubernetes' own to another role",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: 'system:basic-user'}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: 'system:authenticated'}]}",
  ],
  [
    "a role of Kubernetes' own with one rule more",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:public-info-viewer'}, rules: [{nonResourceURLs: ['*'], verbs: [get]}]}",
  ],
  [
    "a role of Kubernetes' own that is aggregated since",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:discovery'}, aggregationRule: {clusterRoleSelectors: [{}]}, rules: []}",
  ],
  [
    "an APIService that another server answers",
    "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.x.io, labels: {kube-aggregator.kubernetes.io/automanaged: 'true'}}, spec: {service: {name: a, namespace: b}}}",
  ],
  [
    "a FlowSchema of another name",
    "{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: FlowSchema, metadata: {name: mine, annotations: {apf.kubernetes.io/autoupdate-spec: 'true'}}}",
  ],
  ["a PriorityClass", "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: system-mine}}"],
  [
    "a role called as a property of all objects",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: constructor}, rules: []}",
  ],
  [
    "a role that only bears a system name",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:mine'}}",
  ],
  [
    "a binding that looks like the bootstrap policy's, in a namespace of users",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: 'system:mine', namespace: shop, labels: {kubernetes.io/bootstrapping: rbac-defaults}}}",
  ],
  [
    "a Secret that only has a release's name",
    "{apiVersion: v1, kind: Secret, type: Opaque, metadata: {name: sh.helm.release.v1.web.v3}}",
  ],
  [
    "a Secret that only looks like a release",
    "{apiVersion: v1, kind: Secret, type: helm.sh/release.v1, metadata: {name: sh.helm.release.v1.evil.v1, labels: {owner: helm, name: web, version: '1'}}}",
  ],
  ["a token that somebody asked for", token("robot-token-x7x2q", "kubectl-create")],
  ["a token of another name, whoever made it", token("stolen", "kube-controller-manager")],
  ["a token of nobody's", token("robot-token-x7x2q", "kube-controller-manager").replace(/, managedFields.*?]/, "")],
  [
    "the default ServiceAccount with a cloud role",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop, annotations: {eks.amazonaws.com/role-arn: 'arn:x'}}}",
  ],
  ["the default ServiceAccount with a pull Secret", account("imagePullSecrets: [{name: mine}]", "kubectl-patch")],
  [
    "the default ServiceAccount with a pull Secret that is called like OpenShift's",
    account("imagePullSecrets: [{name: default-dockercfg-evil1}]", "kubectl-patch"),
  ],
  [
    "the default ServiceAccount with a token that is called like the controller's",
    account("secrets: [{name: default-token-evil1}]", "kubectl-patch"),
  ],
  [
    "an EndpointSlice, whoever is said to manage it",
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-x, labels: {endpointslice.kubernetes.io/managed-by: c}}}",
  ],
  [
    "a ServiceAccount of another name",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: shop}}",
  ],
  ["another group's Lease", "{apiVersion: example.com/v1, kind: Lease, metadata: {name: car}}"],
];

describe("objects that an operator makes", () => {
  test.each([
    ["a sealing key", SEALING],
    ["a mesh's trust", MESH],
  ])("%s is known where the operator's kinds are served, or nobody knows", (_, text) => {
    const known = (cluster: Parameters<typeof systemMaker>[1]): boolean =>
      systemMaker(liveOf(yaml(text)), cluster) !== undefined;
    const served = { apiVersion: "x/v1", kind: "X", resource: "x", namespaced: true, verbs: [] };
    expect([
      known(ANY),
      known({ served: () => served, lacks: () => true }),
      known({ served: () => undefined, lacks: () => true }),
    ]).toEqual([true, true, false]);
  });

  test.each([
    ["an election's record", LEADER],
    ["what API servers trust", AUTHENTICATION],
  ])("%s is known, and judged all the same", (_, text) => {
    const made = systemMaker(liveOf(yaml(text)), ANY);
    expect([made !== undefined, made?.proven]).toEqual([true, undefined]);
  });
});

describe("objects that the system makes", () => {
  test.each(MADE)("%s is known, with its source", (_, text) => {
    expect(systemMaker(liveOf(yaml(text)), ANY)?.source).toMatch(/./);
  });

  test.each(HAND_MADE)("%s is not taken for one", (_, text) => {
    expect(systemMaker(liveOf(yaml(text)), ANY)).toBeUndefined();
  });
});
