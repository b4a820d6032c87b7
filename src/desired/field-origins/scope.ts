/** What is read again and again with other bytes in some files, to see what changes: one root, or all that deployers deploy. */

import { isFault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { refKey } from "../../core/refs.ts";
import type { DesiredState } from "../../core/stages.ts";
import { readDesired } from "../desired.ts";
import type { DesiredInput } from "../desired.ts";
import { cleanPath, folderOf, joinPath } from "../paths.ts";
import { objectIn, objectsByKey } from "./differences.ts";
import type { Objects } from "./differences.ts";
import { SourceTexts } from "./files.ts";
import { overlayTree } from "./overlay-tree.ts";
import type { Piece } from "./pieces.ts";
import { offline, recorded } from "./recorded.ts";
import type { FileFacts } from "./roles.ts";
import { FileUses } from "./uses.ts";

/** Of one pass: how often a root may be rendered once more; all of a target counts twice. */
export interface Budget {
  left: number;
}

export interface FileTier {
  readonly files: readonly string[];
  /** Many, of which few have to do with the object. */
  readonly far: boolean;
}

export interface Dyed {
  readonly piece: Piece;
  /** In the place of the piece's text. */
  readonly text: string;
}

export class Scope {
  readonly texts: SourceTexts;
  readonly objects: Objects;
  readonly #input: DesiredInput;
  readonly #cost: number;
  readonly #budget: Budget;
  readonly #files: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #all: ReadonlySet<string>;
  readonly #uses: FileUses;

  private constructor(
    input: DesiredInput,
    budget: Budget,
    read: {
      readonly state: DesiredState;
      readonly files: ReadonlyMap<string, ReadonlySet<string>>;
      readonly all: ReadonlySet<string>;
      readonly cost: number;
    },
  ) {
    this.#input = input;
    this.#cost = read.cost;
    this.#budget = budget;
    this.#files = read.files;
    this.#all = read.all;
    this.texts = new SourceTexts(input.tree);
    this.#uses = new FileUses(this.texts, read.all);
    this.objects = objectsByKey(read.state.objects);
  }

  /** @param root the one that is looked at; absent: all of the target */
  static async open(given: DesiredInput, budget: Budget, root: string | undefined): Promise<Scope> {
    const { progress: _, ...silent } = given;
    const input = root === undefined ? silent : narrowed(silent, root);
    const { renderers, files } = recorded(input.renderers);
    const state = await readDesired({ ...input, renderers });
    const all = await input.tree.list("");
    return new Scope(root === undefined ? input : released(input, state), budget, {
      state,
      files,
      cost: root === undefined ? 2 : 1,
      all: new Set(isFault(all) ? [] : all.map(({ path }) => path)),
    });
  }

  /** The objects as they were with these texts in the files; `undefined` where no more may be rendered. */
  async with(dyed: readonly Dyed[]): Promise<Objects | undefined> {
    if (this.#budget.left <= 0) return undefined;
    this.#budget.left -= this.#cost;
    const changed = new Map<string, Uint8Array>();
    for (const [file, own] of Map.groupBy(dyed, ({ piece }) => piece.file)) {
      changed.set(file, Buffer.from(spliced((await this.texts.text(file)) ?? "", own)));
    }
    const state = await readDesired({
      ...this.#input,
      renderers: offline(this.#input.renderers),
      tree: overlayTree(this.#input.tree, changed),
    });
    return objectsByKey(state.objects);
  }

  /** What the object's root was rendered from; then what says how it is deployed, from the nearest on; then all there is. */
  filesOf(object: DesiredObject): readonly FileTier[] {
    const seen = new Set<string>();
    const tiers: FileTier[] = [];
    const take = (files: Iterable<string>, far = false): void => {
      const fresh = [...files].filter((file) => !seen.has(file) && this.#all.has(file));
      for (const file of fresh) seen.add(file);
      if (fresh.length > 0) tiers.push({ files: fresh, far });
    };
    take([object.origin.file, ...this.#rootFiles(object)]);
    const above: DesiredObject[] = [];
    let deployer = this.#deployerOf(object);
    for (let depth = 0; deployer !== undefined && depth < MAX_DEPLOYERS; depth++) {
      const next: DesiredObject = deployer;
      take([next.origin.file]);
      above.push(next);
      deployer = this.#deployerOf(next);
    }
    for (const next of above) take(this.#rootFiles(next), true);
    if (object.deployer !== undefined)
      take(
        [...this.#all].filter((file) => /\.(?:ya?ml|json)$/.test(file)),
        true,
      );
    return tiers;
  }

  /** Of the charts that the object's root is rendered from. */
  templatesOf(object: DesiredObject): readonly string[] {
    return [...new Set([object.origin.file, ...this.#rootFiles(object)])].filter(
      (file) => this.#all.has(file) && this.isTemplate(file),
    );
  }

  #rootFiles({ origin }: DesiredObject): Iterable<string> {
    return origin.root === undefined ? [] : (this.#files.get(origin.root) ?? []);
  }

  #deployerOf({ deployer }: DesiredObject): DesiredObject | undefined {
    return deployer === undefined ? undefined : this.objects.get(refKey(deployer));
  }

  /** What is to be known of a piece's file for an object, besides its text. */
  async factsOf(file: string, object: DesiredObject): Promise<FileFacts> {
    const use = await this.#uses.of(file);
    const chart = this.#chartOf(file);
    return {
      ...(use === undefined ? {} : { use }),
      ...(chart === undefined ? {} : { chart }),
      isAnothers: ({ kind, name }) => this.#isAnothers(object, kind, name),
    };
  }

  /** Names get prefixes and suffixes: the one of whose name the text is the most is meant. */
  #isAnothers({ ref }: DesiredObject, kind: string | undefined, name: string | undefined): boolean {
    if (name === undefined || name === ref.name) return false;
    return [...this.objects.values()].some(
      (other) => other.ref.kind === kind && other.ref.name.length < ref.name.length && other.ref.name.includes(name),
    );
  }

  #chartOf(file: string): string | undefined {
    for (let folder = folderOf(file); ; folder = folderOf(folder)) {
      if (this.#all.has(joinPath(folder, "Chart.yaml"))) return folder;
      if (folder === "") return undefined;
    }
  }

  /** A template of a chart: no YAML until it is rendered. */
  isTemplate(file: string): boolean {
    for (let folder = folderOf(file); folder !== ""; folder = folderOf(folder)) {
      const name = folder.slice(folder.lastIndexOf("/") + 1);
      if (name === "templates" && this.#all.has(joinPath(folderOf(folder), "Chart.yaml"))) return true;
    }
    return false;
  }

  same(object: DesiredObject): DesiredObject | undefined {
    return objectIn(this.objects, object);
  }
}

const MAX_DEPLOYERS = 8;

/** The target's settings for a chart are those of its own path. */
function narrowed(input: DesiredInput, root: string): DesiredInput {
  const { helm, ...target } = input.target;
  const own = helm !== undefined && cleanPath(target.path) === root;
  return { ...input, target: { ...target, path: root, ...(own ? { helm } : {}) } };
}

/** Where nobody names the release, it is called as the chart is: by another name of the chart it is not another release. */
function released(input: DesiredInput, { objects }: DesiredState): DesiredInput {
  const { helm, ...target } = input.target;
  const release = objects.find(({ origin }) => origin.root === cleanPath(target.path))?.release?.name;
  return release === undefined ? input : { ...input, target: { ...target, helm: { values: [], ...helm, release } } };
}

/** Pieces that stand in each other are never given together. */
function spliced(text: string, dyed: readonly Dyed[]): string {
  let result = text;
  for (const { piece, text: dye } of dyed.toSorted((a, b) => b.piece.start - a.piece.start)) {
    result = `${result.slice(0, piece.start)}${piece.before}${dye}${piece.after}${result.slice(piece.end)}`;
  }
  return result;
}

export function pieceId({ file, start, end }: Piece): string {
  return `${file}\0${start}\0${end}`;
}

/** Without those that overlap with an earlier one. */
export function apart(pieces: readonly Piece[]): readonly Piece[] {
  const kept: Piece[] = [];
  const byFile = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const others = byFile.get(piece.file) ?? [];
    byFile.set(piece.file, others);
    if (others.some((one) => piece.start <= one.end && one.start <= piece.end)) continue;
    others.push(piece);
    kept.push(piece);
  }
  return kept;
}
