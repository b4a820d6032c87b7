/**
 * Objects that nobody declares, because Kubernetes or a well-known operator makes them: live, without an owner reference,
 * and still not unmanaged. A name or a label can be forged, so each rule asks for as much as its maker always writes; of
 * what grants rights (system-rbac.ts) the content counts.
 */

import { groupOf } from "../core/refs.ts";
import type { LiveObject } from "../core/objects.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import data from "./data/system.json" with { type: "json" };
import { isTokenOf, TOKEN_MAKERS } from "./token-makers.ts";
import { systemRbac } from "./system-rbac.ts";

export interface SystemMade {
  readonly group: string;
  readonly kind: string;
  /** All that is given must hold. */
  readonly name?: string;
  readonly names?: readonly string[];
  readonly prefix?: string;
  readonly namespace?: string;
  /** `type` of a Secret. */
  readonly type?: string;
  /** A label, with its value where that is fixed. */
  readonly label?: readonly [name: string, value?: string];
  readonly annotation?: string;
  /** A field of `spec` that it lacks. */
  readonly without?: string;
  /** What of the object only its maker writes so. */
  readonly test?: (live: LiveObject) => boolean;
  /** What must be there besides: the Certificate that the Secret is said to be of. */
  readonly needs?: "certificate";
  /** Who makes it, and where that is written. */
  readonly source: string;
}

const RBAC: SystemMade = {
  group: "rbac.authorization.k8s.io",
  kind: "",
  source: "kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy",
};

const SYSTEM_MADE: readonly SystemMade[] = [
  // One for each namespace.
  {
    group: "",
    kind: "ServiceAccount",
    name: "default",
    test: isPlainAccount,
    source: "kubernetes pkg/controller/serviceaccount/serviceaccounts_controller.go",
  },
  {
    group: "",
    kind: "ConfigMap",
    name: "kube-root-ca.crt",
    source: "kubernetes pkg/controller/certificates/rootcacertpublisher/publisher.go",
  },
  { group: "", kind: "ConfigMap", name: "openshift-service-ca.crt", source: "OpenShift service-ca-operator" },
  { group: "", kind: "ConfigMap", name: "istio-ca-root-cert", source: "istio security/pkg/k8s/configutil.go" },
  {
    group: "",
    kind: "ServiceAccount",
    name: "builder",
    annotation: "openshift.io/internal-registry-pull-secret-ref",
    source: "OpenShift openshift-controller-manager",
  },
  {
    group: "",
    kind: "ServiceAccount",
    name: "deployer",
    annotation: "openshift.io/internal-registry-pull-secret-ref",
    source: "OpenShift openshift-controller-manager",
  },

  // Bookkeeping of kinds that are never declared.
  { group: "", kind: "Event", source: "kubernetes client-go tools/events" },
  { group: "events.k8s.io", kind: "Event", source: "kubernetes client-go tools/events" },
  {
    group: "",
    kind: "Endpoints",
    label: ["endpoints.kubernetes.io/managed-by", "endpoint-controller"],
    source: "kubernetes pkg/controller/endpoint (the label since 1.33)",
  },
  {
    group: "",
    kind: "Endpoints",
    annotation: "endpoints.kubernetes.io/last-change-trigger-time",
    source: "kubernetes pkg/controller/endpoint",
  },
  {
    group: "",
    kind: "Endpoints",
    name: "kubernetes",
    namespace: "default",
    source: "kubernetes pkg/controlplane/reconcilers",
  },
  {
    group: "discovery.k8s.io",
    kind: "EndpointSlice",
    name: "kubernetes",
    namespace: "default",
    source: "kubernetes pkg/controlplane/reconcilers",
  },
  { group: "coordination.k8s.io", kind: "Lease", source: "kubernetes client-go tools/leaderelection" },
  {
    group: "",
    kind: "ConfigMap",
    annotation: "control-plane.alpha.kubernetes.io/leader",
    source: "kubernetes client-go tools/leaderelection (before Leases)",
  },

  // Secrets with a maker.
  {
    group: "",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    annotation: "kubernetes.io/service-account.uid",
    test: isMadeToken,
    source: "kubernetes pkg/controller/serviceaccount/tokens_controller.go",
  },
  {
    group: "",
    kind: "Secret",
    type: "bootstrap.kubernetes.io/token",
    namespace: "kube-system",
    source: "kubernetes cmd/kubeadm",
  },
  {
    group: "",
    kind: "Secret",
    type: "kubernetes.io/dockercfg",
    annotation: "openshift.io/internal-registry-auth-token.service-account",
    source: "OpenShift openshift-controller-manager",
  },
  {
    group: "",
    kind: "Secret",
    prefix: "sh.helm.release.v1.",
    type: "helm.sh/release.v1",
    label: ["owner", "helm"],
    test: isRelease,
    source: "helm pkg/storage/driver/secrets.go",
  },
  {
    group: "",
    kind: "ConfigMap",
    prefix: "sh.helm.release.v1.",
    label: ["owner", "helm"],
    test: isRelease,
    source: "helm pkg/storage/driver/cfgmaps.go",
  },
  {
    group: "",
    kind: "Secret",
    annotation: "cert-manager.io/certificate-name",
    needs: "certificate",
    source: "cert-manager pkg/controller/certificates/issuing",
  },
  {
    group: "",
    kind: "Secret",
    label: ["sealedsecrets.bitnami.com/sealed-secrets-key"],
    source: "sealed-secrets pkg/controller/keyregistry.go",
  },

  // The control plane's own.
  {
    group: "",
    kind: "ServiceAccount",
    names: data.serviceAccounts,
    namespace: "kube-system",
    source: "kubernetes cmd/kube-controller-manager (--use-service-account-credentials)",
  },
  {
    group: "",
    kind: "Service",
    name: "kubernetes",
    namespace: "default",
    source: "kubernetes pkg/controlplane/controller/kubernetesservice",
  },
  {
    group: "",
    kind: "ConfigMap",
    name: "extension-apiserver-authentication",
    namespace: "kube-system",
    source: "kubernetes pkg/controlplane/controller/clusterauthenticationtrust",
  },
  {
    group: "",
    kind: "ConfigMap",
    name: "kube-apiserver-legacy-service-account-token-tracking",
    namespace: "kube-system",
    source: "kubernetes pkg/controlplane/controller/legacytokentracking",
  },
  { group: "", kind: "Namespace", name: "default", source: "kubernetes pkg/controlplane/controller/systemnamespaces" },
  {
    group: "",
    kind: "Namespace",
    name: "kube-node-lease",
    source: "kubernetes pkg/controlplane/controller/systemnamespaces",
  },
  {
    group: "",
    kind: "Namespace",
    name: "kube-public",
    source: "kubernetes pkg/controlplane/controller/systemnamespaces",
  },
  {
    group: "",
    kind: "Namespace",
    name: "kube-system",
    source: "kubernetes pkg/controlplane/controller/systemnamespaces",
  },
  { group: "", kind: "Node", source: "kubelet" },
  {
    group: "apiregistration.k8s.io",
    kind: "APIService",
    label: ["kube-aggregator.kubernetes.io/automanaged"],
    // Served by the API server itself; what is sent to another server is somebody's.
    without: "service",
    source: "kube-aggregator pkg/controllers/autoregister",
  },
  {
    group: "flowcontrol.apiserver.k8s.io",
    kind: "FlowSchema",
    names: data.flowSchemas,
    annotation: "apf.kubernetes.io/autoupdate-spec",
    source: "kubernetes pkg/registry/flowcontrol/ensurer",
  },
  {
    group: "flowcontrol.apiserver.k8s.io",
    kind: "PriorityLevelConfiguration",
    names: data.priorityLevels,
    annotation: "apf.kubernetes.io/autoupdate-spec",
    source: "kubernetes pkg/registry/flowcontrol/ensurer",
  },
  {
    group: "scheduling.k8s.io",
    kind: "PriorityClass",
    names: data.priorityClasses,
    source: "kubernetes pkg/registry/scheduling/rest (nobody else may use the prefix)",
  },
  {
    group: "networking.k8s.io",
    kind: "ServiceCIDR",
    name: "kubernetes",
    source: "kubernetes pkg/controlplane/controller/defaultservicecidr",
  },
  {
    group: "networking.k8s.io",
    kind: "IPAddress",
    label: ["ipaddress.kubernetes.io/managed-by"],
    source: "kubernetes pkg/registry/core/service/ipallocator",
  },
];

/** The rule that tells who made the object, or `undefined` where no system is known to. */
export function systemMaker(live: LiveObject): SystemMade | undefined {
  if (systemRbac(live) === "as-made") return RBAC;
  return SYSTEM_MADE.find((rule) => rule.kind === live.ref.kind && matches(rule, live));
}

const PULL_SECRET = "openshift.io/internal-registry-pull-secret-ref";

/**
 * The default account as it is made: it names no cloud role and no pull Secret, but for OpenShift's. That it hands out no
 * token by itself takes rights away and gives none.
 */
function isPlainAccount({ value, managers }: LiveObject): boolean {
  const annotations = Object.keys(mapAt(value, "metadata", "annotations"));
  const secrets = ["secrets", "imagePullSecrets"].flatMap((name) => {
    const items = fieldOf(value, name);
    return isList(items) ? items : [];
  });
  const byMakers = managers.length > 0 && managers.every(({ manager }) => TOKEN_MAKERS.has(manager));
  return (
    annotations.every((name) => name === PULL_SECRET) &&
    (secrets.length === 0 || (byMakers && secrets.every((item) => isTokenOf("default", textOf(item, "name")))))
  );
}

/** Before 1.24 the token controller made one for each account. Of one by hand it only fills the data. */
function isMadeToken({ ref, value, managers }: LiveObject): boolean {
  const account = textOf(fieldAt(value, "metadata", "annotations"), "kubernetes.io/service-account.name");
  const makers = managers.filter(({ fields }) => fieldOf(fields, "f:type") !== undefined);
  return (
    account !== undefined &&
    isTokenOf(account, ref.name) &&
    makers.length > 0 &&
    makers.every(({ manager }) => TOKEN_MAKERS.has(manager))
  );
}

/** helm pkg/storage/storage.go, makeKey: the name and the number of the release, which its labels have too. */
function isRelease({ ref, value }: LiveObject): boolean {
  const labels = fieldAt(value, "metadata", "labels");
  const [name, version] = [textOf(labels, "name"), textOf(labels, "version")];
  return name !== undefined && version !== undefined && ref.name === `sh.helm.release.v1.${name}.v${version}`;
}

function mapAt(value: Value, ...names: readonly string[]): ValueMap {
  const found = fieldAt(value, ...names);
  return isMap(found) ? found : {};
}

function matches(rule: SystemMade, live: LiveObject): boolean {
  const { ref, value } = live;
  const [label, labelValue] = rule.label ?? [];
  const labelled = label === undefined ? undefined : fieldAt(value, "metadata", "labels", label);
  return (
    rule.group === groupOf(ref.apiVersion) &&
    (rule.name === undefined || rule.name === ref.name) &&
    (rule.names === undefined || rule.names.includes(ref.name)) &&
    (rule.without === undefined || (fieldAt(value, "spec", rule.without) ?? null) === null) &&
    (rule.prefix === undefined || ref.name.startsWith(rule.prefix)) &&
    (rule.namespace === undefined || rule.namespace === ref.namespace) &&
    (rule.type === undefined || rule.type === fieldOf(value, "type")) &&
    (label === undefined || (labelled !== undefined && (labelValue === undefined || labelValue === labelled))) &&
    (rule.annotation === undefined || fieldAt(value, "metadata", "annotations", rule.annotation) !== undefined) &&
    (rule.test === undefined || rule.test(live))
  );
}
