/** Parameters of ApplicationSets: sets of values that templates are filled with. */

import { fieldOf, isList, isMap, setField, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { listAt } from "./objects.ts";

/** As Go prints it (`%v`): numbers are floating-point ones, with an exponent beyond a million. */
export function printed(value: Value): string {
  if (value === null) return "<nil>";
  if (typeof value === "number") return printedNumber(value);
  if (typeof value === "bigint") return printedNumber(Number(value));
  if (isList(value)) return `[${value.map(printed).join(" ")}]`;
  if (isMap(value)) {
    const fields = Object.keys(value).toSorted();
    return `map[${fields.map((name) => `${name}:${printed(value[name] as Value)}`).join(" ")}]`;
  }
  return String(value);
}

function printedNumber(value: number): string {
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (!Number.isFinite(value) || value === 0 || (power >= -4 && power < 6)) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** One level of names, `a.b.0`: lists and maps without content are left out. */
export function flattened(value: ValueMap): ReadonlyMap<string, Value> {
  const flat = new Map<string, Value>();
  const walk = (one: Value, name: string): void => {
    if (isMap(one)) for (const [key, inner] of Object.entries(one)) walk(inner, name === "" ? key : `${name}.${key}`);
    else if (isList(one)) for (const [index, inner] of one.entries()) walk(inner, `${name}.${index}`);
    else flat.set(name, one);
  };
  walk(value, "");
  return flat;
}

/** The second over the first, map by map; nothing empty takes the place of something. */
export function mergedOver(value: ValueMap, over: ValueMap): ValueMap {
  const merged: Record<string, Value> = { ...value };
  for (const [name, next] of Object.entries(over)) {
    const own = fieldOf(value, name);
    if (isMap(own) && isMap(next)) setField(merged, name, mergedOver(own, next));
    else if (own === undefined || !isEmpty(next)) setField(merged, name, next);
  }
  return merged;
}

/** The first, filled up by the second where it has nothing. */
export function filledBy(value: ValueMap, base: ValueMap): ValueMap {
  const filled: Record<string, Value> = { ...value };
  for (const [name, next] of Object.entries(base)) {
    const own = fieldOf(value, name);
    if (isMap(own) && isMap(next)) setField(filled, name, filledBy(own, next));
    else if (own === undefined || isEmpty(own)) setField(filled, name, next);
  }
  return filled;
}

function isEmpty(value: Value): boolean {
  if (isList(value)) return value.length === 0;
  if (isMap(value)) return Object.keys(value).length === 0;
  return value === null || value === "" || value === 0 || value === false;
}

/** argo-cd `applicationset/utils`, SanitizeName. */
export function normalized(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^-a-z0-9.]/gu, "-")
    .slice(0, 253)
    .replaceAll(/^[-.]+|[-.]+$/g, "");
}

/** A label selector over the flat parameters; `undefined` where it is none that Kubernetes takes. */
export function selectorOf(selector: Value | undefined): ((params: ValueMap) => boolean) | undefined {
  if (selector === undefined || selector === null) return () => true;
  const labels = fieldOf(selector, "matchLabels");
  const wanted = Object.entries(isMap(labels) ? labels : {});
  const expressions = listAt(selector, "matchExpressions");
  const known = expressions.every((one) => OPERATORS.has(textOf(one, "operator") ?? ""));
  if (!isMap(selector) || !known) return undefined;
  return (params) => {
    const flat = new Map([...flattened(params)].map(([name, value]) => [name, printed(value)]));
    return (
      wanted.every(([name, value]) => flat.get(name) === value) && expressions.every((one) => isSelected(flat, one))
    );
  };
}

const OPERATORS: ReadonlySet<string> = new Set(["In", "NotIn", "Exists", "DoesNotExist"]);

function isSelected(flat: ReadonlyMap<string, string>, expression: Value): boolean {
  const value = flat.get(textOf(expression, "key") ?? "");
  switch (textOf(expression, "operator")) {
    case "In":
      return value !== undefined && listAt(expression, "values").includes(value);
    case "NotIn":
      return value === undefined || !listAt(expression, "values").includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}
