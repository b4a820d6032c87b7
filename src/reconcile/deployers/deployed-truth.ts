/**
 * What is really deployed, where the deployer says which commit that is: Flux Kustomizations and Argo CD Applications do
 * (`.status`). What they deploy is rendered as that commit has it, and only for what differs.
 */

import type { Fault } from "../../core/fault.ts";
import type { DesiredObject, LiveObject } from "../../core/objects.ts";
import { formatRef, refKey } from "../../core/refs.ts";
import type { ObjectRef } from "../../core/refs.ts";
import type { RootDeployer } from "../../core/stages.ts";
import { equalValues, fieldOf, isMap } from "../../core/value.ts";
import type { ValueMap } from "../../core/value.ts";
import { sameSources, sourcesIn } from "../../desired/argo/own-sources.ts";
import { isOwn } from "../../desired/argo/root.ts";
import type { RemovedObject } from "../../desired/history.ts";
import type { Past, Version } from "../../drift/direction.ts";
import type { DeployedRevision, Sync } from "./deployed-revision.ts";
import { forgottenCommits, forgottenVersions } from "./forgotten-syncs.ts";
import { deployersIn, MAX_GUESSES, MAX_STATES, PastStates, versionIn } from "./past-states.ts";
import type { DeployedTarget, PastState } from "./past-states.ts";
import { pruningOf } from "./pruning.ts";
import { syncOf, tellsSync } from "./sync-status.ts";
import { isMarkedBy } from "./tracking-marks.ts";

/** Earlier syncs that are asked for an object which nothing deploys any more. */
const MAX_EARLIER = 4;

export interface DeployedTruthInput {
  /** By name. */
  readonly targets: ReadonlyMap<string, DeployedTarget>;
  /** The deployers' own objects as they live, by refKey(). */
  readonly deployers: ReadonlyMap<string, LiveObject>;
}

export type Truth =
  /**
   * Git as it was deployed: `deployed` where it had the object at all. `since`: what it was when the deployer wrote the object
   * later, by a sync that it forgot; newest first, and without those that did not have it.
   */
  | { readonly kind: "known"; readonly past: Past; readonly deployed?: Version; readonly since: readonly Version[] }
  /** The deployer never came to deploy it. */
  | { readonly kind: "never" }
  /** It deployed something, and what that was is not to be had. */
  | { readonly kind: "untold" };

/** What Git had of a live object that it declares nowhere now, and its deployer deployed. */
export interface Abandoned extends RemovedObject {
  /** Who leaves it there, where that is how it is set up; else a prune is due. */
  readonly keptBy?: "Argo CD" | "Flux";
}

/** One for a pass. Nothing here rejects for what Git or the cluster hold. */
export class DeployedTruth {
  readonly #input: DeployedTruthInput;
  readonly #past: PastStates;
  readonly #now = new Map<string, Now>();
  readonly #origins = new Map<string, Promise<string | undefined>>();
  readonly #untold = new Map<string, { readonly ref: ObjectRef; readonly why: Why }>();

  constructor(input: DeployedTruthInput) {
    this.#input = input;
    this.#past = new PastStates(input.targets);
  }

  /** `undefined` where no deployer that tells deploys the object. */
  async of(target: string, object: DesiredObject, { live, waiting = [] }: Asking = {}): Promise<Truth | undefined> {
    const { deployer } = object;
    if (deployer === undefined || !tellsSync(deployer)) return undefined;
    const own = this.#input.deployers.get(refKey(deployer));
    if (own === undefined) return await this.#withDeployer(target, deployer, waiting);
    const sync = syncOf(own, object.ref, await this.#isOwn(target));
    if (sync === undefined) return undefined;
    if (sync.applied.kind === "nothing" && sync.attempted.kind === "nothing") return { kind: "never" };
    if (object.moves === true) {
      this.#untold.set(refKey(deployer), { ref: deployer, why: MOVES });
      return { kind: "untold" };
    }
    return await this.#known({ target, object, deployer, sync, waiting, ...(live === undefined ? {} : { live }) });
  }

  /** It waits for its own deployer, which is not there yet. Where that is simply gone, nobody tells. */
  async #withDeployer(target: string, deployer: ObjectRef, waiting: readonly string[]): Promise<Truth | undefined> {
    const key = refKey(deployer);
    const declared = this.#nowOf(target).objects.get(key);
    // One that deploys itself, by whatever way round, waits for nobody.
    if (declared === undefined || waiting.includes(key)) return undefined;
    const truth = await this.of(target, declared, { waiting: [...waiting, key] });
    const waits = truth?.kind === "never" || (truth?.kind === "known" && truth.deployed === undefined);
    return waits ? { kind: "never" } : undefined;
  }

  async #known(asked: Asked): Promise<Truth> {
    const told = await this.#told(asked);
    if (told === undefined) return { kind: "untold" };
    const { had, deployed } = told;
    const { since, whole } = await forgottenVersions(this.#past, asked);
    if (!whole) this.#untold.set(refKey(asked.deployer), { ref: asked.deployer, why: TOO_MANY_SYNCS });
    const versions = [...had, ...since.filter(({ commit }) => had.every((one) => one.commit !== commit))]
      .filter(({ object }) => !equalValues(object.value, asked.object.value))
      .toSorted((one, other) => leftAt(other) - leftAt(one));
    const end = !whole ? "window" : deployed === undefined ? "beginning" : "unreadable";
    return { kind: "known", past: { versions, end }, since, ...(deployed === undefined ? {} : { deployed }) };
  }

  /** What Git had of the object in what was tried and what was applied, in this order. `undefined`: that is not known. */
  async #told(asked: Asked): Promise<{ readonly had: readonly Version[]; readonly deployed?: Version } | undefined> {
    const { target, object, deployer, sync } = asked;
    const had: Version[] = [];
    let deployed: Version | undefined;
    for (const [index, revision] of revisionsOf(sync).entries()) {
      const state = revision.kind === "commit" ? await this.#deployedState(asked, revision) : undefined;
      if (state === undefined || revision.kind !== "commit") {
        // Of what was only tried there need be nothing in the cluster.
        if (index > 0) continue;
        this.#untold.set(refKey(deployer), { ref: deployer, why: this.#whyUntold(target, revision) });
        return undefined;
      }
      const found = versionIn(state, object.ref, revision.commit);
      if (found === undefined && !state.complete) return undefined;
      if (found === undefined) continue;
      if (found.object.moves === true) {
        this.#untold.set(refKey(deployer), { ref: deployer, why: MOVES });
        return undefined;
      }
      had.unshift({ ...found, told: true });
      // What was only tried may be there, or not yet.
      if (revision === sync.applied) deployed = found;
    }
    return { had, ...(deployed === undefined ? {} : { deployed }) };
  }

  /**
   * What came of a commit. An Application's sources are part of what it deployed, and are not always those that Git has in
   * the same commit: it may have been applied before, or wait for a sync of its own. Sources that Git never had are somebody's
   * change of the cluster: then Git's are taken.
   */
  async #deployedState(asked: Asked, { commit, sources }: Revision): Promise<PastState | undefined> {
    const { target, deployer } = asked;
    const state = await this.#past.at(target, commit);
    if (sources === undefined || state === undefined) return state;
    const then = state.deployers.get(refKey(deployer));
    const now = this.#nowOf(target).deployers.get(refKey(deployer));
    const origin = await this.#originOf(target);
    if (now === undefined || (then !== undefined && sameSources(sourcesIn(then.spec), sources, origin))) return state;
    const gits = [now.spec, ...(await this.#earlierSpecs(asked))].map(sourcesIn);
    const own = gits.find((one) => sameSources(one, sources, origin));
    if (own === undefined && then !== undefined) return state;
    const made = await this.#past.ofApplication({ target, commit, deployer: now, sources: own ?? sourcesIn(now.spec) });
    // These sources and this commit never stood together in Git: it proves nothing.
    return made === undefined ? undefined : { ...made, until: 0 };
  }

  /** What Git said of the Application before: when that was deployed itself, or at any time. */
  async #earlierSpecs({ target, deployer, waiting }: Asked): Promise<readonly ValueMap[]> {
    const key = refKey(deployer);
    const declared = this.#nowOf(target).objects.get(key);
    if (declared === undefined || waiting.includes(key)) return [];
    const truth = await this.of(target, declared, { waiting: [...waiting, key] });
    const known = truth?.kind === "known" ? [...truth.past.versions, ...(truth.deployed ? [truth.deployed] : [])] : [];
    // One that somebody applies by hand may wait for that.
    const earlier = truth === undefined ? await this.#input.targets.get(target)?.earlier?.(declared) : undefined;
    const objects = [...known.map(({ object }) => object), ...(earlier ?? [])];
    return objects.map(({ value }) => fieldOf(value, "spec")).filter(isMap);
  }

  /** `undefined` where no deployer that is known here deployed the object, and carries its mark. */
  async removed(live: LiveObject): Promise<Abandoned | undefined> {
    for (const deployer of this.#input.deployers.values()) {
      if (!isMarkedBy(live, deployer)) continue;
      for (const target of this.#input.targets.keys()) {
        const found = this.#knows(target, deployer.ref) ? await this.#abandoned(target, live, deployer) : undefined;
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** Whether the target declares the deployer's object, or deploys something by it. */
  #knows(target: string, deployer: ObjectRef): boolean {
    const { objects, deployers } = this.#nowOf(target);
    return objects.has(refKey(deployer)) || deployers.has(refKey(deployer));
  }

  async #abandoned(target: string, live: LiveObject, deployer: LiveObject): Promise<Abandoned | undefined> {
    const sync = syncOf(deployer, live.ref, await this.#isOwn(target));
    if (sync === undefined) return undefined;
    const { prunes, by, earlier } = pruningOf(deployer, live, await this.#isOwn(target));
    const last =
      (await this.#removedSince(target, { live, deployer, sync })) ??
      (await this.#removedAfter(target, { live, deployer, revision: sync.applied }));
    if (last !== undefined) return prunes ? last : { ...last, keptBy: by };
    // It was synced since, and left there.
    for (const revision of earlier.slice(0, MAX_EARLIER)) {
      const found = await this.#removedAfter(target, { live, deployer, revision });
      if (found !== undefined) return { ...found, keptBy: by };
    }
    return undefined;
  }

  /** After a sync that the deployer forgot. */
  async #removedSince(
    target: string,
    { live, deployer, sync }: Marked & { readonly sync: Sync },
  ): Promise<RemovedObject | undefined> {
    for (const commit of await forgottenCommits(this.#past, { target, sync, live })) {
      const before = (await this.#past.guess(target, commit)).state;
      const found = await this.#removedFrom(target, { live, deployer, before, commit });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #removedAfter(
    target: string,
    { live, deployer, revision }: Marked & { readonly revision: DeployedRevision },
  ): Promise<RemovedObject | undefined> {
    if (revision.kind !== "commit") return undefined;
    const { commit } = revision;
    return await this.#removedFrom(target, { live, deployer, before: await this.#past.at(target, commit), commit });
  }

  async #removedFrom(
    target: string,
    { live, deployer, before, commit }: Marked & { readonly before: PastState | undefined; readonly commit: string },
  ): Promise<RemovedObject | undefined> {
    const object = before?.objects.get(refKey(live.ref));
    if (object?.deployer === undefined || refKey(object.deployer) !== refKey(deployer.ref)) return undefined;
    return await this.#takenOut(target, object, commit);
  }

  /** Between a commit that has the object and Git as it is now, halving: the commit itself that took it out. */
  async #takenOut(target: string, object: DesiredObject, from: string): Promise<RemovedObject> {
    const line = await this.#past.line(target);
    const key = refKey(object.ref);
    // Newest first: `gone` lacks the object, `there` has it.
    let gone = 0;
    let there = line.findIndex(({ id }) => id === from);
    while (there - gone > 1) {
      const middle = Math.floor((gone + there) / 2);
      const state = await this.#past.at(target, line[middle]?.id ?? "");
      if (state === undefined) break;
      if (state.objects.has(key)) there = middle;
      else gone = middle;
    }
    const commit = line[gone];
    const time = commit?.time;
    return {
      removedIn: commit?.id ?? this.#input.targets.get(target)?.tree.revision ?? from,
      object,
      ...(time === undefined ? {} : { time }),
    };
  }

  #nowOf(target: string): Now {
    const known = this.#now.get(target) ?? nowOf(this.#input.targets.get(target));
    this.#now.set(target, known);
    return known;
  }

  async #isOwn(target: string): Promise<(repoURL: string) => boolean> {
    const origin = await this.#originOf(target);
    return (repoURL) => isOwn(repoURL, origin);
  }

  #originOf(target: string): Promise<string | undefined> {
    const known =
      this.#origins.get(target) ?? this.#input.targets.get(target)?.tree.origin?.() ?? Promise.resolve(undefined);
    this.#origins.set(target, known);
    return known;
  }

  #whyUntold(target: string, revision: DeployedRevision): Why {
    if (revision.kind !== "commit") return { what: "does not say by a commit what it deployed", remedy: READ };
    const commit = `deployed commit ${revision.commit.slice(0, 12)}`;
    if (!this.#past.isBeyondLimit(target, revision.commit))
      return { what: `${commit}, which is none that the revision read here comes from`, remedy: READ };
    return {
      what: `${commit}, and ${MAX_STATES} others were rendered before it, which is as many as a pass looks at`,
      remedy: "let what waits be deployed, or scan fewer targets at a time (--target)",
    };
  }

  /** Of deployers whose commit is not to be had, as far as something asked. */
  faults(): readonly Fault[] {
    return [...this.#untold.values()].map(({ ref, why }) => ({
      kind: "fault",
      code: "deployed-unknown",
      about: formatRef(ref),
      message: `${formatRef(ref)} ${why.what}: which side moved is not known of ${why.of ?? "its objects"}`,
      remedy: why.remedy,
      leavesUnknown: "nothing",
    }));
  }
}

const TOO_MANY_SYNCS = {
  what: `was synced in part since its last sync of everything, at other commits than the ${MAX_GUESSES} that a pass looks at for that`,
  remedy: "let all of it be synced, or scan fewer targets at a time (--target)",
  of: "some of its objects",
} as const;

const READ = "read the branch that is deployed, brought up to date, with its history";

const MOVES: Why = {
  what: "deploys a kustomization with a remote base that is named by a branch, or by none",
  remedy: "name a tag or a commit (?ref=)",
};

interface Why {
  readonly what: string;
  readonly remedy: string;
  /** What is not known for it; absent: all of its objects. */
  readonly of?: string;
}

type Revision = Extract<DeployedRevision, { readonly kind: "commit" }>;

interface Asking {
  /** As it lives; what was deployed by a sync that is forgotten is not to be had without. */
  readonly live?: LiveObject;
  /** Deployers that are asked about already, by refKey(). */
  readonly waiting?: readonly string[];
}

interface Asked extends Asking {
  readonly target: string;
  readonly object: DesiredObject;
  readonly deployer: ObjectRef;
  readonly sync: Sync;
  readonly waiting: readonly string[];
}

/** A live object and the deployer whose mark it carries. */
interface Marked {
  readonly live: LiveObject;
  readonly deployer: LiveObject;
}

/** What a target says now. */
interface Now {
  readonly objects: ReadonlyMap<string, DesiredObject>;
  readonly deployers: ReadonlyMap<string, RootDeployer>;
}

function nowOf(target: DeployedTarget | undefined): Now {
  const { objects = [], roots = [] } = target?.state ?? {};
  return { objects: new Map(objects.map((object) => [refKey(object.ref), object])), deployers: deployersIn(roots) };
}

/** What was not left yet comes first of all. */
function leftAt({ until = Number.MAX_VALUE }: Version): number {
  return until;
}

/** What was applied first, then what was only tried. */
function revisionsOf({ applied, attempted }: Sync): readonly DeployedRevision[] {
  const same = equalValues({ ...applied }, { ...attempted });
  return (same ? [applied] : [applied, attempted]).filter(({ kind }) => kind !== "nothing");
}
