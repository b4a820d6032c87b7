/** The other repositories that a root's kustomizations take files in from, as reports tell them. */

import type { RenderRoot, RootBase } from "../core/stages.ts";

const SHOWN = 3;

/** Behind the root's path; `""` where there are none. */
export function basesText({ bases = [] }: RenderRoot): string {
  if (bases.length === 0) return "";
  const shown = bases.slice(0, SHOWN).map(({ repository, asked, commit }) => {
    return `${repository} at ${asked ?? "its head"} (${commit.slice(0, 12)})`;
  });
  return ` with ${shown.join(", ")}${bases.length > SHOWN ? ` and ${bases.length - SHOWN} more` : ""}`;
}

/** For programs. Whether it moves is told by what is asked. */
export function baseJson({ repository, asked, commit }: RootBase): { readonly [name: string]: string } {
  return { repository, ...(asked === undefined ? {} : { asked }), commit };
}
