/**
 * What must be known of a cluster before its objects are compared: who scales what, what admission fills in, and who may
 * write to objects on their way in.
 */

import { groupOf, kindKey, refKey } from "../core/refs.ts";
import type { KindRef, ObjectRef } from "../core/refs.ts";
import { fieldAt, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { AdmissionContext, Autoscaler, Deliverer, Mutation, UnreadFact } from "../kinds/left-out.ts";
import { asksToScaleDown } from "../kinds/writers.ts";
import { deliveryOf } from "./deliveries.ts";
import { mutates, mutatorsIn } from "./mutators.ts";
import type { Mutator } from "./mutators.ts";
import { autoscalersOf, resizedObjects } from "./scaling.ts";

/** Kinds to read first; those that the cluster does not serve say nothing. */
export const FACT_KINDS: readonly KindRef[] = [
  { apiVersion: "v1", kind: "Namespace" },
  { apiVersion: "v1", kind: "LimitRange" },
  { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass" },
  { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" },
  { apiVersion: "networking.k8s.io/v1", kind: "IngressClass" },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
  { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject" },
  { apiVersion: "autoscaling.k8s.io/v1", kind: "VerticalPodAutoscaler" },
  { apiVersion: "admissionregistration.k8s.io/v1", kind: "MutatingWebhookConfiguration" },
  { apiVersion: "admissionregistration.k8s.io/v1", kind: "MutatingAdmissionPolicy" },
  { apiVersion: "admissionregistration.k8s.io/v1", kind: "MutatingAdmissionPolicyBinding" },
  { apiVersion: "admissionregistration.k8s.io/v1beta1", kind: "MutatingAdmissionPolicy" },
  { apiVersion: "admissionregistration.k8s.io/v1beta1", kind: "MutatingAdmissionPolicyBinding" },
];

/** Gathers facts page by page, and keeps nothing else of what it is shown. */
export interface AdmissionFacts {
  /**
   * Live objects of any kind, and what Git declares: autoscalers count on either side, what takes others over where Git has
   * it, all else where it is live.
   */
  take(objects: readonly Source[], side: "live" | "desired"): void;
  /** A kind that could not be read, in a namespace or at all: what it says is not known. Others than facts say nothing. */
  unread(of: KindRef, namespace?: string): void;
  /** What is known so far; later objects do not change it. */
  context(): AdmissionContext;
}

interface Source {
  readonly ref: ObjectRef;
  readonly value: Value;
}

/**
 * `resourceOf`: what the API calls a kind (`deployments`); kinds for which it has no answer match no webhook. `isDeclared`: of
 * a live object, whether any target of the cluster declares it.
 */
export function admissionFacts(
  resourceOf: (kind: KindRef) => string | undefined,
  isDeclared: (ref: ObjectRef) => boolean = () => false,
): AdmissionFacts {
  const facts: Facts = {
    scaled: new Map(),
    resized: new Set(),
    delivered: new Map(),
    downscaled: new Set(),
    runtimeTolerations: new Map(),
    limits: new Map(),
    storageClasses: new Set(),
    ingressClasses: new Set(),
    namespaces: new Map(),
    mutators: new Map(),
    unread: new Set(),
  };
  let known: AdmissionContext | undefined;
  return {
    take: (objects, side) => {
      if (side === "desired") for (const object of objects) if (takeDeclared(facts, object)) known = undefined;
      if (!objects.some(({ ref }) => isFact(ref))) return;
      known = undefined;
      takeAutoscalers(facts, objects, (ref) => side === "desired" || isDeclared(ref));
      for (const key of resizedObjects(objects)) facts.resized.add(key);
      if (side === "live") for (const object of objects) takeLive(facts, object);
    },
    unread: (of, namespace) => {
      const what = UNREAD.get(kindKey(of));
      if (what === undefined) return;
      known = undefined;
      facts.unread.add(placeKey(what, NAMESPACED.has(what) ? namespace : undefined));
    },
    context: () => (known ??= contextOf(facts, resourceOf)),
  };
}

const FACTS: ReadonlySet<string> = new Set(FACT_KINDS.map(kindKey));

function isFact(ref: ObjectRef): boolean {
  return FACTS.has(kindKey(ref));
}

interface Facts {
  /** Autoscalers by the refKey() of what they scale, and then by their own. */
  readonly scaled: Map<string, Map<string, Autoscaler>>;
  readonly resized: Set<string>;
  /** Names by who delivers and the namespace: placeKey(). */
  readonly delivered: Map<string, Set<string>>;
  readonly downscaled: Set<string>;
  readonly runtimeTolerations: Map<string, readonly Value[]>;
  /** `spec.limits` of the LimitRanges, by namespace and then by name. */
  readonly limits: Map<string, Map<string, Value>>;
  readonly storageClasses: Set<string>;
  readonly ingressClasses: Set<string>;
  /** Labels by namespace. */
  readonly namespaces: Map<string, Value>;
  /** Configurations of mutating admission by refKey(). */
  readonly mutators: Map<string, Source>;
  /** placeKey()s of what could not be read. */
  readonly unread: Set<string>;
}

function placeKey(what: UnreadFact | Deliverer, namespace = "*"): string {
  return `${what}\0${namespace}`;
}

const NAMESPACED: ReadonlySet<UnreadFact> = new Set(["limit-ranges", "autoscalers"]);

/** What cannot be known where these were not read. */
const UNREAD: ReadonlyMap<string, UnreadFact> = new Map(
  (
    [
      ["v1", "LimitRange", "limit-ranges"],
      ["node.k8s.io/v1", "RuntimeClass", "runtime-classes"],
      ["storage.k8s.io/v1", "StorageClass", "storage-classes"],
      ["networking.k8s.io/v1", "IngressClass", "ingress-classes"],
      ["autoscaling/v2", "HorizontalPodAutoscaler", "autoscalers"],
      ["keda.sh/v1alpha1", "ScaledObject", "autoscalers"],
      ["admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "mutators"],
      ["admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", "mutators"],
      ["admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", "mutators"],
    ] as const
  ).map(([apiVersion, kind, what]) => [kindKey({ apiVersion, kind }), what]),
);

/** What Git and the cluster say of one autoscaler is put together: a difference between them is told of itself. */
function takeAutoscalers(facts: Facts, objects: readonly Source[], isDeclared: (ref: ObjectRef) => boolean): void {
  for (const { scales, ref, bounds } of autoscalersOf(objects)) {
    const scalers = facts.scaled.get(scales) ?? new Map<string, Autoscaler>();
    const known = scalers.get(refKey(ref));
    scalers.set(refKey(ref), {
      ref,
      declared: known?.declared === true || isDeclared(ref),
      bounds: [...(known?.bounds ?? []), ...bounds],
    });
    facts.scaled.set(scales, scalers);
  }
}

/** Whether the object says anything of others. */
function takeDeclared(facts: Facts, { ref, value }: Source): boolean {
  if (kindKey(ref) === NAMESPACE && asksToScaleDown(value)) {
    facts.downscaled.add(ref.name);
    return true;
  }
  const delivery = deliveryOf(ref, value);
  if (delivery === undefined) return false;
  const key = placeKey(delivery.deliverer, ref.namespace);
  facts.delivered.set(key, new Set([...(facts.delivered.get(key) ?? []), ...delivery.names]));
  return true;
}

/** The same object read again takes the place of what was known of it. */
function takeLive(facts: Facts, object: Source): void {
  const { ref, value } = object;
  switch (kindKey(ref)) {
    case NAMESPACE:
      facts.namespaces.set(ref.name, fieldAt(value, "metadata", "labels") ?? {});
      break;
    case LIMIT_RANGE: {
      const ranges = facts.limits.get(ref.namespace ?? "") ?? new Map<string, Value>();
      ranges.set(ref.name, fieldAt(value, "spec", "limits") ?? []);
      facts.limits.set(ref.namespace ?? "", ranges);
      break;
    }
    case RUNTIME_CLASS: {
      const tolerations = fieldAt(value, "scheduling", "tolerations");
      facts.runtimeTolerations.set(ref.name, isList(tolerations) ? tolerations : []);
      break;
    }
    case STORAGE_CLASS:
      if (isMarked(value, "storageclass.kubernetes.io/is-default-class")) facts.storageClasses.add(ref.name);
      else if (isMarked(value, "storageclass.beta.kubernetes.io/is-default-class")) facts.storageClasses.add(ref.name);
      break;
    case INGRESS_CLASS:
      if (isMarked(value, "ingressclass.kubernetes.io/is-default-class")) facts.ingressClasses.add(ref.name);
      break;
    default:
      if (isMutatorKind(ref)) facts.mutators.set(refKey(ref), object);
  }
}

const NAMESPACE = kindKey({ apiVersion: "v1", kind: "Namespace" });
const LIMIT_RANGE = kindKey({ apiVersion: "v1", kind: "LimitRange" });
const RUNTIME_CLASS = kindKey({ apiVersion: "node.k8s.io/v1", kind: "RuntimeClass" });
const STORAGE_CLASS = kindKey({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass" });
const INGRESS_CLASS = kindKey({ apiVersion: "networking.k8s.io/v1", kind: "IngressClass" });

/** Every OpenShift cluster serves it, and no other does. */
const OPENSHIFT: KindRef = { apiVersion: "security.openshift.io/v1", kind: "SecurityContextConstraints" };

function isMarked(value: Value, annotation: string): boolean {
  return textOf(fieldAt(value, "metadata", "annotations"), annotation) === "true";
}

function isMutatorKind({ apiVersion, kind }: ObjectRef): boolean {
  return groupOf(apiVersion) === "admissionregistration.k8s.io" && kind.startsWith("Mutating");
}

function contextOf(facts: Facts, resourceOf: (kind: KindRef) => string | undefined): AdmissionContext {
  const limits = new Map([...facts.limits].map(([namespace, ranges]) => [namespace, [...ranges.values()]]));
  const namespaces = new Map(facts.namespaces);
  const mutators = mutatorsIn(facts.mutators);
  const unread = new Set(facts.unread);
  const delivered = new Map([...facts.delivered].map(([key, names]) => [key, new Set(names)]));
  return {
    scaled: new Map([...facts.scaled].map(([key, scalers]) => [key, [...scalers.values()]])),
    resized: new Set(facts.resized),
    isDelivered: ({ namespace, name }, by) => delivered.get(placeKey(by, namespace))?.has(name) === true,
    downscaled: new Set(facts.downscaled),
    openShift: resourceOf(OPENSHIFT) !== undefined,
    runtimeTolerations: new Map(facts.runtimeTolerations),
    storageClasses: new Set(facts.storageClasses),
    ingressClasses: new Set(facts.ingressClasses),
    limitsOf: (namespace) => limits.get(namespace) ?? [],
    mutatorsOf: (ref, labels, about = {}) =>
      namesOf(mutators, { ref, resource: resourceOf(ref), labels, namespaces, about }),
    isUnread: (what, namespace) => unread.has(placeKey(what)) || unread.has(placeKey(what, namespace)),
  };
}

interface Asked {
  readonly ref: ObjectRef;
  readonly resource: string | undefined;
  readonly labels: Value | undefined;
  readonly namespaces: ReadonlyMap<string, Value>;
  readonly about: Mutation;
}

function namesOf(mutators: readonly Mutator[], { ref, resource, labels, namespaces, about }: Asked): readonly string[] {
  if (resource === undefined) return [];
  const namespaceLabels = namespaces.get(ref.namespace ?? "");
  const object = {
    ref,
    resource,
    ...(labels === undefined ? {} : { labels }),
    ...(namespaceLabels === undefined ? {} : { namespaceLabels }),
  };
  return [...new Set(mutators.filter((mutator) => mutates(mutator, object, about)).map(({ name }) => name))];
}
