/** Objects of which a controller writes the size, so that what Git declares there is only where it started (argo-cd#5105). */

import { groupOf, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";

interface Declared {
  readonly ref: ObjectRef;
  readonly value: Value;
}

/** refKey()s of what the HorizontalPodAutoscalers and KEDA ScaledObjects among these, desired or live, scale. */
export function scaledObjects(objects: Iterable<Declared>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { ref, value } of objects) {
    const keda = isKind(ref, "keda.sh", "ScaledObject");
    if (!keda && !isKind(ref, "autoscaling", "HorizontalPodAutoscaler")) continue;
    if (keda && isPaused(value)) continue;
    const key = targetKey(ref, fieldAt(value, "spec", "scaleTargetRef"), keda ? "Deployment" : undefined);
    if (key !== undefined) found.add(key);
  }
  return found;
}

/** refKey()s of what the VerticalPodAutoscalers among these size, but for those that only recommend. */
export function resizedObjects(objects: Iterable<Declared>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { ref, value } of objects) {
    if (!isKind(ref, "autoscaling.k8s.io", "VerticalPodAutoscaler")) continue;
    if (textOf(fieldAt(value, "spec", "updatePolicy"), "updateMode") === "Off") continue;
    const key = targetKey(ref, fieldAt(value, "spec", "targetRef"), undefined);
    if (key !== undefined) found.add(key);
  }
  return found;
}

/** An autoscaler's target stands in its own namespace; `implied` is the kind where it may be left out. */
function targetKey(ref: ObjectRef, target: Value | undefined, implied: string | undefined): string | undefined {
  const name = textOf(target, "name");
  const kind = textOf(target, "kind") ?? implied;
  const apiVersion = textOf(target, "apiVersion") ?? (implied === undefined ? undefined : "apps/v1");
  if (name === undefined || apiVersion === undefined || kind === undefined) return undefined;
  return refKey({ apiVersion, kind, name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) });
}

function isKind({ apiVersion, kind }: ObjectRef, group: string, wanted: string): boolean {
  return kind === wanted && groupOf(apiVersion) === group;
}

/** A ScaledObject may be told to keep its hands off. */
function isPaused(value: Value): boolean {
  return fieldOf(fieldAt(value, "metadata", "annotations"), "autoscaling.keda.sh/paused") === "true";
}
