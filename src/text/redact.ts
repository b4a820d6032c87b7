/**
 * Takes secrets out of what is shown or kept, before anything is posted: forges keep the history of what was edited.
 * Errs on the side of taking too much.
 */

import { NOT_KNOWN } from "../core/drift.ts";
import type { Change } from "../core/drift.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { isList, isMap, setField, textOf } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";
import { digestKeyId } from "./digest.ts";
import type { Digester } from "./digest.ts";
import { SECRET_TEXTS, sensitiveName } from "./secret-patterns.ts";

const REDACTED = "[redacted]";

/** Whether a secret stands in the text: a known kind of token, a private key, a password in a URL or beside its name. */
export function sensitiveText(text: string): boolean {
  return SECRET_TEXTS.some((pattern) => text.search(pattern) >= 0);
}

/** The text with `[redacted]` in the place of each secret in it. Redacting it again changes nothing. */
export function redactText(text: string): string {
  let redacted = text;
  for (const pattern of SECRET_TEXTS) redacted = redacted.replace(pattern, keepNames);
  return redacted;
}

/** The last argument of a replacer is the named groups, where the pattern has some. */
function keepNames(...match: readonly unknown[]): string {
  const groups = match.at(-1);
  const keep = typeof groups === "object" && groups !== null ? (groups as { keep?: string }).keep : undefined;
  return `${keep ?? ""}${REDACTED}`;
}

export interface RedactChange {
  readonly change: Change;
  /** The object that changes. */
  readonly ref: ObjectRef;
  readonly digester: Digester;
}

/**
 * The change with digests in the place of secret values, and `sensitive` where there are any: what a Secret holds, what is
 * called like a secret (environment variables, annotations, keys of ConfigMaps, fields, arguments behind a flag), what
 * looks like one, and what kubectl noted as applied. Nested values are looked through: a container that was added has its
 * environment in it. A secret in the path (a set's value, a key) is a digest there, too.
 */
export function redactChange({ change, ref, digester }: RedactChange): Change {
  const ofSecret = ref.kind === "Secret" && groupOf(ref.apiVersion) === "";
  const context = { ...contextOf(change.path, ofSecret), digester };
  const { desired, shown, live, deployed, path, ...rest } = change;
  const steps = path.map((step) => redactStep(step, digester));
  const sides = Object.entries({ desired, shown, live, deployed })
    .filter((side): side is [string, Value] => side[1] !== undefined)
    .map(([side, value]) => [side, walk(value, context)] as const);
  const touched = sides.some(([, { touched: here }]) => here) || steps.some((step, depth) => step !== path[depth]);
  return {
    ...rest,
    path: touched ? steps : path,
    ...Object.fromEntries(sides.map(([side, { value }]) => [side, value])),
    ...(touched ? { sensitive: true } : {}),
  };
}

/** Shorter ones are found everywhere, and taking them out would tell nothing. */
const SHORTEST_VALUE = 3;

/** Takes out of texts about these objects what {@link redactChange} takes out of their values, and what looks like a secret. */
export function textRedactor(
  objects: readonly { readonly ref: ObjectRef; readonly value: Value }[],
): (text: string) => string {
  const found = new Set<string>();
  const digest = (data: Uint8Array | string): string => {
    if (typeof data === "string" && data.length >= SHORTEST_VALUE) found.add(data);
    return "";
  };
  for (const { ref, value } of objects) {
    const ofSecret = ref.kind === "Secret" && groupOf(ref.apiVersion) === "";
    walk(value, { ...contextOf([], ofSecret), digester: { keyId: "", digest } });
  }
  // The longest first: one may be part of another.
  const values = [...found].toSorted((a, b) => b.length - a.length);
  return (text) => redactText(values.reduce((rest, value) => rest.replaceAll(value, REDACTED), text));
}

/** A secret in a path: a set's value, an item's key, the key of a map. */
function redactStep(step: PathStep, digester: Digester): PathStep {
  switch (step.kind) {
    case "field":
      return sensitiveText(step.name) ? { ...step, name: digester.digest(step.name) } : step;
    case "value":
      return isSecretText(step.value) ? { ...step, value: digester.digest(step.value) } : step;
    case "key": {
      if (!Object.values(step.keys).some(isSecretText)) return step;
      const keys: Record<string, Value> = {};
      for (const [name, value] of Object.entries(step.keys))
        setField(keys, name, isSecretText(value) ? digester.digest(value) : value);
      return { ...step, keys: keys as Readonly<Record<string, Scalar>> };
    }
    case "index":
      return step;
  }
}

function isSecretText(value: Scalar): value is string {
  return typeof value === "string" && sensitiveText(value);
}

/** What is known of the place that a value stands in. */
interface Context {
  readonly digester: Digester;
  /** Everything here is secret. */
  readonly secret: boolean;
  /** What the value is called. */
  readonly name: string | undefined;
  /** The object is a Secret, and this is its top level. */
  readonly topOfSecret: boolean;
}

interface Walked {
  readonly value: Value;
  readonly touched: boolean;
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function isSecretField(name: string, topOfSecret: boolean): boolean {
  return name === LAST_APPLIED || (topOfSecret && (name === "data" || name === "stringData"));
}

function contextOf(path: FieldPath, ofSecret: boolean): Omit<Context, "digester"> {
  let name: string | undefined;
  let secret = false;
  let item: string | undefined;
  for (const [depth, step] of path.entries()) {
    if (step.kind === "field") {
      secret ||= isSecretField(step.name, ofSecret && depth === 0);
      // `env[name="X"].value` is called X; without its name it may be anything.
      if (step.name === "value" && item !== undefined) name = item;
      else name = step.name;
      item = undefined;
    } else if (step.kind === "key") {
      const called = Object.hasOwn(step.keys, "name") ? step.keys["name"] : undefined;
      item = typeof called === "string" ? called : undefined;
    } else if (step.kind === "index" && name === "env") {
      item = "secret";
    }
  }
  return { secret, name, topOfSecret: ofSecret && path.length === 0 };
}

function walk(value: Value, context: Context): Walked {
  if (isMap(value)) return walkMap(value, context);
  if (isList(value)) return walkList(value, context);
  return isSensitive(value, context) ? digested(value, context.digester) : { value, touched: false };
}

function isSensitive(value: Scalar, { secret, name }: Context): boolean {
  if (value === null || value === "" || value === NOT_KNOWN) return false;
  if (secret) return true;
  if (typeof value !== "string") return false;
  const named = name !== undefined && value !== "true" && value !== "false" && sensitiveName(name);
  return named || digestKeyId(value) !== undefined || sensitiveText(value);
}

/** What is a digest already stays as it is. */
function digested(value: Scalar, digester: Digester): Walked {
  const text = String(value);
  return { value: digestKeyId(text) === undefined ? digester.digest(text) : text, touched: true };
}

function walkMap(map: ValueMap, context: Context): Walked {
  const called = textOf(map, "name");
  const copy: Record<string, Value> = {};
  let touched = false;
  for (const key of Object.keys(map)) {
    const walked = walk(map[key] as Value, {
      digester: context.digester,
      secret: context.secret || isSecretField(key, context.topOfSecret),
      name: key === "value" ? (called ?? key) : key,
      topOfSecret: false,
    });
    setField(copy, key, walked.value);
    touched ||= walked.touched;
  }
  return touched ? { value: copy, touched } : { value: map, touched };
}

/** An argument behind a flag is called like the flag: `["--password", "x"]`. */
function walkList(list: readonly Value[], context: Context): Walked {
  const items = list.map((item, index) => {
    const before = list[index - 1];
    const flag = typeof before === "string" && /^--?[A-Za-z][\w.-]*$/.test(before) ? before : undefined;
    return walk(item, { ...context, topOfSecret: false, name: flag ?? context.name });
  });
  const touched = items.some((item) => item.touched);
  return touched ? { value: items.map((item) => item.value), touched } : { value: list, touched };
}
