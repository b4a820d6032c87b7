/** What targets declared at older commits: rendered where something asks, once each, and of a bounded number of commits. */

import { isFault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { refKey } from "../../core/refs.ts";
import type { ObjectRef } from "../../core/refs.ts";
import type { DesiredState, RootDeployer, SourceHistory, SourceTree } from "../../core/stages.ts";
import type { ValueMap } from "../../core/value.ts";
import type { Version } from "../../drift/direction.ts";

/** Renderings of the past in one pass, of what deployers name. */
export const MAX_STATES = 16;

/** Those of commits that no deployer names, which are looked at on a guess: theirs are counted apart, so that they cost no other. */
export const MAX_GUESSES = 8;

/** Commits that may have been deployed at one time. */
const MAX_STOOD = 2;

/** For as long as that a deployer may take a commit for the newest one (Argo CD: `--revision-cache-expiration`). */
const LAG_MS = 180_000;

export interface DeployedTarget {
  readonly tree: SourceTree;
  /** As Git is now. */
  readonly state: Pick<DesiredState, "objects" | "roots">;
  /** What the target declares in another tree of the same repository. */
  readonly read: (tree: SourceTree) => Promise<DesiredState>;
  /** Older versions of an object that stands in a plain file; absent where nothing tells. */
  readonly earlier?: (object: DesiredObject) => Promise<readonly DesiredObject[]>;
  /** What an Argo CD Application makes of a tree where these are its sources; absent where nothing can be rendered so. */
  readonly readApplication?: (made: {
    readonly tree: SourceTree;
    readonly deployer: RootDeployer;
    readonly sources: readonly ValueMap[];
  }) => Promise<Pick<DesiredState, "objects" | "complete">>;
}

export interface PastState {
  /** By refKey(). */
  readonly objects: ReadonlyMap<string, DesiredObject>;
  readonly complete: boolean;
  /** When Git moved on from the commit, in milliseconds since the epoch; absent where it did not. */
  readonly until?: number;
  /** Deployers' own objects that deployed something then, by refKey(). */
  readonly deployers: ReadonlyMap<string, RootDeployer>;
}

export class PastStates {
  readonly #targets: ReadonlyMap<string, DeployedTarget>;
  readonly #states = new Map<string, Promise<PastState | undefined>>();
  readonly #refused = new Set<string>();
  readonly #guessed = new Set<string>();
  readonly #lines = new Map<SourceTree, Promise<SourceHistory["commits"]>>();

  constructor(targets: ReadonlyMap<string, DeployedTarget>) {
    this.#targets = targets;
  }

  /** Whether a commit was not rendered because that had been done for enough others. */
  isBeyondLimit(target: string, commit: string): boolean {
    return this.#refused.has(`${target}\0${commit}`);
  }

  /** `undefined` where the commit is none that the target's tree comes from, and where too many were asked for. */
  at(target: string, commit: string): Promise<PastState | undefined> {
    return this.#once(`${target}\0${commit}`, () =>
      this.#open(target, commit, async (known, tree) => await known.read(tree)),
    );
  }

  /** As `at`, of a commit that no deployer names. `beyond`: it was not looked at, since enough others were. */
  async guess(
    target: string,
    commit: string,
  ): Promise<{ readonly state: PastState | undefined; readonly beyond: boolean }> {
    const key = `${target}\0${commit}`;
    if (!this.#states.has(key)) {
      if (this.#guessed.size >= MAX_GUESSES) return { state: undefined, beyond: true };
      this.#guessed.add(key);
    }
    return { state: await this.at(target, commit), beyond: this.isBeyondLimit(target, commit) };
  }

  /** What a deployer may have taken for the newest commit at a time (in milliseconds since the epoch): newest first, a few. */
  async stoodAt(target: string, time: number): Promise<readonly string[]> {
    const line = await this.line(target);
    const stood = line.filter((commit, index) => {
      const until = line[index - 1]?.time ?? Number.POSITIVE_INFINITY;
      return commit.time !== undefined && commit.time <= time && until >= time - LAG_MS;
    });
    return stood.slice(0, MAX_STOOD).map(({ id }) => id);
  }

  /** The same for what one Application made of the commit, by sources that Git itself had elsewhere. */
  ofApplication(asked: {
    readonly target: string;
    readonly commit: string;
    readonly deployer: RootDeployer;
    readonly sources: readonly ValueMap[];
  }): Promise<PastState | undefined> {
    const { target, commit, deployer, sources } = asked;
    const key = [target, commit, refKey(deployer.ref), JSON.stringify(sources, exact)].join("\0");
    return this.#once(key, () =>
      this.#open(target, commit, async (known, tree) => {
        const made = await known.readApplication?.({ tree, deployer, sources });
        return made === undefined ? undefined : { ...made, roots: [] };
      }),
    );
  }

  /** Newest first; none where nothing is to be had. */
  line(target: string): Promise<SourceHistory["commits"]> {
    const tree = this.#targets.get(target)?.tree;
    if (tree === undefined) return Promise.resolve([]);
    const known = this.#lines.get(tree) ?? lineOf(tree);
    this.#lines.set(tree, known);
    return known;
  }

  #once(key: string, open: () => Promise<PastState | undefined>): Promise<PastState | undefined> {
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const refused = this.#states.size - this.#refused.size - this.#guessed.size >= MAX_STATES;
    if (refused) this.#refused.add(key);
    const opened = refused ? Promise.resolve(undefined) : open();
    this.#states.set(key, opened);
    return opened;
  }

  async #open(
    target: string,
    commit: string,
    read: (
      known: DeployedTarget,
      tree: SourceTree,
    ) => Promise<Pick<DesiredState, "objects" | "complete" | "roots"> | undefined>,
  ): Promise<PastState | undefined> {
    const known = this.#targets.get(target);
    const tree = await known?.tree.at?.(commit);
    if (known === undefined || tree === undefined || isFault(tree)) return undefined;
    try {
      const state = await read(known, tree);
      if (state === undefined) return undefined;
      return {
        objects: new Map(state.objects.map((object) => [refKey(object.ref), object])),
        complete: state.complete,
        deployers: deployersIn(state.roots),
        ...(await this.#until(target, known.tree, commit)),
      };
    } finally {
      tree.close();
    }
  }

  /** Never where nothing was committed since; at once where that is not to be seen. */
  async #until(target: string, tree: SourceTree, commit: string): Promise<{ readonly until?: number }> {
    const line = await this.line(target);
    const next = line.find(({ parent }) => parent === commit);
    if (next !== undefined) return next.time === undefined ? {} : { until: next.time };
    return line[0]?.id === commit || tree.revision === commit ? {} : { until: 0 };
  }
}

/** What the commit had of the object. */
export function versionIn({ objects, until }: PastState, ref: ObjectRef, commit: string): Version | undefined {
  const object = objects.get(refKey(ref));
  return object && { commit, object, codified: false, ...(until === undefined ? {} : { until }) };
}

export function deployersIn(roots: DesiredState["roots"]): ReadonlyMap<string, RootDeployer> {
  return new Map(roots.flatMap(({ deployer }) => (deployer === undefined ? [] : [[refKey(deployer.ref), deployer]])));
}

/** JSON.stringify refuses integers beyond 2^53. */
function exact(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

async function lineOf(tree: SourceTree): Promise<SourceHistory["commits"]> {
  const history = await tree.history?.();
  if (history === undefined || isFault(history)) return [];
  history.close();
  return history.commits;
}
