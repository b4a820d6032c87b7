/** Reads a chart's archive into memory: what is in it never chooses where anything is written. */

import { gunzip } from "node:zlib";
import { promisify } from "node:util";
import { cleanPath } from "../paths.ts";

/** As Helm has them (helm `pkg/chart/loader/archive.go`). */
export const MAX_UNPACKED_BYTES = 100 * 1024 * 1024;
const MAX_FILES = 20_000;

/** What is wrong with it: told to people, and holds nothing of what it holds. */
export class ArchiveRefused extends Error {}

const unzip = promisify(gunzip);

/** Files by path below the chart's folder. Throws {@link ArchiveRefused}. */
export async function readArchive(packed: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const { name, kind, content } of entriesOf(await unpacked(packed))) {
    if (kind === "folder") continue;
    if (kind === "other") throw new ArchiveRefused("it holds a link, or something that is no file");
    // The first step is the chart's folder, whatever its name.
    const [first = "", ...rest] = name.replace(/^(?:\.\/)+/, "").split("/");
    const path = rest.join("/");
    if (name.includes("\\") || name.startsWith("/") || first === ".." || path === "" || cleanPath(path) !== path) {
      throw new ArchiveRefused("it holds a path that leads out of the chart");
    }
    files.set(path, content);
    if (files.size > MAX_FILES) throw new ArchiveRefused(`it holds more than ${MAX_FILES} files`);
  }
  if (!files.has("Chart.yaml")) throw new ArchiveRefused("it holds no Chart.yaml");
  return files;
}

async function unpacked(packed: Uint8Array): Promise<Buffer> {
  try {
    return await unzip(packed, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    const large = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw new ArchiveRefused(large ? `it unpacks to more than ${MAX_UNPACKED_BYTES} bytes` : "it is no gzip archive");
  }
}

interface Entry {
  readonly name: string;
  readonly kind: "file" | "folder" | "other";
  readonly content: Uint8Array;
}

const BLOCK = 512;

/** POSIX.1-1988 (ustar), with the long names of POSIX.1-2001 (pax) and GNU. */
function* entriesOf(tar: Buffer): Generator<Entry> {
  let long: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const size = sizeOf(header);
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw new ArchiveRefused("it is cut");
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === "x" || type === "L") long = type === "x" ? paxPath(content) : textIn(content);
    else if (type !== "g") {
      yield { name: long ?? nameOf(header), kind: KINDS[type] ?? "other", content };
      long = undefined;
    }
  }
}

const KINDS: Readonly<Record<string, Entry["kind"]>> = { "0": "file", "\0": "file", "7": "file", "5": "folder" };

function sizeOf(header: Buffer): number {
  const text = header
    .toString("latin1", 124, 136)
    .replace(/[\0 ]+$/, "")
    .trim();
  if (!/^[0-7]{1,12}$/.test(text)) throw new ArchiveRefused("it is no tar archive");
  return Number.parseInt(text, 8);
}

function nameOf(header: Buffer): string {
  const prefix = header.toString("latin1", 257, 262) === "ustar" ? textIn(header.subarray(345, 500)) : "";
  const name = textIn(header.subarray(0, 100));
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Up to the first NUL. */
function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

/** Records are `<length> <key>=<value>\n`. */
function paxPath(bytes: Buffer): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString("latin1", at, Math.max(space, at)));
    if (space < 0 || !Number.isInteger(length) || length <= 0) throw new ArchiveRefused("it is no tar archive");
    const record = bytes.toString("utf8", space + 1, at + length - 1);
    if (record.startsWith("path=")) path = record.slice("path=".length);
    at += length;
  }
  return path;
}
