/**
 * Rendered output, kept on disk between runs by what it was made from. It holds what the repository holds, secrets in clear
 * among it: only the user may read it.
 */

import { hash, randomUUID } from "node:crypto";
import { readFileSync, statSync, utimesSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Output by key; one that cannot be read or kept is rendered again. */
export interface RenderCache {
  get(key: string): Promise<Kept | undefined>;
  put(key: string, kept: Kept): Promise<void>;
  /** Takes out what was not used for longest, beyond the limit. */
  trim(): Promise<void>;
}

export interface Kept {
  readonly output: Buffer;
  readonly again?: Buffer;
}

const MAX_BYTES = 256 * 1024 * 1024;

/** `holdfast-render 2 <bytes of the first> <bytes of the second, or -> <SHA-256 of both>`, and the bytes of both. */
const HEADER = /^holdfast-render 2 (\d{1,12}) (\d{1,12}|-) ([0-9a-f]{64})\n/;
const MAX_HEADER = 200;

export function diskCache(folder: string): RenderCache {
  return {
    // Synchronous: hundreds of small files are read this way in a fifth of the time that promises take.
    async get(key) {
      const file = join(folder, key);
      try {
        // Nothing that was kept is larger.
        if (statSync(file).size > MAX_BYTES) return undefined;
        const kept = parse(readFileSync(file));
        const now = new Date();
        if (kept !== undefined) utimesSync(file, now, now);
        return kept;
      } catch {
        return undefined;
      }
    },
    async put(key, { output, again }) {
      const part = join(folder, `.${key}.${randomUUID()}`);
      const both = again === undefined ? output : Buffer.concat([output, again]);
      const header = `holdfast-render 2 ${output.length} ${again?.length ?? "-"} ${hashOf(both)}\n`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(part, Buffer.concat([Buffer.from(header), both]), { mode: 0o600, flag: "wx" });
        await rename(part, join(folder, key));
      } catch {
        await rm(part, { force: true }).catch(() => undefined); // A cache that cannot be written costs time, and nothing else.
      }
    },
    async trim() {
      await prune(folder).catch(() => undefined);
    },
  };
}

function hashOf(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}

/** `undefined` where it was cut, or is not what was kept. */
function parse(bytes: Buffer): Kept | undefined {
  const found = HEADER.exec(bytes.toString("latin1", 0, MAX_HEADER));
  if (found === null) return undefined;
  const [header, first = "", second = "", digest] = found;
  const middle = header.length + Number(first);
  const end = second === "-" ? middle : middle + Number(second);
  if (bytes.length !== end || hashOf(bytes.subarray(header.length)) !== digest) return undefined;
  const output = bytes.subarray(header.length, middle);
  return second === "-" ? { output } : { output, again: bytes.subarray(middle) };
}

async function prune(folder: string): Promise<void> {
  const names = await readdir(folder);
  const files = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined); // Another process may take it out meanwhile.
      return { name, size: info?.size ?? 0, mtimeMs: info?.mtimeMs ?? 0 };
    }),
  );
  let size = files.reduce((sum, file) => sum + file.size, 0);
  for (const file of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (size <= MAX_BYTES) return;
    await rm(join(folder, file.name), { force: true });
    size -= file.size;
  }
}
