/**
 * What the system and controllers write into objects as a matter of course: each rule with its reason and its source.
 * A manager's name alone never excuses anything, since whoever writes chooses it: a rule names manager, kind and path.
 */

import type { Actor } from "../core/objects.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { FieldPath } from "../core/path.ts";
import type { Value, ValueMap } from "../core/value.ts";

/** Why a difference is no drift. */
export interface LeftOutRule {
  readonly reason: "controller" | "admission" | "ignored";
  /** A sentence's end for people: `allocated by the API server`. */
  readonly rule: string;
  /**
   * It rests on what whoever may write the object could forge (a manager's name, an absent owner), so that policies are
   * asked about the difference all the same.
   */
  readonly judged: boolean;
}

/** A difference between the sides, as the rules see it. */
export interface DifferenceAt {
  /** As Git declares it. */
  readonly ref: ObjectRef;
  readonly path: FieldPath;
  /** Field names of the path, list items left out. */
  readonly names: readonly string[];
  /** The whole objects. */
  readonly desired: ValueMap;
  readonly live: ValueMap;
  /** Absent on the side that lacks the field. */
  readonly desiredValue?: Value;
  readonly liveValue?: Value;
  /** The object has managedFields at all: only then does a missing actor mean that nobody owns the field. */
  readonly managed: boolean;
  /** The newest owner of the live value, of whatever subresource; absent where nobody owns it. */
  readonly actor?: Actor;
}

/** What admission plugins of this cluster put into objects; facts of the objects' namespaces and classes. */
export interface AdmissionContext {
  /** refKey()s of workloads whose replicas an autoscaler writes. */
  readonly scaled: ReadonlySet<string>;
  /** refKey()s of workloads whose Pods' requests a VerticalPodAutoscaler writes. */
  readonly resized: ReadonlySet<string>;
  /** LimitRanges of a namespace: `spec.limits` of each. */
  limitsOf(namespace: string): readonly Value[];
  /** Names of the classes that are marked as the default. */
  readonly storageClasses: ReadonlySet<string>;
  readonly ingressClasses: ReadonlySet<string>;
  /** Names of the webhooks and mutating policies that may have written to objects of this kind and namespace. */
  mutatorsOf(ref: ObjectRef): readonly string[];
}

/** Fields that the server, an admission plugin or a controller owns; `undefined`: a difference like any other. */
export function leftOutRule(_difference: DifferenceAt, _context: AdmissionContext): LeftOutRule | undefined {
  return undefined;
}
