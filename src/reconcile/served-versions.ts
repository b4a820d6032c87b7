/** API versions that Git declares and that the cluster no longer serves, while it serves the kind in another. */

import type { Fault } from "../core/fault.ts";
import { formatRef, groupOf, refKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
import type { LiveSource } from "../core/stages.ts";
import { successorOf } from "../kinds/successors.ts";
import type { Declared } from "./compare-live.ts";

/** Objects that a fault names. */
const NAMED = 5;

export interface ServedVersions {
  /** What can be compared. */
  readonly declared: readonly Declared[];
  /** Objects in versions that are not served: unknown. */
  readonly outdated: number;
  /** refKey()s under which the outdated objects live, so that they are not unmanaged. */
  readonly known: readonly string[];
  /** One for each kind and version. */
  readonly faults: readonly Fault[];
}

/**
 * The server converts between the versions that it serves, and between no others: fields may have moved, so that an
 * object in an outdated version is not compared with what lives.
 */
export function servedVersions(
  declared: readonly Declared[],
  live: Pick<LiveSource, "served" | "lacks">,
): ServedVersions {
  const byKind = Map.groupBy(declared, ({ object }) => `${object.ref.apiVersion}\0${object.ref.kind}`);
  const kept: Declared[] = [];
  const known: string[] = [];
  const faults: Fault[] = [];
  for (const group of byKind.values()) {
    const [first] = group as [Declared];
    const replacement = replacementOf(first.object.ref, live);
    if (replacement === undefined) {
      kept.push(...group);
      continue;
    }
    const { apiVersion } = replacement;
    known.push(...group.map(({ object }) => refKey({ ...object.ref, apiVersion })));
    faults.push(versionNotServed(group, replacement));
  }
  return { declared: kept, outdated: declared.length - kept.length, known, faults };
}

function replacementOf(kind: KindRef, live: Pick<LiveSource, "served" | "lacks">): ServedKind | undefined {
  if (!live.lacks(kind)) return undefined;
  const moved = successorOf(kind);
  return live.served(kind) ?? (moved === undefined ? undefined : live.served(moved));
}

function versionNotServed(group: readonly Declared[], { apiVersion }: ServedKind): Fault {
  const [{ object: first }] = group as readonly [Declared];
  const { kind } = first.ref;
  const places = group.slice(0, NAMED).map(({ object }) => `${formatRef(object.ref)} (${object.origin.file})`);
  const more = group.length > NAMED ? [`${group.length - NAMED} more`] : [];
  const api = groupOf(first.ref.apiVersion);
  return {
    kind: "fault",
    code: "version-not-served",
    about: api === "" ? kind : `${kind}.${api}`,
    message: `The cluster does not serve ${first.ref.apiVersion} of ${kind} (any more), so this is not compared: ${[...places, ...more].join(", ")}`,
    remedy: `Change apiVersion to ${apiVersion}, and what has another form there; kubectl convert helps.`,
    leavesUnknown: "declared",
  };
}
