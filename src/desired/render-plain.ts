/** Plain manifests as a renderer, for the proof of an edit: the changed files, read before and after. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import type { Renderer } from "../core/stages.ts";
import { contextOf, listPlain, PLAIN_RENDERER_VERSION } from "./desired.ts";
import type { DesiredInput } from "./desired.ts";
import { unreadable } from "./file-faults.ts";
import { readManifests } from "./manifests.ts";
import { cleanPath } from "./paths.ts";

/**
 * Renders the changed files alone, since no plain file reaches another. A fault where a file is none of the target's
 * plain manifests, cannot be read, or declares something unknown before or after: nothing is proved by such an edit.
 */
export function plainRenderer(input: DesiredInput): Renderer {
  const context = contextOf(input);
  let known: Promise<ReadonlySet<string> | Fault> | undefined;

  async function before(file: string): Promise<readonly DesiredObject[] | Fault> {
    const bytes = await input.tree.read(file);
    return isFault(bytes) ? bytes : objectsOf(file, bytes);
  }

  function objectsOf(file: string, bytes: Uint8Array): readonly DesiredObject[] | Fault {
    const { objects, faults } = readManifests(file, bytes, context);
    return faults.find((fault) => fault.leavesUnknown === "declared") ?? objects;
  }

  return {
    async render(changed) {
      known ??= plainFiles(input);
      const files = await known;
      if (isFault(files)) return files;
      const sides: { before: DesiredObject[]; after: DesiredObject[] } = { before: [], after: [] };
      for (const [file, text] of changed) {
        if (!files.has(file)) return unreadable(file, `it is no plain manifest of target ${input.target.name}`);
        const old = await before(file);
        if (isFault(old)) return old;
        const next = objectsOf(file, Buffer.from(text, "utf8"));
        if (isFault(next)) return next;
        sides.before.push(...old);
        sides.after.push(...next);
      }
      const path = cleanPath(input.target.path) ?? "";
      return { ...sides, roots: [{ path, renderer: "plain", version: PLAIN_RENDERER_VERSION }] };
    },
  };
}

/** The files that objects may come from: what links lead to counts under its own name. */
async function plainFiles({ tree, target }: DesiredInput): Promise<ReadonlySet<string> | Fault> {
  const plain = await listPlain(tree, target);
  return isFault(plain) ? plain : new Set(plain.files.map((file) => file.target ?? file.path));
}
