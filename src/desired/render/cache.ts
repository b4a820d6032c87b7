/**
 * Rendered output, kept on disk between runs by what it was made from. It holds what the repository holds, secrets in clear
 * among it: only the user may read it.
 */

import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
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

/** `holdfast-render 1 <bytes of the first> <bytes of the second, or ->`, and the bytes of both. */
const HEADER = /^holdfast-render 1 (\d+) (\d+|-)\n/;

export function diskCache(folder: string): RenderCache {
  return {
    async get(key) {
      const file = join(folder, key);
      try {
        const kept = parse(await readFile(file));
        const now = new Date();
        if (kept !== undefined) await utimes(file, now, now);
        return kept;
      } catch {
        return undefined;
      }
    },
    async put(key, { output, again }) {
      const part = join(folder, `.${key}.${process.pid}`);
      const header = `holdfast-render 1 ${output.length} ${again?.length ?? "-"}\n`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(part, Buffer.concat([Buffer.from(header), output, again ?? Buffer.alloc(0)]), { mode: 0o600 });
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

/** `undefined` where it was cut. */
function parse(bytes: Buffer): Kept | undefined {
  const found = HEADER.exec(bytes.toString("latin1", 0, 64));
  if (found === null) return undefined;
  const [header, first = "", second = ""] = found;
  const middle = header.length + Number(first);
  const end = second === "-" ? middle : middle + Number(second);
  if (bytes.length !== end) return undefined;
  const output = bytes.subarray(header.length, middle);
  return second === "-" ? { output } : { output, again: bytes.subarray(middle) };
}

async function prune(folder: string): Promise<void> {
  const names = await readdir(folder);
  const files = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return { name, size, mtimeMs };
    }),
  );
  let size = files.reduce((sum, file) => sum + file.size, 0);
  for (const file of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (size <= MAX_BYTES) return;
    await rm(join(folder, file.name), { force: true });
    size -= file.size;
  }
}
