/**
 * Archives of charts, kept on disk by what was asked for, each with the digest that it had: what does not have it any more is
 * fetched anew. Only exact versions are kept. Who may have one is asked before the cache is.
 */

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ChartCache {
  get(key: readonly string[]): Promise<Buffer | undefined>;
  put(key: readonly string[], archive: Buffer): Promise<void>;
}

const MAX_BYTES = 512 * 1024 * 1024;
const DIGEST_BYTES = 32;

export function chartCache(folder: string): ChartCache {
  const fileOf = (key: readonly string[]): string => join(folder, hashOf(JSON.stringify(key)).toString("hex"));
  return {
    async get(key) {
      const file = fileOf(key);
      try {
        const kept = await readFile(file);
        const archive = kept.subarray(DIGEST_BYTES);
        if (!hashOf(archive).equals(kept.subarray(0, DIGEST_BYTES))) return undefined;
        const now = new Date();
        await utimes(file, now, now);
        return archive;
      } catch {
        return undefined;
      }
    },
    async put(key, archive) {
      const file = fileOf(key);
      const part = `${file}.${randomUUID()}`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(part, Buffer.concat([hashOf(archive), archive]), { mode: 0o600, flag: "wx" });
        await rename(part, file);
        await trim(folder);
      } catch {
        await rm(part, { force: true }).catch(() => undefined); // A cache that cannot be written costs time, and nothing else.
      }
    },
  };
}

function hashOf(content: Uint8Array | string): Buffer {
  return createHash("sha256").update(content).digest();
}

/** Takes out what was not used for longest. */
async function trim(folder: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined); // Another process may take it out meanwhile.
      return { name, size: info?.size ?? 0, usedMs: info?.mtimeMs ?? 0 };
    }),
  );
  let size = files.reduce((sum, file) => sum + file.size, 0);
  for (const file of files.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (size <= MAX_BYTES) return;
    await rm(join(folder, file.name), { force: true });
    size -= file.size;
  }
}
