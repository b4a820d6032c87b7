/**
 * Asks an API server what would come of a write that it then does not do (`dryRun=All`, which api.ts puts into every
 * PATCH): server-side apply of what Git declares, and the removal of fields. Needs the verb `patch`.
 *
 * Whatever goes wrong is a reason to compare the object read-only, never a difference. An aggregated API server that does
 * not know `dryRun` would write: it is asked only where its OpenAPI names the parameter, as kubectl does
 * (cli-runtime `resource/query_param_verifier_v3.go`).
 */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { DesiredObject, LiveObject } from "../core/objects.ts";
import { indexOfStep, valueAt } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { printPointer } from "../core/pointer.ts";
import { groupOf, refKey } from "../core/refs.ts";
import type { KindRef, ObjectRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
import type { DryRunSource, Unpredicted } from "../core/stages.ts";
import { compareText, fieldOf, isList, isMap, setField, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { SYSTEM_METADATA } from "../kinds/declared.ts";
import { digestKey } from "../kinds/secret-fields.ts";
import type { Digester } from "../text/digest.ts";
import type { Answer, Api, DryRunApi, DryRunPatch, TooLarge } from "./api.ts";
import { BUILT_IN_GROUPS } from "./cluster-schemas.ts";
import type { Discovery } from "./discovery.ts";
import { refusalOf, unpredicted } from "./dry-run-refusals.ts";
import { kindName } from "./faults.ts";
import { getJson } from "./get-json.ts";
import { parseJson } from "./json.ts";
import { printJson } from "../yaml/json.ts";
import { toLiveObject } from "./objects.ts";
import { isSecret } from "./secrets.ts";

/** After so many failures in a row of the server's own (5xx, 429, no answer), the kind is not asked for any more. */
const GIVE_UP_AFTER = 3;

/** Most fields that are taken away in one request; JSON Patch looks each up. */
const MAX_REMOVALS = 1000;

export interface DryRunOptions {
  /** For reading: whether a kind's server knows dry runs. */
  readonly api: Api;
  readonly dryRuns: DryRunApi;
  readonly discovery: Discovery;
  readonly digester: Digester;
}

export function openDryRun(options: DryRunOptions): DryRunSource {
  const state: State = { ...options, refused: new Map(), failures: new Map(), known: new Map() };
  return {
    applied: async ({ desired, live, manager }) => {
      if (!isSendable(desired.value)) return SECRET;
      const body = printJson(appliedBody(desired, live.ref));
      const query = { fieldManager: manager, force: "true", fieldValidation: "Ignore" };
      const type = "application/apply-patch+yaml";
      return await ask(state, { ref: live.ref, of: desired.ref, type, query, body });
    },
    without: async (live, paths) => {
      const operations = removalsOf(live.value, paths);
      if (isSecret(live.value) || operations === undefined) return SECRET;
      // The server compares a string as Go's encoder writes it, with these characters escaped.
      const body = printJson(operations).replaceAll(/[<>&\u2028\u2029]/g, unicodeEscape);
      const query = { fieldManager: "holdfast", fieldValidation: "Ignore" };
      const type = "application/json-patch+json";
      return await ask(state, { ref: live.ref, of: live.ref, type, query, body });
    },
  };
}

const SECRET: Unpredicted = {
  ...unpredicted("holdfast knows digests only of what they hold", "Nothing: they are compared by these digests."),
  byDesign: true,
};

interface State extends DryRunOptions {
  /** Resources of a namespace that may not be patched, and resources whose server was given up. */
  readonly refused: Map<string, Unpredicted>;
  /** Failures in a row of the server's own, by resource. */
  readonly failures: Map<string, number>;
  /** Whether the servers of group versions know dry runs. */
  readonly known: Map<string, Promise<ReadonlySet<string> | undefined>>;
}

interface Ask extends Pick<DryRunPatch, "type" | "query" | "body"> {
  /** As the cluster names it. */
  readonly ref: ObjectRef;
  /** The kind, in the version that is sent. */
  readonly of: KindRef;
}

async function ask(state: State, { ref, of, ...patch }: Ask): Promise<LiveObject | Unpredicted> {
  const served = state.discovery.served(of);
  const reason = served === undefined ? notServed(of) : await whyNotAsked(state, { served, of, ref });
  if (served === undefined || reason !== undefined) return reason ?? notServed(of);
  const answer = await state.dryRuns.patch({ ...patch, path: pathOf(served, ref) });
  const read = predictedOf(state, { answer, ref, served });
  if (!("kind" in read)) {
    state.failures.delete(resourceOf(served));
    return read;
  }
  remember(state, { served, ref, answer, refusal: read });
  return read;
}

interface Asked {
  readonly served: ServedKind;
  readonly of: KindRef;
  readonly ref: ObjectRef;
}

async function whyNotAsked(state: State, { served, of, ref }: Asked): Promise<Unpredicted | undefined> {
  if (served.apiVersion !== of.apiVersion) return notServed(of);
  // The URL would lead elsewhere. No API server takes such names.
  if ([ref.name, ref.namespace].some((name) => name === "." || name === "..")) return notServed(of);
  if (!served.verbs.includes("patch") || !(await knowsDryRuns(state, served))) {
    return unpredicted(
      `the server of ${kindName(of)} knows no dry runs`,
      "Nothing: it is not asked, since it might write.",
    );
  }
  return state.refused.get(resourceOf(served)) ?? state.refused.get(placeOf(served, ref));
}

function resourceOf({ apiVersion, resource }: ServedKind): string {
  return `${apiVersion}\0${resource}`;
}

function placeOf(served: ServedKind, ref: ObjectRef): string {
  return `${resourceOf(served)}\0${ref.namespace ?? ""}`;
}

function notServed(of: KindRef): Unpredicted {
  return unpredicted(
    `the cluster does not serve ${kindName(of)} in the version that Git declares`,
    "Declare a version that is served.",
  );
}

interface Outcome {
  readonly answer: Answer | TooLarge | Fault;
  readonly ref: ObjectRef;
  readonly served: ServedKind;
}

function predictedOf(state: State, { answer, ref, served }: Outcome): LiveObject | Unpredicted {
  if (isFault(answer)) return unpredicted(lowered(answer.message), answer.remedy);
  if (answer.kind === "too-large") return unpredicted("the answer was too large", "Nothing: they are compared.");
  if (answer.status !== 200) return refusalOf(served, answer);
  const value = parseJson(answer.body);
  const object =
    value === undefined ? undefined : toLiveObject(value, { digester: state.digester, keepDigests: false });
  if (object !== undefined && refKey(object.ref) === refKey(ref)) return object;
  return unpredicted("the answer was no such object", "Look at what stands between holdfast and the API server.");
}

/** What is refused once for all objects of a place, or fails again and again, is not asked for any more. */
function remember(state: State, { served, ref, answer, refusal }: Outcome & { readonly refusal: Unpredicted }): void {
  if (isFault(answer) || (answer.kind === "answer" && (answer.status === 429 || answer.status >= 500))) {
    const failures = (state.failures.get(resourceOf(served)) ?? 0) + 1;
    state.failures.set(resourceOf(served), failures);
    if (failures >= GIVE_UP_AFTER) state.refused.set(resourceOf(served), refusal);
    return;
  }
  state.failures.delete(resourceOf(served));
  if ("everywhere" in refusal) state.refused.set(placeOf(served, ref), refusal);
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** `/apis/apps/v1/namespaces/shop/deployments/web` */
function pathOf({ apiVersion, resource, namespaced }: ServedKind, { namespace, name }: ObjectRef): string {
  const root = apiVersion.includes("/") ? "/apis" : "/api";
  const scope = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}/${apiVersion}${scope}/${encodeURIComponent(resource)}/${encodeURIComponent(name)}`;
}

/** What Git declares, but for the server's own bookkeeping: a `resourceVersion` or `uid` would be a condition. */
function appliedBody({ value, ref }: DesiredObject, { namespace }: ObjectRef): ValueMap {
  const metadata: Record<string, Value> = {};
  const declared = fieldOf(value, "metadata");
  if (isMap(declared)) {
    for (const name of Object.keys(declared)) {
      if (!SYSTEM_METADATA.has(name)) setField(metadata, name, declared[name] as Value);
    }
  }
  metadata["name"] = ref.name;
  if (namespace !== undefined) metadata["namespace"] = namespace;
  const body: Record<string, Value> = {};
  for (const name of Object.keys(value)) {
    if (name !== "status" && name !== "metadata") setField(body, name, value[name] as Value);
  }
  return { ...body, apiVersion: ref.apiVersion, kind: ref.kind, metadata };
}

/** No Secret, and no digest anywhere: a digest that is sent would be compared as if it were the value. */
function isSendable(value: ValueMap): boolean {
  return !isSecret(value) && !holdsDigest(value);
}

function holdsDigest(value: Value): boolean {
  if (typeof value !== "object" || value === null) return digestKey(value) !== undefined;
  const inside: readonly Value[] = Object.values(value);
  return inside.some(holdsDigest);
}

/**
 * JSON Patch (RFC 6902): that the fields are still what was read, then their removal, a list's last items first.
 * `undefined` where some of them is not there, or a digest.
 */
function removalsOf(value: ValueMap, paths: readonly FieldPath[]): readonly ValueMap[] | undefined {
  const found = paths.slice(0, MAX_REMOVALS).map((path) => ({ at: pointerOf(value, path), was: valueAt(value, path) }));
  const there = found.flatMap(({ at, was }) =>
    at === undefined || was === undefined || holdsDigest(was) ? [] : [{ at, was }],
  );
  if (there.length < paths.length) return undefined;
  const tests = there.map(({ at, was }) => ({ op: "test", path: printPointer(at), value: was }));
  const removals = there
    .toSorted((a, b) => compareBackwards(a.at, b.at))
    .map(({ at }) => ({ op: "remove", path: printPointer(at) }));
  return [...tests, ...removals];
}

type Pointer = readonly (string | number)[];

function pointerOf(value: Value, path: FieldPath): Pointer | undefined {
  const pointer: (string | number)[] = [];
  for (const [depth, step] of path.entries()) {
    const here = valueAt(value, path.slice(0, depth));
    const token = step.kind === "field" ? step.name : indexOfStep(here, step);
    if (token === undefined) return undefined;
    pointer.push(token);
  }
  return pointer;
}

function compareBackwards(a: Pointer, b: Pointer): number {
  for (const [depth, token] of a.entries()) {
    const other = b[depth];
    if (other === undefined) return -1;
    if (token === other) continue;
    return typeof token === "number" && typeof other === "number"
      ? other - token
      : compareText(String(token), String(other));
  }
  return 1;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The API server's own kinds all do; of others, what the OpenAPI of their server says. */
async function knowsDryRuns({ api, known }: State, { apiVersion, kind }: ServedKind): Promise<boolean> {
  if (BUILT_IN_GROUPS.has(groupOf(apiVersion))) return true;
  const asked = known.get(apiVersion) ?? patchedWithDryRun(api, apiVersion);
  known.set(apiVersion, asked);
  return (await asked)?.has(kind) === true;
}

/** The kinds of a group version whose PATCH takes `dryRun`; `undefined` where that cannot be known. */
async function patchedWithDryRun(api: Api, apiVersion: string): Promise<ReadonlySet<string> | undefined> {
  const path = apiVersion.split("/").map(encodeURIComponent).join("/");
  const answer = await getJson(api, `/openapi/v3/apis/${path}`);
  if (isFault(answer)) return undefined;
  const kinds = new Set<string>();
  const paths = fieldOf(answer.document, "paths");
  for (const item of isMap(paths) ? Object.values(paths) : []) {
    const patch = fieldOf(item, "patch");
    // The path's own parameters hold for all of its methods.
    const parameters = [fieldOf(patch, "parameters"), fieldOf(item, "parameters")].flatMap((list) =>
      isList(list) ? list : [],
    );
    const kind = textOf(fieldOf(patch, "x-kubernetes-group-version-kind"), "kind");
    if (kind !== undefined && parameters.some((parameter) => textOf(parameter, "name") === "dryRun")) kinds.add(kind);
  }
  return kinds;
}
