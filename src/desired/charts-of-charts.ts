/** Charts that are nothing by themselves: libraries, and those that another chart takes in from where they stand. */

import { isFault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";
import { joinPath } from "./paths.ts";
import { chartOf, folderOfDependency } from "./render/chart-file.ts";

/**
 * Which of the charts are no roots: `type: library` (Helm installs none), and what a chart that is installed depends on by
 * `file://`, through others too. Charts that lead to each other in a circle stay: rendering says what is wrong.
 * @param folders of charts
 */
export async function chartParts(tree: SourceTree, folders: readonly string[]): Promise<ReadonlySet<string>> {
  const libraries = new Set<string>();
  const needs = new Map<string, readonly string[]>();
  await tree.prefetch?.(folders.map((folder) => joinPath(folder, "Chart.yaml"))); // A fault here is a fault of each file, when it is read.
  for (const folder of folders) {
    const chart = await chartOf(tree, folder);
    if (isFault(chart)) continue; // Rendering tells it.
    if (chart.library) libraries.add(folder);
    needs.set(
      folder,
      chart.dependencies.flatMap((one) => folderOfDependency(folder, one) ?? []),
    );
  }
  const parts = new Set(libraries);
  const reached = new Map(folders.map((folder) => [folder, reachOf(folder, needs)]));
  for (const [folder, below] of reached) {
    if (libraries.has(folder)) continue;
    for (const one of below) if (one !== folder && reached.get(one)?.has(folder) !== true) parts.add(one);
  }
  return parts;
}

function reachOf(from: string, needs: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [...(needs.get(from) ?? [])];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (reached.has(folder)) continue;
    reached.add(folder);
    waiting.push(...(needs.get(folder) ?? []));
  }
  return reached;
}
