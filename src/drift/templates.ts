/**
 * What controllers make of a template is what the template says, whoever is said to own it. A Pod that runs anything else,
 * or may do more, was made or changed by somebody: policies are asked about it, and what the template itself brings them to
 * object to is told where the template is. Of a template some bytes are kept, no content.
 */

import type { LiveObject } from "../core/objects.ts";
import { kindKey } from "../core/refs.ts";
import { compareText, fieldAt, fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { podOf, podParts, withParts } from "../kinds/pod-parts.ts";
import type { PodPart } from "../kinds/pod-parts.ts";
import { canonical } from "./content.ts";
import { packedUid } from "./owners.ts";
import type { FoundOwner } from "./owners.ts";

export interface Templates {
  saw(live: LiveObject): void;
  /**
   * What is to be asked about an object that the owner is said to have made of its template. `undefined`: nothing, it did,
   * or the object is at rest. Where the owner was not read, any template of the namespace counts.
   */
  doubtOf(made: LiveObject, owner: FoundOwner): Doubt | undefined;
}

export interface Doubt {
  /** What policies are asked about. */
  readonly asked: LiveObject;
  /** As much of it as the template, or admission, accounts for: what policies say of that is no news. Absent: nothing. */
  readonly accounted?: LiveObject;
}

interface Template {
  readonly whole: string;
  /** {@link HASH} characters for each part. */
  readonly parts: string;
  /** Nothing is made of it any more. */
  readonly atRest: boolean;
  /** What is made of its older self is about to go. */
  readonly isRollingOut: boolean;
}

export interface TemplatesInput {
  /** Whether a webhook or a mutating policy may have added containers to the object. */
  readonly isMutated: (live: LiveObject) => boolean;
  /** A cryptographic hash, as at least 16 characters: whoever forges a Pod may choose its texts. */
  readonly hash: (text: string) => string;
  /** It was deleted, and is about to go. */
  readonly isGoing: (live: LiveObject) => boolean;
}

const HASH = 8;

export function createTemplates({ isMutated, isGoing, hash }: TemplatesInput): Templates {
  const known = new Map<string, Template>();
  const wholes = new Set<string>();
  const digest = (text: string, length: number): string => hash(text).slice(0, length);
  // In whatever order.
  const together = (parts: readonly string[]): string => digest(parts.toSorted(compareText).join("\0\0"), 16);
  return {
    saw(live) {
      const pod = MAKES.has(kindKey(live.ref)) ? podOf(live) : undefined;
      const uid = textOf(fieldOf(live.value, "metadata"), "uid");
      if (pod === undefined || uid === undefined) return;
      const parts = podParts(pod).map(textOfPart);
      const [whole, atRest] = [together(parts), isAtRest(live)];
      known.set(packedUid(uid), {
        whole,
        parts: parts.map((part) => digest(part, HASH)).join(""),
        atRest,
        isRollingOut: isRollingOut(live),
      });
      if (!atRest) wholes.add(inNamespace(live, whole));
    },
    doubtOf(live, owner) {
      if (isWrittenByController(live) && (live.ref.kind === "ControllerRevision" || isAtRest(live))) return undefined;
      const asked = asPod(live);
      const pod = podOf(live);
      if (pod === undefined) return { asked };
      const parts = new Map(podParts(pod).map((part) => [part.key, textOfPart(part)]));
      const whole = together([...parts.values()]);
      if (owner.unread === true && wholes.has(inNamespace(live, whole))) return undefined;
      const template = known.get(packedUid(owner.uid));
      // What runs is not made of a template of which nothing is made.
      const isOver = template?.atRest === true && !isAtRest(live) && !isGoing(live);
      if (template === undefined || isOver) return { asked };
      if (whole === template.whole || (template.isRollingOut && isWrittenByController(live))) return undefined;
      // A right that the template gives to what it runs is news where something else runs.
      if (!isWrittenByController(live)) return { asked };
      const given = new Set<string>();
      for (let at = 0; at < template.parts.length; at += HASH) given.add(template.parts.slice(at, at + HASH));
      const isAdded = isMutated(live) ? addedWithoutOwner(live) : () => false;
      const holds = (key: string): boolean => given.has(digest(parts.get(key) ?? "", HASH)) || isAdded(key);
      return { asked, accounted: asPod(withParts(live, holds)) };
    },
  };
}

/** Kinds of whose template others are made. */
const MAKES: ReadonlySet<string> = new Set([
  "\0ReplicationController",
  "apps\0DaemonSet",
  "apps\0Deployment",
  "apps\0ReplicaSet",
  "apps\0StatefulSet",
  "batch\0CronJob",
  "batch\0Job",
]);

function inNamespace({ ref }: LiveObject, whole: string): string {
  return `${ref.namespace ?? ""}\0${whole}`;
}

function textOfPart({ key, value }: PodPart): string {
  return `${key}\0${canonical(value)}`;
}

/** Nothing runs of it, and nothing will: scaled to nothing, or at its end. */
function isAtRest({ ref, value }: LiveObject): boolean {
  const status = fieldOf(value, "status");
  switch (kindKey(ref)) {
    case "apps\0ReplicaSet":
      return fieldAt(value, "spec", "replicas") === 0 && (fieldOf(status, "replicas") ?? 0) === 0;
    case "batch\0Job":
      return conditionsOf(status).some(
        (one) => fieldOf(one, "status") === "True" && ["Complete", "Failed"].includes(textOf(one, "type") ?? ""),
      );
    case "\0Pod":
      return ["Succeeded", "Failed"].includes(textOf(status, "phase") ?? "");
    default:
      return false;
  }
}

/**
 * A Deployment takes away the Pods of its older templates by itself, and says so, within its `progressDeadlineSeconds`
 * (kubernetes `pkg/controller/deployment/progress.go`).
 */
function isRollingOut({ ref, value }: LiveObject): boolean {
  if (kindKey(ref) !== "apps\0Deployment" || fieldAt(value, "spec", "paused") === true) return false;
  const status = fieldOf(value, "status");
  if (fieldOf(status, "observedGeneration") !== fieldAt(value, "metadata", "generation")) return true;
  const progressing = conditionsOf(status).find((one) => fieldOf(one, "type") === "Progressing");
  return fieldOf(progressing, "status") === "True" && fieldOf(progressing, "reason") !== "NewReplicaSetAvailable";
}

function conditionsOf(status: Value | undefined): readonly Value[] {
  const conditions = fieldOf(status, "conditions");
  return isList(conditions) ? conditions : [];
}

/** Field managers that the workloads' controllers call themselves; in k3s and MicroK8s they are part of one program. */
const CONTROLLERS: ReadonlySet<string> = new Set(["hyperkube", "k3s", "kube-controller-manager", "kubelite"]);

/**
 * Whether the controllers wrote all that the object says, as far as it is on record. A name can be forged: it only spares
 * questions about what does nothing, and about rights that the template gives, too.
 */
function isWrittenByController({ managers }: LiveObject): boolean {
  const writers = managers.filter(
    ({ fields, subresource }) =>
      subresource === undefined && (hasField(fields, "f:spec") || hasField(fields, "f:data")),
  );
  return writers.length > 0 && writers.every(({ manager }) => CONTROLLERS.has(manager));
}

function hasField(fields: Value, name: string): boolean {
  return fieldOf(fields, name) !== undefined;
}

/** A revision holds a template that no policy knows: they are asked about the Pod that it would make. */
function asPod(live: LiveObject): LiveObject {
  if (live.ref.kind !== "ControllerRevision") return live;
  const pod = podOf(live);
  if (pod === undefined) return live;
  const { namespace, name } = live.ref;
  const metadata = { ...mapAt(pod, "metadata"), name, ...(namespace === undefined ? {} : { namespace }) };
  const value = { apiVersion: "v1", kind: "Pod", metadata, spec: fieldOf(pod, "spec") ?? null };
  return { ...live, ref: { ...live.ref, apiVersion: "v1", kind: "Pod" }, value };
}

function mapAt(value: Value, name: string): object {
  const found = fieldOf(value, name);
  return typeof found === "object" && found !== null && !isList(found) ? found : {};
}

const ADDED: ReadonlySet<string> = new Set(["containers", "initContainers", "volumes"]);

/**
 * Parts in containers and volumes that nobody owns on record: owners are noted before webhooks add theirs. Without any
 * record nothing is known of any.
 */
function addedWithoutOwner(live: LiveObject): (key: string) => boolean {
  const records = live.managers
    .filter(({ subresource }) => subresource !== "status")
    .map(({ fields }) => fieldOf(fields, "f:spec"));
  const writers = records.filter((record) => record !== undefined);
  const owned = new Map<string, boolean>();
  return (key) => {
    const [list, name] = key.split("/", 2);
    if (writers.length === 0 || list === undefined || name === undefined || !ADDED.has(list)) return false;
    const place = `${list}/${name}`;
    const known = owned.get(place) ?? writers.some((record) => owns(record, list, name));
    owned.set(place, known);
    return !known;
  };
}

function owns(record: Value, list: string, name: string): boolean {
  const item = `k:{"name":${JSON.stringify(name)}}`;
  return fieldAt(record, `f:${list}`, item) !== undefined;
}
