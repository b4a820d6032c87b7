/** Whether a policy is about a request (kubernetes/apiserver `pkg/admission/plugin/webhook/predicates`). */

import type { AdmissionRequest } from "../core/admission.ts";
import { groupOf, versionOf } from "../core/refs.ts";
import { fieldAt, fieldOf, isMap } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import type { LabelSelector, MatchConstraints, ResourceRule } from "./admission-policy.ts";

/** `unknown`: the namespace's labels decide, and the Namespace is not known. */
export type Match = "yes" | "no" | "unknown";

/** The cheap tests come first; selectors are asked only of what the rules match. */
export function matchRequest(match: MatchConstraints, request: AdmissionRequest): Match {
  const rules = (rule: ResourceRule): boolean => matchesRule(rule, request, match.matchPolicy);
  if (!match.resourceRules.some(rules) || match.excludeResourceRules.some(rules)) return "no";
  if (!matchesObjectSelector(match.objectSelector, request)) return "no";
  return matchNamespace(match.namespaceSelector, request);
}

/** A binding's `matchResources`: without rules it narrows by its selectors alone. */
export function matchBinding(match: MatchConstraints, request: AdmissionRequest): Match {
  return matchRequest(match.resourceRules.length > 0 ? match : { ...match, resourceRules: [EVERYTHING] }, request);
}

const EVERYTHING: ResourceRule = {
  apiGroups: ["*"],
  apiVersions: ["*"],
  operations: ["*"],
  resources: ["*"],
  resourceNames: [],
  scope: "*",
};

function matchesRule(rule: ResourceRule, request: AdmissionRequest, policy: MatchConstraints["matchPolicy"]): boolean {
  const { ref, resource } = request;
  const scope = resource.namespaced ? "Namespaced" : "Cluster";
  return (
    has(rule.apiGroups, groupOf(ref.apiVersion)) &&
    // Equivalent: the API server converts to the version of the rule; here the object is judged in the version it has.
    (policy === "Equivalent" || has(rule.apiVersions, versionOf(ref.apiVersion))) &&
    has(rule.operations, request.operation) &&
    rule.resources.some((name) => matchesResource(name, resource.resource)) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(ref.name)) &&
    (rule.scope === "*" || rule.scope === scope)
  );
}

/** Objects are judged, not their subresources: `pods/status` is about none, `pods/*` about the Pod, too. */
function matchesResource(rule: string, resource: string): boolean {
  const [name, subresource = ""] = rule.split("/", 2);
  return (name === "*" || name === resource) && (subresource === "" || subresource === "*");
}

function has(list: readonly string[], wanted: string): boolean {
  return list.some((item) => item === "*" || item === wanted);
}

/** An UPDATE matches where either object does, so that changing a label is no way out. */
function matchesObjectSelector(selector: LabelSelector | undefined, request: AdmissionRequest): boolean {
  if (selector === undefined || isEmpty(selector)) return true;
  return [request.object, request.oldObject].some(
    (object) => object !== undefined && matchesLabels(selector, labelsOf(object)),
  );
}

function matchNamespace(selector: LabelSelector | undefined, request: AdmissionRequest): Match {
  if (selector === undefined || isEmpty(selector)) return "yes";
  const labels = namespaceLabels(request);
  // A selector does not concern cluster-scoped objects.
  if (labels === "none") return "yes";
  if (labels !== "unknown") return matchesLabels(selector, labels) ? "yes" : "no";
  const onlyName = [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map((expression) => expression.key),
  ].every((key) => key === NAME_LABEL);
  if (!onlyName) return "unknown";
  return matchesLabels(selector, { [NAME_LABEL]: request.ref.namespace ?? "" }) ? "yes" : "no";
}

/** Set on every Namespace by the API server. */
const NAME_LABEL = "kubernetes.io/metadata.name";

function namespaceLabels(request: AdmissionRequest): ValueMap | "none" | "unknown" {
  const { ref } = request;
  if (ref.kind === "Namespace" && ref.apiVersion === "v1") {
    return { ...labelsOf(request.object ?? request.oldObject), [NAME_LABEL]: ref.name };
  }
  if (!request.resource.namespaced) return "none";
  if (request.namespaceObject === undefined) return "unknown";
  return { ...labelsOf(request.namespaceObject), [NAME_LABEL]: ref.namespace ?? "" };
}

function labelsOf(object: Value | undefined): ValueMap {
  const labels = fieldAt(object, "metadata", "labels");
  return isMap(labels) ? labels : {};
}

function isEmpty(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

/** apimachinery `labels.Selector`: every requirement holds. */
export function matchesLabels(selector: LabelSelector, labels: ValueMap): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  return (
    wanted.every(([key, value]) => fieldOf(labels, key) === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = fieldOf(labels, key);
      const listed = typeof value === "string" && (values ?? []).includes(value);
      switch (operator) {
        case "In":
          return listed;
        case "NotIn":
          return !listed;
        case "Exists":
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}
