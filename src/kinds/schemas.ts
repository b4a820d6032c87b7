/**
 * `kinds` is what Kubernetes means: list keys, quantities, allocated and controller-owned fields, secret fields, and what
 * the system itself makes. Facts are data, each with its source; the functions over them are few and pure.
 *
 * This file gives the schemas of the built-in kinds. `data/v1.*.json` are generated (`npm run generate:kinds`) from what
 * API servers of two versions answer: `kinds` by `apiVersion/kind`, and `types`, each a {@link FieldSchema} whose parts may
 * be names: of another type, or of a scalar. A scalar with `?` is one whose zero value the API server does not write, so
 * that absence and `false`, `0` or `""` are the same thing. The newest version's file is whole; an older one's has what
 * differs: kinds and fields that it has otherwise, those that it `lacks`, and the `defaults` of types where they differ.
 * A kind's `immutable` places are those that the server was seen to refuse to change, and a type's `allocated` fields those
 * that it fills in with something that is not in the object: which address is free, who asked, what time it is.
 */

import type { ConditionalDefault, FieldSchema, ListSchema, SchemaSource } from "../core/schema.ts";
import older from "./data/v1.33.json" with { type: "json" };
import newest from "./data/v1.36.json" with { type: "json" };

/** A type as the files have it. */
interface TypeData {
  readonly type?: FieldSchema["type"];
  readonly list?: ListSchema;
  readonly atomic?: true;
  readonly defaults?: readonly ConditionalDefault[];
  /** Fields of the newest version's type. */
  readonly lacks?: readonly string[];
  readonly fields?: Readonly<Record<string, TypeData | string>>;
  readonly values?: TypeData | string;
  readonly items?: TypeData | string;
}

type Types = ReadonlyMap<string, TypeData | string>;

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

const NEWEST_TYPES: Types = new Map(Object.entries(newest.types as unknown as Readonly<Record<string, TypeData>>));
const OLDER_TYPES: Types = new Map(Object.entries(older.types as unknown as Readonly<Record<string, TypeData>>));

/**
 * The kinds that Kubernetes itself serves, at the newest version that is known; those that only an older one serves, too.
 * A kind's types are built when it is first asked for, and kept. A schema may contain itself (`JSONSchemaProps`): follow
 * it only as deep as a value goes.
 */
export const builtinSchemas: SchemaSource = createSource([NEWEST_TYPES, OLDER_TYPES]);

/** What the older version has, and nothing that came later; and the same with what came later, whenever that was. */
const OLDER_SCHEMAS: SchemaSource = createSource([OLDER_TYPES, NEWEST_TYPES], { exact: true });
const BETWEEN_SCHEMAS: SchemaSource = createSource([OLDER_TYPES, NEWEST_TYPES]);

/**
 * The kinds as a cluster of this version (`v1.33.4-gke.1`) serves them: by the nearest version that is known, and by the
 * newest where the cluster's is unknown.
 */
export function schemasFor(version: string | undefined): SchemaSource {
  const minor = minorOf(version ?? "") ?? Infinity;
  const [old, young] = [minorOf(older.kubernetes) ?? 0, minorOf(newest.kubernetes) ?? 0];
  if (minor <= old) return OLDER_SCHEMAS;
  return minor < (old + young) / 2 ? BETWEEN_SCHEMAS : builtinSchemas;
}

function minorOf(version: string): number | undefined {
  const minor = /^v?1\.(\d{1,4})(?!\d)/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** What the first layer says of a type goes before what the others say of it. */
function createSource(layers: readonly Types[], { exact = false }: { readonly exact?: boolean } = {}): SchemaSource {
  const kinds = new Map(
    [...Object.entries(older.kinds), ...Object.entries(newest.kinds)].map(([name, { type }]) => [name, type]),
  );
  const built = new Map<string, FieldSchema>(Object.entries(SCALARS));
  return {
    schemaOf(apiVersion, kind) {
      const type = kinds.get(`${apiVersion}/${kind}`);
      return type === undefined ? undefined : build(type, { layers, exact, built });
    },
  };
}

interface Library {
  readonly layers: readonly Types[];
  /** Without the fields that the first layer's version lacks. */
  readonly exact: boolean;
  readonly built: Map<string, FieldSchema>;
}

function typeNamed(name: string, { layers, exact }: Library): TypeData | string {
  const known = layers.map((types) => types.get(name)).filter((type) => type !== undefined);
  const [first = {}, second] = known;
  if (typeof first === "string" || second === undefined || typeof second === "string") return first;
  const lacks = exact ? (first.lacks ?? []) : [];
  const inherited = Object.entries(second.fields ?? {}).filter(([field]) => !lacks.includes(field));
  return { ...second, ...first, fields: { ...Object.fromEntries(inherited), ...first.fields } };
}

function build(name: string, library: Library): FieldSchema {
  const known = library.built.get(name);
  if (known !== undefined) return known;
  const type = typeNamed(name, library);
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
