/** Reads a kind's schema back from a snapshot. */

import type { FieldSchema, ListSchema } from "../core/schema.ts";
import { fieldOf, isList, isMap, setField, textOf } from "../core/value.ts";
import type { Scalar, Value } from "../core/value.ts";

const TYPES: readonly string[] = [
  "quantity",
  "int-or-string",
  "integer",
  "number",
  "string",
  "boolean",
  "object",
  "array",
] satisfies readonly FieldSchema["type"][];

/** The schema that the value holds; what is no part of one is left out. */
export function parseFieldSchema(value: Value): FieldSchema {
  const type = textOf(value, "type");
  const list = parseList(fieldOf(value, "list"));
  const fields = fieldOf(value, "fields");
  const values = fieldOf(value, "values");
  const items = fieldOf(value, "items");
  const preset = fieldOf(value, "default");
  return {
    ...(type !== undefined && TYPES.includes(type) ? { type: type as NonNullable<FieldSchema["type"]> } : {}),
    ...(list === undefined ? {} : { list }),
    ...(fieldOf(value, "atomic") === true ? { atomic: true } : {}),
    ...(isMap(fields) ? { fields: parseFields(fields) } : {}),
    ...(values === undefined ? {} : { values: parseFieldSchema(values) }),
    ...(items === undefined ? {} : { items: parseFieldSchema(items) }),
    ...(preset === undefined || preset === null ? {} : { default: preset }),
    ...(fieldOf(value, "preserveUnknown") === true ? { preserveUnknown: true } : {}),
  };
}

function parseFields(fields: Readonly<Record<string, Value>>): Readonly<Record<string, FieldSchema>> {
  const parsed: Record<string, FieldSchema> = {};
  for (const [name, schema] of Object.entries(fields)) {
    setField(parsed as Record<string, never>, name, parseFieldSchema(schema) as never);
  }
  return parsed;
}

function parseList(list: Value | undefined): ListSchema | undefined {
  const kind = textOf(list, "kind");
  switch (kind) {
    case "set":
    case "atomic":
    case "multiset":
      return { kind };
    case "map": {
      const keys = fieldOf(list, "keys");
      const defaults = fieldOf(list, "defaults");
      const names = isList(keys) ? keys.filter((key) => typeof key === "string") : [];
      if (names.length === 0) return { kind: "atomic" };
      const scalars = isMap(defaults) ? Object.entries(defaults).filter(([, value]) => isScalar(value)) : [];
      if (scalars.length === 0) return { kind: "map", keys: names };
      return { kind: "map", keys: names, defaults: Object.fromEntries(scalars) as Record<string, Scalar> };
    }
    default:
      return undefined;
  }
}

function isScalar(value: Value | undefined): value is Scalar {
  return value !== undefined && (value === null || typeof value !== "object");
}
