/** What a chart says of itself: its name, and what it depends on. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { SourceTree } from "../../core/stages.ts";
import { fieldOf, isList, textOf } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { readYaml } from "../../yaml/read.ts";
import { cleanPath, joinPath, shownFolder } from "../paths.ts";

export interface Dependency {
  readonly name: string;
  readonly version?: string;
  readonly repository?: string;
}

export interface Chart {
  readonly name: string;
  readonly dependencies: readonly Dependency[];
  /** It holds helpers for other charts, and Helm refuses to install it. */
  readonly library: boolean;
}

/** Chart.yaml; of charts of the older API version the dependencies stand in a file of their own. */
export async function chartOf(tree: SourceTree, path: string): Promise<Chart | Fault> {
  const chart = await valueOf(tree, joinPath(path, "Chart.yaml"));
  if (isFault(chart)) return chart;
  const name = textOf(chart, "name");
  if (name === undefined) return chartFault(path, "Chart.yaml says no name");
  const own = dependenciesOf(chart);
  const library = textOf(chart, "type") === "library";
  if (own.length > 0 || textOf(chart, "apiVersion") === "v2") return { name, dependencies: own, library };
  const requirements = await valueOf(tree, joinPath(path, "requirements.yaml"));
  return { name, dependencies: isFault(requirements) ? [] : dependenciesOf(requirements), library };
}

async function valueOf(tree: SourceTree, file: string): Promise<Value | undefined | Fault> {
  const bytes = await tree.read(file);
  if (isFault(bytes)) return bytes;
  const text = decodeText(bytes);
  return text === undefined ? undefined : readYaml(text, { file }).documents[0]?.value;
}

/** Of a `Chart.lock`. */
export async function lockedDependencies(tree: SourceTree, file: string): Promise<readonly Dependency[] | Fault> {
  const lock = await valueOf(tree, file);
  return isFault(lock) ? lock : dependenciesOf(lock);
}

function dependenciesOf(value: Value | undefined): readonly Dependency[] {
  const list = fieldOf(value, "dependencies");
  return (isList(list) ? list : []).flatMap((one): readonly Dependency[] => {
    const name = textOf(one, "name");
    const version = textOf(one, "version");
    const repository = textOf(one, "repository");
    if (name === undefined) return [];
    return [
      { name, ...(version === undefined ? {} : { version }), ...(repository === undefined ? {} : { repository }) },
    ];
  });
}

/** Where a dependency stands that is named by its place; absent: it is published. */
export function folderOfDependency(path: string, { repository }: Dependency): string | undefined {
  if (repository?.startsWith("file://") !== true) return undefined;
  return cleanPath(`${path}/${repository.slice("file://".length)}`.replace(/^\//, ""));
}

export function chartFault(path: string, message: string): Fault {
  const shown = shownFolder(path);
  return {
    kind: "fault",
    code: "render-failed",
    about: path === "" ? "." : path,
    message: `${shown} cannot be rendered: ${message}`,
    remedy: "mend it, or list it under the target's exclude",
    position: { file: joinPath(path, "Chart.yaml"), line: 1 },
    leavesUnknown: "declared",
  };
}
