/** A repository with a chart in it that it does not hold: what renders it need not know. */

import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { unreadable } from "../file-faults.ts";
import { filesBelow, inListOrder } from "../file-list.ts";
import { isWithin, joinPath } from "../paths.ts";
import type { FetchedChart } from "./charts.ts";

/** No file of the repository's is seen there. */
const FOLDER = ".holdfast-charts";

export interface MountedChart {
  /** The chart's folder. */
  readonly path: string;
  readonly tree: SourceTree;
  readonly files: readonly SourceFile[];
}

export function mountChart(
  { name, version, files: own }: Pick<FetchedChart, "name" | "version" | "files">,
  tree: SourceTree,
  files: readonly SourceFile[],
): MountedChart {
  const path = `${FOLDER}/${name}-${version}`;
  const chart = new Map([...own].map(([file, bytes]) => [joinPath(path, file), bytes]));
  const mounted = [...chart].map(([file, bytes]): SourceFile => ({ path: file, size: bytes.length, mode: "100644" }));
  const others = files.filter((file) => !isWithin(file.path, FOLDER));
  const all = inListOrder([...mounted, ...others]);
  return {
    path,
    files: all,
    tree: {
      revision: tree.revision,
      list: (below) => Promise.resolve(filesBelow(all, below)),
      read: (file) => {
        const bytes = chart.get(file);
        if (bytes !== undefined) return Promise.resolve(bytes);
        return isWithin(file, FOLDER) ? Promise.resolve(unreadable(file, "it is not there")) : tree.read(file);
      },
      prefetch: async (wanted) => await tree.prefetch?.(wanted.filter((file) => !isWithin(file, FOLDER))),
    },
  };
}
