/** Objects of which a controller writes the size, so that what Git declares there is only where it started (argo-cd#5105). */

import type { Change } from "../core/drift.ts";
import { formatPath } from "../core/path.ts";
import { groupOf, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { scalingOf } from "../kinds/autoscaled.ts";
import type { AdmissionContext, Autoscaler } from "../kinds/left-out.ts";

interface Declared {
  readonly ref: ObjectRef;
  readonly value: Value;
}

/** An autoscaler as one side has it. */
export interface FoundAutoscaler {
  readonly ref: ObjectRef;
  /** refKey() of what it scales. */
  readonly scales: string;
  readonly bounds: Autoscaler["bounds"];
}

/** The HorizontalPodAutoscalers and KEDA ScaledObjects among these, desired or live, and what they scale. */
export function autoscalersOf(objects: Iterable<Declared>): readonly FoundAutoscaler[] {
  const found: FoundAutoscaler[] = [];
  for (const { ref, value } of objects) {
    const keda = isKind(ref, "keda.sh", "ScaledObject");
    if (!keda && !isKind(ref, "autoscaling", "HorizontalPodAutoscaler")) continue;
    if (keda && isPaused(value)) continue;
    const scales = targetKey(ref, fieldAt(value, "spec", "scaleTargetRef"), keda ? "Deployment" : undefined);
    if (scales !== undefined) found.push({ ref, scales, bounds: keda ? kedaBounds(value) : bounds(value) });
  }
  return found;
}

/** kubernetes `pkg/apis/autoscaling/v2/defaults.go`: at least one, where nothing else is said. */
function bounds(value: Value): Autoscaler["bounds"] {
  const max = fieldAt(value, "spec", "maxReplicas");
  const min = fieldAt(value, "spec", "minReplicas") ?? 1;
  return between(min, max);
}

/** keda `apis/keda/v1alpha1/scaledobject_types.go`: from nought to 100; the number of an idle or paused one stands apart. */
function kedaBounds(value: Value): Autoscaler["bounds"] {
  const [min, max, idle] = ["minReplicaCount", "maxReplicaCount", "idleReplicaCount"].map((name) =>
    fieldAt(value, "spec", name),
  );
  const paused = textOf(fieldAt(value, "metadata", "annotations"), "autoscaling.keda.sh/paused-replicas");
  const held = paused !== undefined && /^\d{1,9}$/.test(paused) ? Number(paused) : undefined;
  return [...between(min ?? 0, max ?? 100), ...between(idle, idle), ...between(held, held)];
}

function between(min: Value | undefined, max: Value | undefined): Autoscaler["bounds"] {
  return typeof min === "number" && typeof max === "number" ? [{ min, max }] : [];
}

/** What autoscalers have to do with replicas that are a change all the same. */
export function withScalingNotes(
  changes: readonly Change[],
  ref: ObjectRef,
  context: AdmissionContext,
): readonly Change[] {
  if (!context.scaled.has(refKey(ref))) return changes;
  return changes.map((change) => {
    if (formatPath(change.path) !== "spec.replicas") return change;
    const scaling = scalingOf(ref, change.live, context);
    return scaling === undefined ? change : { ...change, ...scaling };
  });
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
