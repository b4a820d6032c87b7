/** A tree of which each small file is read once: to find what deploys it, to render it, to find it rendered before. */

import { isFault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";

/** Bytes of all files that are kept, and of one. */
const MOST_KEPT = 16 * 1024 * 1024;
const MOST_OF_ONE = 64 * 1024;

/** For one reading of what Git declares, which then sees one content of each. Who reads later is to see what stands there then. */
export function readOnce(tree: SourceTree): SourceTree {
  const known = new Map<string, Uint8Array>();
  let left = MOST_KEPT;
  return {
    ...tree,
    read: async (file) => {
      const before = known.get(file);
      if (before !== undefined) return before;
      const bytes = await tree.read(file);
      if (!isFault(bytes) && bytes.length <= Math.min(left, MOST_OF_ONE) && !known.has(file)) {
        known.set(file, bytes);
        left -= bytes.length;
      }
      return bytes;
    },
  };
}
