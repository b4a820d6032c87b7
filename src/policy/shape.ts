/** Checks a document against the fields that it may have; each problem names its path, so that a line can be shown. */

import { field } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { fieldOf, isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";

export type Shape =
  | { readonly kind: "any" }
  | { readonly kind: "text"; readonly oneOf?: readonly string[] }
  | { readonly kind: "object" }
  | { readonly kind: "list"; readonly of: Shape; readonly nonEmpty?: true }
  | {
      readonly kind: "fields";
      readonly fields: Readonly<Record<string, Shape>>;
      readonly required?: readonly string[];
    };

export interface Problem {
  readonly path: FieldPath;
  readonly message: string;
}

export const ANY: Shape = { kind: "any" };
export const TEXT: Shape = { kind: "text" };
export const OBJECT: Shape = { kind: "object" };
export const TEXTS: Shape = { kind: "list", of: TEXT };

/** Every way in which the value is not of that shape; a field that is null counts as absent. */
export function checkShape(value: Value, shape: Shape, path: FieldPath = []): readonly Problem[] {
  switch (shape.kind) {
    case "any":
      return [];
    case "text":
      return checkText(value, shape.oneOf, path);
    case "object":
      return isMap(value) ? [] : [{ path, message: "must be a map" }];
    case "list":
      return checkList(value, shape, path);
    case "fields":
      return checkFields(value, shape, path);
  }
}

function checkText(value: Value, oneOf: readonly string[] | undefined, path: FieldPath): readonly Problem[] {
  if (typeof value !== "string") return [{ path, message: "must be text" }];
  if (oneOf === undefined || oneOf.includes(value)) return [];
  return [{ path, message: `must be one of ${oneOf.join(", ")}` }];
}

function checkList(value: Value, shape: Shape & { kind: "list" }, path: FieldPath): readonly Problem[] {
  if (!isList(value)) return [{ path, message: "must be a list" }];
  if (shape.nonEmpty && value.length === 0) return [{ path, message: "must not be empty" }];
  return value.flatMap((item, index) => checkShape(item, shape.of, [...path, { kind: "index", index }]));
}

function checkFields(value: Value, shape: Shape & { kind: "fields" }, path: FieldPath): readonly Problem[] {
  if (!isMap(value)) return [{ path, message: "must be a map" }];
  const missing = (shape.required ?? [])
    .filter((name) => (fieldOf(value, name) ?? null) === null)
    .map((name) => ({ path, message: `lacks ${name}` }));
  const wrong = Object.keys(value).flatMap((name) => {
    const at = [...path, field(name)];
    if (!Object.hasOwn(shape.fields, name)) return [{ path: at, message: `unknown field ${JSON.stringify(name)}` }];
    const found = value[name] as Value;
    return found === null ? [] : checkShape(found, shape.fields[name] as Shape, at);
  });
  return [...missing, ...wrong];
}
