/** What Git said of one object before, of those that stand in plain files. */

import { isFault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { objectHistories } from "../../desired/history.ts";
import { cleanPath } from "../../desired/paths.ts";
import type { HistoryTarget } from "../tell-directions.ts";

/** Newest first, as far as Git's history is read; none where nothing tells. */
export async function earlierVersions(
  { tree, path, exclude, context }: HistoryTarget,
  object: DesiredObject,
): Promise<readonly DesiredObject[]> {
  const folder = cleanPath(path);
  const history = object.origin.layer === "literal" ? await tree.history?.() : undefined;
  if (history === undefined || isFault(history) || folder === undefined) return [];
  try {
    const { versions } = await objectHistories({ history, context, path: folder, exclude }).versionsOf(object);
    return versions.map((version) => version.object);
  } finally {
    history.close();
  }
}
