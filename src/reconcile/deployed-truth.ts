/**
 * What is really deployed, where the deployer says which commit that is: Flux Kustomizations do (`.status`). Their roots are
 * rendered as that commit has them, and only for what differs.
 */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { DesiredObject, LiveObject } from "../core/objects.ts";
import { formatRef, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { DesiredState, SourceHistory, SourceTree } from "../core/stages.ts";
import { equalValues, fieldAt, fieldOf, textOf } from "../core/value.ts";
import type { RemovedObject } from "../desired/history.ts";
import type { Past, Version } from "../drift/direction.ts";
import { syncOf, tellsSync } from "./sync-status.ts";
import type { Sync } from "./sync-status.ts";

/** Commits that are rendered in one pass, besides Git as it is now. */
const MAX_COMMITS = 16;

export interface DeployedTarget {
  readonly tree: SourceTree;
  /** As Git is now. */
  readonly objects: readonly DesiredObject[];
  /** What the target declares in another tree of the same repository. */
  readonly read: (tree: SourceTree) => Promise<DesiredState>;
}

export interface DeployedTruthInput {
  /** By name. */
  readonly targets: ReadonlyMap<string, DeployedTarget>;
  /** The deployers' own objects as they live, by refKey(). */
  readonly deployers: ReadonlyMap<string, LiveObject>;
}

export type Truth =
  /** Git as it was deployed: `deployed` where it had the object at all. */
  | {
      readonly kind: "known";
      readonly past: Past;
      readonly deployed?: { readonly object: DesiredObject; readonly commit: string };
    }
  /** The deployer never came to deploy it. */
  | { readonly kind: "never" }
  /** It deployed something, and what that was is not to be had. */
  | { readonly kind: "untold" };

/** One for a pass. Nothing here rejects for what Git or the cluster hold. */
export class DeployedTruth {
  readonly #input: DeployedTruthInput;
  readonly #states = new Map<string, Promise<Snapshot | undefined>>();
  readonly #lines = new Map<SourceTree, Promise<SourceHistory["commits"]>>();
  readonly #now = new Map<string, ReadonlyMap<string, DesiredObject>>();
  readonly #untold = new Map<string, { readonly ref: ObjectRef; readonly commit: string | undefined }>();

  constructor(input: DeployedTruthInput) {
    this.#input = input;
  }

  /** `undefined` where no deployer that tells deploys the object. */
  async of(target: string, object: DesiredObject, waiting: readonly string[] = []): Promise<Truth | undefined> {
    const { deployer } = object;
    if (deployer === undefined || !tellsSync(deployer)) return undefined;
    const live = this.#input.deployers.get(refKey(deployer));
    if (live === undefined) return await this.#withDeployer(target, deployer, waiting);
    const sync = syncOf(live);
    if (sync === undefined) return undefined;
    const { applied, attempted } = sync;
    if (applied === "nothing" && attempted === "nothing") return { kind: "never" };
    return await this.#known(target, object, deployer, sync);
  }

  /** It waits for its own deployer, which is not there yet. Where that is simply gone, nobody tells. */
  async #withDeployer(target: string, deployer: ObjectRef, waiting: readonly string[]): Promise<Truth | undefined> {
    const key = refKey(deployer);
    const declared = this.#objectNow(target, deployer);
    // One that deploys itself, by whatever way round, waits for nobody.
    if (declared === undefined || waiting.includes(key)) return undefined;
    const truth = await this.of(target, declared, [...waiting, key]);
    const waits = truth?.kind === "never" || (truth?.kind === "known" && truth.deployed === undefined);
    return waits ? { kind: "never" } : undefined;
  }

  async #known(target: string, object: DesiredObject, deployer: ObjectRef, sync: Sync): Promise<Truth> {
    const commits = [...new Set([sync.applied, sync.attempted])].filter((commit) => commit !== "nothing");
    const versions: Version[] = [];
    let deployed: { readonly object: DesiredObject; readonly commit: string } | undefined;
    for (const [index, commit] of commits.entries()) {
      const snapshot = commit === undefined ? undefined : await this.#at(target, commit);
      if (snapshot === undefined || commit === undefined) {
        // Of what was only tried there need be nothing in the cluster.
        if (index > 0) continue;
        this.#untold.set(refKey(deployer), { ref: deployer, commit });
        return { kind: "untold" };
      }
      const found = snapshot.objects.get(refKey(object.ref));
      if (found === undefined && !snapshot.complete) return { kind: "untold" };
      if (found === undefined) continue;
      // What was only tried may be there, or not yet.
      if (commit === sync.applied) deployed = { object: found, commit };
      if (!equalValues(found.value, object.value)) {
        const until = snapshot.until;
        versions.unshift({ commit, object: found, codified: false, ...(until === undefined ? {} : { until }) });
      }
    }
    const end = deployed === undefined ? "beginning" : "unreadable";
    return { kind: "known", past: { versions, end }, ...(deployed === undefined ? {} : { deployed }) };
  }

  /**
   * What Git had of a live object that it declares nowhere now, where the deployer whose mark the object carries deployed
   * just that, and prunes. `undefined` also where no such deployer is known.
   */
  async removed(live: LiveObject): Promise<RemovedObject | undefined> {
    const found = this.#deployerOf(live);
    if (found === undefined) return undefined;
    const { target, declared, sync } = found;
    const commit = sync.applied;
    if (commit === undefined || commit === "nothing") return undefined;
    const before = await this.#at(target, commit);
    const object = before?.objects.get(refKey(live.ref));
    if (object?.deployer === undefined || refKey(object.deployer) !== refKey(declared)) return undefined;
    return await this.#takenOut(target, object, commit);
  }

  #deployerOf({ value }: LiveObject): { target: string; declared: ObjectRef; sync: Sync } | undefined {
    const labels = fieldAt(value, "metadata", "labels");
    const name = textOf(labels, "kustomize.toolkit.fluxcd.io/name");
    const namespace = textOf(labels, "kustomize.toolkit.fluxcd.io/namespace");
    if (name === undefined || namespace === undefined) return undefined;
    for (const live of this.#input.deployers.values()) {
      const { ref } = live;
      if (ref.kind !== "Kustomization" || ref.name !== name || ref.namespace !== namespace) continue;
      if (fieldOf(fieldOf(live.value, "spec"), "prune") !== true) return undefined;
      const sync = syncOf(live);
      for (const target of this.#input.targets.keys()) {
        const declared = this.#objectNow(target, ref);
        if (declared !== undefined && sync !== undefined) return { target, declared: declared.ref, sync };
      }
    }
    return undefined;
  }

  /** Between a commit that has the object and Git as it is now, halving: the commit itself that took it out. */
  async #takenOut(target: string, object: DesiredObject, from: string): Promise<RemovedObject> {
    const known = this.#input.targets.get(target);
    const line = known === undefined ? [] : await this.#line(known.tree);
    const key = refKey(object.ref);
    // Newest first: `gone` lacks the object, `there` has it.
    let gone = 0;
    let there = line.findIndex(({ id }) => id === from);
    while (there - gone > 1) {
      const middle = Math.floor((gone + there) / 2);
      const snapshot = await this.#at(target, line[middle]?.id ?? "");
      if (snapshot === undefined) break;
      const found = snapshot.objects.get(key);
      if (found === undefined) gone = middle;
      else there = middle;
    }
    const commit = line[gone];
    const time = commit?.time;
    return {
      removedIn: commit?.id ?? known?.tree.revision ?? from,
      object,
      ...(time === undefined ? {} : { time }),
    };
  }

  #objectNow(target: string, ref: ObjectRef): DesiredObject | undefined {
    const objects = this.#input.targets.get(target)?.objects ?? [];
    const known = this.#now.get(target) ?? new Map(objects.map((object) => [refKey(object.ref), object]));
    this.#now.set(target, known);
    return known.get(refKey(ref));
  }

  #at(target: string, commit: string): Promise<Snapshot | undefined> {
    const key = `${target}\0${commit}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const opened = this.#states.size >= MAX_COMMITS ? Promise.resolve(undefined) : this.#open(target, commit);
    this.#states.set(key, opened);
    return opened;
  }

  async #open(target: string, commit: string): Promise<Snapshot | undefined> {
    const known = this.#input.targets.get(target);
    const tree = await known?.tree.at?.(commit);
    if (known === undefined || tree === undefined || isFault(tree)) return undefined;
    try {
      const state = await known.read(tree);
      const objects = new Map(state.objects.map((object) => [refKey(object.ref), object]));
      return { objects, complete: state.complete, ...(await this.#until(known.tree, commit)) };
    } finally {
      tree.close();
    }
  }

  /** When Git moved on from the commit: never where nothing was committed since; at once where that is not to be seen. */
  async #until(tree: SourceTree, commit: string): Promise<{ readonly until?: number }> {
    const line = await this.#line(tree);
    const next = line.find(({ parent }) => parent === commit);
    if (next !== undefined) return next.time === undefined ? {} : { until: next.time };
    return line[0]?.id === commit || tree.revision === commit ? {} : { until: 0 };
  }

  /** Newest first; none where nothing is to be had. */
  #line(tree: SourceTree): Promise<SourceHistory["commits"]> {
    const known = this.#lines.get(tree) ?? lineOf(tree);
    this.#lines.set(tree, known);
    return known;
  }

  /** Of deployers whose commit is not to be had, as far as something asked. */
  faults(): readonly Fault[] {
    return [...this.#untold.values()].map(({ ref, commit }) => ({
      kind: "fault",
      code: "deployed-unknown",
      about: formatRef(ref),
      message:
        commit === undefined
          ? `${formatRef(ref)} does not say by a commit what it deployed: which side moved is not known of its objects`
          : `${formatRef(ref)} deployed commit ${commit.slice(0, 12)}, which is none that the revision read here comes from: which side moved is not known of its objects`,
      remedy: "read the branch that is deployed, brought up to date, with its history",
      leavesUnknown: "nothing",
    }));
  }
}

interface Snapshot {
  readonly objects: ReadonlyMap<string, DesiredObject>;
  readonly complete: boolean;
  readonly until?: number;
}

async function lineOf(tree: SourceTree): Promise<SourceHistory["commits"]> {
  const history = await tree.history?.();
  if (history === undefined || isFault(history)) return [];
  history.close();
  return history.commits;
}
