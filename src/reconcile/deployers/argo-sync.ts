/**
 * What an Argo CD Application says that it deployed (argo-cd `pkg/apis/application/v1alpha1/types.go`): the operation that
 * it last did or does (`status.operationState`), and the syncs of everything that came to their end (`status.history`,
 * `controller/sync.go`, persistRevisionHistory). `status.sync.revision` is what was compared, which says nothing of it.
 */

import type { Fault } from "../../core/fault.ts";
import type { LiveObject } from "../../core/objects.ts";
import { formatRef, groupOf } from "../../core/refs.ts";
import type { ObjectRef } from "../../core/refs.ts";
import { equalValues, fieldAt, fieldOf, isList, isMap, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { commitIn, NOTHING, UNTOLD } from "./deployed-revision.ts";
import type { DeployedRevision, Sync } from "./deployed-revision.ts";

/**
 * What was deployed of one object: of a sync of some objects only those are the newer commit's. Such a sync is forgotten when
 * the next operation begins, whatever that is.
 */
export function argoSyncOf(value: ValueMap, object: ObjectRef, isOwn: (repoURL: string) => boolean): Sync {
  const spec = fieldOf(value, "spec");
  const revision = (record: Value | undefined): DeployedRevision => revisionOf(record, spec, isOwn);
  const history = listIn(fieldAt(value, "status", "history"));
  const operation = operationOf(value);
  // Where none is kept (`revisionHistoryLimit: 0`), something may have been deployed before the operation.
  const none = operation !== undefined && fieldOf(spec, "revisionHistoryLimit") === 0 ? UNTOLD : NOTHING;
  const before = history.length === 0 ? none : revision(history.at(-1));
  const forgets = before.kind === "commit" ? { forgetsAfter: endOf(history.at(-1)) } : {};
  const reached = operation === undefined ? "no" : reach(operation, object);
  if (operation === undefined || reached === "no") return { applied: before, attempted: before, ...forgets };
  const last = isLocal(operation) ? UNTOLD : revision(operation.result);
  if (reached === "yes") return { applied: last, attempted: last };
  // What is no commit is a name that was not looked up yet: nothing was done.
  return { applied: before, attempted: last.kind === "commit" ? last : before, ...forgets };
}

/** Of an entry of the history; one that does not say it may have ended at any time. */
function endOf(record: Value | undefined): number {
  const time = Date.parse(textOf(record, "deployedAt") ?? "");
  return Number.isNaN(time) ? 0 : time;
}

/** Syncs of everything that came to their end, newest first. */
export function argoHistory(value: ValueMap, isOwn: (repoURL: string) => boolean): readonly DeployedRevision[] {
  const spec = fieldOf(value, "spec");
  return listIn(fieldAt(value, "status", "history"))
    .toReversed()
    .map((record) => revisionOf(record, spec, isOwn));
}

interface Operation {
  readonly phase: string;
  readonly sync: Value | undefined;
  readonly result: Value | undefined;
}

/** `undefined` where there was none that changes anything. */
function operationOf(value: ValueMap): Operation | undefined {
  const state = fieldAt(value, "status", "operationState");
  const sync = fieldAt(state, "operation", "sync");
  if (!isMap(sync) || fieldOf(sync, "dryRun") === true) return undefined;
  return { phase: textOf(state, "phase") ?? "", sync, result: fieldOf(state, "syncResult") };
}

/** Files of somebody's own machine (`argocd app sync --local`). */
function isLocal({ sync }: Operation): boolean {
  return listIn(fieldOf(sync, "manifests")).length > 0;
}

/** Whether the operation deployed the object: `maybe` where it did not come to its end, and does not say. */
function reach(operation: Operation, object: ObjectRef): "yes" | "no" | "maybe" {
  const { phase, sync, result } = operation;
  const only = listIn(fieldOf(sync, "resources"));
  // What self-healing leaves out is as the commit has it (`controller/appcontroller.go`, autoSync).
  const healed = typeof fieldOf(sync, "autoHealAttemptsCount") === "number";
  const meant = only.length === 0 || healed || only.some((one) => isIt(one, object));
  if (!meant) return "no";
  if (phase === "Succeeded") return "yes";
  const own = listIn(fieldOf(result, "resources")).find((one) => isIt(one, object));
  const done = textOf(own, "status");
  return done === "Synced" || done === "Pruned" ? "yes" : "maybe";
}

/** Of a sync's own list an absent namespace is any (`SyncOperationResource.HasIdentity`). */
function isIt(entry: Value, { apiVersion, kind, namespace = "", name }: ObjectRef): boolean {
  const within = textOf(entry, "namespace") ?? "";
  return (
    (textOf(entry, "group") ?? "") === groupOf(apiVersion) &&
    textOf(entry, "kind") === kind &&
    textOf(entry, "name") === name &&
    (within === "" || within === namespace)
  );
}

/**
 * Of a sync's result, or an entry of the history. Both hold the sources that were deployed, each with its revision; in
 * older versions the Application's own stand for them.
 */
function revisionOf(
  record: Value | undefined,
  spec: Value | undefined,
  isOwn: (repoURL: string) => boolean,
): DeployedRevision {
  const several = listIn(fieldOf(record, "sources"));
  const one = fieldOf(record, "source");
  const known = isMap(one) && textOf(one, "repoURL") !== undefined ? one : fieldOf(spec, "source");
  const sources = (several.length > 0 ? several : [known]).filter(isMap);
  const revisions = several.length > 0 ? listIn(fieldOf(record, "revisions")) : [fieldOf(record, "revision") ?? ""];
  const own = revisions.filter((_revision, index) => isOwn(textOf(sources[index], "repoURL") ?? ""));
  const told = own.map((revision) => (typeof revision === "string" ? commitIn(revision) : UNTOLD));
  const [first = UNTOLD] = told;
  if (first.kind !== "commit" || told.some((other) => !equalValues({ ...other }, { ...first }))) return UNTOLD;
  return sources.length === revisions.length ? { ...first, sources } : first;
}

function listIn(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}

const ENDED_BADLY: Readonly<Record<string, string>> = { Failed: "failed", Error: "could not be made" };

/** Its message is never shown: it may hold anything. */
export function argoSyncFault({ ref, value }: LiveObject): Fault | undefined {
  const state = fieldAt(value, "status", "operationState");
  const phase = textOf(state, "phase") ?? "";
  const how = Object.hasOwn(ENDED_BADLY, phase) ? ENDED_BADLY[phase] : undefined;
  if (how === undefined || operationOf(value) === undefined) return undefined;
  const tried = revisionOf(fieldOf(state, "syncResult"), fieldOf(value, "spec"), () => true);
  const at = tried.kind === "commit" ? ` at commit ${tried.commit.slice(0, 12)}` : "";
  const history = listIn(fieldAt(value, "status", "history"));
  const before = history.length === 0 ? NOTHING : revisionOf(history.at(-1), fieldOf(value, "spec"), () => true);
  const last = before.kind === "commit" ? `: it last deployed all of ${before.commit.slice(0, 12)}` : "";
  return {
    kind: "fault",
    code: "sync-failed",
    about: formatRef(ref),
    message: `the last sync of ${formatRef(ref)} ${how}${at}${last}`,
    remedy: `ask Argo CD why (argocd app get ${shellSafe(ref.name)}), and mend it: until then what waits stays as it is, and nothing is put back by itself`,
    leavesUnknown: "nothing",
  };
}

function shellSafe(name: string): string {
  return /^[a-z0-9.-]{1,253}$/.test(name) ? name : "NAME";
}
