/**
 * Tells of each difference which side moved, from what Git said before, what deployers noted and who wrote what is live; and
 * of what only the cluster has, whether Git once had it and gave it up. Git's past is read for what differs alone.
 */

import { isFault } from "../core/fault.ts";
import type { Change, Drift } from "../core/drift.ts";
import type { Actor, DesiredObject, LiveObject, ReleaseRef } from "../core/objects.ts";
import { kindKey, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { Progress, ReleaseRevision, SourceHistory, SourceTree } from "../core/stages.ts";
import { fieldAt, textOf } from "../core/value.ts";
import type { ValueMap } from "../core/value.ts";
import { objectHistories } from "../desired/history.ts";
import type { ObjectHistories } from "../desired/history.ts";
import type { ManifestContext } from "../desired/manifests.ts";
import { cleanPath } from "../desired/paths.ts";
import type { Comparison } from "../drift/compare.ts";
import { deploymentsOf } from "../drift/deployers.ts";
import { tellDirection } from "../drift/direction.ts";
import type { DirectionInput, Past } from "../drift/direction.ts";
import { lastAppliedOf } from "../live/last-applied.ts";
import type { TargetDrift } from "./compare-live.ts";
import type { Abandoned, DeployedTruth, Truth } from "./deployers/deployed-truth.ts";
import type { HelmNotes } from "./deployers/helm-notes.ts";

/** What tells where a target's files are, and how they are read. */
export interface HistoryTarget {
  readonly tree: SourceTree;
  readonly path: string;
  readonly exclude: readonly string[];
  readonly context: ManifestContext;
}

export interface TellDirectionsInput {
  readonly drifts: readonly TargetDrift[];
  /** By name. */
  readonly targets: ReadonlyMap<string, HistoryTarget>;
  readonly compare: (desired: DesiredObject, live: LiveObject) => Comparison;
  /** Managers that deploy, besides the known ones. */
  readonly deployers: readonly string[];
  /** What Helm noted; absent where Secrets may not be read. */
  readonly releases?: Pick<HelmNotes, "of" | "isDeclared">;
  /** Of objects whose deployer says what it deployed. */
  readonly truth?: Pick<DeployedTruth, "of" | "removed">;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Told of objects of which a shallow clone lacks what would tell the direction of some change. */
  readonly onShallow?: (ref: ObjectRef) => void;
}

/** The drifts, in their order. What cannot be told is `unknown`; nothing here is a fault. */
export async function tellDirections(input: TellDirectionsInput): Promise<readonly TargetDrift[]> {
  const pasts = new Pasts(input);
  const progress = (done: number): void =>
    input.progress({ stage: "history", what: "drifts", done, total: input.drifts.length });
  try {
    progress(0);
    const removed = await removedOf(input, pasts);
    const told: TargetDrift[] = [];
    for (const [index, found] of input.drifts.entries()) {
      input.signal?.throwIfAborted();
      told.push(await tellOne({ input, pasts, found, removed }));
      progress(index + 1);
    }
    return told;
  } finally {
    pasts.close();
  }
}

interface TellOne {
  readonly input: TellDirectionsInput;
  readonly pasts: Pasts;
  readonly found: TargetDrift;
  readonly removed: ReadonlyMap<TargetDrift, Abandoned>;
}

async function tellOne({ input, pasts, found, removed }: TellOne): Promise<TargetDrift> {
  const gone = removed.get(found);
  if (gone !== undefined) return prunable(input, found, gone);
  const { drift, target } = found;
  if (drift.state === "unmanaged") return await prunableByHelm(input, found, drift.live);
  if (drift.state === "missing") return await undeployed(input, found, drift);
  if (drift.state !== "drifted" || drift.changes.length === 0) return found;
  const truth = await input.truth?.of(target, drift.desired, { live: drift.live });
  if (truth?.kind === "untold") {
    const changes = drift.changes.map((change) => ({ ...change, direction: "unknown" as const }));
    return { ...found, drift: { ...drift, changes } };
  }
  const { shallow, ...known } = await knownOf({ input, pasts, found, removed }, drift, truth);
  const changes = tellDirection({
    desired: drift.desired,
    live: drift.live,
    changes: drift.changes,
    deployers: deployersOf(input, drift.live),
    compare: input.compare,
    ...known,
  });
  if (shallow && changes.some(isUntold)) input.onShallow?.(drift.ref);
  return { ...found, drift: { ...drift, changes } };
}

type Known = Pick<DirectionInput, "past" | "noted" | "notedIn" | "since" | "attempted" | "notedApart"> & {
  readonly shallow: boolean;
};

/** What the deployer says goes before what times and notes let guess. */
async function knownOf(
  { input, pasts, found }: TellOne,
  { desired, live }: Extract<Drift, { readonly state: "drifted" }>,
  truth: Exclude<Truth, { readonly kind: "untold" }> | undefined,
): Promise<Known> {
  if (truth?.kind === "known") {
    const { past, deployed, since } = truth;
    return {
      past,
      since,
      shallow: false,
      // In the deployer's own object: who wrote what it had deployed left that as it was.
      notedApart: true,
      ...(deployed === undefined ? {} : { noted: deployed.object, notedIn: deployed.commit }),
    };
  }
  const noted = await notedOf(input, desired, live);
  return { ...(await pasts.of(found.target, desired)), ...noted };
}

/** What its deployer did not come to yet is no drift. */
async function undeployed(
  { truth, releases }: TellDirectionsInput,
  found: TargetDrift,
  { ref, desired }: Extract<Drift, { readonly state: "missing" }>,
): Promise<TargetDrift> {
  const told = await truth?.of(found.target, desired);
  const waits =
    told?.kind === "never" ||
    (told?.kind === "known" && told.deployed === undefined) ||
    (told === undefined && (await waitsForHelm(releases, desired)));
  return waits ? { ...found, drift: { state: "pending", ref, desired, changes: [] } } : found;
}

/**
 * Its release was deployed without it. What stands in `crds/` is made at the first installation and at no upgrade, so that
 * it waits for nothing (helm `pkg/action/install.go`).
 */
async function waitsForHelm(releases: TellDirectionsInput["releases"], desired: DesiredObject): Promise<boolean> {
  const { release, ref, origin } = desired;
  if (release === undefined || /(?:^|\/)crds\//.test(origin.file)) return false;
  const noted = await releases?.of(release);
  return noted !== undefined && noted.deployed?.objects.some((one) => isNoted(one, ref, release)) !== true;
}

/** Git's past as far as it was read has nothing that tells which side moved. */
function isUntold({ direction, claimed, deployedIn }: Change): boolean {
  return direction === "unknown" || (claimed === true && deployedIn === undefined);
}

/** What the object's deployer noted: of use only where whoever deployed last is the one that notes it. */
async function notedOf(
  input: TellDirectionsInput,
  desired: DesiredObject,
  live: LiveObject,
): Promise<Pick<DirectionInput, "noted" | "attempted" | "notedApart">> {
  const [newest] = deploymentsOf(live.managers, deployersOf(input, live));
  const value = appliedOf(live, newest);
  if (value !== undefined) return { noted: { ...desired, value } };
  const ref = isHelm(newest) ? releaseOf(live) : undefined;
  const release = ref === undefined ? undefined : await input.releases?.of(ref);
  if (ref === undefined || release === undefined) return {};
  const as = (revision: ReleaseRevision | undefined): readonly DesiredObject[] => {
    const found = releasedIn(revision, live.ref, ref);
    return found === undefined ? [] : [{ ...desired, value: found }];
  };
  const [noted] = as(release.deployed);
  return { ...(noted === undefined ? {} : { noted }), attempted: release.attempts.flatMap(as), notedApart: true };
}

const CREATED = "kubectl-create";

/**
 * `kubectl create` deploys where it left the note that applies go by (`--save-config`, kubectl pkg/cmd/create/create.go);
 * without it, it is somebody's hand.
 */
function deployersOf({ deployers }: TellDirectionsInput, live: LiveObject): readonly string[] {
  const noted = live.managers.some(({ manager }) => manager === CREATED) ? lastAppliedOf(live) : undefined;
  return noted?.managers.includes(CREATED) === true ? [...deployers, CREATED] : deployers;
}

/** Flux's controller keeps releases as Helm does. */
function isHelm(newest: Actor | undefined): boolean {
  return newest?.manager === "helm" || newest?.manager === "helm-controller";
}

function appliedOf(live: LiveObject, newest: Actor | undefined): ValueMap | undefined {
  const noted = lastAppliedOf(live);
  if (noted === undefined) return undefined;
  const { managers, value } = noted;
  if (newest === undefined) return live.managers.length === 0 ? value : undefined;
  // kubectl's server-side apply keeps the note up to date under a name of its own.
  const own =
    managers.includes(newest.manager) || (newest.manager === "kubectl" && managers.includes("kubectl-last-applied"));
  return own ? value : undefined;
}

/** The annotations that Helm owns its objects by (helm `pkg/action/validate.go`). */
function releaseOf({ value }: LiveObject): ReleaseRef | undefined {
  const annotations = fieldAt(value, "metadata", "annotations");
  const name = textOf(annotations, "meta.helm.sh/release-name");
  const namespace = textOf(annotations, "meta.helm.sh/release-namespace");
  return name === undefined || namespace === undefined ? undefined : { namespace, name };
}

function releasedIn(revision: ReleaseRevision | undefined, ref: ObjectRef, release: ReleaseRef): ValueMap | undefined {
  return revision?.objects.find((one) => textOf(one, "apiVersion") === ref.apiVersion && isNoted(one, ref, release));
}

/** In whatever version. */
function isNoted(object: ValueMap, ref: ObjectRef, { namespace }: ReleaseRef): boolean {
  const metadata = fieldAt(object, "metadata");
  const kind = { apiVersion: textOf(object, "apiVersion") ?? "", kind: textOf(object, "kind") ?? "" };
  return (
    kindKey(kind) === kindKey(ref) &&
    textOf(metadata, "name") === ref.name &&
    (ref.namespace === undefined || (textOf(metadata, "namespace") ?? namespace) === ref.namespace)
  );
}

/**
 * The release that Git still declares was deployed with the object, just as it lives, and Git has it no more: the next
 * upgrade deletes it. Helm's note alone says so, which whoever writes Secrets may have written: a claim.
 */
async function prunableByHelm(input: TellDirectionsInput, found: TargetDrift, live: LiveObject): Promise<TargetDrift> {
  const { releases, compare, deployers } = input;
  const release = releaseOf(live);
  if (releases === undefined || release === undefined || !releases.isDeclared(release)) return found;
  // helm `pkg/kube/resource_policy.go`: it asks the live object.
  if (textOf(fieldAt(live.value, "metadata", "annotations"), "helm.sh/resource-policy") === "keep") return found;
  const value = releasedIn((await releases.of(release))?.deployed, live.ref, release);
  if (value === undefined || !isHelm(deploymentsOf(live.managers, deployers)[0])) return found;
  const origin = { file: "", document: 0, items: [], layer: "helm", hash: "" } as const;
  const { changes, unknown, leftOut } = compare({ ref: live.ref, value, origin }, live);
  if (changes.length + unknown.length > 0) return found;
  const questioned = leftOut.filter((field) => field.judged);
  return { ...found, drift: { state: "pending", ref: live.ref, live, changes: [] }, questioned, claimed: true };
}

/**
 * Git had the object and gave it up. It waits to be pruned only where it lives just as Git last had it, by a deployer's hand,
 * and has lived since before: made again, or changed, it is nothing that Git reviewed.
 */
function prunable(input: TellDirectionsInput, found: TargetDrift, gone: Abandoned): TargetDrift {
  const { drift } = found;
  if (drift.state !== "unmanaged") return found;
  const { removedIn, object, time, keptBy } = gone;
  const { changes, unknown, leftOut } = input.compare(object, drift.live);
  const made = Date.parse(textOf(fieldAt(drift.live.value, "metadata"), "creationTimestamp") ?? "");
  const lived = time === undefined || made <= time + 1000;
  const deployed = deploymentsOf(drift.live.managers, input.deployers).length > 0;
  if (changes.length + unknown.length > 0 || !lived || !deployed) return { ...found, drift: { ...drift, removedIn } };
  if (keptBy !== undefined) return { ...found, drift: { ...drift, removedIn, keptBy } };
  const questioned = leftOut.filter((field) => field.judged);
  const { ref, live } = drift;
  return { ...found, drift: { state: "pending", ref, live, changes: [], removedIn }, questioned };
}

/** Which of the unmanaged objects some target had before. */
async function removedOf(
  { drifts, targets, truth }: TellDirectionsInput,
  pasts: Pasts,
): Promise<ReadonlyMap<TargetDrift, Abandoned>> {
  const removed = new Map<TargetDrift, Abandoned>();
  const unmanaged = drifts.filter(({ drift }) => drift.state === "unmanaged");
  for (const one of unmanaged) {
    const gone = one.drift.state === "unmanaged" ? await truth?.removed(one.drift.live) : undefined;
    if (gone !== undefined) removed.set(one, gone);
  }
  for (const target of unmanaged.length === 0 ? [] : targets.keys()) {
    const wanted = unmanaged.filter((one) => !removed.has(one));
    const histories = await pasts.histories(target);
    const known = await histories?.removed(wanted.map(({ drift }) => drift.ref));
    for (const one of wanted) {
      const gone = known?.get(refKey(one.drift.ref));
      if (gone !== undefined) removed.set(one, gone);
    }
  }
  return removed;
}

const NOTHING: Past = { versions: [], end: "unreadable" };

/** Git's past, opened where something asks for it: once for each tree. */
class Pasts {
  readonly #input: TellDirectionsInput;
  readonly #histories = new Map<SourceTree, Promise<SourceHistory | undefined>>();
  readonly #readers = new Map<string, Promise<ObjectHistories | undefined>>();
  readonly #open: SourceHistory[] = [];

  constructor(input: TellDirectionsInput) {
    this.#input = input;
  }

  async of(target: string, object: DesiredObject): Promise<{ readonly past: Past; readonly shallow: boolean }> {
    // Older renderings are not made.
    const histories = object.origin.layer === "literal" ? await this.histories(target) : undefined;
    if (histories === undefined) return { past: NOTHING, shallow: false };
    const { versions, end } = await histories.versionsOf(object);
    const shallow = end === "shallow";
    return { past: { versions, end: shallow || end === "unread" ? "unreadable" : end }, shallow };
  }

  histories(target: string): Promise<ObjectHistories | undefined> {
    const known = this.#readers.get(target) ?? this.#reader(target);
    this.#readers.set(target, known);
    return known;
  }

  close(): void {
    for (const history of this.#open) history.close();
  }

  async #reader(target: string): Promise<ObjectHistories | undefined> {
    const known = this.#input.targets.get(target);
    if (known === undefined) return undefined;
    const { tree, path, exclude, context } = known;
    const opened = this.#histories.get(tree) ?? this.#history(tree);
    this.#histories.set(tree, opened);
    const history = await opened;
    const folder = cleanPath(path);
    if (history === undefined || folder === undefined) return undefined;
    return objectHistories({ history, context, path: folder, exclude });
  }

  async #history(tree: SourceTree): Promise<SourceHistory | undefined> {
    const history = await tree.history?.();
    if (history === undefined || isFault(history)) return undefined;
    this.#open.push(history);
    return history;
  }
}
