/** Opens a snapshot: what `kubectl get` printed, as a file, a folder or a stream, or a folder of `holdfast snapshot`. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { SNAPSHOT_MARKER } from "../core/markers.ts";
import type { LiveSource, Progress } from "../core/stages.ts";
import { compareText } from "../core/value.ts";
import type { Digester } from "../text/digest.ts";
import { EMPTY, readDump } from "./dump.ts";
import type { Dump } from "./dump.ts";
import { interrupted } from "./faults.ts";
import { parseJson } from "./json.ts";
import { markedSnapshot } from "./marked-snapshot.ts";
import { plainSnapshot } from "./plain-snapshot.ts";
import { snapshotInvalid, tooLarge } from "./snapshot-faults.ts";
import { parseManifest } from "./snapshot-manifest.ts";

/** The largest file or stream: it becomes one string, of which V8 allows 512 MB. */
const MAX_BYTES = 400 * 1024 * 1024;

const STDIN = "standard input";

const DUMP_FILE = /\.(?:ya?ml|json|jsonl|ndjson)$/;

export interface SnapshotOptions {
  /** A file, a folder (read with all its folders), or the bytes of standard input. */
  readonly path: string | AsyncIterable<Uint8Array>;
  /** Takes the place of Secrets' values. */
  readonly digester: Digester;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly limits?: { readonly bytes: number };
}

/**
 * Opens a snapshot. A folder with the marker is read as `holdfast snapshot` wrote it (marked-snapshot.ts); anything
 * else is a dump of kubectl's, and plain-snapshot.ts says what then counts as read. Secrets of a dump are digested
 * here; those of a marked folder are digests already, and any value there that is none is digested too.
 * Faults: `snapshot-invalid` (not there, unreadable, no object in it), `file-too-large`, `interrupted`.
 */
export async function openSnapshot(options: SnapshotOptions): Promise<LiveSource | Fault> {
  const { path } = options;
  if (typeof path !== "string") return openStream(options, path);
  try {
    if (!(await stat(path)).isDirectory()) return await openFiles(options, path, [path]);
    const manifest = await readFile(join(path, SNAPSHOT_MARKER)).catch(ignoreAbsent);
    if (manifest !== undefined) return openMarked(options, path, manifest);
    const files = await dumpFiles(path);
    return isFault(files) ? files : await openFiles(options, path, files);
  } catch (error) {
    return unreadable(path, error);
  }
}

function ignoreAbsent(error: unknown): undefined {
  if (codeOf(error) === "ENOENT") return undefined;
  throw error;
}

function unreadable(path: string, error: unknown): Fault {
  const code = codeOf(error);
  // Anything else is a bug of ours.
  if (code === undefined) throw error;
  return snapshotInvalid(path, code === "ENOENT" ? `${path} does not exist` : `${path} cannot be read (${code})`);
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}

function openMarked({ digester }: SnapshotOptions, folder: string, bytes: Buffer): LiveSource | Fault {
  const file = join(folder, SNAPSHOT_MARKER);
  const value = parseJson(bytes);
  const manifest = value === undefined ? "it is no JSON" : parseManifest(value);
  if (typeof manifest === "string") return snapshotInvalid(file, `${file} cannot be read: ${manifest}`);
  return markedSnapshot({ folder, manifest, digester });
}

/** Files of dumps below the folder, in order. Hidden ones are passed over, as are links to folders. */
async function dumpFiles(folder: string): Promise<readonly string[] | Fault> {
  const files: string[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => compareText(a.name, b.name))) {
    const path = join(folder, entry.name);
    if (entry.name === SNAPSHOT_MARKER) {
      return snapshotInvalid(folder, `${folder} is a snapshot of its own: name that folder`);
    }
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) {
      const inner = await dumpFiles(path);
      if (isFault(inner)) return inner;
      files.push(...inner);
    } else if (DUMP_FILE.test(entry.name) && (await stat(path)).isFile()) {
      files.push(path);
    }
  }
  return files;
}

async function openFiles(
  { digester, signal, progress, limits }: SnapshotOptions,
  name: string,
  files: readonly string[],
): Promise<LiveSource | Fault> {
  const limit = limits?.bytes ?? MAX_BYTES;
  const dumps: Dump[] = [];
  for (const file of files) {
    if (signal?.aborted === true) return interrupted(name);
    const bytes = (await stat(file)).size > limit ? undefined : await readFile(file);
    dumps.push(
      bytes === undefined
        ? { ...EMPTY, faults: [tooLarge(file, limit)] }
        : readDump(bytes, { file: file.replaceAll("\\", "/"), digester }),
    );
    progress?.({ stage: "live", what: "files", done: dumps.length, total: files.length });
  }
  return openDumps(name, dumps);
}

async function openStream(
  { digester, signal, limits }: SnapshotOptions,
  stream: AsyncIterable<Uint8Array>,
): Promise<LiveSource | Fault> {
  const limit = limits?.bytes ?? MAX_BYTES;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      if (signal?.aborted === true) return interrupted(STDIN);
      size += chunk.length;
      if (size > limit) return tooLarge(STDIN, limit);
      chunks.push(chunk);
    }
  } catch (error) {
    return unreadable(STDIN, error);
  }
  return openDumps(STDIN, [readDump(Buffer.concat(chunks), { file: STDIN, digester })]);
}

function openDumps(name: string, dumps: readonly Dump[]): LiveSource | Fault {
  if (dumps.some(({ objects, lists }) => objects.length + lists.length > 0)) return plainSnapshot(name, dumps);
  const [fault] = dumps.flatMap(({ faults }) => faults);
  return fault ?? snapshotInvalid(name, `${name} holds no object`);
}
