/**
 * RBAC that Kubernetes makes by itself. Its label says nothing, since anybody may set it, and its names say little: what
 * counts is that an object grants no more than a fresh cluster's does (data/system.json). The API server adds what is
 * missing there at each start and never takes away what somebody added (kubernetes
 * `pkg/registry/rbac/rest/storage_rbac.go`), so that an addition to `system:discovery` is everybody's and stays.
 */

import type { LiveObject } from "../core/objects.ts";
import { groupOf } from "../core/refs.ts";
import { fieldOf, isList } from "../core/value.ts";
import data from "./data/system.json" with { type: "json" };
import { roleText, ruleText, ruleTexts, subjectText, subjectTexts } from "./rbac-content.ts";

const GROUP = "rbac.authorization.k8s.io";

const NODE_TOKENS = "Group system:bootstrappers:kubeadm:default-node-token";
const CERTIFICATES = "ClusterRole system:certificates.k8s.io:certificatesigningrequests";

/** kubernetes `cmd/kubeadm/app`, phases/bootstraptoken, phases/kubeconfig and phases/addons. */
const KUBEADM: Allowed = {
  roles: {
    "kubeadm:get-nodes": ['apiGroups: ""; resources: "nodes"; verbs: "get"'],
    "system:coredns": [
      'apiGroups: ""; resources: "endpoints" "namespaces" "pods" "services"; verbs: "list" "watch"',
      'apiGroups: "discovery.k8s.io"; resources: "endpointslices"; verbs: "list" "watch"',
    ],
  },
  bindings: {
    "kubeadm:cluster-admins": ["ClusterRole cluster-admin", "Group kubeadm:cluster-admins"],
    "kubeadm:get-nodes": ["ClusterRole kubeadm:get-nodes", NODE_TOKENS],
    "kubeadm:kubelet-bootstrap": ["ClusterRole system:node-bootstrapper", NODE_TOKENS],
    "kubeadm:node-autoapprove-bootstrap": [`${CERTIFICATES}:nodeclient`, NODE_TOKENS],
    "kubeadm:node-autoapprove-certificate-rotation": [`${CERTIFICATES}:selfnodeclient`, "Group system:nodes"],
    "kubeadm:node-proxier": ["ClusterRole system:node-proxier", "ServiceAccount kube-system/kube-proxy"],
    "system:coredns": ["ClusterRole system:coredns", "ServiceAccount kube-system/coredns"],
  },
};

interface Allowed {
  /** Rules by name, or namespace and name. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** The role and the subjects. */
  readonly bindings: Readonly<Record<string, readonly string[]>>;
}

/**
 * `as-made`: Kubernetes' (or kubeadm's), granting no more than it was made with. `changed`: it bears such a name and grants
 * more, or something else. `undefined`: no RBAC object of Kubernetes' own.
 */
export function systemRbac({ ref, value }: LiveObject): "as-made" | "changed" | undefined {
  if (groupOf(ref.apiVersion) !== GROUP) return undefined;
  const key = ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
  const given = ref.kind.endsWith("Binding")
    ? [roleText(value), ...subjectTexts(value)]
    : (aggregation(value) ?? ruleTexts(value));
  const allowed = allowedOf(ref.kind, key);
  if (allowed === undefined) return undefined;
  return given.every((text) => allowed.has(text)) ? "as-made" : "changed";
}

/** What stands in a role or binding of Kubernetes' own and is not its. */
export function addedToSystem({ ref, value }: LiveObject): {
  readonly field: "rules" | "subjects";
  /** None where the change is another one. */
  readonly positions: readonly number[];
} {
  const allowed = allowedOf(ref.kind, ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`);
  const field = ref.kind.endsWith("Binding") ? "subjects" : "rules";
  const items = fieldOf(value, field);
  const textOfItem = field === "rules" ? ruleText : subjectText;
  const positions = (isList(items) ? items : []).flatMap((item, at) =>
    allowed?.has(textOfItem(item)) === false ? [at] : [],
  );
  return { field, positions };
}

/** The rules of an aggregated role are the sum of others', which are looked at themselves. */
function aggregation(value: LiveObject["value"]): readonly string[] | undefined {
  const rule = fieldOf(value, "aggregationRule");
  return rule === undefined || rule === null ? undefined : [JSON.stringify(rule)];
}

function allowedOf(kind: string, key: string): ReadonlySet<string> | undefined {
  const tables: readonly Readonly<Record<string, readonly string[]>>[] = kind.endsWith("Binding")
    ? [data.bindings, KUBEADM.bindings]
    : [data.roles, data.aggregated, KUBEADM.roles];
  const found = tables.flatMap((table) => (Object.hasOwn(table, key) ? [table[key] ?? []] : []));
  return found.length === 0 ? undefined : new Set(found.flat());
}
