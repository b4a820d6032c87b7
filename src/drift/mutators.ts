/**
 * Which mutating webhooks and policies of a cluster may have written to an object, as the API server chooses them
 * (apiserver `pkg/admission/plugin/webhook/predicates`). CEL conditions are not evaluated: what they guard is taken to
 * match, so that more is put down to admission than it did; policies are asked about all of that.
 */

import { groupOf, kindKey, versionOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { compareText, fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { Mutation } from "../kinds/left-out.ts";

/** What one webhook, or one policy under one binding, is about. */
export interface Mutator {
  /** `webhook sidecar.istio.io` or `policy add-labels`. */
  readonly name: string;
  /** All of them must match: a policy's and its binding's. */
  readonly constraints: readonly Constraint[];
  /** Its conditions ask what the request is, or what the object was: that it does not act now says nothing of then. */
  readonly wary: boolean;
  /** Words of a policy's expressions; absent: it may write anything. */
  readonly words?: ReadonlySet<string>;
}

interface Constraint {
  /** `rules` or `resourceRules`; absent: everything. */
  readonly rules: readonly Value[] | undefined;
  readonly excluded: readonly Value[];
  readonly exact: boolean;
  readonly namespaceSelector: Value | undefined;
  readonly objectSelector: Value | undefined;
}

/** An object as far as the choice asks. */
export interface Mutated {
  readonly ref: ObjectRef;
  /** Its resource: `deployments`. */
  readonly resource: string;
  /** Its labels; absent: unknown, and every selector matches. */
  readonly labels?: Value;
  /** Its namespace's labels; absent: unknown. */
  readonly namespaceLabels?: Value;
}

/** The mutators that webhook configurations, policies and bindings, by name, amount to. A policy without a binding does nothing. */
export function mutatorsIn(
  objects: ReadonlyMap<string, { readonly ref: ObjectRef; readonly value: Value }>,
): readonly Mutator[] {
  const all = [...objects.values()];
  const policies = new Map(
    all
      .filter(({ ref }) => ref.kind === "MutatingAdmissionPolicy")
      .map(({ ref, value }) => [
        ref.name,
        {
          constraint: constraintOf(fieldAt(value, "spec", "matchConstraints"), "resourceRules"),
          ...expressed(fieldOf(value, "spec")),
        },
      ]),
  );
  return all
    .flatMap(({ ref, value }): readonly Mutator[] => {
      if (ref.kind === "MutatingWebhookConfiguration") {
        return itemsOf(fieldOf(value, "webhooks")).map((webhook) => ({
          name: `webhook ${textOf(webhook, "name") ?? ref.name}`,
          constraints: [constraintOf(webhook, "rules")],
          wary: isWary(expressionsOf(fieldOf(webhook, "matchConditions"))),
        }));
      }
      if (ref.kind !== "MutatingAdmissionPolicyBinding") return [];
      const name = textOf(fieldOf(value, "spec"), "policyName") ?? "";
      const policy = policies.get(name);
      if (policy === undefined) return [];
      const binding = constraintOf(fieldAt(value, "spec", "matchResources"), "resourceRules");
      const { constraint, ...rest } = policy;
      return [
        { name: `policy ${name}`, constraints: [constraint, { ...binding, rules: nonEmpty(binding.rules) }], ...rest },
      ];
    })
    .toSorted((a, b) => compareText(a.name, b.name));
}

export function mutates(mutator: Mutator, object: Mutated, { names, once }: Mutation = {}): boolean {
  const { constraints, wary, words } = mutator;
  if (EXEMPT.has(kindKey(object.ref))) return false;
  if (names !== undefined && words !== undefined && !mayName(words, names)) return false;
  if (!constraints.every((constraint) => meets(constraint, object))) return false;
  return once !== true || wary || !constraints.every((constraint) => isAboutUpdates(constraint, object));
}

/** Fields that lead to others in every kind: that a policy names them says nothing. */
const LEADING: ReadonlySet<string> = new Set(["jobTemplate", "metadata", "spec", "template"]);

/** A policy names the fields that it writes, in `Object{…}` or in the path of a JSON patch (apiserver `pkg/admission/plugin/policy/mutating`). */
function mayName(words: ReadonlySet<string>, names: readonly string[]): boolean {
  const telling = names.filter((name) => !LEADING.has(name));
  return telling.length === 0 || telling.some((name) => words.has(name));
}

/** What a policy's expressions name; nothing is known of one that writes what a parameter or the old object holds. */
function expressed(spec: Value | undefined): Pick<Mutator, "wary" | "words"> {
  const writing = [
    ...itemsOf(fieldOf(spec, "mutations")).flatMap((mutation) =>
      ["applyConfiguration", "jsonPatch"].flatMap((how) => textOf(fieldOf(mutation, how), "expression") ?? []),
    ),
    ...expressionsOf(fieldOf(spec, "variables")),
  ];
  const all = [...writing, ...expressionsOf(fieldOf(spec, "matchConditions"))];
  const words = new Set(writing.flatMap((text) => text.match(/\w+/g) ?? []));
  const isOpen = words.size === 0 || words.has("params") || words.has("oldObject");
  return { wary: isWary(all), ...(isOpen ? {} : { words }) };
}

function expressionsOf(items: Value | undefined): readonly string[] {
  return itemsOf(items).flatMap((item) => textOf(item, "expression") ?? []);
}

function isWary(expressions: readonly string[]): boolean {
  return expressions.some((text) => /\b(?:oldObject|request)\b/.test(text));
}

function isAboutUpdates({ rules, exact }: Constraint, object: Mutated): boolean {
  return rules === undefined || rules.some((rule) => isAbout(rule, object, exact) && has(rule, "operations", "UPDATE"));
}

/** No admission plugin mutates what configures admission (apiserver `predicates/rules/rules.go`, IsExemptAdmissionConfigurationResource). */
const EXEMPT: ReadonlySet<string> = new Set(
  [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
  ].map((kind) => kindKey({ apiVersion: "admissionregistration.k8s.io/v1", kind })),
);

function constraintOf(value: Value | undefined, rules: "rules" | "resourceRules"): Constraint {
  const found = fieldOf(value, rules);
  return {
    rules: isList(found) ? found : rules === "rules" ? [] : undefined,
    excluded: itemsOf(fieldOf(value, "excludeResourceRules")),
    exact: fieldOf(value, "matchPolicy") === "Exact",
    namespaceSelector: fieldOf(value, "namespaceSelector"),
    objectSelector: fieldOf(value, "objectSelector"),
  };
}

/** A binding without rules narrows by its selectors alone. */
function nonEmpty(rules: readonly Value[] | undefined): readonly Value[] | undefined {
  return rules === undefined || rules.length === 0 ? undefined : rules;
}

function meets(constraint: Constraint, object: Mutated): boolean {
  const { rules, excluded, exact, namespaceSelector, objectSelector } = constraint;
  if (rules !== undefined && !rules.some((rule) => isAbout(rule, object, exact))) return false;
  if (excluded.some((rule) => isAbout(rule, object, exact))) return false;
  if (object.labels !== undefined && !selects(objectSelector, object.labels)) return false;
  return selectsNamespace(namespaceSelector, object);
}

/** Of what may have written the object, only creating and updating it count. */
function isAbout(rule: Value, { ref, resource }: Mutated, exact: boolean): boolean {
  const scope = textOf(rule, "scope") ?? "*";
  const names = itemsOf(fieldOf(rule, "resourceNames"));
  return (
    has(rule, "apiGroups", groupOf(ref.apiVersion)) &&
    (!exact || has(rule, "apiVersions", versionOf(ref.apiVersion))) &&
    (has(rule, "operations", "CREATE") || has(rule, "operations", "UPDATE")) &&
    itemsOf(fieldOf(rule, "resources")).some((name) => matchesResource(name, resource)) &&
    (names.length === 0 || names.includes(ref.name)) &&
    (scope === "*" || (scope === "Namespaced") === (ref.namespace !== undefined))
  );
}

/** `pods/*` is about the Pod too, `pods/status` is not. */
function matchesResource(rule: Value, resource: string): boolean {
  if (typeof rule !== "string") return false;
  const [name, subresource = ""] = rule.split("/", 2);
  return (name === "*" || name === resource) && (subresource === "" || subresource === "*");
}

function has(rule: Value, name: string, wanted: string): boolean {
  return itemsOf(fieldOf(rule, name)).some((item) => item === "*" || item === wanted);
}

/** Selectors of namespaces do not concern cluster-scoped objects, and a Namespace by its own labels. */
function selectsNamespace(selector: Value | undefined, { ref, labels, namespaceLabels }: Mutated): boolean {
  const isNamespace = ref.kind === "Namespace" && ref.apiVersion === "v1";
  const known = isNamespace ? labels : namespaceLabels;
  if (!isNamespace && ref.namespace === undefined) return true;
  const name = isNamespace ? ref.name : (ref.namespace ?? "");
  if (known === undefined && !asksNameOnly(selector)) return true;
  return selects(selector, { ...(isMap(known) ? known : {}), [NAME_LABEL]: name });
}

/** The API server sets it on every Namespace. */
const NAME_LABEL = "kubernetes.io/metadata.name";

function asksNameOnly(selector: Value | undefined): boolean {
  const labels = fieldOf(selector, "matchLabels");
  return (
    (!isMap(labels) || Object.keys(labels).every((name) => name === NAME_LABEL)) &&
    itemsOf(fieldOf(selector, "matchExpressions")).every((expression) => fieldOf(expression, "key") === NAME_LABEL)
  );
}

/** apimachinery `labels.Selector`: every requirement holds. */
export function selects(selector: Value | undefined, labels: Value): boolean {
  const wanted = fieldOf(selector, "matchLabels");
  if (isMap(wanted) && !Object.keys(wanted).every((name) => fieldOf(labels, name) === wanted[name])) return false;
  return itemsOf(fieldOf(selector, "matchExpressions")).every((expression) => {
    const value = fieldOf(labels, textOf(expression, "key") ?? "");
    const listed = value !== undefined && itemsOf(fieldOf(expression, "values")).includes(value);
    switch (fieldOf(expression, "operator")) {
      case "In":
        return listed;
      case "NotIn":
        return !listed;
      case "Exists":
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}
