// Every single change that somebody could make to an object: each declared leaf replaced, each item and key removed, each
// field of the schema that is absent or only defaulted set, each list and map grown by one.

import { fieldOf, isList, isMap, textOf } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { listAt } from "./api.ts";
import { othersOf, samplesOf } from "./samples.ts";
import { isOneValue, itemsOf, listKindOf, propertiesOf, propertyOf, valuesOf } from "./schema.ts";
import type { Schema } from "./schema.ts";

/** Into an object as JSON has it: field names and positions. */
export type Route = readonly (string | number)[];

export interface Edit {
  readonly what: "replace" | "remove" | "add" | "reverse";
  readonly route: Route;
  /** To be tried in order until the server takes one; absent for a removal. */
  readonly candidates?: readonly Value[];
}

/** Never written by hand, or the API server's own. */
const LEFT_ALONE: ReadonlySet<string> = new Set(["apiVersion", "kind", "status"]);
const METADATA: ReadonlySet<string> = new Set(["labels", "annotations", "finalizers", "ownerReferences"]);

const BOOKKEEPING = "kubectl.kubernetes.io/last-applied-configuration";

interface Place {
  readonly route: Route;
  /** What Git declares there, if anything. */
  readonly git: Value | undefined;
  readonly live: Value;
  readonly schema: Schema | undefined;
  readonly field: string;
  readonly parent: string;
}

/** The edits of an object, in the order of its fields. */
export function editsOf(git: ValueMap, live: ValueMap, schema: Schema | undefined): readonly Edit[] {
  const edits: Edit[] = [];
  for (const name of namesOf(live, schema)) {
    if (LEFT_ALONE.has(name)) continue;
    fieldEdits({ edits, map: { route: [], git, live, schema, field: "", parent: "" } }, name);
  }
  return edits;
}

interface Field {
  readonly edits: Edit[];
  readonly map: Place;
}

function fieldEdits({ edits, map }: Field, name: string): void {
  const live = fieldOf(map.live, name);
  const git = fieldOf(map.git, name);
  const schema = propertyOf(map.schema, name);
  const route = [...map.route, name];
  const place = { route, git, schema, field: name, parent: map.schema?.name ?? "" };
  if (live === undefined || live === null) {
    const candidates = samplesOf(place);
    if (candidates.length > 0) edits.push({ what: "add", route, candidates });
    return;
  }
  const required = listAt(map.schema?.raw, "required").includes(name);
  if (!required && map.route.length + 1 > 1) edits.push({ what: "remove", route });
  valueEdits(edits, { ...place, live });
}

function valueEdits(edits: Edit[], place: Place): void {
  if (isMap(place.live)) mapEdits(edits, place, place.live);
  else if (isList(place.live)) listEdits(edits, place, place.live);
  else {
    const candidates = othersOf(place.live, place);
    if (candidates.length > 0) edits.push({ what: "replace", route: place.route, candidates });
  }
}

function mapEdits(edits: Edit[], place: Place, live: ValueMap): void {
  const isMetadata = place.schema?.name === "ObjectMeta";
  for (const name of namesOf(live, place.schema)) {
    if (isMetadata ? METADATA.has(name) : name !== BOOKKEEPING) fieldEdits({ edits, map: place }, name);
  }
  const free = valuesOf(place.schema);
  if (free === undefined && place.schema?.raw["x-kubernetes-preserve-unknown-fields"] !== true) return;
  const key = isMetadata ? "bench.example/planted" : "planted";
  const candidates = samplesOf({ schema: free, field: "", parent: place.schema?.name ?? "" });
  edits.push({ what: "add", route: [...place.route, key], candidates: candidates.length > 0 ? candidates : ["yes"] });
}

function listEdits(edits: Edit[], place: Place, live: readonly Value[]): void {
  const items = itemsOf(place.schema);
  const ours = isList(place.git) ? place.git : [];
  for (const [index, item] of live.entries()) {
    const route = [...place.route, index];
    edits.push({ what: "remove", route });
    const git =
      isList(place.git) && listKindOf(place.schema).kind !== "map" ? ours[index] : pairOf(ours, item, place.schema);
    valueEdits(edits, { route, git, live: item, schema: items, field: place.field, parent: place.parent });
  }
  const grown = grownFrom(live, place);
  if (grown.length > 0) edits.push({ what: "add", route: [...place.route, live.length], candidates: grown });
  // The order of a HorizontalPodAutoscaler's metrics means nothing (kubernetes#74099).
  if (live.length > 1 && place.field !== "metrics") edits.push({ what: "reverse", route: place.route });
}

function pairOf(ours: readonly Value[], item: Value, schema: Schema | undefined): Value | undefined {
  const kind = listKindOf(schema);
  if (kind.kind !== "map") return undefined;
  return ours.find((one) =>
    kind.keys.every((key) => fieldOf(one, key) === undefined || fieldOf(one, key) === fieldOf(item, key)),
  );
}

/** New items: as sampled, and the last item under another name. */
function grownFrom(live: readonly Value[], { schema, field: name, parent }: Place): readonly Value[] {
  const samples = samplesOf({ schema, field: name, parent }).flatMap((one) => (isList(one) ? one : []));
  const last = live.at(-1);
  if (typeof last === "string")
    return [...samples, ...othersOf(last, { schema: itemsOf(schema), field: "", parent: "" })].filter(
      (one) => !live.includes(one),
    );
  if (!isMap(last)) return samples;
  const keys = listKindOf(schema);
  const renamed: Record<string, Value> = { ...last };
  for (const key of keys.kind === "map" ? keys.keys : ["name"]) {
    if (typeof last[key] === "string") renamed[key] = key === "protocol" ? last[key] : `${textOf(last, key)}-too`;
    if (typeof last[key] === "number") renamed[key] = last[key] + 1;
  }
  if (typeof last["name"] === "string") renamed["name"] = `${last["name"]}-too`;
  return [renamed, ...samples];
}

function namesOf(live: ValueMap, schema: Schema | undefined): readonly string[] {
  return [
    ...new Set([
      ...Object.keys(live),
      ...(isOneValue(schema) && valuesOf(schema) !== undefined ? [] : propertiesOf(schema).map(([name]) => name)),
    ]),
  ];
}

/** The object with the edit made; `undefined` where there is nothing to change. */
export function edited(object: Value, { what, route }: Edit, candidate: Value | undefined): Value | undefined {
  const [step, ...rest] = route;
  if (step === undefined) {
    if (what === "remove") return undefined;
    return what === "reverse" && isList(object) ? object.toReversed() : candidate;
  }
  const inner = typeof step === "number" ? (isList(object) ? object[step] : undefined) : fieldOf(object, step);
  const next = edited(inner ?? null, { what, route: rest }, candidate);
  if (typeof step === "number") {
    const items = isList(object) ? [...object] : [];
    items.splice(step, 1, ...(next === undefined ? [] : [next]));
    return items;
  }
  const copy: Record<string, Value> = { ...(isMap(object) ? object : {}) };
  delete copy[step];
  return next === undefined ? copy : { ...(isMap(object) ? object : {}), [step]: next };
}
