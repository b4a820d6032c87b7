/**
 * Objects that nobody declares, because Kubernetes or a well-known operator makes them: live, without an owner reference,
 * and still not unmanaged. A name or a label can be forged, so each rule asks for the whole shape that its maker writes,
 * and of what others install that it is there; what has more is told. Where the content cannot be known from the shape,
 * policies are asked all the same. Of what grants rights (system-rbac.ts) the content counts.
 */

import { groupOf } from "../core/refs.ts";
import type { LiveObject } from "../core/objects.ts";
import type { KindRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
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
  readonly annotation?: readonly [name: string, value?: string];
  /** All that may stand in the data of a ConfigMap or a Secret. */
  readonly keys?: readonly string[];
  /** A kind that its maker brings with it: the cluster must serve it, as far as that can be known. */
  readonly api?: KindRef;
  /** A field of `spec` that it lacks. */
  readonly without?: string;
  /** What of the object only its maker writes so. */
  readonly test?: (live: LiveObject) => boolean;
  /** What must be there besides: the Certificate that the Secret is said to be of. */
  readonly needs?: "certificate";
  /**
   * Nothing of it is left for policies to judge: the test compares all that counts, or its maker puts back what somebody
   * changes. A policy on, say, labels would tell of one in each namespace.
   */
  readonly proven?: true;
  /** Who makes it, and where that is written. */
  readonly source: string;
}

const RBAC: SystemMade = {
  group: "rbac.authorization.k8s.io",
  kind: "",
  proven: true,
  source: "kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy",
};

const PULL_SECRET = "openshift.io/internal-registry-pull-secret-ref";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const OPENSHIFT: KindRef = { apiVersion: "config.openshift.io/v1", kind: "ClusterVersion" };
const ISTIO: KindRef = { apiVersion: "security.istio.io/v1", kind: "PeerAuthentication" };
const SEALED_SECRET: KindRef = { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret" };

const SYSTEM_MADE: readonly SystemMade[] = [
  // One for each namespace.
  {
    group: "",
    kind: "ServiceAccount",
    name: "default",
    test: isPlainAccount,
    proven: true,
    source: "kubernetes pkg/controller/serviceaccount/serviceaccounts_controller.go",
  },
  {
    group: "",
    kind: "ConfigMap",
    name: "kube-root-ca.crt",
    keys: ["ca.crt"],
    // The publisher writes its own content over any other.
    proven: true,
    source: "kubernetes pkg/controller/certificates/rootcacertpublisher/publisher.go",
  },
  {
    group: "",
    kind: "ConfigMap",
    name: "openshift-service-ca.crt",
    annotation: ["service.beta.openshift.io/inject-cabundle", "true"],
    keys: ["service-ca.crt"],
    api: OPENSHIFT,
    source: "OpenShift service-ca-operator",
  },
  {
    group: "",
    kind: "ConfigMap",
    name: "istio-ca-root-cert",
    // Where Istio is, it writes its own content over any other; where it is not, whoever made this is trusted by nobody yet.
    keys: ["root-cert.pem"],
    api: ISTIO,
    source: "istio security/pkg/k8s/configutil.go",
  },
  {
    group: "",
    kind: "ServiceAccount",
    name: "builder",
    annotation: [PULL_SECRET],
    api: OPENSHIFT,
    test: isPlainAccount,
    source: "OpenShift openshift-controller-manager",
  },
  {
    group: "",
    kind: "ServiceAccount",
    name: "deployer",
    annotation: [PULL_SECRET],
    api: OPENSHIFT,
    test: isPlainAccount,
    source: "OpenShift openshift-controller-manager",
  },

  // Bookkeeping of kinds that are never declared.
  { group: "", kind: "Event", proven: true, source: "kubernetes client-go tools/events" },
  { group: "events.k8s.io", kind: "Event", proven: true, source: "kubernetes client-go tools/events" },
  {
    group: "",
    kind: "Endpoints",
    label: ["endpoints.kubernetes.io/managed-by", "endpoint-controller"],
    source: "kubernetes pkg/controller/endpoint (the label since 1.33)",
  },
  {
    group: "",
    kind: "Endpoints",
    annotation: ["endpoints.kubernetes.io/last-change-trigger-time"],
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
  { group: "coordination.k8s.io", kind: "Lease", proven: true, source: "kubernetes client-go tools/leaderelection" },
  {
    group: "",
    kind: "ConfigMap",
    annotation: [LEADER],
    keys: [],
    test: isElection,
    source: "kubernetes client-go tools/leaderelection (before Leases)",
  },

  // Secrets with a maker.
  {
    group: "",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    annotation: ["kubernetes.io/service-account.uid"],
    keys: ["ca.crt", "namespace", "service-ca.crt", "token"],
    test: isMadeToken,
    source: "kubernetes pkg/controller/serviceaccount/tokens_controller.go",
  },
  {
    group: "",
    kind: "Secret",
    type: "kubernetes.io/dockercfg",
    annotation: ["openshift.io/internal-registry-auth-token.service-account"],
    keys: [".dockercfg"],
    api: OPENSHIFT,
    source: "OpenShift openshift-controller-manager",
  },
  {
    group: "",
    kind: "Secret",
    prefix: "sh.helm.release.v1.",
    type: "helm.sh/release.v1",
    label: ["owner", "helm"],
    keys: ["release"],
    test: isRelease,
    source: "helm pkg/storage/driver/secrets.go",
  },
  {
    group: "",
    kind: "ConfigMap",
    prefix: "sh.helm.release.v1.",
    label: ["owner", "helm"],
    keys: ["release"],
    test: isRelease,
    source: "helm pkg/storage/driver/cfgmaps.go",
  },
  {
    group: "",
    kind: "Secret",
    annotation: ["cert-manager.io/certificate-name"],
    needs: "certificate",
    source: "cert-manager pkg/controller/certificates/issuing",
  },
  {
    group: "",
    kind: "Secret",
    type: "kubernetes.io/tls",
    label: ["sealedsecrets.bitnami.com/sealed-secrets-key"],
    keys: ["tls.crt", "tls.key"],
    api: SEALED_SECRET,
    source: "sealed-secrets pkg/controller/keyregistry.go",
  },

  // The control plane's own.
  {
    group: "",
    kind: "ServiceAccount",
    names: data.serviceAccounts,
    namespace: "kube-system",
    test: isPlainAccount,
    proven: true,
    source: "kubernetes cmd/kube-controller-manager (--use-service-account-credentials)",
  },
  {
    group: "",
    kind: "Service",
    name: "kubernetes",
    namespace: "default",
    test: isApiServersService,
    source: "kubernetes pkg/controlplane/controller/kubernetesservice",
  },
  {
    group: "",
    kind: "ConfigMap",
    name: "extension-apiserver-authentication",
    namespace: "kube-system",
    keys: [
      "client-ca-file",
      "requestheader-allowed-names",
      "requestheader-client-ca-file",
      "requestheader-extra-headers-prefix",
      "requestheader-group-headers",
      "requestheader-uid-headers",
      "requestheader-username-headers",
    ],
    // The API server adds its own, and keeps whatever else is trusted.
    test: isApiServersData,
    source: "kubernetes pkg/controlplane/controller/clusterauthenticationtrust",
  },
  {
    group: "",
    kind: "ConfigMap",
    name: "kube-apiserver-legacy-service-account-token-tracking",
    namespace: "kube-system",
    keys: ["since"],
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
    // Its spec is put back by the API server, where this says so.
    annotation: ["apf.kubernetes.io/autoupdate-spec", "true"],
    source: "kubernetes pkg/registry/flowcontrol/ensurer",
  },
  {
    group: "flowcontrol.apiserver.k8s.io",
    kind: "PriorityLevelConfiguration",
    names: data.priorityLevels,
    // Its spec is put back by the API server, where this says so.
    annotation: ["apf.kubernetes.io/autoupdate-spec", "true"],
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

/** What is known of the cluster's kinds. */
export interface Served {
  served(kind: KindRef): ServedKind | undefined;
  /** The cluster certainly serves no such kind, in this version. */
  lacks(kind: KindRef): boolean;
}

/** The rule that tells who made the object, or `undefined` where no system is known to. */
export function systemMaker(live: LiveObject, cluster: Served): SystemMade | undefined {
  if (systemRbac(live) === "as-made") return RBAC;
  return SYSTEM_MADE.find(
    (rule) => rule.kind === live.ref.kind && matches(rule, live) && isPossible(rule.api, cluster),
  );
}

function isPossible(api: KindRef | undefined, cluster: Served): boolean {
  return api === undefined || cluster.served(api) !== undefined || !cluster.lacks(api);
}

/**
 * An account as it is made: it names no cloud role and no pull Secret, but for OpenShift's. That it hands out no
 * token by itself takes rights away and gives none.
 */
function isPlainAccount({ ref, value, managers }: LiveObject): boolean {
  const annotations = Object.keys(mapAt(value, "metadata", "annotations"));
  const secrets = ["secrets", "imagePullSecrets"].flatMap((name) => {
    const items = fieldOf(value, name);
    return isList(items) ? items : [];
  });
  const byMakers = managers.length > 0 && managers.every(({ manager }) => TOKEN_MAKERS.has(manager));
  return (
    annotations.every((name) => name === PULL_SECRET) &&
    (secrets.length === 0 || (byMakers && secrets.every((item) => isTokenOf(ref.name, textOf(item, "name")))))
  );
}

/** It puts back its ports alone. With a selector, Pods are behind its name too. */
function isApiServersService({ value }: LiveObject): boolean {
  const extra = ["selector", "externalIPs", "externalName", "loadBalancerClass", "loadBalancerSourceRanges"];
  const spec = mapAt(value, "spec");
  return (
    Object.keys(mapAt(value, "metadata", "annotations")).length === 0 &&
    extra.every((name) => fieldOf(spec, name) === undefined) &&
    ["ClusterIP", undefined].includes(textOf(spec, "type"))
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

/** client-go `tools/leaderelection/resourcelock/configmaplock.go`: the record is all that there is. */
function isElection({ value }: LiveObject): boolean {
  const record = textOf(fieldAt(value, "metadata", "annotations"), LEADER) ?? "";
  return record.startsWith('{"holderIdentity":');
}

/** Field managers that an API server calls itself: the program's name, which distributions pack differently. */
const API_SERVERS: ReadonlySet<string> = new Set(["hyperkube", "k3s", "kube-apiserver", "kubelite"]);

function isApiServersData({ managers }: LiveObject): boolean {
  const writers = managers.filter(({ fields }) => fieldOf(fields, "f:data") !== undefined);
  return writers.length > 0 && writers.every(({ manager }) => API_SERVERS.has(manager));
}

function mapAt(value: Value, ...names: readonly string[]): ValueMap {
  const found = fieldAt(value, ...names);
  return isMap(found) ? found : {};
}

function matches(rule: SystemMade, live: LiveObject): boolean {
  const { ref, value } = live;
  const [label, labelValue] = rule.label ?? [];
  const [annotation, annotationValue] = rule.annotation ?? [];
  const labelled = label === undefined ? undefined : fieldAt(value, "metadata", "labels", label);
  const annotated = annotation === undefined ? undefined : fieldAt(value, "metadata", "annotations", annotation);
  return (
    rule.group === groupOf(ref.apiVersion) &&
    (rule.name === undefined || rule.name === ref.name) &&
    (rule.names === undefined || rule.names.includes(ref.name)) &&
    (rule.without === undefined || (fieldAt(value, "spec", rule.without) ?? null) === null) &&
    (rule.prefix === undefined || ref.name.startsWith(rule.prefix)) &&
    (rule.namespace === undefined || rule.namespace === ref.namespace) &&
    (rule.type === undefined || rule.type === fieldOf(value, "type")) &&
    (label === undefined || (labelled !== undefined && (labelValue === undefined || labelValue === labelled))) &&
    (annotation === undefined ||
      (annotated !== undefined && (annotationValue === undefined || annotationValue === annotated))) &&
    (rule.keys === undefined || hasOnly(value, rule.keys)) &&
    (rule.test === undefined || rule.test(live))
  );
}

function hasOnly(value: Value, keys: readonly string[]): boolean {
  const names = ["data", "binaryData", "stringData"].flatMap((field) => Object.keys(mapAt(value, field)));
  return names.every((name) => keys.includes(name));
}
