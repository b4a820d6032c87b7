/**
 * What the system and controllers write into objects as a matter of course: each rule with its reason and its source.
 * A manager's name alone never excuses anything, since whoever writes chooses it: a rule names manager, kind and path.
 */

import type { Actor } from "../core/objects.ts";
import { refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { FieldPath } from "../core/path.ts";
import { fieldAt, isMap } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { admissionRule } from "./admission.ts";
import { ALLOCATED, TRACKING, WRITTEN } from "./controller-rules.ts";
import type { PlaceRule } from "./controller-rules.ts";
import { standsAt } from "./places.ts";

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
  mutatorsOf(ref: ObjectRef, labels?: Value): readonly string[];
}

/** Fields that the server, an admission plugin or a controller owns; `undefined`: a difference like any other. */
export function leftOutRule(difference: DifferenceAt, context: AdmissionContext): LeftOutRule | undefined {
  return (
    autoscaled(difference, context) ??
    placeRule(difference) ??
    admissionRule(difference, context) ??
    unownedRule(difference, context)
  );
}

function autoscaled(
  { ref, names, liveValue }: DifferenceAt,
  { scaled, resized }: AdmissionContext,
): LeftOutRule | undefined {
  if (liveValue === undefined) return undefined;
  if (names.length === 2 && names[0] === "spec" && names[1] === "replicas" && scaled.has(refKey(ref)))
    return { reason: "controller", rule: "an autoscaler of Git's or the cluster's sets the replicas", judged: true };
  if (names.includes("resources") && resized.has(refKey(ref)))
    return { reason: "controller", rule: "a VerticalPodAutoscaler sets the requests", judged: true };
  return undefined;
}

function placeRule(difference: DifferenceAt): LeftOutRule | undefined {
  const found = [...ALLOCATED, ...TRACKING, ...WRITTEN].find((rule) => matches(rule, difference));
  if (found === undefined) return undefined;
  return { reason: found.reason ?? "controller", rule: found.rule, judged: found.managers !== undefined };
}

function matches(rule: PlaceRule, difference: DifferenceAt): boolean {
  const { ref, names, desiredValue, liveValue, actor } = difference;
  if (rule.kinds !== undefined && !rule.kinds.includes(ref.kind)) return false;
  if (!standsAt(names, rule.place)) return false;
  if (rule.sides !== "any" && !isBlank(desiredValue)) return false;
  if (rule.managers !== undefined && (actor === undefined || !rule.managers.some((name) => name.test(actor.manager))))
    return false;
  return rule.where === undefined || rule.where(difference, liveValue);
}

/** Left out, or blank to the server or to those who inject: `Cg==` is a line break, cert-manager's way to write nothing. */
function isBlank(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0) return true;
  if (value === "Cg==" || value === "Cgo=") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/**
 * The API server works out who owns what before mutating admission runs: what that adds belongs to nobody. Where nothing of
 * the cluster could have mutated the object, a missing owner says nothing.
 */
function unownedRule(
  { ref, desiredValue, liveValue, managed, actor, live }: DifferenceAt,
  context: AdmissionContext,
): LeftOutRule | undefined {
  if (!managed || actor !== undefined || desiredValue !== undefined || liveValue === undefined) return undefined;
  const labels = fieldAt(live, "metadata", "labels");
  const mutators = context.mutatorsOf(ref, isMap(labels) ? labels : {});
  if (mutators.length === 0) return undefined;
  return {
    reason: "admission",
    rule: `nobody owns it, and ${mutators.slice(0, 3).join(", ")} may have added it`,
    judged: true,
  };
}
