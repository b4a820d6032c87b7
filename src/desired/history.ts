/**
 * What Git said of single objects before: their older versions, and the commit that took one out. An object is followed
 * by its kind, namespace and name, through files that were renamed and from one file to another.
 */

import type { DesiredObject } from "../core/objects.ts";
import { refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { HistoryCommit, SourceHistory } from "../core/stages.ts";
import { equalValues } from "../core/value.ts";
import { matchesAny } from "./glob.ts";
import { readManifests } from "./manifests.ts";
import type { ManifestContext } from "./manifests.ts";
import { isManifestName, isWithin } from "./paths.ts";

/** Versions of one object that are looked at. */
const MAX_VERSIONS = 50;

/** Names that a file's bytes are searched for before it is parsed; for more of them every file is parsed. */
const MAX_NAMES = 50;

/** An older version of an object. */
export interface ObjectVersion {
  /** The newest commit that had it. */
  readonly commit: string;
  /** When it was superseded, in milliseconds since the epoch; absent where that is not committed yet. */
  readonly until?: number;
  /** Whether holdfast's own commit superseded it, with what was live then. */
  readonly codified: boolean;
  readonly object: DesiredObject;
}

export interface ObjectHistory {
  /** Newest first, each different from the one after it, beginning with the one before what Git says now. */
  readonly versions: readonly ObjectVersion[];
  /** What comes before the oldest: nothing, `since` then; or it is not known; or nobody looked. */
  readonly end: SourceHistory["end"] | "unread";
  /** When the oldest version came to be; absent where that is not known, or not committed yet. */
  readonly since?: number;
}

export interface RemovedObject {
  /** The commit that took it out, or `worktree`. */
  readonly removedIn: string;
  /** When that was, in milliseconds since the epoch; absent where it is not committed yet. */
  readonly time?: number;
  /** As it was last. */
  readonly object: DesiredObject;
}

export interface ObjectHistories {
  /** `object` as Git declares it now. */
  versionsOf(object: DesiredObject): Promise<ObjectHistory>;
  /** Of objects that Git declares nowhere now: what it had of them, by refKey(), as far back as the window reaches. */
  removed(refs: readonly ObjectRef[]): Promise<ReadonlyMap<string, RemovedObject>>;
}

export interface HistoriesInput {
  readonly history: SourceHistory;
  readonly context: ManifestContext;
  /** Of the target: its folder or file (`""` for all), and what it leaves out. */
  readonly path: string;
  readonly exclude: readonly string[];
}

export function objectHistories(input: HistoriesInput): ObjectHistories {
  const reader = new VersionReader(input);
  return {
    versionsOf: (object) => versionsOf(reader, object),
    removed: (refs) => removedObjects(reader, refs),
  };
}

/** The objects of one blob, by refKey(); `undefined` where it cannot be read, or not wholly. */
type Objects = ReadonlyMap<string, DesiredObject>;

class VersionReader {
  readonly input: HistoriesInput;
  readonly #objects = new Map<string, Promise<Objects | undefined>>();
  readonly #bytes = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(input: HistoriesInput) {
    this.input = input;
  }

  get history(): SourceHistory {
    return this.input.history;
  }

  inScope(path: string): boolean {
    return isWithin(path, this.input.path) && !matchesAny(this.input.exclude, path);
  }

  objects(path: string, blob: string): Promise<Objects | undefined> {
    const key = `${blob}\0${path}`;
    const known = this.#objects.get(key) ?? this.#parse(path, blob);
    this.#objects.set(key, known);
    return known;
  }

  /** Whether the bytes hold one of the texts. What cannot be read might. */
  async mentions(blob: string, texts: readonly string[]): Promise<boolean> {
    if (texts.length > MAX_NAMES) return true;
    const bytes = await this.#read(blob);
    if (bytes === undefined) return true;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return texts.some((text) => buffer.includes(text));
  }

  #read(blob: string): Promise<Uint8Array | undefined> {
    const known = this.#bytes.get(blob) ?? this.history.read(blob);
    this.#bytes.set(blob, known);
    return known;
  }

  async #parse(path: string, blob: string): Promise<Objects | undefined> {
    const bytes = await this.#read(blob);
    if (bytes === undefined) return undefined;
    const { objects, faults } = readManifests(path, bytes, this.input.context);
    if (faults.some((fault) => fault.leavesUnknown === "declared")) return undefined;
    const byKey = new Map<string, DesiredObject>();
    for (const object of objects) byKey.set(refKey(object.ref), object);
    // Which of two declarations counts was not known then either.
    return byKey.size === objects.length ? byKey : undefined;
  }
}

async function versionsOf(reader: VersionReader, object: DesiredObject): Promise<ObjectHistory> {
  // Older renderings are not made: what is rendered has a past that nobody read.
  if (object.origin.layer !== "literal") return { versions: [], end: "unread" };
  const { commits, end } = reader.history;
  const key = refKey(object.ref);
  const versions: ObjectVersion[] = [];
  let { file } = object.origin;
  let current = object;
  await reader.history.prefetch(blobsBefore(commits, file));
  for (const commit of commits) {
    const change = commit.files.get(file);
    if (change === undefined) continue;
    if (versions.length === MAX_VERSIONS) return { versions, end: "window" };
    const before = change.before === undefined ? undefined : await reader.objects(file, change.before);
    if (change.before !== undefined && before === undefined) return { versions, end: "window" };
    const found = before?.get(key) ?? (await elsewhere(reader, { commit, object, key }));
    if (found === "unreadable") return { versions, end: "window" };
    if (found === undefined) {
      return { versions, end: "beginning", ...(commit.time === undefined ? {} : { since: commit.time }) };
    }
    if (found.origin.file !== file) await reader.history.prefetch(blobsBefore(commits, found.origin.file));
    file = found.origin.file;
    if (!equalValues(found.value, current.value)) {
      versions.push(versionOf(commit, found, await reader.history.codified(commit)));
    }
    current = found;
  }
  // An object whose beginning was not seen though the repository's was: its file is no file of any commit.
  return { versions, end: end === "beginning" ? "window" : end };
}

function versionOf({ id, parent, time }: HistoryCommit, object: DesiredObject, codified: boolean): ObjectVersion {
  return { commit: parent ?? id, object, codified, ...(time === undefined ? {} : { until: time }) };
}

function blobsBefore(commits: readonly HistoryCommit[], file: string): readonly string[] {
  return commits.flatMap((commit) => commit.files.get(file)?.before ?? []).slice(0, MAX_VERSIONS);
}

/** The object in another file that the same commit took it out of: the file was renamed, or the object moved. */
async function elsewhere(
  reader: VersionReader,
  { commit, object, key }: { readonly commit: HistoryCommit; readonly object: DesiredObject; readonly key: string },
): Promise<DesiredObject | "unreadable" | undefined> {
  const others = [...commit.files].flatMap(([path, { before }]) =>
    before !== undefined && isManifestName(path) ? [{ path, before }] : [],
  );
  await reader.history.prefetch(others.map(({ before }) => before));
  let unreadable = false;
  for (const { path, before } of others) {
    if (!(await reader.mentions(before, [object.ref.name]))) continue;
    const objects = await reader.objects(path, before);
    const found = objects?.get(key);
    // From outside of the target: where the target looked before is not known.
    if (found !== undefined) return reader.inScope(path) ? found : "unreadable";
    unreadable ||= objects === undefined;
  }
  return unreadable ? "unreadable" : undefined;
}

async function removedObjects(
  reader: VersionReader,
  refs: readonly ObjectRef[],
): Promise<ReadonlyMap<string, RemovedObject>> {
  const wanted = new Map(refs.map((ref) => [refKey(ref), ref]));
  const removed = new Map<string, RemovedObject>();
  for (const commit of reader.history.commits) {
    if (wanted.size === 0) break;
    const gone = await takenOut(reader, commit, wanted);
    for (const [key, object] of gone) {
      removed.set(key, {
        removedIn: commit.id,
        object,
        ...(commit.time === undefined ? {} : { time: commit.time }),
      });
      wanted.delete(key);
    }
  }
  return removed;
}

/** Wanted objects that the commit's files held before, and hold no more after. */
async function takenOut(
  reader: VersionReader,
  commit: HistoryCommit,
  wanted: ReadonlyMap<string, ObjectRef>,
): Promise<ReadonlyMap<string, DesiredObject>> {
  const found = new Map<string, DesiredObject>();
  const files = [...commit.files].filter(([path]) => isManifestName(path));
  const names = [...new Set([...wanted.values()].map((ref) => ref.name))];
  const before = files.flatMap(([path, file]) =>
    file.before !== undefined && reader.inScope(path) ? [{ path, blob: file.before }] : [],
  );
  await reader.history.prefetch(before.map(({ blob }) => blob));
  for (const { path, blob } of before) {
    if (!(await reader.mentions(blob, names))) continue;
    for (const [key, object] of (await reader.objects(path, blob)) ?? []) if (wanted.has(key)) found.set(key, object);
  }
  if (found.size === 0) return found;
  for (const [path, { after }] of files) {
    if (after === undefined) continue;
    const objects = await reader.objects(path, after);
    // A file that cannot be read may hold what another one lost.
    if (objects === undefined) return new Map();
    for (const key of objects.keys()) found.delete(key);
  }
  return found;
}
