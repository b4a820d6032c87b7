/**
 * What put an unmanaged object there, so that a forgotten release is told once and not object by object. Labels and managers
 * are what the object says of itself: they group, and excuse nothing.
 */

import type { Maker } from "../core/drift.ts";
import type { LiveObject } from "../core/objects.ts";
import { compareText, fieldAt, fieldOf, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { systemRbac } from "../kinds/system-rbac.ts";

/** Names of objects are no longer than this; an annotation may be. */
const LONGEST = 253;

/** The most telling of what is known, or `undefined` where nothing is. */
export function makerOf(live: LiveObject): Maker | undefined {
  const labels = fieldAt(live.value, "metadata", "labels");
  const annotations = fieldAt(live.value, "metadata", "annotations");
  return (
    changedSystem(live) ??
    helmRelease(labels, annotations) ??
    argoApplication(live, { labels, annotations }) ??
    fluxObject(labels) ??
    operator(live, labels) ??
    creator(live)
  );
}

function changedSystem(live: LiveObject): Maker | undefined {
  return systemRbac(live) === "changed" ? { kind: "kubernetes", name: live.ref.kind } : undefined;
}

/** helm pkg/action/validate.go: all three are on whatever Helm 3 and newer made. */
function helmRelease(labels: Value | undefined, annotations: Value | undefined): Maker | undefined {
  const name = named(annotations, "meta.helm.sh/release-name");
  if (name === undefined || textOf(labels, "app.kubernetes.io/managed-by") !== "Helm") return undefined;
  return maker("helm-release", name, named(annotations, "meta.helm.sh/release-namespace"));
}

interface Metadata {
  readonly labels: Value | undefined;
  readonly annotations: Value | undefined;
}

/** argo-cd util/argo/resource_tracking.go: `<application>:<group>/<kind>:<namespace>/<name>`, or the label of older versions. */
function argoApplication({ managers }: LiveObject, { labels, annotations }: Metadata): Maker | undefined {
  const tracked = named(annotations, "argocd.argoproj.io/tracking-id")?.split(":")[0];
  const byArgo = managers.some(({ manager }) => manager.startsWith("argocd-"));
  const name =
    tracked ??
    named(labels, "argocd.argoproj.io/instance") ??
    (byArgo ? named(labels, "app.kubernetes.io/instance") : undefined);
  return name === undefined || name === "" ? undefined : maker("argo-cd-application", name, undefined);
}

/** fluxcd/pkg ssa/manager.go (SetOwnerLabels): each controller's own prefix. */
function fluxObject(labels: Value | undefined): Maker | undefined {
  const kinds = [
    ["kustomize", "flux-kustomization"],
    ["helm", "flux-helm-release"],
  ] as const;
  for (const [prefix, kind] of kinds) {
    const name = named(labels, `${prefix}.toolkit.fluxcd.io/name`);
    if (name !== undefined) return maker(kind, name, named(labels, `${prefix}.toolkit.fluxcd.io/namespace`));
  }
  return undefined;
}

/** operator-lifecycle-manager pkg/lib/ownerutil/util.go; else whoever the recommended label names. */
function operator({ ref }: LiveObject, labels: Value | undefined): Maker | undefined {
  const name = named(labels, "olm.owner");
  if (name !== undefined) return maker("operator", name, named(labels, "olm.owner.namespace"));
  const managedBy = named(labels, "app.kubernetes.io/managed-by");
  return managedBy === undefined ? undefined : maker("operator", managedBy, ref.namespace);
}

/** kubectl's note of what it applied, in an entry of its own beside the one that made the object. */
const NO_MAKER = "kubectl-last-applied";

/**
 * The field manager of the oldest entry, and the day on which the object was made. Times are whole seconds, and entries of
 * one second are listed by operation: of those it is whoever wrote most of what the object says.
 */
function creator({ ref, value, managers }: LiveObject): Maker | undefined {
  const writers = managers.filter(({ subresource, manager }) => subresource === undefined && manager !== NO_MAKER);
  const [oldest] = writers.map(({ time }) => time ?? "").toSorted(compareText);
  const [first] = writers
    .filter(({ time }) => (time ?? "") === oldest)
    .map((entry) => ({ manager: entry.manager, share: contentOf(entry.fields) }))
    .toSorted((a, b) => b.share - a.share);
  const name = cut(first?.manager);
  if (name === undefined) return undefined;
  const created = textOf(fieldOf(value, "metadata"), "creationTimestamp");
  const [day] = /^\d{4}-\d\d-\d\d(?=T)/.exec(created ?? "") ?? [];
  return { ...maker("field-manager", name, ref.namespace), ...(day === undefined ? {} : { day }) };
}

/** How many fields of an entry are no metadata; a record of absurd depth counts as far as it is looked at. */
function contentOf(fields: Value): number {
  const { "f:metadata": _metadata, "f:status": _status, ...rest } = isMap(fields) ? fields : {};
  return leaves(rest, DEEPEST);
}

const DEEPEST = 12;

function leaves(fields: Value, depth: number): number {
  if (!isMap(fields) || depth === 0) return 1;
  const names = Object.keys(fields).filter((name) => name !== ".");
  return names.reduce((sum, name) => sum + Math.max(1, leaves(fields[name] ?? null, depth - 1)), 0);
}

function maker(kind: Maker["kind"], name: string, namespace: string | undefined): Maker {
  return { kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

function named(map: Value | undefined, field: string): string | undefined {
  return cut(textOf(map, field));
}

function cut(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text.slice(0, LONGEST);
}
