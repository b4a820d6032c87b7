/** What a drift's fingerprint is made of: the same text whenever the same thing has drifted in the same way. */

import { changesOf } from "../core/drift.ts";
import type { Change, Drift } from "../core/drift.ts";
import { formatPath, formatScalar } from "../core/path.ts";
import { refKey } from "../core/refs.ts";
import { compareText, fieldOf, isList, isMap } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { SYSTEM_METADATA } from "../kinds/declared.ts";

/**
 * Canonical text of the drift's content: its state, object and changes, or, of an unmanaged object, what it is. Times,
 * actors, positions and the order of changes or of map keys are no part of it. Secrets are in it as digests only.
 */
export function fingerprintContent(drift: Drift): string {
  const changes = changesOf(drift).map(changeText).toSorted(compareText);
  const live = drift.state === "unmanaged" ? [canonical(withoutBookkeeping(drift.live.value))] : [];
  return [drift.state, refKey(drift.ref), ...changes, ...live].map((part) => JSON.stringify(part)).join("\n");
}

function changeText({ path, operation, direction, desired, live }: Change): string {
  return [formatPath(path), operation, direction, canonical(desired), canonical(live)]
    .map((part) => JSON.stringify(part))
    .join(" ");
}

/** JSON with sorted keys; `-` where there is no value, which JSON never is. */
export function canonical(value: Value | undefined): string {
  return value === undefined ? "-" : write(value);
}

/** Without a list for each level, or a comparison of our own: every template of a cluster goes through here. */
function write(value: Value): string {
  let text = "";
  if (isList(value)) {
    for (const item of value) text += (text === "" ? "" : ",") + write(item);
    return `[${text}]`;
  }
  if (!isMap(value)) return formatScalar(value);
  // By UTF-16 code units, as compareText() has it.
  for (const name of Object.keys(value).toSorted()) {
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${canonical(value[name])}`;
  }
  return `{${text}}`;
}

function withoutBookkeeping(value: ValueMap): ValueMap {
  const metadata = fieldOf(value, "metadata");
  const kept = isMap(metadata) ? Object.entries(metadata).filter(([name]) => !SYSTEM_METADATA.has(name)) : [];
  const rest = Object.entries(value).filter(([name]) => name !== "status" && name !== "metadata");
  return { ...Object.fromEntries(rest), metadata: Object.fromEntries(kept) };
}
