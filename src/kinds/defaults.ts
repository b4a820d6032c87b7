/** What the API server fills in where a writer leaves a field out: looked up in the schema, or computed from other fields. */

import type { ConditionalDefault, FieldSchema } from "../core/schema.ts";
import { kindKey } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import { fieldOf, isList, isMap, setField } from "../core/value.ts";
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
  /** The whole object, as Git declares it. */
  readonly desired?: ValueMap;
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
  const field = schema?.fields !== undefined && Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
  return field?.default === undefined ? undefined : completed(field.default, field, { left: MAX_COMPLETED });
}

/** Places that are filled in within one default: no schema means more, and one could be made that never ends. */
const MAX_COMPLETED = 10_000;

/** A default with the defaults of its own parts, as the API server applies them from the outside in (structural schemas). */
function completed(value: Value, schema: FieldSchema, budget: { left: number }): Value {
  if (budget.left-- <= 0) return value;
  if (isList(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => completed(item, items, budget));
  }
  if (!isMap(value)) return value;
  const whole: Record<string, Value> = {};
  for (const name of Object.keys(value)) {
    const part =
      schema.fields !== undefined && Object.hasOwn(schema.fields, name) ? schema.fields[name] : schema.values;
    setField(whole, name, part === undefined ? (value[name] as Value) : completed(value[name] as Value, part, budget));
  }
  for (const [name, part] of Object.entries(schema.fields ?? {})) {
    if (part.default !== undefined && !Object.hasOwn(value, name)) {
      setField(whole, name, completed(part.default, part, budget));
    }
  }
  return whole;
}

function applies({ when = {}, kinds }: ConditionalDefault, { kind, parent }: DefaultQuery): boolean {
  if (kinds !== undefined && !kinds.includes(`${kind.apiVersion}/${kind.kind}`) && !kinds.includes(kindKey(kind)))
    return false;
  return Object.entries(when).every(([sibling, values]) => {
    const value = fieldOf(parent, sibling) ?? null;
    return !isMap(value) && !isList(value) && values.includes(value);
  });
}
