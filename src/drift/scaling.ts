/** Objects whose replicas an autoscaler writes, so that what Git declares there is only where they started (argo-cd#5105). */

import { groupOf, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";

/** refKey()s of what the HorizontalPodAutoscalers and KEDA ScaledObjects among these, desired or live, scale. */
export function scaledObjects(
  objects: Iterable<{ readonly ref: ObjectRef; readonly value: Value }>,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { ref, value } of objects) {
    if (!isAutoscaler(ref)) continue;
    const target = fieldAt(value, "spec", "scaleTargetRef");
    const name = textOf(target, "name");
    const keda = ref.kind === "ScaledObject";
    const apiVersion = textOf(target, "apiVersion") ?? (keda ? "apps/v1" : undefined);
    const kind = textOf(target, "kind") ?? (keda ? "Deployment" : undefined);
    if (name === undefined || apiVersion === undefined || kind === undefined || paused(ref, value)) continue;
    found.add(refKey({ apiVersion, kind, name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) }));
  }
  return found;
}

function isAutoscaler({ apiVersion, kind }: ObjectRef): boolean {
  const group = groupOf(apiVersion);
  return (
    (group === "autoscaling" && kind === "HorizontalPodAutoscaler") || (group === "keda.sh" && kind === "ScaledObject")
  );
}

/** A ScaledObject may be told to keep its hands off. */
function paused(ref: ObjectRef, value: Value): boolean {
  const annotations = fieldAt(value, "metadata", "annotations");
  return ref.kind === "ScaledObject" && fieldOf(annotations, "autoscaling.keda.sh/paused") === "true";
}
