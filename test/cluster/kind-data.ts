// Turns OpenAPI v3 documents into the data of src/kinds/data/: pure, so that a test can compare what a live
// server says with what is in the file.

import type { Value } from "../../src/core/value.ts";

export interface OpenApiDocument {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly "x-kubernetes-action"?: string;
  readonly "x-kubernetes-group-version-kind"?: GroupVersionKind;
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly format?: string;
  readonly default?: Value;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
}

export interface KindData {
  readonly kinds: Readonly<Record<string, KindEntry>>;
  readonly types: Readonly<Record<string, TypeData>>;
  /** What OpenAPI says that the server fills in, by type and field. */
  readonly declaredDefaults: Readonly<Record<string, Readonly<Record<string, Value>>>>;
}

export interface KindEntry {
  /** The type's name in `types`. */
  readonly type: string;
  readonly resource: string;
  readonly namespaced: boolean;
  /** Absent where all of ALL_VERBS are served. */
  readonly verbs?: readonly string[];
  /** Field names from the root: what nobody may change once the object is there. Absent where nothing was seen. */
  readonly immutable?: readonly string[];
}

const ALL_VERBS = "create delete deletecollection get list patch update watch";

/** A FieldSchema whose parts may be names: of a type, or of a scalar. */
export type TypeData = string | Readonly<Record<string, unknown>>;

type ZeroFields = Readonly<Record<string, readonly string[]>>;

const REFERENCE = "#/components/schemas/";
const SCALARS = new Set(["string", "integer", "number", "boolean", "quantity", "int-or-string"]);

/** Where comparison needs more than OpenAPI says. */
const LISTS: Readonly<Record<string, unknown>> = {
  // Reordered by the autoscaler's own conversion and by writers (argo-cd#1079, kubernetes#74099).
  "autoscaling.v2.HorizontalPodAutoscalerSpec.metrics": { kind: "multiset" },
};

/**
 * Pointers whose zero value says nothing: the server drops the field while its feature is off, and with the feature on it
 * refuses the zero, or takes it for nothing (kubernetes 1.33 and 1.36; each with where that is written).
 */
const DROPPED_ZEROS: ZeroFields = {
  // pkg/registry/coordination/lease/strategy.go (CoordinatedLeaderElection); pkg/apis/coordination/validation: no name, and
  // a holder that is preferred is looked at only where it is not "".
  "coordination.v1.LeaseSpec": ["preferredHolder", "strategy"],
  // pkg/api/pod/util.go, dropContainerStopSignals; pkg/apis/core/validation, validateStopSignal: no signal.
  "core.v1.Lifecycle": ["stopSignal"],
  // pkg/api/persistentvolumeclaim/util.go; pkg/apis/core/validation, ValidatePersistentVolumeClaimSpec: "" is no class.
  "core.v1.PersistentVolumeClaimSpec": ["volumeAttributesClassName"],
  // pkg/api/persistentvolume/util.go; pkg/apis/core/validation, ValidatePersistentVolumeSpec: required not to be "".
  "core.v1.PersistentVolumeSpec": ["volumeAttributesClassName"],
  // pkg/registry/storage/csidriver/strategy.go (MutableCSINodeAllocatableCount, VolumeLimitScaling);
  // pkg/apis/storage/validation: at least 10 seconds; and the scheduler reads no opt-in as `false`.
  "storage.v1.CSIDriverSpec": ["nodeAllocatableUpdatePeriodSeconds", "preventPodSchedulingIfMissing"],
};

/** All kinds that have a URL of their own, and the types that they reach. */
export function kindData(documents: readonly OpenApiDocument[], zeroFields: ZeroFields): KindData {
  const schemas = new Map(documents.flatMap((document) => Object.entries(document.components?.schemas ?? {})));
  const kinds = kindsOf(documents, schemas);
  const types: Record<string, TypeData> = {};
  const declaredDefaults: Record<string, Record<string, Value>> = {};
  const reach = (name: string): void => {
    const schema = schemas.get(name);
    if (schema === undefined || types[shortName(name)] !== undefined) return;
    types[shortName(name)] = componentData({ name, schema, zeros: zeroFields[name] ?? [], schemas });
    const declared = declaredIn(schema, zeroFields[name] ?? []);
    if (Object.keys(declared).length > 0) declaredDefaults[shortName(name)] = declared;
    for (const reference of references(schema, isRoot(schema))) reach(reference);
  };
  for (const [name] of schemas) {
    if (Object.values(kinds).some(({ type }) => type === shortName(name))) reach(name);
  }
  return { kinds: sorted(kinds), types: sorted(types), declaredDefaults };
}

/**
 * Zeros are what Go makes of a field that is left out: a default of the server's only where the field is a pointer, that
 * is, neither required nor one whose zero is not written.
 */
function declaredIn(schema: Schema, zeros: readonly string[]): Record<string, Value> {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([field, property]): readonly [string, Value][] => {
    const { default: value } = property;
    if (value === undefined || value === "" || typeof value === "object" || !keptField(field, isRoot(schema)))
      return [];
    const pointer = schema.required?.includes(field) !== true && !zeros.includes(field);
    return hasDefault(property) || pointer ? [[field, value]] : [];
  });
  return Object.fromEntries(fields);
}

function kindsOf(
  documents: readonly OpenApiDocument[],
  schemas: ReadonlyMap<string, Schema>,
): Record<string, KindEntry> {
  const kinds: Record<string, KindEntry> = {};
  for (const [name, schema] of schemas) {
    const [identity, ...others] = schema["x-kubernetes-group-version-kind"] ?? [];
    if (identity === undefined || others.length > 0) continue;
    const operations = operationsOn(documents, identity);
    const resource = operations[0]?.resource;
    if (resource === undefined || !operations.some(({ verb }) => verb === "get")) continue;
    const verbs = [...new Set(operations.map(({ verb }) => verb))].sort();
    kinds[`${groupVersion(identity)}/${identity.kind}`] = {
      type: shortName(name),
      resource,
      namespaced: operations.some(({ namespaced }) => namespaced),
      ...(verbs.join(" ") === ALL_VERBS ? {} : { verbs }),
    };
  }
  return kinds;
}

const VERBS: Readonly<Record<string, string>> = {
  post: "create",
  put: "update",
  patch: "patch",
  delete: "delete",
  deletecollection: "deletecollection",
  get: "get",
  list: "list",
  watchlist: "watch",
  watch: "watch",
};

function operationsOn(
  documents: readonly OpenApiDocument[],
  identity: GroupVersionKind,
): readonly { readonly resource: string; readonly namespaced: boolean; readonly verb: string }[] {
  return documents.flatMap((document) =>
    Object.entries(document.paths ?? {}).flatMap(([path, methods]) => {
      const match =
        /^\/apis?\/(?:[^/]+\/)?v\d\w*\/(?:watch\/)?(namespaces\/\{namespace\}\/)?([a-z]+)(?:\/\{name\})?$/.exec(path);
      if (match === null) return [];
      return Object.values(methods).flatMap((operation) => {
        const about = operation["x-kubernetes-group-version-kind"];
        const verb = VERBS[operation["x-kubernetes-action"] ?? ""];
        if (about?.kind !== identity.kind || groupVersion(about) !== groupVersion(identity) || verb === undefined)
          return [];
        return [{ resource: match[2] as string, namespaced: match[1] !== undefined, verb }];
      });
    }),
  );
}

function groupVersion({ group, version }: GroupVersionKind): string {
  return group === "" ? version : `${group}/${version}`;
}

/** `io.k8s.api.core.v1.Pod` is `core.v1.Pod`; no two of them are the same when shortened. */
function shortName(name: string): string {
  return name.replace(/^io\.k8s\.(?:api|apimachinery\.pkg(?:\.apis|\.api)?|[a-z-]+\.pkg\.apis)\./, "");
}

function isRoot(schema: Schema): boolean {
  return schema["x-kubernetes-group-version-kind"] !== undefined;
}

interface Component {
  readonly name: string;
  readonly schema: Schema;
  /** Its fields whose zero value is not written. */
  readonly zeros: readonly string[];
  readonly schemas: ReadonlyMap<string, Schema>;
}

function componentData({ name, schema, zeros, schemas }: Component): TypeData {
  if (name.endsWith(".api.resource.Quantity")) return "quantity";
  if (schema.format === "int-or-string") return "int-or-string";
  if (schema.properties === undefined) return scalarOf(schema) ?? placeData(schema, { schemas });
  const fields: Record<string, TypeData> = {};
  for (const [field, property] of Object.entries(schema.properties)) {
    if (!keptField(field, isRoot(schema))) continue;
    const list = LISTS[`${shortName(name)}.${field}`];
    const zero = zeros.includes(field) || DROPPED_ZEROS[shortName(name)]?.includes(field) === true;
    fields[field] = placeData(property, { schemas, zero, list });
  }
  return { ...(schema["x-kubernetes-map-type"] === "atomic" ? { atomic: true } : {}), fields };
}

/** Status is never compared, and managedFields are read by other means. */
function keptField(field: string, root: boolean): boolean {
  return field !== "managedFields" && !(root && field === "status");
}

interface Place {
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly zero?: boolean;
  /** Instead of what OpenAPI says. */
  readonly list?: unknown;
}

function placeData(place: Schema, { schemas, zero = false, list }: Place): TypeData {
  const reference = referenceOf(place);
  if (reference !== undefined) return namedScalar(shortName(reference)) ?? shortName(reference);
  const scalar = scalarOf(place);
  if (scalar !== undefined) {
    return zero ? `${scalar}?` : scalar;
  }
  if (place.type === "array") {
    const items = place.items ?? {};
    return { list: list ?? listData(place, componentOf(items, schemas)), items: placeData(items, { schemas }) };
  }
  const { additionalProperties: values } = place;
  return {
    ...(place["x-kubernetes-map-type"] === "atomic" ? { atomic: true } : {}),
    ...(typeof values === "object" ? { values: placeData(values, { schemas }) } : {}),
  };
}

function namedScalar(name: string): string | undefined {
  if (name === "resource.Quantity") return "quantity";
  if (name === "util.intstr.IntOrString") return "int-or-string";
  return undefined;
}

/** A default that the server fills in: those that are zero are Go's way of saying that the field is required. */
function hasDefault({ default: value }: Schema): boolean {
  return value !== undefined && value !== "" && value !== 0 && value !== false && typeof value !== "object";
}

function listData(place: Schema, items: Schema): object {
  const kind = place["x-kubernetes-list-type"] ?? "atomic";
  if (kind !== "map") return { kind };
  const keys = place["x-kubernetes-list-map-keys"] ?? [];
  const defaults = keys.flatMap((key) => {
    const property = items.properties?.[key];
    return property !== undefined && hasDefault(property) ? [[key, property.default]] : [];
  });
  return { kind, keys, ...(defaults.length === 0 ? {} : { defaults: Object.fromEntries(defaults) }) };
}

function componentOf(place: Schema, schemas: ReadonlyMap<string, Schema>): Schema {
  const reference = referenceOf(place);
  return (reference === undefined ? undefined : schemas.get(reference)) ?? place;
}

function scalarOf(place: Schema): string | undefined {
  if (place.format === "int-or-string") return "int-or-string";
  return place.type !== undefined && SCALARS.has(place.type) ? place.type : undefined;
}

function referenceOf(place: Schema): string | undefined {
  const reference = place.$ref ?? place.allOf?.[0]?.$ref;
  return reference?.slice(REFERENCE.length);
}

function references(schema: Schema, root: boolean): readonly string[] {
  const properties = Object.entries(schema.properties ?? {}).filter(([field]) => keptField(field, root));
  const inside = [...properties.map(([, property]) => property), ...(schema.items === undefined ? [] : [schema.items])];
  if (typeof schema.additionalProperties === "object") inside.push(schema.additionalProperties);
  const own = referenceOf(schema);
  return [...(own === undefined ? [] : [own]), ...inside.flatMap((part) => references(part, false))];
}

function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
