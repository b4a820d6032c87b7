// A lock between processes, as a file that names its holder: a holder that was killed blocks nobody.

import { randomUUID } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MILLISECONDS = 250;

/** Longer than any build: whoever waits that long waits for something that is no build. */
const LONGEST_WAIT_MILLISECONDS = 30 * 60 * 1000;

/** Runs `work` while no other process of this machine is inside `withLock` of the same file. Throws after 30 minutes. */
export async function withLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  await acquire(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<void> {
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, String(process.pid));
  try {
    const deadline = performance.now() + LONGEST_WAIT_MILLISECONDS;
    while (!(await linked(own, file))) {
      if (performance.now() > deadline) throw new Error(`waited 30 minutes for ${file}: remove it if nothing builds`);
      // Two waiters may both find the holder dead, and one then removes the other's fresh lock: two builds, and no
      // harm, because each is renamed into place whole.
      if (await holderIsGone(file)) await rm(file, { force: true });
      else await sleep(POLL_MILLISECONDS);
    }
  } finally {
    await rm(own, { force: true });
  }
}

/** A link appears with its content or not at all, which `open` with O_EXCL followed by a write does not promise. */
async function linked(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function holderIsGone(file: string): Promise<boolean> {
  const holder = Number(await readFile(file, "utf8").catch(() => "0"));
  if (!Number.isInteger(holder) || holder <= 0) return false;
  try {
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
