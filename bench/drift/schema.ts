// The server's own OpenAPI v3, as it answers: what may stand where, and how lists pair up. Not holdfast's reading of it.

import { fieldAt, fieldOf, isMap, textOf } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { asMap, listAt } from "./api.ts";
import type { BenchApi } from "./api.ts";

export type ListKind =
  | { readonly kind: "map"; readonly keys: readonly string[] }
  | { readonly kind: "set" }
  | { readonly kind: "atomic" };

/** A place in a schema; references are followed as they are met. */
export interface Schema {
  /** Of the type, without its package path where it is a built-in one. */
  readonly name: string;
  readonly raw: ValueMap;
  readonly document: ValueMap;
}

/** Schemas of all served kinds, by `apiVersion kind`. */
export async function loadSchemas(api: BenchApi): Promise<ReadonlyMap<string, Schema>> {
  const found = new Map<string, Schema>();
  const { body: index } = await api.call({ method: "GET", path: "/openapi/v3" });
  for (const [path, entry] of Object.entries(asMap(fieldOf(index, "paths")))) {
    if (!/^apis?\/.*v\d/.test(path)) continue;
    const { body } = await api.call({ method: "GET", path: textOf(entry, "serverRelativeURL") ?? "" });
    for (const [name, raw] of Object.entries(asMap(fieldAt(body, "components", "schemas")))) {
      for (const kind of listAt(raw, "x-kubernetes-group-version-kind")) {
        const [group, version, of] = ["group", "version", "kind"].map((key) => textOf(kind, key) ?? "");
        const key = `${group === "" ? "" : `${group}/`}${version} ${of}`;
        const own = path.endsWith(`${group === "" ? "api" : group}/${version}`);
        if (own) found.set(key, { name: shortName(name), raw: asMap(raw), document: asMap(body) });
      }
    }
  }
  return found;
}

function shortName(name: string): string {
  return name.split(".").at(-1) ?? name;
}

function follow(document: ValueMap, value: Value | undefined): Schema | undefined {
  if (!isMap(value)) return undefined;
  const parts = listAt(value, "allOf");
  const reference = textOf(value, "$ref") ?? textOf(parts[0], "$ref");
  if (reference === undefined) return { name: "", raw: value, document };
  const name = reference.replace("#/components/schemas/", "");
  const target = fieldAt(document, "components", "schemas", name);
  if (!isMap(target)) return undefined;
  // What is said beside the reference (a default, a description of the field) stays.
  const { allOf: _parts, $ref: _reference, ...beside } = value;
  return { name: shortName(name), raw: { ...target, ...beside }, document };
}

export function propertiesOf(schema: Schema | undefined): readonly (readonly [name: string, schema: Schema])[] {
  if (schema === undefined) return [];
  return Object.keys(asMap(schema.raw["properties"])).flatMap((name) => {
    const found = propertyOf(schema, name);
    return found === undefined ? [] : [[name, found] as const];
  });
}

export function propertyOf(schema: Schema | undefined, name: string): Schema | undefined {
  if (schema === undefined) return undefined;
  const property = fieldOf(schema.raw["properties"], name) ?? fieldOf(schema.raw, "additionalProperties");
  return follow(schema.document, property);
}

export function valuesOf(schema: Schema | undefined): Schema | undefined {
  return schema === undefined ? undefined : follow(schema.document, schema.raw["additionalProperties"]);
}

export function itemsOf(schema: Schema | undefined): Schema | undefined {
  return schema === undefined ? undefined : follow(schema.document, schema.raw["items"]);
}

export function listKindOf(schema: Schema | undefined): ListKind {
  const kind = schema?.raw["x-kubernetes-list-type"];
  if (kind === "set") return { kind: "set" };
  if (kind !== "map") return { kind: "atomic" };
  return { kind: "map", keys: listAt(schema?.raw, "x-kubernetes-list-map-keys").map(String) };
}

/** A key that an item leaves out has this. */
export function keyDefault(schema: Schema | undefined, key: string): Value | undefined {
  return propertyOf(itemsOf(schema), key)?.raw["default"];
}

/** A map that is one value: of free keys, or a label selector. Atomic maps of known fields are told field by field. */
export function isOneValue(schema: Schema | undefined): boolean {
  if (schema === undefined) return false;
  return (
    schema.name === "LabelSelector" ||
    (schema.raw["x-kubernetes-map-type"] === "atomic" && schema.raw["properties"] === undefined)
  );
}
