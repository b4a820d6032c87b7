/**
 * Writes an output folder in two steps: everything is written beside its place first, so that a full disk is noticed
 * before anything changes, and then moved there file by file. Symbolic links below the folder are never followed.
 */

import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { OUTPUT_MARKER } from "../core/markers.ts";
import { codeOf, isMissing } from "./local-faults.ts";
import { isSegment, markerText } from "./local-state.ts";
import type { OutputContent } from "./local-state.ts";

export interface OutputChange {
  readonly out: string;
  readonly isNew: boolean;
  /** Paths below `out`, with `/`. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Subfolders to remove with all that is in them. */
  readonly removed: readonly string[];
  /** What the marker says while files move: everything that may be there if the process dies. */
  readonly before: OutputContent;
  readonly after: OutputContent;
}

/** Where files are written before they are moved. Left behind by a killed process, and cleared by the next one. */
const STAGE = ".holdfast-staged";

/** Touches nothing where nothing changes. Throws the file system's errors. */
export async function writeOutput(change: OutputChange): Promise<void> {
  const { out, files, removed } = change;
  for (const path of [...files.map((file) => file.path), ...removed]) assertInside(path);
  const after = markerText(change.after);
  const stage = join(out, STAGE);
  if (!change.isNew) await rm(stage, { recursive: true, force: true });
  const isMarked = !change.isNew && (await hasFile(out, OUTPUT_MARKER, after));
  if (isMarked && files.length === 0 && removed.length === 0) return;
  await mkdir(out, { recursive: true });
  if (change.isNew) await markNew(out);
  try {
    await mkdir(stage);
    await stageAll(stage, [markerText(change.before), ...files.map((file) => file.text), after]);
    await rename(join(stage, "0"), join(out, OUTPUT_MARKER));
    for (const [index, { path }] of files.entries()) await moveTo(out, path, join(stage, String(index + 1)));
    for (const folder of removed) await removeFolder(out, folder);
    await rename(join(stage, String(files.length + 1)), join(out, OUTPUT_MARKER));
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Whether a regular file, no link, holds exactly this; a digest stands for a text that is not at hand. */
export async function hasFile(
  out: string,
  path: string,
  wanted: string | { readonly sha256: string },
): Promise<boolean> {
  try {
    const full = join(out, path);
    if (!(await isPlain(out, dirname(path))) || !(await lstat(full)).isFile()) return false;
    const found = await readFile(full);
    if (typeof wanted === "string") return found.equals(Buffer.from(wanted));
    return createHash("sha256").update(found).digest("hex") === wanted.sha256;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** The marker comes first: a folder that holds anything else without it is not touched again. */
async function markNew(out: string): Promise<void> {
  const marker = join(out, OUTPUT_MARKER);
  try {
    await writeFile(marker, markerText({ items: [], reports: {} }), { flag: "wx" });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") await rm(marker, { force: true });
    throw error;
  }
}

async function stageAll(stage: string, texts: readonly string[]): Promise<void> {
  for (const [index, text] of texts.entries()) await writeFile(join(stage, String(index)), text, { flag: "wx" });
}

async function moveTo(out: string, path: string, staged: string): Promise<void> {
  let folder = out;
  for (const segment of path.split("/").slice(0, -1)) {
    folder = join(folder, segment);
    await ownFolder(folder);
  }
  await rename(staged, join(out, path));
}

async function ownFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    if (!(await lstat(folder)).isDirectory()) throw linkError(folder);
  }
}

/** A link is removed itself, not what it leads to. */
async function removeFolder(out: string, path: string): Promise<void> {
  try {
    if (!(await isPlain(out, dirname(path)))) throw linkError(path);
    await rm(join(out, path), { recursive: true, force: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Whether each folder on the way is one, and no link. The output folder itself may be a link: the user named it. */
async function isPlain(out: string, path: string): Promise<boolean> {
  if (path === ".") return true;
  return (await isPlain(out, dirname(path))) && (await lstat(join(out, path))).isDirectory();
}

function linkError(path: string): Error {
  return Object.assign(new Error(`${path} is not a folder`), { code: "ELOOP" });
}

/** Names come from ids and branches of our own making: anything else is a bug. */
function assertInside(path: string): void {
  if (!path.split("/").every(isSegment)) throw new Error(`not a path below the output folder: ${JSON.stringify(path)}`);
}
