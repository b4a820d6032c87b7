/**
 * Roles and bindings that Kubernetes made and somebody extended. To delete one would take it from everybody until an API
 * server starts; at its start it puts back what is missing, where `autoupdate` is not `"false"`, and takes nothing away
 * (kubernetes `pkg/registry/rbac/rest/storage_rbac.go`).
 */

import type { Drift } from "../core/drift.ts";
import { fieldOf, isList } from "../core/value.ts";
import { codeBlock } from "../text/escape-markdown.ts";
import { objectWords, shellWord } from "./shell.ts";

/** A role of Kubernetes' own has a few dozen rules. */
const MOST = 50;

/** What to do about a default role or binding that grants more than Kubernetes gave it, as Markdown. */
export function restoreAdvice({ live, added }: Extract<Drift, { state: "unmanaged" }>): readonly string[] {
  const { field = "rules", positions = [] } = added ?? {};
  const first = `Kubernetes made it, and its own components or everybody's roles need it: do not delete it.`;
  const items = fieldOf(live.value, field);
  const isAggregated = (fieldOf(live.value, "aggregationRule") ?? null) !== null;
  if (positions.length === 0 || positions.length > MOST || !isList(items) || isAggregated) {
    return [
      `${first} Compare it with that of a fresh cluster of the same version, and take away what was added:`,
      codeBlock(`kubectl edit ${objectWords(live.ref)}`, "sh"),
    ];
  }
  // From the end, so that the places before stay what they are; each only where it still is what was read.
  const patch = positions.toReversed().flatMap((at) => [
    { op: "test", path: `/${field}/${at}`, value: items[at] },
    { op: "remove", path: `/${field}/${at}` },
  ]);
  const command = `kubectl patch ${objectWords(live.ref)} --type=json --patch ${shellWord(JSON.stringify(patch))}`;
  return [
    `${first} Take away what was added; nothing happens where somebody has changed it again:`,
    codeBlock(command, "sh"),
    "What it lacks after that the API server puts back when it starts, unless the annotation `rbac.authorization.kubernetes.io/autoupdate` says `false`.",
  ];
}
