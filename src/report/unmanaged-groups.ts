/** Unmanaged objects that one maker left behind are told in one line: forty objects of a forgotten release are one thing to see. */

import type { Maker } from "../core/drift.ts";
import type { DriftResult } from "../core/pass.ts";
import { formatRef } from "../core/refs.ts";
import { compareText } from "../core/value.ts";
import { plural } from "./words.ts";

/** Kinds that a line names. */
const KINDS = 6;

export type ReportEntry =
  | { readonly kind: "one"; readonly result: DriftResult }
  | { readonly kind: "group"; readonly maker: Maker; readonly results: readonly DriftResult[] };

/** In the results' order, each group where its first object stands. What has a finding, or a story of its own, is told alone. */
export function entriesOf(results: readonly DriftResult[]): readonly ReportEntry[] {
  const groups = Map.groupBy(results, groupKey);
  return results.flatMap((result): readonly ReportEntry[] => {
    const key = groupKey(result);
    const group = groups.get(key) ?? [];
    const { drift } = result;
    if (key === undefined || group.length === 1 || drift.state !== "unmanaged" || drift.maker === undefined)
      return [{ kind: "one", result }];
    return group[0] === result ? [{ kind: "group", maker: drift.maker, results: group }] : [];
  });
}

function groupKey({ drift, judgement, target }: DriftResult): string | undefined {
  if (drift.state !== "unmanaged" || drift.maker === undefined) return undefined;
  if (drift.removedIn !== undefined || drift.deletion !== undefined || judgement.findings.length > 0) return undefined;
  const { kind, name, namespace, day } = drift.maker;
  return [target, kind, name, namespace ?? "", day ?? ""].join("\0");
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
