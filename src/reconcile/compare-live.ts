/**
 * Reads the cluster page by page beside what Git declares, and keeps only what differs: memory is bounded by Git and by
 * the drift, not by what lives in the cluster.
 */

import { hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { changesOf } from "../core/drift.ts";
import type { Change, Drift, LeftOutField, Maker } from "../core/drift.ts";
import type { Fault } from "../core/fault.ts";
import type { IgnoreRule } from "../core/ignore.ts";
import type { DesiredObject, LiveObject } from "../core/objects.ts";
import { formatPath } from "../core/path.ts";
import { formatRef, kindKey, refKey } from "../core/refs.ts";
import type { KindRef, ObjectRef } from "../core/refs.ts";
import type { FieldSchema, SchemaSource } from "../core/schema.ts";
import type { LiveEvent, LiveSource, Progress } from "../core/stages.ts";
import { fieldAt } from "../core/value.ts";
import { admissionFacts, FACT_KINDS } from "../drift/admission-facts.ts";
import type { AdmissionFacts } from "../drift/admission-facts.ts";
import { compareObject } from "../drift/compare.ts";
import type { Comparison } from "../drift/compare.ts";
import type { DefaultIgnores } from "../drift/declared-ignores.ts";
import { absenceOf, readsOf, wasRead } from "../drift/inventory.ts";
import type { Reads } from "../drift/inventory.ts";
import { madeSecrets } from "../drift/made-secrets.ts";
import type { AbsentSecret, MadeSecrets } from "../drift/made-secrets.ts";
import { claimsOf, createUnmanagedFinder, hashedAs, unmanagedOf } from "../drift/unmanaged.ts";
import type { Excused, ManagedScope, UnmanagedFinder } from "../drift/unmanaged.ts";
import { undeclaredUnread } from "../live/faults.ts";
import type { AdmissionContext } from "../kinds/left-out.ts";
import { builtinKind } from "../kinds/scopes.ts";
import { excusedLog } from "./excused.ts";
import type { ExcusedLog } from "./excused.ts";
import { leftOutLog } from "./left-out.ts";
import type { LeftOutLog } from "./left-out.ts";
import { ignoring } from "./ignoring.ts";
import { isKept, kept } from "./deployers/deployer-objects.ts";
import type { Ignoring } from "./ignoring.ts";
import { makerOf } from "../drift/unmanaged-groups.ts";
import { AUTOSCALER, queryOf } from "./managed-scope.ts";
import { createPredictor } from "./predict.ts";
import type { Compared, Predictor, ReadOnly } from "./predict.ts";

/** The garbage collector follows watches: what has lost its owner is deleted within a second or two. */
const GARBAGE_MS = 2000;

/** Objects that policies are asked about at once while the cluster is read, so that few are kept. */
const QUESTIONED = 512;

/** An object that Git declares, with the target that declares it. */
export interface Declared {
  readonly target: string;
  readonly object: DesiredObject;
}

export interface CompareInput {
  readonly declared: readonly Declared[];
  /** refKey()s of what Git declares besides, so that it is not unmanaged: twice, or in a target that is not looked at. */
  readonly known?: ReadonlySet<string>;
  /** Those of a target that is not looked at: controllers make Secrets of them all the same. */
  readonly beside?: readonly DesiredObject[];
  /** What Git declares under names that are known up to a hash: not compared. */
  readonly unnamed?: readonly ObjectRef[];
  /** Hooks of charts that Git declares. */
  readonly hooks?: readonly DesiredObject[];
  readonly live: LiveSource;
  readonly schemas: SchemaSource;
  readonly secrets: boolean;
  /** Where unmanaged objects are looked for, and the targets that they count for. */
  readonly scope: ManagedScope;
  readonly progress: Progress;
  /** Whether policy objects to each of these; absent: they are all kept to be asked about at the end. */
  readonly objections?: (
    questioned: readonly Excused[],
    namespaces: ReadonlyMap<string, LiveObject>,
  ) => Promise<readonly boolean[]>;
  /** In milliseconds since 1970; absent: by this machine's clock. */
  readonly now?: number;
  /** Objects of which everything that is left out is kept. */
  readonly traced?: (ref: ObjectRef) => boolean;
  /** Argo CD Applications that say besides what is no drift ({@link DesiredState.generated}). */
  readonly generated?: readonly DesiredObject[];
  /** What Argo CD's settings ignore of what Applications deploy. */
  readonly defaults?: readonly DefaultIgnores[];
  /** What the repository says is no drift. */
  readonly ignore?: readonly IgnoreRule[];
  /** Field managers that deploy, besides those that are known to. */
  readonly deployers?: readonly string[];
  /** Told once, as soon as it is known that policies will be asked. */
  readonly onQuestion?: () => void;
  /** Told of each object that both sides have, once it was compared. */
  readonly onCompared?: (compared: ComparedObject) => void;
}

export interface ComparedObject {
  readonly target: string;
  readonly live: LiveObject;
  /** Fields of which neither sameness nor difference is known. */
  readonly unknown: Comparison["unknown"];
  /** A rule ignores the object as a whole, and something of it differs. */
  readonly ignored: boolean;
}

/** A drift of a target's. */
export interface TargetDrift {
  readonly target: string;
  readonly drift: Drift;
  /** Left out on evidence that could be forged: drift where policy objects; without such a one a drift without changes is none. */
  readonly questioned?: readonly LeftOutField[];
  /** That it only waits rests on what could be forged: it holds as long as no policy objects to what is live. */
  readonly claimed?: true;
}

export interface LiveComparison {
  readonly drifts: readonly TargetDrift[];
  readonly inSync: number;
  /** Objects that both Git and the cluster have. */
  readonly matched: number;
  /** Declared, and not (wholly) comparable. */
  readonly unknown: number;
  readonly leftOut: LeftOutLog;
  /** What Git does not declare and is not unmanaged, but for the next ones. */
  readonly excused: ExcusedLog;
  /** Those of which only what could be forged says so: unmanaged where policy objects. */
  readonly questioned: readonly Excused[];
  /** Those of them that policy objects to still, once what they hang on was looked at again. */
  readonly again: UnmanagedFinder["again"];
  /** Declared, and wholly ignored. */
  readonly ignored: number;
  /** Ignore rules that nothing was found for, in what was compared. */
  readonly unusedIgnores: readonly Fault[];
  /** Live Namespace objects that were read, by name: policies select by their labels. */
  readonly namespaces: ReadonlyMap<string, LiveObject>;
  /** Live objects of deployers, and what their state hangs on, by refKey(). */
  readonly deployers: ReadonlyMap<string, LiveObject>;
  readonly faults: readonly Fault[];
  /** Every kind that Git declares was read to its end: only then may what was not seen be settled. */
  readonly wholly: boolean;
  /** In a server dry-run: objects that were compared read-only after all. */
  readonly readOnly: readonly ReadOnly[];
  /** As every object was compared, with what the cluster told; ignore rules apart. */
  readonly compare: (desired: DesiredObject, live: LiveObject) => Comparison;
}

export async function compareLive(input: CompareInput): Promise<LiveComparison> {
  const query = queryOf(input);
  const state = new Comparing(input, query.kinds);
  let told = false;
  for await (const event of input.live.read(query)) {
    state.take(event);
    if (!told && state.asksPolicies()) {
      told = true;
      input.onQuestion?.();
    }
    await state.predict();
    await state.question();
  }
  return await state.finish();
}

/** The state of one reading. What has been seen leaves `waiting`; what is left at the end is missing, or unknown. */
class Comparing {
  private readonly input: CompareInput;
  private readonly waiting = new Map<string, Declared>();
  private readonly declaredKinds: ReadonlySet<string>;
  private readonly finder: UnmanagedFinder;
  /** kindKey()s of what is read in several versions. */
  private readonly versioned: ReadonlySet<string>;
  /** Declared objects that came in another version than Git's, which is yet to come. */
  private readonly aside = new Map<string, LiveObject>();
  private readonly facts: AdmissionFacts;
  private readonly made: MadeSecrets;
  /** releaseOf() releases of which Git's chart looks things up. */
  private readonly asking = new Set<string>();
  /** refKey()s of all that Git declares. */
  private readonly known: ReadonlySet<string>;
  /** What the facts of all pages so far say. */
  private context: AdmissionContext;
  private readonly places: LiveEvent[] = [];
  private readonly drifts: TargetDrift[] = [];
  private readonly faults: Fault[] = [];
  private readonly unread: { readonly of: string; readonly fault: Fault }[] = [];
  private readonly autoscalerFaults: Fault[] = [];
  /** Kinds that Git does not declare and that may not be read. */
  private readonly refused: KindRef[] = [];
  private readonly namespaces = new Map<string, LiveObject>();
  private readonly deployers = new Map<string, LiveObject>();
  private readonly leftOut: LeftOutLog;
  private readonly excused: ExcusedLog;
  private questioned: Excused[] = [];
  /** How many of them were asked about: policy objects to those. */
  private objected = 0;
  private readonly ignoring: Ignoring;
  private readonly hooks: ReadonlyMap<string, DesiredObject>;
  /** Of the page at hand; only where the server is asked what it would do. */
  private compared: (Compared & { readonly declared: Declared })[] = [];
  private readonly predictor: Predictor | undefined;
  private inSync = 0;
  private matched = 0;
  private unknown = 0;
  private ignored = 0;

  constructor(input: CompareInput, queried: readonly KindRef[]) {
    this.input = input;
    this.leftOut = leftOutLog(input.traced);
    this.excused = excusedLog(input.traced);
    this.hooks = new Map((input.hooks ?? []).map((hook) => [refKey(hook.ref), hook]));
    this.ignoring = ignoring(
      input.ignore ?? [],
      [...input.declared.map(({ object }) => object), ...(input.generated ?? [])],
      input.defaults,
    );
    for (const declared of input.declared) this.waiting.set(refKey(declared.object.ref), declared);
    this.declaredKinds = new Set(input.declared.map(({ object }) => kindKey(object.ref)));
    const known = new Set([...this.waiting.keys(), ...(input.known ?? [])]);
    this.known = known;
    this.made = madeSecrets([...input.declared.map(({ object }) => object), ...(input.beside ?? [])]);
    this.finder = createUnmanagedFinder({
      known,
      declaredKinds: this.declaredKinds,
      scope: input.scope,
      isClaim: claimsOf(input.declared.map(({ object }) => object)),
      isHashed: hashedAs(input.unnamed ?? []),
      isHook: (ref) => this.hooks.has(refKey(ref)),
      made: this.made,
      kinds: input.live,
      hash: (text) => hash("sha256", text, "binary"),
      now: input.now ?? Date.now(),
      isMutated: (live) => this.mayBeMutated(live),
      look: input.live.look,
      readAgain: input.live.readAgain,
      pause: () => sleep(GARBAGE_MS),
      onExcused: (one) =>
        one.excuse.judged && !this.isHookAsDeclared(one.live) ? this.questioned.push(one) : this.excused.add(one),
    });
    const keys = queried.map(kindKey);
    this.versioned = new Set(keys.filter((key, index) => keys.indexOf(key) !== index));
    this.facts = admissionFacts(
      (kind) => (input.live.served(kind) ?? builtinKind(kind))?.resource,
      (ref) => known.has(refKey(ref)),
    );
    this.facts.take(
      input.declared.map(({ object }) => object),
      "desired",
    );
    // A dump has what somebody asked for: what stands in none of its lists may be there all the same. Few clusters have
    // mutating policies, and older ones serve none: a dump that has webhooks is taken to have them too.
    const unasked = FACT_KINDS.filter(
      (kind) =>
        !kind.kind.startsWith("MutatingAdmissionPolicy") &&
        !keys.includes(kindKey(kind)) &&
        input.live.served(kind) !== undefined,
    );
    for (const kind of unasked) this.facts.unread(kind);
    this.context = this.knownContext();
    if (input.live.dryRun !== undefined) {
      this.predictor = createPredictor({
        dryRun: input.live.dryRun,
        compare: (desired, live) => this.comparisonOf(desired, live),
        compareStrictly: (desired, live) => this.comparisonOf(desired, live, strictly(this.context)),
        deployers: input.deployers ?? [],
        progress: input.progress,
        total: input.declared.length,
      });
    }
  }

  take(event: LiveEvent): void {
    switch (event.kind) {
      case "objects":
        this.facts.take(event.objects, "live");
        this.context = this.knownContext();
        for (const live of event.objects) this.takeObject(live);
        this.input.progress({
          stage: "comparing",
          what: "objects",
          done: this.matched,
          total: this.input.declared.length,
        });
        break;
      case "read":
        this.places.push(event);
        break;
      case "unread":
        this.places.push(event);
        this.facts.unread(event.of, event.namespace);
        this.context = this.knownContext();
        this.takeUnread(event.of, event.fault);
        break;
      case "fault":
        this.faults.push(event.fault);
        break;
    }
  }

  asksPolicies(): boolean {
    return this.drifts.length + this.questioned.length > 0;
  }

  private mayBeMutated({ ref, value }: LiveObject): boolean {
    const labels = fieldAt(value, "metadata", "labels") ?? {};
    return this.context.isUnread("mutators") || this.context.mutatorsOf(ref, labels).length > 0;
  }

  private knownContext(): AdmissionContext {
    return { ...this.facts.context(), secretWritersOf: (secret) => this.made.writersOf(secret) };
  }

  private takeObject(live: LiveObject): void {
    this.made.saw(live);
    if (live.ref.kind === "Namespace" && live.ref.apiVersion === "v1") this.namespaces.set(live.ref.name, live);
    if (isKept(live.ref)) this.deployers.set(refKey(live.ref), kept(live));
    this.finder.take(live);
    const key = refKey(live.ref);
    const declared = this.waiting.get(key);
    if (declared === undefined) return;
    if (this.isOtherVersion(declared.object.ref, live.ref)) {
      this.aside.set(key, live);
      return;
    }
    this.aside.delete(key);
    this.waiting.delete(key);
    this.matched++;
    this.compare(declared, live);
  }

  private isOtherVersion(declared: ObjectRef, live: ObjectRef): boolean {
    if (!this.versioned.has(kindKey(live))) return false;
    return live.apiVersion !== (this.input.live.served(declared) ?? declared).apiVersion;
  }

  private compare(declared: Declared, live: LiveObject): void {
    const { object } = declared;
    const comparison = this.comparisonOf(object, live);
    if (this.predictor === undefined) this.settle(declared, live, comparison);
    else this.compared.push({ declared, object, live, schema: this.schemaOf(object), comparison });
  }

  private comparisonOf(desired: DesiredObject, live: LiveObject, context = this.context): Comparison {
    return compareObject({ desired, live, schema: this.schemaOf(desired), context });
  }

  private schemaOf({ ref }: DesiredObject): FieldSchema | undefined {
    return this.input.schemas.schemaOf(ref.apiVersion, ref.kind);
  }

  /** Policies are asked about what Git does not say. */
  private isHookAsDeclared(live: LiveObject): boolean {
    const hook = this.hooks.get(refKey(live.ref));
    if (hook === undefined) return false;
    const { changes, unknown, leftOut } = this.comparisonOf(hook, live);
    return changes.length + unknown.length === 0 && !leftOut.some(({ judged }) => judged);
  }

  /** Asks the server about what was compared since; nothing without `live.dryRun`. */
  async predict(): Promise<void> {
    const { compared, predictor } = this;
    this.compared = [];
    if (predictor === undefined || compared.length === 0) return;
    const corrected = await predictor.predict(compared);
    for (const [index, { declared, live, comparison }] of compared.entries()) {
      this.settle(declared, live, corrected[index] ?? comparison);
    }
  }

  /** Asks policies about what was excused since, where that is much: what they do not object to is counted and dropped. */
  async question(): Promise<void> {
    const { objections } = this.input;
    if (objections === undefined || this.questioned.length - this.objected < QUESTIONED) return;
    const asked = this.questioned
      .slice(this.objected)
      .filter(({ target, live }) => !this.isIgnored(target, unmanagedOf(live)));
    const answers = await objections(asked, this.namespaces);
    const objected = asked.filter((one, index) => {
      if (answers[index] !== true) this.excused.add(one);
      return answers[index] === true;
    });
    this.questioned = [...this.questioned.slice(0, this.objected), ...objected];
    this.objected = this.questioned.length;
  }

  private settle({ target, object }: Declared, live: LiveObject, comparison: Comparison): void {
    const { unknown } = comparison;
    const release = object.looksUp === true ? releaseOf(makerOf(live)) : undefined;
    if (release !== undefined) this.asking.add(release);
    const { changes, leftOut, whole } = this.ignoring.compared(object, live, comparison);
    this.input.onCompared?.({ target, live, unknown, ignored: whole });
    this.leftOut.add(target, object.ref, leftOut);
    const questioned = whole ? [] : leftOut.filter((field) => field.judged);
    if (whole) {
      this.ignored++;
    } else if (changes.length > 0 || (questioned.length > 0 && unknown.length === 0)) {
      this.drifts.push({
        target,
        drift: { state: "drifted", ref: object.ref, desired: object, live, changes },
        questioned,
      });
    } else if (unknown.length > 0) {
      this.unknown++;
    } else {
      this.inSync++;
    }
  }

  /** Whether a rule is about the whole of an object that one side lacks; it is then noted. */
  private isIgnored(target: string, drift: Drift): boolean {
    const field = this.ignoring.absent(drift);
    if (field !== undefined) this.leftOut.add(target, drift.ref, [field]);
    return field !== undefined;
  }

  /** Absence counts only where the kind was read to its end: everything else that was not seen is unknown. */
  async finish(): Promise<LiveComparison> {
    const reads = readsOf(this.places);
    this.compareAside(reads);
    for (const { target, object } of this.waiting.values()) {
      const drift = absenceOf(object, reads);
      if (drift === "unknown") this.unknown++;
      else if (this.isIgnored(target, drift)) this.ignored++;
      else this.drifts.push({ target, drift });
    }
    const { inSync, matched, unknown, leftOut, namespaces, deployers } = this;
    const replicas = this.drifts.some(({ drift }) => changesOf(drift).some(isReplicas));
    const faults = uniqueFaults([
      ...this.faults,
      ...this.unreadFaults(),
      ...(replicas ? this.autoscalerFaults : []),
      ...(this.predictor?.faults() ?? []),
      ...(this.refused.length === 0 ? [] : [undeclaredUnread(this.refused)]),
      ...this.made.absent((secret) => this.isAbsent(secret, reads)).map(notMade),
    ]);
    const alone = await this.finder.finish(reads);
    const unmanaged = alone
      .map((one) => this.withLookup(one))
      .filter(({ target, drift }) => !this.isIgnored(target, drift));
    const questioned = this.questioned.filter(({ target, live }) => !this.isIgnored(target, unmanagedOf(live)));
    const drifts = [...this.drifts, ...unmanaged];
    const readOnly = this.predictor?.readOnly() ?? [];
    return {
      drifts,
      inSync,
      matched,
      unknown,
      leftOut,
      excused: this.excused,
      questioned,
      again: (...asked) => this.finder.again(...asked),
      ignored: this.ignored,
      unusedIgnores: this.ignoring.unused(),
      namespaces,
      deployers,
      faults,
      wholly: this.unread.length === 0,
      readOnly,
      compare: (desired, live) => this.comparisonOf(desired, live),
    };
  }

  /** It may be what a chart of Git's makes of what it finds in the cluster. */
  private withLookup<T extends { readonly drift: UnmanagedDrift }>(one: T): T {
    const { maker } = one.drift;
    if (maker === undefined || !this.asking.has(releaseOf(maker) ?? "")) return one;
    return { ...one, drift: { ...one.drift, maker: { ...maker, looksUp: true } } };
  }

  /** Whether it was looked for, and Git does not declare it besides: then it is missing. */
  private isAbsent(secret: ObjectRef, reads: Reads): boolean {
    return this.input.secrets && wasRead(reads, secret) && !this.known.has(refKey(secret));
  }

  /** A dump holds some objects in one version and some in another; each is compared in the one that it has. */
  private compareAside(reads: Reads): void {
    for (const [key, live] of this.aside) {
      const declared = this.waiting.get(key);
      if (declared === undefined || !wasRead(reads, declared.object.ref)) continue;
      this.waiting.delete(key);
      this.matched++;
      this.settle(declared, live, this.comparisonOf(declared.object, live));
    }
  }

  /** Where all that Git declares of a kind was seen before its reading failed, nothing declared is unknown. */
  private unreadFaults(): readonly Fault[] {
    const waiting = new Set([...this.waiting.values()].map(({ object }) => kindKey(object.ref)));
    return this.unread.map(({ of, fault }) => ({
      ...fault,
      leavesUnknown: waiting.has(of) ? "declared" : "undeclared",
    }));
  }

  private takeUnread(of: KindRef, fault: Fault): void {
    if (this.declaredKinds.has(kindKey(of))) {
      this.unread.push({ of: kindKey(of), fault });
    } else if (kindKey(of) === kindKey(AUTOSCALER)) {
      // Nobody asked for autoscalers: without a drift that one may have made, there is nothing to tell.
      const message = `an autoscaler may have set the replicas: ${fault.message}`;
      this.autoscalerFaults.push({ ...fault, message, leavesUnknown: "undeclared" });
    } else if (fault.code === "list-forbidden" || fault.code === "snapshot-incomplete") {
      this.refused.push(of);
    } else {
      this.faults.push({ ...fault, leavesUnknown: "undeclared" });
    }
  }
}

type UnmanagedDrift = Extract<Drift, { state: "unmanaged" }>;

function releaseOf(maker: Maker | undefined): string | undefined {
  return maker?.kind === "helm-release" ? `${maker.namespace ?? ""}\0${maker.name}` : undefined;
}

/** That a controller has not done what Git asks it for is no drift, and silence would be taken for agreement. */
function notMade({ maker, secret, says }: AbsentSecret): Fault {
  const status = says === undefined ? "it says nothing of why" : `its status says that this is not so: ${says}`;
  return {
    kind: "fault",
    code: "secret-not-made",
    about: formatRef(maker),
    message: `${formatRef(maker)} is to make ${formatRef(secret)}, which is not in the cluster; ${status}`,
    remedy: `see to the controller of ${maker.kind}s, or what the object refers to`,
    leavesUnknown: "nothing",
  };
}

/** Nothing is put down to those who would do it again. */
function strictly(context: AdmissionContext): AdmissionContext {
  const mutatorsOf: AdmissionContext["mutatorsOf"] = (ref, labels, about) =>
    context.mutatorsOf(ref, labels, { ...about, once: true });
  return { ...context, mutatorsOf };
}

function isReplicas({ path }: Change): boolean {
  return formatPath(path) === "spec.replicas";
}

/** One cause that keeps several kinds from being read is told once; what it leaves unknown is the worst of them. */
function uniqueFaults(faults: readonly Fault[]): readonly Fault[] {
  const groups = Map.groupBy(faults, (fault) => JSON.stringify([fault.code, fault.about, fault.message]));
  return [...groups.values()].flatMap(
    (group) => group.find((fault) => fault.leavesUnknown === "declared") ?? group[0] ?? [],
  );
}
