/**
 * What put an unmanaged object there, so that a forgotten release is told once and not object by object. Labels and managers
 * are what the object says of itself: they group, and excuse nothing.
 */

import type { Maker } from "../core/drift.ts";
import type { LiveObject } from "../core/objects.ts";
import { compareText, fieldAt, fieldOf, textOf } from "../core/value.ts";
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

/** The field manager of the oldest entry, and the day on which the object was made. */
function creator({ ref, value, managers }: LiveObject): Maker | undefined {
  const [first] = managers
    .filter(({ subresource }) => subresource === undefined)
    .toSorted((a, b) => compareText(a.time ?? "", b.time ?? ""));
  const name = cut(first?.manager);
  if (name === undefined) return undefined;
  const created = textOf(fieldOf(value, "metadata"), "creationTimestamp");
  const [day] = /^\d{4}-\d\d-\d\d(?=T)/.exec(created ?? "") ?? [];
  return { ...maker("field-manager", name, ref.namespace), ...(day === undefined ? {} : { day }) };
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
