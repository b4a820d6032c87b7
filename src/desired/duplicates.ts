/** Objects that a target declares more than once. */

import { formatPosition, isFault } from "../core/fault.ts";
import type { Fault, SourcePosition } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import { formatRef, refKey } from "../core/refs.ts";
import type { SourceTree } from "../core/stages.ts";
import { equalValues } from "../core/value.ts";
import { decodeText } from "../yaml/content.ts";
import { createPositions } from "./positions.ts";

/** Which declaration counts is not for holdfast to say: the object is unknown, and both places are named. */
export async function withoutDuplicates(
  tree: SourceTree,
  objects: readonly DesiredObject[],
): Promise<{ readonly objects: readonly DesiredObject[]; readonly faults: readonly Fault[] }> {
  const byKey = new Map<string, DesiredObject[]>();
  for (const object of objects) {
    const key = refKey(object.ref);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [object]);
    else known.push(object);
  }
  if (byKey.size === objects.length) return { objects: [...objects], faults: [] };
  const declared = [...byKey.values()];
  return {
    objects: declared.filter((same) => same.length === 1).map((same) => same[0] as DesiredObject),
    faults: await duplicateFaults(
      tree,
      declared.filter((same) => same.length > 1),
    ),
  };
}

async function duplicateFaults(tree: SourceTree, groups: readonly (readonly DesiredObject[])[]): Promise<Fault[]> {
  const faults: Fault[] = [];
  const lookup = createLookup(tree);
  for (const group of groups) {
    const places = await Promise.all(group.slice(0, 10).map(lookup));
    const ref = (group[0] as DesiredObject).ref;
    const named = places.map((place, index) => `${formatPosition(place)}${byWhom(group[index])}`);
    faults.push({
      kind: "fault",
      code: "duplicate-object",
      about: formatRef(ref),
      message: `${formatRef(ref)} is declared ${group.length} times, ${alike(group)}: ${named.join(" and ")}`,
      remedy: "keep one of the declarations, or give each its own target",
      position: places[0] as SourcePosition,
      leavesUnknown: "declared",
    });
  }
  return faults;
}

/** Positions of objects; each file is read and parsed once more, and kept while its duplicates are looked up. */
function createLookup(tree: SourceTree): (object: DesiredObject) => Promise<SourcePosition> {
  const known = new Map<string, Promise<ReturnType<typeof createPositions> | undefined>>();
  const open = async (file: string) => {
    const bytes = await tree.read(file);
    const text = isFault(bytes) ? undefined : decodeText(bytes);
    return text === undefined ? undefined : createPositions(file, text);
  };
  return async ({ origin: { file, document, items } }) => {
    const positions = known.get(file) ?? open(file);
    known.set(file, positions);
    return (await positions)?.({ document, items, path: [] }) ?? { file, line: 1 };
  };
}

/** Whether it matters which of the declarations counts. */
export function alike(group: readonly DesiredObject[]): "equally" | "differently" {
  const [first, ...rest] = group;
  return rest.every(({ value }) => equalValues(value, first?.value)) ? "equally" : "differently";
}

/** Two deployers may make it of one file. */
export function byWhom(object: DesiredObject | undefined): string {
  return object?.deployer === undefined ? "" : ` (${formatRef(object.deployer)})`;
}
