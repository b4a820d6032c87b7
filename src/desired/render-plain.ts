/** Plain manifests as a renderer, for the proof of an edit: the changed files, read before and after. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import type { Renderer } from "../core/stages.ts";
import { listSources, PLAIN_RENDERER_VERSION } from "./desired.ts";
import type { DesiredInput } from "./desired.ts";
import { unreadable } from "./file-faults.ts";
import { contextOf, readManifests } from "./manifests.ts";
import type { Manifests } from "./manifests.ts";
import { cleanPath } from "./paths.ts";
import { newFault } from "./render-deployed.ts";

type PlainInput = Pick<DesiredInput, "tree" | "target" | "digester" | "isNamespaced">;

/**
 * Renders the changed files alone, since no plain file reaches another. A fault where a file is none of the target's
 * plain manifests, cannot be read, or declares something after the edit that cannot be read: nothing is proved by such an edit.
 */
export function plainRenderer(input: PlainInput): Renderer {
  const context = contextOf(input);
  let known: Promise<ReadonlySet<string> | Fault> | undefined;

  async function before(file: string): Promise<Manifests | Fault> {
    const bytes = await input.tree.read(file);
    return isFault(bytes) ? bytes : readManifests(file, bytes, context);
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
        const next = readManifests(file, Buffer.from(text, "utf8"), context);
        const broken = newFault(old.faults, next.faults);
        if (broken !== undefined) return broken;
        sides.before.push(...old.objects);
        sides.after.push(...next.objects);
      }
      const path = cleanPath(input.target.path) ?? "";
      return { ...sides, roots: [{ path, renderer: "plain", version: PLAIN_RENDERER_VERSION }] };
    },
  };
}

/** The files that objects may come from: what links lead to counts under its own name. */
async function plainFiles({ tree, target }: PlainInput): Promise<ReadonlySet<string> | Fault> {
  const sources = await listSources(tree, target);
  return isFault(sources) ? sources : new Set(sources.files.map((file) => file.target ?? file.path));
}
