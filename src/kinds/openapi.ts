/**
 * Turns the schemas that an API server publishes (OpenAPI v3, CustomResourceDefinitions) into what comparison needs.
 * The extensions are those of k8s.io/kube-openapi `pkg/schemaconv/openapi.go`, which structured-merge-diff is fed by.
 */

import type { FieldSchema, ListSchema } from "../core/schema.ts";
import { fieldAt, fieldOf, isList, isMap, setField, textOf } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";

/** Levels of fields that are read; a schema that goes deeper is known that far. */
const MAX_LEVELS = 100;

/** Levels of `allOf` within one place. */
const MAX_LAYERS = 10;

const REFERENCE = "#/components/schemas/";

/** Components of the API machinery itself: their zero defaults are what Go fills in, not what the server does. */
const BUILT_IN = /^io\.k8s\.(?:api|apimachinery|apiextensions-apiserver|kube-aggregator)\./;

/** What controller-gen writes for a resource.Quantity in a CustomResourceDefinition. */
const QUANTITY_PATTERN = String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`;

/**
 * The schema of one kind in an OpenAPI v3 document (`/openapi/v3/apis/<group>/<version>`), or `undefined` where the
 * document does not describe it. `$ref`s are resolved; where a type contains itself, it is unknown (`{}`) the second time.
 * Parts may be shared, so the result is a graph without cycles. Never throws, whatever the document holds.
 */
export function fieldSchema(document: Value, apiVersion: string, kind: string): FieldSchema | undefined {
  const components = fieldAt(document, "components", "schemas");
  if (!isMap(components)) return undefined;
  const name = Object.keys(components).find((key) => describes(components[key], apiVersion, kind));
  if (name === undefined) return undefined;
  return resolve({ components, known: new Map(), open: new Set(), builtIn: false, level: 0 }, name);
}

/**
 * The schemas of a CustomResourceDefinition's versions, served or not. Its `metadata` is what all objects have. Where its
 * versions differ in nothing but their name, objects get the defaults of the version that they are stored in, too
 * (apiextensions-apiserver `pkg/apiserver/customresource_handler.go`: the decoder of etcd's objects defaults them).
 * Empty where the object is no CustomResourceDefinition of `apiextensions.k8s.io/v1`.
 */
export function crdSchemas(
  crd: Value,
): readonly { readonly apiVersion: string; readonly kind: string; readonly schema: FieldSchema }[] {
  const spec = fieldOf(crd, "spec");
  const group = textOf(spec, "group");
  const kind = textOf(fieldOf(spec, "names"), "kind");
  const versions = fieldOf(spec, "versions");
  if (textOf(crd, "kind") !== "CustomResourceDefinition" || group === undefined || kind === undefined) return [];
  const all = isList(versions) ? versions : [];
  const storage = isConverted(spec) ? undefined : all.find((version) => fieldOf(version, "storage") === true);
  const stored = storage === undefined || all.length < 2 ? undefined : definedIn(storage);
  return all.flatMap((version) => {
    const name = textOf(version, "name");
    const schema = version === storage && stored !== undefined ? stored : definedIn(version);
    if (name === undefined || schema === undefined) return [];
    const whole = stored === undefined ? schema : withDefaultsOf(schema, stored);
    return [{ apiVersion: `${group}/${name}`, kind, schema: withMetadata(whole) }];
  });
}

/** A webhook may give another meaning to what has the same name in two versions. */
function isConverted(spec: Value | undefined): boolean {
  return (textOf(fieldOf(spec, "conversion"), "strategy") ?? "None") !== "None";
}

function definedIn(version: Value): FieldSchema | undefined {
  const root = fieldAt(version, "schema", "openAPIV3Schema");
  if (!isMap(root)) return undefined;
  return convert({ components: {}, known: new Map(), open: new Set(), builtIn: false, level: 0 }, root);
}

/** The schema with the other one's defaults of the fields that both have. Its own go first. */
export function withDefaultsOf(schema: FieldSchema, other: FieldSchema): FieldSchema {
  const { fields, items, values } = schema;
  const value = schema.default ?? other.default;
  const both = (part: FieldSchema | undefined, another: FieldSchema | undefined): FieldSchema | undefined =>
    part === undefined || another === undefined ? part : withDefaultsOf(part, another);
  const [inItems, inValues] = [both(items, other.items), both(values, other.values)];
  const completed = Object.entries(fields ?? {}).map(([name, part]) => {
    const theirs = other.fields !== undefined && Object.hasOwn(other.fields, name) ? other.fields[name] : undefined;
    return [name, theirs === undefined ? part : withDefaultsOf(part, theirs)] as const;
  });
  return {
    ...schema,
    ...(value === undefined ? {} : { default: value }),
    ...(fields === undefined ? {} : { fields: fromEntries(completed) }),
    ...(inItems === undefined ? {} : { items: inItems }),
    ...(inValues === undefined ? {} : { values: inValues }),
  };
}

interface Conversion {
  readonly components: ValueMap;
  /** Components that are done, by name: each is converted once. */
  readonly known: Map<string, FieldSchema>;
  /** Components that are being converted. */
  readonly open: Set<string>;
  /** Inside a component of the API machinery. */
  readonly builtIn: boolean;
  readonly level: number;
}

function describes(component: Value | undefined, apiVersion: string, kind: string): boolean {
  const names = fieldOf(component, "x-kubernetes-group-version-kind");
  return (
    isList(names) &&
    names.some((name) => {
      const group = textOf(name, "group") ?? "";
      const version = textOf(name, "version") ?? "";
      return textOf(name, "kind") === kind && (group === "" ? version : `${group}/${version}`) === apiVersion;
    })
  );
}

function resolve(conversion: Conversion, name: string): FieldSchema {
  const { components, known, open } = conversion;
  const done = known.get(name);
  if (done !== undefined) return done;
  const component = fieldOf(components, name);
  if (!isMap(component) || open.has(name) || conversion.level >= MAX_LEVELS) return {};
  open.add(name);
  const schema: FieldSchema = name.endsWith(".api.resource.Quantity")
    ? { type: "quantity" }
    : convert({ ...conversion, builtIn: BUILT_IN.test(name) }, component);
  open.delete(name);
  known.set(name, schema);
  return schema;
}

/** One place in a schema: what it refers to, overlaid by what it says itself. */
function convert(conversion: Conversion, node: ValueMap, layer = 0): FieldSchema {
  if (conversion.level >= MAX_LEVELS || layer > MAX_LAYERS) return {};
  const inherited = inheritedOf(conversion, node, layer);
  const type = typeOf(node);
  const fields = fieldsOf(conversion, node);
  const values = partOf(conversion, node, "additionalProperties");
  const items = partOf(conversion, node, "items");
  const list = listOf(node, items ?? inherited.items);
  const value = defaultOf(conversion, node);
  return {
    ...inherited,
    ...(type === undefined ? {} : { type }),
    ...(list === undefined ? {} : { list }),
    ...(textOf(node, "x-kubernetes-map-type") === "atomic" ? { atomic: true } : {}),
    ...(fields === undefined ? {} : { fields: mergeFields(inherited.fields, fields) }),
    ...(values === undefined ? {} : { values }),
    ...(items === undefined ? {} : { items }),
    ...(value === undefined ? {} : { default: value }),
    ...(fieldOf(node, "x-kubernetes-preserve-unknown-fields") === true ? { preserveUnknown: true } : {}),
  };
}

function inheritedOf(conversion: Conversion, node: ValueMap, layer: number): FieldSchema {
  const reference = textOf(node, "$ref");
  if (reference?.startsWith(REFERENCE) === true) return resolve(conversion, reference.slice(REFERENCE.length));
  const all = fieldOf(node, "allOf");
  if (!isList(all)) return {};
  return all
    .filter(isMap)
    .map((part) => convert(conversion, part, layer + 1))
    .reduce((merged, part) => {
      const fields = mergeFields(merged.fields, part.fields ?? {});
      return { ...merged, ...part, ...(Object.keys(fields).length === 0 ? {} : { fields }) };
    }, {});
}

function mergeFields(
  below: Readonly<Record<string, FieldSchema>> | undefined,
  above: Readonly<Record<string, FieldSchema>>,
): Readonly<Record<string, FieldSchema>> {
  return below === undefined ? above : fromEntries([...Object.entries(below), ...Object.entries(above)]);
}

/** As `Object.fromEntries`, but a field named `__proto__` stays a field. */
function fromEntries(entries: readonly (readonly [string, FieldSchema])[]): Readonly<Record<string, FieldSchema>> {
  const map: Record<string, FieldSchema> = {};
  for (const [name, schema] of entries) setField(map as Record<string, never>, name, schema as never);
  return map;
}

function typeOf(node: ValueMap): FieldSchema["type"] {
  const format = textOf(node, "format");
  if (format === "quantity" || textOf(node, "pattern") === QUANTITY_PATTERN) return "quantity";
  if (format === "int-or-string" || fieldOf(node, "x-kubernetes-int-or-string") === true) return "int-or-string";
  const type = textOf(node, "type");
  switch (type) {
    case "integer":
    case "number":
    case "string":
    case "boolean":
    case "object":
    case "array":
      return type;
    default:
      return undefined;
  }
}

function fieldsOf(conversion: Conversion, node: ValueMap): Readonly<Record<string, FieldSchema>> | undefined {
  const properties = fieldOf(node, "properties");
  if (!isMap(properties)) return undefined;
  const inner = { ...conversion, level: conversion.level + 1 };
  return fromEntries(
    Object.entries(properties).map(
      ([name, property]) => [name, isMap(property) ? convert(inner, property) : {}] as const,
    ),
  );
}

function partOf(conversion: Conversion, node: ValueMap, name: string): FieldSchema | undefined {
  const part = fieldOf(node, name);
  return isMap(part) ? convert({ ...conversion, level: conversion.level + 1 }, part) : undefined;
}

function listOf(node: ValueMap, items: FieldSchema | undefined): ListSchema | undefined {
  switch (textOf(node, "x-kubernetes-list-type")) {
    case "atomic":
      return { kind: "atomic" };
    case "set":
      return { kind: "set" };
    case "map":
      return keyedList(fieldOf(node, "x-kubernetes-list-map-keys"), items);
    default:
      return undefined;
  }
}

/** A keyed list without keys cannot be paired: atomic, as structured-merge-diff has it. */
function keyedList(names: Value | undefined, items: FieldSchema | undefined): ListSchema {
  const keys = isList(names) ? names.filter((name) => typeof name === "string") : [];
  if (keys.length === 0) return { kind: "atomic" };
  const defaults: Record<string, Scalar> = {};
  for (const key of keys) {
    const known = items?.fields !== undefined && Object.hasOwn(items.fields, key) ? items.fields[key] : undefined;
    const implied = known?.default;
    if (implied !== undefined && !isList(implied) && !isMap(implied)) setField(defaults, key, implied);
  }
  return { kind: "map", keys, ...(Object.keys(defaults).length === 0 ? {} : { defaults }) };
}

/** Of the API machinery's own types only those that say something: `{}` and zeros are what Go makes of an absent field. */
function defaultOf(conversion: Conversion, node: ValueMap): Value | undefined {
  const value = fieldOf(node, "default");
  if (value === undefined || value === null) return undefined;
  const zero = value === "" || value === 0 || value === false || typeof value === "object";
  return zero && conversion.builtIn ? undefined : value;
}

/** Metadata as every object has it (apimachinery `meta/v1/types.go`): a CustomResourceDefinition does not repeat it. */
function withMetadata(schema: FieldSchema): FieldSchema {
  const text: FieldSchema = { type: "string" };
  const texts: FieldSchema = { type: "object", values: text };
  const metadata: FieldSchema = {
    type: "object",
    fields: {
      annotations: texts,
      labels: texts,
      finalizers: { type: "array", list: { kind: "set" }, items: text },
      ownerReferences: {
        type: "array",
        list: { kind: "map", keys: ["uid"] },
        items: { type: "object", atomic: true, fields: { uid: text } },
      },
    },
  };
  return { ...schema, fields: mergeFields(schema.fields, { metadata }) };
}
