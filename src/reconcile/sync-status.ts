/** What a Flux Kustomization says of its last sync (kustomize-controller `api/v1`, KustomizationStatus). It is cluster text. */

import type { Fault } from "../core/fault.ts";
import type { LiveObject } from "../core/objects.ts";
import { formatRef, groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, textOf } from "../core/value.ts";

/** Commits by full hash; `nothing` where there was none; `undefined` where it was something else than a commit. */
export interface Sync {
  readonly applied: string | undefined;
  readonly attempted: string | undefined;
}

/** Whether the object says what it deploys, and which revision of it. */
export function tellsSync({ apiVersion, kind }: ObjectRef): boolean {
  return kind === "Kustomization" && groupOf(apiVersion) === "kustomize.toolkit.fluxcd.io";
}

export function syncOf({ ref, value }: LiveObject): Sync | undefined {
  if (!tellsSync(ref)) return undefined;
  const status = fieldOf(value, "status");
  return {
    applied: commitOf(textOf(status, "lastAppliedRevision")),
    attempted: commitOf(textOf(status, "lastAttemptedRevision")),
  };
}

/** `main@sha1:<commit>`, and `main/<commit>` of older versions (source-controller `spec/rfcs/0005`). */
function commitOf(revision: string | undefined): string | undefined {
  if (revision === undefined || revision === "") return "nothing";
  return /(?:^|[@/])(?:sha1:|sha256:)?([0-9a-f]{40}|[0-9a-f]{64})$/.exec(revision)?.[1];
}

/** The last sync did not come to its end: what it deploys may be as an older commit has it, or in part as the new one. */
export function syncFault(live: LiveObject): Fault | undefined {
  const { ref, value } = live;
  if (!tellsSync(ref) || fieldAt(value, "spec", "suspend") === true) return undefined;
  const conditions = fieldAt(value, "status", "conditions");
  const ready = isList(conditions) ? conditions.find((one) => textOf(one, "type") === "Ready") : undefined;
  if (textOf(ready, "status") !== "False") return undefined;
  const reason = textOf(ready, "reason") ?? "";
  const shown = /^[A-Za-z]{1,60}$/.test(reason) ? ` (${reason})` : "";
  const { applied, attempted } = syncOf(live) ?? {};
  const at = attempted === undefined || attempted === "nothing" ? "" : ` at commit ${attempted.slice(0, 12)}`;
  const last =
    applied === undefined || applied === "nothing"
      ? "it has deployed nothing yet"
      : `it last deployed ${applied.slice(0, 12)}`;
  return {
    kind: "fault",
    code: "sync-failed",
    about: formatRef(ref),
    message: `the last sync of ${formatRef(ref)} failed${at}${shown}: ${last}`,
    remedy: "ask Flux why (flux get kustomizations), and mend it: until then what waits stays as it is",
    leavesUnknown: "nothing",
  };
}
