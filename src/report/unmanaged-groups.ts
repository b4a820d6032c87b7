/**
 * Unmanaged objects that one maker left behind are told in one line: forty objects of a forgotten release are one thing to
 * see. So are the Pods of one owner that do not come to their end, as on a node that is lost.
 */

import type { Drift, Finding, Maker } from "../core/drift.ts";
import type { DriftResult } from "../core/pass.ts";
import { formatRef, kindKey, refKey } from "../core/refs.ts";
import { compareText, fieldAt, isList } from "../core/value.ts";
import { besides, plural } from "./words.ts";

/** Kinds that a line names. */
const KINDS = 6;

export type ReportEntry =
  | { readonly kind: "one"; readonly result: DriftResult }
  | {
      readonly kind: "group";
      /** After `12 objects`. Cluster text: to be escaped. */
      readonly words: string;
      /** What policy says of each of them. */
      readonly findings: readonly Finding[];
      readonly results: readonly DriftResult[];
    };

/**
 * In the results' order, each group where its first object stands. What has a finding, or a story of its own, is told alone,
 * but for Pods of one owner that go and of which policy says the same.
 */
export function entriesOf(results: readonly DriftResult[]): readonly ReportEntry[] {
  const groups = Map.groupBy(results, groupKey);
  return results.flatMap((result): readonly ReportEntry[] => {
    const key = groupKey(result);
    const group = groups.get(key) ?? [];
    if (key === undefined || group.length === 1) return [{ kind: "one", result }];
    const [words, findings] = [groupWords(result), besides(result)];
    return group[0] === result ? [{ kind: "group", words, findings, results: group }] : [];
  });
}

function groupWords({ drift }: DriftResult): string {
  if (drift.state !== "unmanaged") return "";
  if (drift.owner !== undefined)
    return `that are being deleted, and in force until they are gone, ${drift.excuse ?? ""}`;
  return drift.maker === undefined ? "" : makerWords(drift.maker);
}

function groupKey(result: DriftResult): string | undefined {
  const { drift, judgement, target } = result;
  const going = goingKey(drift);
  if (going !== undefined) return JSON.stringify([target, going, besides(result).map(findingKey)]);
  if (drift.state !== "unmanaged" || drift.maker === undefined) return undefined;
  if (drift.removedIn !== undefined || drift.deletion !== undefined || judgement.findings.length > 0) return undefined;
  const { kind, name, namespace, day } = drift.maker;
  return [target, kind, name, namespace ?? "", day ?? ""].join("\0");
}

/** Of a Pod of some owner's that goes, and that no finalizer holds: its kubelet would end it, or who says that its node is gone. */
function goingKey(drift: Drift): readonly string[] | undefined {
  if (drift.state !== "unmanaged" || drift.deletion === undefined || drift.owner === undefined) return undefined;
  const finalizers = fieldAt(drift.live.value, "metadata", "finalizers");
  if (kindKey(drift.ref) !== "\0Pod" || (isList(finalizers) && finalizers.length > 0)) return undefined;
  return [refKey(drift.owner), drift.excuse ?? ""];
}

function findingKey({ policy, severity, status, message }: Finding): readonly string[] {
  return [policy, severity, status, message];
}

/** Whether it is what the chart makes of the cluster, or was put there by hand, nobody here can tell. */
const LOOKED_UP =
  ", whose chart in Git makes more of what it looks up in the cluster (lookup); it is rendered here without one";

/** What the API server calls a client that says neither what it is called nor what program it is. */
const NAMELESS = "unknown";

/** `Helm release old-shop in shop`, `made by kubectl-create in shop on 2026-11-20`. Cluster text: to be escaped. */
export function makerWords({ kind, name, namespace, day, looksUp }: Maker): string {
  const where = namespace === undefined ? "" : ` in ${namespace}`;
  switch (kind) {
    case "helm-release":
      return `of Helm release ${name}${where}${looksUp === true ? LOOKED_UP : ""}`;
    case "argo-cd-application":
      return `of Argo CD application ${name}`;
    case "flux-kustomization":
      return `of Flux Kustomization ${name}${where}`;
    case "flux-helm-release":
      return `of Flux HelmRelease ${name}${where}`;
    case "operator":
      return `managed by ${name}${where}`;
    case "kubernetes":
      return "that Kubernetes made, and that grant more since";
    case "field-manager":
      return `made by ${name === NAMELESS ? `a client that gave no name (field manager ${name})` : name}${where}${day === undefined ? "" : ` on ${day}`}`;
  }
}

/** `7 ConfigMap, 4 Service, 1 Deployment`: the most frequent first. Cluster text: to be escaped. */
export function kindWords(results: readonly DriftResult[]): string {
  const counts = [...Map.groupBy(results, ({ drift }) => drift.ref.kind)]
    .map(([kind, of]) => ({ kind, count: of.length }))
    .toSorted((a, b) => b.count - a.count || compareText(a.kind, b.kind));
  const shown = counts.slice(0, KINDS).map(({ kind, count }) => `${count} ${kind}`);
  return [...shown, ...(counts.length > KINDS ? [plural(counts.length - KINDS, "more kind")] : [])].join(", ");
}

/** What is to be done about the group, each reason once. */
export function groupActions(results: readonly DriftResult[]): DriftResult["actions"] {
  const actions = results.flatMap((result) => result.actions);
  return [...new Map(actions.map((action) => [`${action.kind}\0${action.reason}`, action])).values()];
}

/** The objects of a group, by name. Cluster text: to be escaped. */
export function memberNames(results: readonly DriftResult[]): readonly string[] {
  return results.map(({ drift }) => formatRef(drift.ref));
}
