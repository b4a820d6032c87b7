/** Which files each root was rendered from, noted while it is. */

import type { RenderJob, Renderers } from "../render/renderers.ts";

export interface Recorded {
  readonly renderers: Renderers;
  /** By the root's folder: paths of files that were at hand when it was rendered. */
  readonly files: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The same, and nothing is fetched: a dye may stand in an address, or in a version. */
export function offline(renderers: Renderers): Renderers {
  const { charts } = renderers;
  if (charts === undefined) return renderers;
  return { ...othersOf(renderers), render: (job) => renderers.render(job), charts: charts.offline(), close: noClose };
}

export function recorded(renderers: Renderers): Recorded {
  const { charts } = renderers;
  const files = new Map<string, Set<string>>();
  const note = ({ path, files: given }: RenderJob): void => {
    const known = files.get(path) ?? new Set();
    files.set(path, known);
    for (const file of given) known.add(file.target ?? file.path);
  };
  return {
    files,
    renderers: {
      render: (job) => {
        note(job);
        return renderers.render(job);
      },
      ...(charts === undefined ? {} : { charts }),
      ...othersOf(renderers),
      close: noClose,
    },
  };
}

function othersOf({ others, programs }: Renderers): Pick<Renderers, "others" | "programs"> {
  return { ...(others === undefined ? {} : { others }), ...(programs === undefined ? {} : { programs }) };
}

/** Whoever opened them closes them. */
function noClose(): Promise<void> {
  return Promise.resolve();
}
