/** What an RBAC object grants, as texts that can be compared: order and repetition in its lists mean nothing. */

import { fieldOf, isList, compareText, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";

const RULE_FIELDS = ["apiGroups", "resources", "resourceNames", "verbs", "nonResourceURLs"] as const;

/** The rules of a Role or ClusterRole, each as one text, sorted. */
export function ruleTexts(role: Value): readonly string[] {
  return unique(listOf(role, "rules").map(ruleText));
}

/** The subjects of a binding, each as `Group system:masters` or `ServiceAccount kube-system/node-controller`, sorted. */
export function subjectTexts(binding: Value): readonly string[] {
  return unique(listOf(binding, "subjects").map(subjectText));
}

/** `ClusterRole cluster-admin`. */
export function roleText(binding: Value): string {
  const role = fieldOf(binding, "roleRef");
  return `${textOf(role, "kind") ?? ""} ${textOf(role, "name") ?? ""}`;
}

/** One rule, as {@link ruleTexts} has it. */
export function ruleText(rule: Value): string {
  const parts = RULE_FIELDS.map((field) => unique(listOf(rule, field).map(String)));
  return RULE_FIELDS.flatMap((field, index) => {
    const texts = parts[index] ?? [];
    return texts.length === 0 ? [] : [`${field}: ${texts.map((text) => JSON.stringify(text)).join(" ")}`];
  }).join("; ");
}

/** One subject, as {@link subjectTexts} has it. */
export function subjectText(subject: Value): string {
  const namespace = textOf(subject, "namespace");
  const name = textOf(subject, "name") ?? "";
  return `${textOf(subject, "kind") ?? ""} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted(compareText);
}

function listOf(value: Value, name: string): readonly Value[] {
  const found = fieldOf(value, name);
  return isList(found) ? found : [];
}
