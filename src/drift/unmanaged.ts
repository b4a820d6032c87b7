/** Live objects of the managed scope that Git does not declare, that nothing owns and that no system made. */

import type { Drift } from "../core/drift.ts";
import type { LiveObject } from "../core/objects.ts";
import { kindKey, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { isPutRight } from "../kinds/owning-kinds.ts";
import { podOf } from "../kinds/pod-parts.ts";
import { isLookedAt, isRecord } from "../kinds/scope-kinds.ts";
import { unhashedKey } from "../kinds/hashed-names.ts";
import { ownsNamedOnly } from "../kinds/secret-makers.ts";
import { addedToSystem } from "../kinds/system-rbac.ts";
import { systemMaker } from "../kinds/system-made.ts";
import { wasRead } from "./inventory.ts";
import type { Reads } from "./inventory.ts";
import type { LiveSource } from "../core/stages.ts";
import { certificateSecrets } from "./certificate-secrets.ts";
import { askedForExcuse, CLAIM, GOING, HASHED, HOOK, MIRROR, ownedExcuse, systemExcuse } from "./excuses.ts";
import type { Excuse } from "./excuses.ts";
import { deletionOf, isGoing } from "./going.ts";
import type { MadeSecrets } from "./made-secrets.ts";
import { stillObjected } from "./doubted-again.ts";
import { createOwners } from "./owners.ts";
import type { FoundOwner, KindSource } from "./owners.ts";
import { createTemplates } from "./templates.ts";
import type { Doubt } from "./templates.ts";
import { stillWithoutOwner } from "./unmanaged-again.ts";
import { makerOf } from "./unmanaged-groups.ts";

/** Where unmanaged objects are looked for. */
export interface ManagedScope {
  /** Namespaces, each with the target that its unmanaged objects count for. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** The target that cluster-scoped ones count for; absent: they are not looked at. */
  readonly cluster?: string;
}

/** The target that an unmanaged object of this name would count for; `undefined`: it is out of scope. */
export function scopeOf(ref: ObjectRef, scope: ManagedScope, declaredKinds: ReadonlySet<string>): string | undefined {
  const declared = declaredKinds.has(kindKey(ref));
  if (ref.namespace !== undefined) {
    return declared || !isRecord(ref) ? scope.namespaces.get(ref.namespace) : undefined;
  }
  // A managed namespace is there because of what Git declares in it, whoever made it.
  const used = ref.kind === "Namespace" && scope.namespaces.has(ref.name);
  return isLookedAt(ref, declared) && !used ? scope.cluster : undefined;
}

export interface UnmanagedInput {
  /** refKey()s of what any target declares. */
  readonly known: ReadonlySet<string>;
  /** kindKey()s of what is declared. */
  readonly declaredKinds: ReadonlySet<string>;
  readonly scope: ManagedScope;
  readonly isClaim: (ref: ObjectRef) => boolean;
  /** Whether Git has a generator make an object whose name is known up to a hash; absent: none. */
  readonly isHashed?: (ref: ObjectRef) => boolean;
  /** Whether Git declares it as a hook of a chart. */
  readonly isHook?: (ref: ObjectRef) => boolean;
  /** Told of live objects by whoever owns it, each before it is taken here. */
  readonly made: Pick<MadeSecrets, "makerOf" | "mayOwn">;
  readonly kinds: KindSource;
  /** Cryptographic, of at least 16 characters. */
  readonly hash: (text: string) => string;
  /** In milliseconds since 1970: what was deleted before it is gone after a while. */
  readonly now: number;
  /** {@link LiveSource.look}; absent: what was read is all that there is. */
  readonly look?: LiveSource["look"];
  /** {@link LiveSource.readAgain}; absent: the same. */
  readonly readAgain?: LiveSource["readAgain"];
  /** Whether a webhook or a mutating policy may have added to the object; absent: none may. */
  readonly isMutated?: (live: LiveObject) => boolean;
  /** A moment for the garbage collector; absent: nobody waits. */
  readonly pause?: () => Promise<void>;
  /** Told of what Git does not declare, in the scope, and that is not unmanaged. */
  readonly onExcused?: (excused: Excused) => void;
}

export interface Excused {
  /** The target that it would count for. */
  readonly target: string;
  readonly live: LiveObject;
  readonly excuse: Excuse;
  /** What policies are to be asked about, where that is not simply the object. */
  readonly doubt?: Doubt;
  /** Whose template the doubt is about. */
  readonly owner?: FoundOwner;
}

type Unmanaged = Extract<Drift, { state: "unmanaged" }>;

export interface UnmanagedFinder {
  /** Every live object, whoever declares it: it may be unmanaged, and it may own others. */
  take(live: LiveObject): void;
  /** Once everything was read. Not to be trusted where the scope's desired state is incomplete: then the scope is empty. */
  finish(reads: Reads): Promise<readonly { readonly target: string; readonly drift: Unmanaged }[]>;
  /**
   * Of what is excused and policy objects to: what it objects to still, once owners were looked at again ({@link stillObjected}).
   *
   * @param objections whether policy objects to each.
   * @param settled told of the others, but for those that are gone.
   */
  again(
    objected: readonly Excused[],
    objections: (asked: readonly Excused[]) => Promise<readonly boolean[]>,
    settled: (one: Excused) => void,
  ): Promise<readonly Excused[]>;
}

/** What cannot be told before everything was read. */
type Waits = "owner" | "maker" | "certificate";

/**
 * Objects are kept where they are unmanaged, and where their owner was not seen yet: kinds that own others are best read
 * first. Of all others 16 bytes are kept, to know owners by.
 */
export function createUnmanagedFinder(input: UnmanagedInput): UnmanagedFinder {
  const owners = createOwners(input.kinds);
  const found: { readonly target: string; readonly live: LiveObject; readonly waits: Waits | undefined }[] = [];
  const seen = new Set<string>();
  // Claims of StatefulSets that are there are told with them, where those are unmanaged themselves.
  const claims = createClaims();
  const certificates = certificateSecrets(input.kinds);
  const going = (object: Pick<LiveObject, "ref" | "value">): boolean => isGoing(object, input.now);
  const comparing = { isMutated: input.isMutated ?? (() => false), isGoing: going, hash: input.hash };
  const templates = createTemplates(comparing);
  const excuse = (target: string, live: LiveObject, why: Excuse, doubted?: Pick<Excused, "doubt" | "owner">): void => {
    // What is judged is kept: a kind that Git declares in two versions comes in both.
    if (why.judged && seen.has(refKey(live.ref))) return;
    if (why.judged) seen.add(refKey(live.ref));
    input.onExcused?.({ target, live, excuse: why, ...doubted });
  };
  const excuseOwned = (target: string, live: LiveObject, owner: FoundOwner): void => {
    const made = owner.how === "made";
    if (made && isPutRight(owner.ref, live.ref)) excuse(target, live, ownedExcuse(owner, false));
    else if (!made || podOf(live) === undefined) excuse(target, live, ownedExcuse(owner, true));
    else {
      const doubt = templates.doubtOf(live, owner);
      excuse(target, live, ownedExcuse(owner, doubt !== undefined), doubt === undefined ? {} : { doubt, owner });
    }
  };
  return {
    take(live) {
      owners.saw(live);
      claims.saw(live);
      // What is made of a template is in its namespace.
      if (input.scope.namespaces.has(live.ref.namespace ?? "")) templates.saw(live);
      certificates.saw(live);
      const target = scopeOf(live.ref, input.scope, input.declaredKinds);
      if (target === undefined || input.known.has(refKey(live.ref))) return;
      const why = excuseOf(live, input);
      if (why !== undefined && why.needs === undefined) {
        excuse(target, live, why);
        return;
      }
      const key = refKey(live.ref);
      // A kind that Git declares in two versions comes in both.
      if (seen.has(key)) return;
      const owned = owners.ownerOf(live);
      const isOwned = typeof owned !== "string";
      if (isOwned && !needsMaker(live.ref, owned)) {
        excuseOwned(target, live, owned);
        return;
      }
      seen.add(key);
      const waits = isOwned ? "maker" : owned === "not-seen" ? "owner" : why?.needs;
      found.push({ target, live, waits });
    },
    finish: async (reads) => {
      seen.clear();
      const left = found.filter(({ target, live, waits }) => {
        const why = atEnd(live, waits, reads);
        if (why === undefined) return true;
        if ("uid" in why) excuseOwned(target, live, why);
        else excuse(target, live, why);
        return false;
      });
      const asked = {
        look: input.look,
        ownersOf: (live: LiveObject) => owners.named(live),
        isGoing: going,
        ...(input.pause === undefined ? {} : { pause: input.pause }),
      };
      const alone = await stillWithoutOwner(
        left.filter(({ waits }) => waits === "owner"),
        asked,
      );
      const told = new Set([...left.filter(({ waits }) => waits !== "owner"), ...alone]);
      return left.filter((one) => told.has(one)).map(({ target, live }) => ({ target, drift: unmanagedOf(live) }));
    },
    again: async (objected, objections, settled) =>
      await stillObjected(objected, {
        readAgain: input.readAgain,
        ownersOf: (live) => owners.named(live),
        templates: comparing,
        objections,
        onSettled: settled,
        ...(input.pause === undefined ? {} : { pause: input.pause }),
      }),
  };

  function atEnd(live: LiveObject, waits: Waits | undefined, reads: Reads): Excuse | FoundOwner | undefined {
    if (claims.has(live.ref)) return CLAIM;
    const maker = input.made.makerOf(live.ref);
    if (maker !== undefined) return askedForExcuse(maker);
    const wasUnread = (owner: ObjectRef): boolean => !wasRead(reads, owner);
    const owner: FoundOwner | undefined =
      waits === "owner" || waits === "maker" ? owners.ownerAtEnd(live, wasUnread) : undefined;
    if (owner !== undefined && (owner.unread === true || input.made.mayOwn(owner.ref, live.ref))) {
      return owner;
    }
    const made = systemMaker(live, input.kinds);
    if (made?.needs === "certificate" && certificates.has(live, wasUnread)) return systemExcuse(made);
    // Of what its controller made and goes, the template tells more.
    return going(live) ? GOING : undefined;
  }
}

/** Whether it is only known at the end that such an owner makes such an object. */
function needsMaker({ kind, apiVersion }: ObjectRef, { ref }: FoundOwner): boolean {
  return kind === "Secret" && apiVersion === "v1" && ownsNamedOnly(ref);
}

export function unmanagedOf(live: LiveObject): Unmanaged {
  const [maker, deletion] = [makerOf(live), deletionOf(live)];
  const added = maker?.kind === "kubernetes" ? addedToSystem(live) : undefined;
  return {
    state: "unmanaged",
    ref: live.ref,
    live,
    ...(maker === undefined ? {} : { maker }),
    ...(added === undefined ? {} : { added }),
    ...(deletion === undefined ? {} : { deletion }),
  };
}

interface EarlyExcuse extends Excuse {
  /** It counts only together with something that is read later. */
  readonly needs?: "certificate";
}

/** The Endpoints that an EndpointSlice is a mirror of, as its labels say. */
function mirrors({ ref, value }: LiveObject): readonly ObjectRef[] {
  if (ref.kind !== "EndpointSlice" || ref.namespace === undefined) return [];
  const labels = fieldAt(value, "metadata", "labels");
  const name = textOf(labels, "kubernetes.io/service-name");
  const by = textOf(labels, "endpointslice.kubernetes.io/managed-by");
  if (name === undefined || by !== "endpointslicemirroring-controller.k8s.io") return [];
  return [{ apiVersion: "v1", kind: "Endpoints", namespace: ref.namespace, name }];
}

function excuseOf(
  live: LiveObject,
  { isClaim, isHashed, isHook, known, kinds }: UnmanagedInput,
): EarlyExcuse | undefined {
  if (isClaim(live.ref)) return CLAIM;
  if (isHashed?.(live.ref) === true) return HASHED;
  if (isHook?.(live.ref) === true) return HOOK;
  if (mirrors(live).some((endpoints) => known.has(refKey(endpoints)))) return MIRROR;
  const made = systemMaker(live, kinds);
  if (made === undefined) return undefined;
  return { ...systemExcuse(made), ...(made.needs === undefined ? {} : { needs: made.needs }) };
}

interface Claims {
  saw(object: { readonly ref: ObjectRef; readonly value: Value }): void;
  /** Whether the object is a claim that one of these StatefulSets made. */
  has(ref: ObjectRef): boolean;
}

/**
 * PersistentVolumeClaims that were made from a StatefulSet's `volumeClaimTemplates`: such a one is called
 * `<template>-<StatefulSet>-<ordinal>` and, by default, has no owner (kubernetes `pkg/controller/statefulset/stateful_set_utils.go`).
 */
function createClaims(): Claims {
  const prefixes = new Set<string>();
  return {
    saw({ ref, value }) {
      const templates = ref.kind === "StatefulSet" ? fieldAt(value, "spec", "volumeClaimTemplates") : undefined;
      for (const template of isList(templates) ? templates : []) {
        const name = textOf(fieldOf(template, "metadata"), "name");
        if (name !== undefined) prefixes.add(`${ref.namespace ?? ""}\0${name}-${ref.name}`);
      }
    },
    has(ref) {
      const prefix = /^(.+)-\d+$/.exec(ref.name)?.[1];
      return (
        ref.kind === "PersistentVolumeClaim" &&
        prefix !== undefined &&
        prefixes.has(`${ref.namespace ?? ""}\0${prefix}`)
      );
    },
  };
}

/** Claims of the StatefulSets among the objects that are given. */
export function claimsOf(
  objects: Iterable<{ readonly ref: ObjectRef; readonly value: Value }>,
): (ref: ObjectRef) => boolean {
  const claims = createClaims();
  for (const object of objects) claims.saw(object);
  return (ref) => claims.has(ref);
}

/** Live objects that these may be, which have a hash behind their names that is not known. */
export function hashedAs(unnamed: Iterable<ObjectRef>): (ref: ObjectRef) => boolean {
  const keys = new Set([...unnamed].map(unhashedKey));
  keys.delete(undefined);
  return (ref) => keys.size > 0 && keys.has(unhashedKey(ref) ?? "");
}
