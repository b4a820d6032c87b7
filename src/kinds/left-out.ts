/**
 * Why a difference is no drift: the shape of the rules, and when one applies. The rules themselves are tables: allocated.ts
 * (the API server and Kubernetes' controllers), writers.ts (other controllers), tracking.ts (deployers), admission.ts.
 */

import type { Actor } from "../core/objects.ts";
import { kindKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { FieldPath } from "../core/path.ts";
import { isList } from "../core/value.ts";
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
  /** A field of a list's item of which a key itself was changed: whoever did that owns all of the item. */
  readonly rekeyed?: true;
  /** The newest owner of the live value, of whatever subresource; absent where nobody owns it. */
  readonly actor?: Actor;
  /** Managers that write the object's status: its controllers, if anybody is. */
  readonly statusWriters?: ReadonlySet<string>;
}

/** What writes the replicas of a workload. */
export interface Autoscaler {
  readonly ref: ObjectRef;
  /** Git declares it, so that its bounds were reviewed. */
  readonly declared: boolean;
  /** As Git and the cluster have them; none where they cannot be read. */
  readonly bounds: readonly { readonly min: number; readonly max: number }[];
}

/** A controller that takes over what an object in Git names, for as long as it rolls something out. */
export type Deliverer = "rollouts" | "flagger";

/** What admission plugins of this cluster put into objects; facts of the objects' namespaces and classes. */
export interface AdmissionContext {
  /** The autoscalers of each workload, by its refKey(). */
  readonly scaled: ReadonlyMap<string, readonly Autoscaler[]>;
  /** refKey()s of workloads whose Pods' requests a VerticalPodAutoscaler writes. */
  readonly resized: ReadonlySet<string>;
  /** Field managers of the controllers that Git asks to write into a Secret; absent: there are none. */
  readonly secretWritersOf?: (secret: ObjectRef) => readonly string[];
  /** LimitRanges of a namespace: `spec.limits` of each. */
  limitsOf(namespace: string): readonly Value[];
  /** Whether a Rollout or a Canary that Git declares names the object. */
  isDelivered(ref: ObjectRef, by: Deliverer): boolean;
  /** Namespaces in which Git asks kube-downscaler to act. */
  readonly downscaled: ReadonlySet<string>;
  /** The cluster is an OpenShift cluster, or serves what one does. */
  readonly openShift: boolean;
  /** `scheduling.tolerations` of the RuntimeClasses, by name. */
  readonly runtimeTolerations: ReadonlyMap<string, readonly Value[]>;
  /** Names of the classes that are marked as the default. */
  readonly storageClasses: ReadonlySet<string>;
  readonly ingressClasses: ReadonlySet<string>;
  /**
   * Names of the webhooks and mutating policies that may have written to objects of this kind and namespace. Without the
   * object's labels, those that choose by labels are taken to match.
   */
  mutatorsOf(ref: ObjectRef, labels?: Value, about?: Mutation): readonly string[];
  /** Whether these could not be read, of the namespace or at all: what they would explain cannot be known. */
  readonly isUnread: (what: UnreadFact, namespace?: string) => boolean;
}

/** What is asked of mutators; without it, whether they may have written anything at all. */
export interface Mutation {
  /** Field names of what they may have written, list items left out. */
  readonly names?: readonly string[];
  /** Only those who act when an object is made, and so do not put back what is taken away. */
  readonly once?: true;
}

export type UnreadFact =
  | "runtime-classes"
  | "storage-classes"
  | "ingress-classes"
  | "limit-ranges"
  | "autoscalers"
  | "mutators";

/**
 * Field names from the root, list items left out. `*` stands for any one name, `example.io/*` for any that begins so; `**`
 * at the start or the end for any number of names.
 */
export type Place = readonly string[];

/** A row of a table. All that it gives must hold. */
export interface LeftOutRow {
  /** Of these kinds, as kindKey(); absent: of any. */
  readonly kinds?: ReadonlySet<string>;
  readonly place: Place;
  /** An item of the list at the place, instead of the field itself. */
  readonly item?: true;
  /** `add`: what Git leaves out or blank, and is the rule; `any`: also where both sides differ, or only Git has it. */
  readonly on?: "any";
  /** Written by one of these managers. */
  readonly by?: ReadonlySet<string>;
  /**
   * Written by nobody that is known, as what is set after managedFields were computed: by admission and by the registry
   * (apiserver `endpoints/handlers/create.go`). With `by`: by one of them or by nobody.
   */
  readonly nobody?: true;
  /** With `by`: also where the object has no managedFields at all, since the place belongs to these writers. */
  readonly unmanaged?: true;
  readonly test?: (difference: DifferenceAt, context: AdmissionContext) => boolean;
  readonly reason: LeftOutRule["reason"];
  readonly rule: string;
  /** Absent: where `by` is given, since a manager's name is anybody's choice. */
  readonly judged?: boolean;
  /** Where the fact comes from. */
  readonly source: string;
}

/** The first row that explains the difference. */
export function explainedBy(
  rows: readonly LeftOutRow[],
  difference: DifferenceAt,
  context: AdmissionContext,
): LeftOutRule | undefined {
  const kind = kindKey(difference.ref);
  const row = rows.find((candidate) => {
    if (candidate.kinds !== undefined && !candidate.kinds.has(kind)) return false;
    return (
      standsAt(difference.names, candidate.place) &&
      isItem(difference.path) === (candidate.item === true) &&
      (candidate.on === "any" || isAddition(difference)) &&
      isWriter(candidate, difference) &&
      (candidate.test === undefined || candidate.test(difference, context))
    );
  });
  if (row === undefined) return undefined;
  return { reason: row.reason, rule: row.rule, judged: row.judged ?? row.by !== undefined };
}

/** Only live has it: Git leaves it out, or so blank that the server reads it as left out. */
export function isAddition({ desiredValue, liveValue }: DifferenceAt): boolean {
  return liveValue !== undefined && (desiredValue === undefined || isBlank(desiredValue));
}

/**
 * Nobody is known to have written it. `ancient-changes` and `before-first-apply` are what the API server calls those whose
 * entries it never had or gave up (apimachinery `managedfields/internal/buildmanagerinfo.go`, `skipnonapplied.go`).
 */
export function isNobodys({ actor }: DifferenceAt): boolean {
  return actor === undefined || actor.manager === "ancient-changes" || actor.manager === "before-first-apply";
}

function isWriter(row: LeftOutRow, difference: DifferenceAt): boolean {
  if (row.by === undefined && row.nobody === undefined) return true;
  if (row.nobody === true && isNobodys(difference)) return true;
  const { actor, managed } = difference;
  if (actor === undefined) return row.unmanaged === true && !managed;
  return row.by?.has(actor.manager) === true;
}

/** Blank to the server, or to those who inject: `Cg==` is a base64 line break, cert-manager's own way to write nothing. */
function isBlank(value: Value): boolean {
  if (value === null || value === "" || value === 0 || value === "Cg==" || value === "Cgo=") return true;
  if (isList(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function isItem(path: FieldPath): boolean {
  const last = path.at(-1);
  return last !== undefined && last.kind !== "field";
}

export function standsAt(names: readonly string[], place: Place): boolean {
  if (place[0] === "**") {
    const tail = place.slice(1);
    const start = names.length - tail.length;
    return start >= 0 && tail.every((name, index) => isNamed(names[start + index], name));
  }
  const open = place.at(-1) === "**";
  const head = open ? place.slice(0, -1) : place;
  return (
    (open ? names.length >= head.length : names.length === head.length) &&
    head.every((name, index) => isNamed(names[index], name))
  );
}

function isNamed(name: string | undefined, pattern: string): boolean {
  if (name === undefined) return false;
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** kindKey()s of kinds of one group. */
export function kindsOf(group: string, ...kinds: readonly string[]): ReadonlySet<string> {
  return new Set(kinds.map((kind) => kindKey({ apiVersion: group === "" ? "v1" : `${group}/v1`, kind })));
}

export function union(...sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...set]));
}
