/** What the marker file of an output folder remembers: whose the subfolders are, and which reports were written. */

import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Fault } from "../core/fault.ts";
import { OUTPUT_MARKER } from "../core/markers.ts";
import { isMissing, outputFault } from "./local-faults.ts";

export interface LocalItem {
  readonly kind: "pull-request" | "issue";
  readonly target: string;
  /** One path segment: the id, or the branch with `/` as `__`. */
  readonly name: string;
}

export interface WrittenReport {
  /** SHA-256 of the text without the pass's times. */
  readonly content: string;
  /** SHA-256 of the whole text. */
  readonly bytes: string;
}

export interface OutputContent {
  readonly items: readonly LocalItem[];
  readonly reports: Readonly<Record<string, WrittenReport>>;
}

export interface OutputState extends OutputContent {
  /** The folder does not exist, or is empty. */
  readonly isNew: boolean;
}

const NOTHING: OutputState = { isNew: false, items: [], reports: {} };

/** `output-unwritable` where the folder holds anything and is not marked as holdfast's. */
export async function readOutput(out: string): Promise<OutputState | Fault> {
  const names = await namesIn(out);
  if (names === undefined || names.length === 0) return { ...NOTHING, isNew: true };
  const marker = join(out, OUTPUT_MARKER);
  if (!names.includes(OUTPUT_MARKER) || !(await lstat(marker)).isFile()) {
    return outputFault(out, `the folder holds files that holdfast did not write`, "name an empty or a new folder");
  }
  const text = await readFile(marker, "utf8");
  // A process that was killed between making the file and filling it had written nothing else.
  return text === "" ? NOTHING : (parseMarker(text) ?? brokenMarker(out));
}

/** The same bytes for the same content, whatever the order. */
export function markerText({ items, reports }: OutputContent): string {
  const unique = new Map(items.map((item) => [itemKey(item), item]));
  const sorted = [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  const named = Object.entries(reports).sort(([a], [b]) => (a < b ? -1 : 1));
  const note = "Made by holdfast, which keeps and removes what is in this folder by this file.";
  return `${JSON.stringify({ note, version: 1, items: sorted, reports: Object.fromEntries(named) }, null, 2)}\n`;
}

export function itemKey({ kind, name }: LocalItem): string {
  return `${kind}/${name}`;
}

/** Never `.`, `..`, hidden, or with a separator of any system. */
export function isSegment(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(name);
}

async function namesIn(out: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(out);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function parseMarker(text: string): OutputState | undefined {
  try {
    const { version, items, reports } = JSON.parse(text) as { version: unknown; items: unknown; reports: unknown };
    if (version !== 1 || !Array.isArray(items) || !items.every(isItem) || !areReports(reports)) return undefined;
    return { isNew: false, items, reports };
  } catch {
    return undefined;
  }
}

function isItem(value: unknown): value is LocalItem {
  if (typeof value !== "object" || value === null) return false;
  const { kind, target, name } = value as Readonly<Record<string, unknown>>;
  const known = kind === "pull-request" || kind === "issue";
  return known && typeof target === "string" && typeof name === "string" && isSegment(name);
}

function areReports(value: unknown): value is OutputContent["reports"] {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value as Readonly<Record<string, Partial<WrittenReport> | null>>).every(
    (report) => typeof report?.content === "string" && typeof report.bytes === "string",
  );
}

function brokenMarker(out: string): Fault {
  return outputFault(out, `${OUTPUT_MARKER} in it cannot be read`, "remove the folder, or name another one");
}
