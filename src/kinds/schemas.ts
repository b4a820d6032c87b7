/**
 * `kinds` is what Kubernetes means: list keys, quantities, allocated and controller-owned fields, secret fields, and what
 * the system itself makes. Facts are data, each with its source; the functions over them are few and pure.
 *
 * This file gives the schemas of the built-in kinds. `data/kinds.json` is generated (`npm run generate:kinds`) from
 * Kubernetes' OpenAPI and Go types: `kinds` by `apiVersion/kind`, and `types`, each a {@link FieldSchema} whose parts may
 * be names: of another type, or of a scalar. A scalar with `?` is one whose zero value the API server does not write, so
 * that absence and `false`, `0` or `""` are the same thing.
 */

import type { ConditionalDefault, FieldSchema, ListSchema, SchemaSource } from "../core/schema.ts";
import data from "./data/kinds.json" with { type: "json" };

/** A type as the file has it. */
interface TypeData {
  readonly type?: FieldSchema["type"];
  readonly list?: ListSchema;
  readonly atomic?: true;
  readonly defaults?: readonly ConditionalDefault[];
  readonly fields?: Readonly<Record<string, TypeData | string>>;
  readonly values?: TypeData | string;
  readonly items?: TypeData | string;
}

/** A schema in the making: types contain each other, so that a type stands in its own fields before it is finished. */
type Draft = { -readonly [Part in keyof FieldSchema]: FieldSchema[Part] };

const SCALARS: Readonly<Record<string, FieldSchema>> = {
  string: { type: "string" },
  "string?": { type: "string", zero: true },
  integer: { type: "integer" },
  "integer?": { type: "integer", zero: true },
  number: { type: "number" },
  "number?": { type: "number", zero: true },
  boolean: { type: "boolean" },
  "boolean?": { type: "boolean", zero: true },
  quantity: { type: "quantity" },
  "int-or-string": { type: "int-or-string" },
};

/**
 * The kinds that Kubernetes itself serves, at the version that the data names. A kind's types are built when it is first
 * asked for, and kept. A schema may contain itself (`JSONSchemaProps`): follow it only as deep as a value goes.
 */
export const builtinSchemas: SchemaSource = createSource();

function createSource(): SchemaSource {
  const kinds = new Map(Object.entries(data.kinds).map(([name, { type }]) => [name, type]));
  const types = new Map(Object.entries(data.types as unknown as Readonly<Record<string, TypeData | string>>));
  const built = new Map<string, FieldSchema>(Object.entries(SCALARS));
  return {
    schemaOf(apiVersion, kind) {
      const type = kinds.get(`${apiVersion}/${kind}`);
      return type === undefined ? undefined : build(type, { types, built });
    },
  };
}

interface Library {
  readonly types: ReadonlyMap<string, TypeData | string>;
  readonly built: Map<string, FieldSchema>;
}

function build(name: string, library: Library): FieldSchema {
  const known = library.built.get(name);
  if (known !== undefined) return known;
  const type = library.types.get(name) ?? {};
  if (typeof type === "string") return build(type, library);
  const draft: Draft = {};
  library.built.set(name, draft);
  fill(draft, type, library);
  return draft;
}

function fill(draft: Draft, type: TypeData, library: Library): void {
  const part = (inner: TypeData | string): FieldSchema => {
    if (typeof inner === "string") return build(inner, library);
    const place: Draft = {};
    fill(place, inner, library);
    return place;
  };
  if (type.list !== undefined) draft.type = "array";
  if (type.fields !== undefined || type.values !== undefined) draft.type = "object";
  if (type.type !== undefined) draft.type = type.type;
  if (type.list !== undefined) draft.list = type.list;
  if (type.atomic !== undefined) draft.atomic = type.atomic;
  if (type.defaults !== undefined) draft.defaults = type.defaults;
  if (type.values !== undefined) draft.values = part(type.values);
  if (type.items !== undefined) draft.items = part(type.items);
  if (type.fields !== undefined) {
    draft.fields = Object.fromEntries(Object.entries(type.fields).map(([name, field]) => [name, part(field)]));
  }
}
