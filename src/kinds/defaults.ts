/** What the API server fills in where a writer leaves a field out: looked up in the schema, or computed from other fields. */

import type { ConditionalDefault, FieldSchema } from "../core/schema.ts";
import { kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { fieldOf, isList, isMap } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { computedDefault } from "./computed-defaults.ts";

export interface DefaultQuery {
  readonly kind: KindRef;
  /** Field names from the root to the field itself, list items left out. */
  readonly names: readonly string[];
  /** The map that holds the field, as it is with the field there. */
  readonly parent: ValueMap;
  /** The whole object. */
  readonly root: ValueMap;
  /** What Git declares in the place of `parent`; absent where it declares nothing there. */
  readonly declared?: ValueMap;
  /** Of `parent`. */
  readonly schema: FieldSchema | undefined;
}

/** The value that would be there again, were the field taken away from `parent`; `undefined` where none would. */
export function serverDefault(query: DefaultQuery): Value | undefined {
  const name = query.names.at(-1) ?? "";
  const computed = computedDefault(query);
  if (computed !== undefined) return computed;
  const { schema } = query;
  const conditional = schema?.defaults?.find((rule) => rule.field === name && applies(rule, query));
  if (conditional !== undefined) return conditional.value;
  return schema?.fields !== undefined && Object.hasOwn(schema.fields, name) ? schema.fields[name]?.default : undefined;
}

function applies({ when = {}, kinds }: ConditionalDefault, { kind, parent }: DefaultQuery): boolean {
  if (kinds !== undefined && !kinds.includes(`${kind.apiVersion}/${kind.kind}`) && !kinds.includes(kindKey(kind)))
    return false;
  return Object.entries(when).every(([sibling, values]) => {
    const value = fieldOf(parent, sibling) ?? null;
    return !isMap(value) && !isList(value) && values.includes(value);
  });
}
