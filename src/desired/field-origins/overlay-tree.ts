/** The same tree with other bytes in some of its files: what would be rendered, were they so. */

import type { SourceTree } from "../../core/stages.ts";

/** @param changed by path; files that the tree has */
export function overlayTree(tree: SourceTree, changed: ReadonlyMap<string, Uint8Array>): SourceTree {
  return {
    revision: tree.revision,
    list: (path) => tree.list(path),
    read: (file) => {
      const bytes = changed.get(file);
      return bytes === undefined ? tree.read(file) : Promise.resolve(bytes);
    },
    ...(tree.prefetch === undefined
      ? {}
      : { prefetch: (files) => tree.prefetch?.(files) ?? Promise.resolve(undefined) }),
    ...(tree.origin === undefined ? {} : { origin: () => tree.origin?.() ?? Promise.resolve(undefined) }),
    ...(tree.isAt === undefined ? {} : { isAt: (name) => tree.isAt?.(name) ?? Promise.resolve(undefined) }),
  };
}
