/**
 * Proves that a line gives a field, knowing nothing of how it was found: the text of the line is another one, and what is
 * rendered then is compared with what was rendered before.
 */

import type { FieldSource } from "../../src/core/drift.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import { refKey } from "../../src/core/refs.ts";
import { isList, isMap } from "../../src/core/value.ts";
import type { Scalar, Value } from "../../src/core/value.ts";

export interface Leaf {
  readonly object: DesiredObject;
  /** As a path of names and positions. */
  readonly place: readonly (string | number)[];
  readonly value: Scalar;
}

/** Every scalar of the object. */
export function leavesOf(object: DesiredObject): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (value: Value, place: readonly (string | number)[]): void => {
    if (isList(value)) for (const [index, item] of value.entries()) walk(item, [...place, index]);
    else if (isMap(value)) for (const name of Object.keys(value)) walk(value[name] as Value, [...place, name]);
    else leaves.push({ object, place, value });
  };
  walk(object.value, []);
  return leaves;
}

export interface Compared {
  /** The field itself is another one. */
  readonly field: boolean;
  readonly others: readonly string[];
}

/**
 * Where something of what the object itself deploys comes or goes, none of that is counted: it may come from somewhere else
 * then. Nor are suffixes that kustomize makes of contents, and sums that charts make of what they render.
 */
export function comparedAt(leaf: Leaf, before: readonly DesiredObject[], after: readonly DesiredObject[]): Compared {
  const deployed = (objects: readonly DesiredObject[]): ReadonlySet<DesiredObject> =>
    new Set(
      objects.filter(
        (object) => refKey(object.ref) !== refKey(leaf.object.ref) && isDeployedBy(object, leaf.object, objects),
      ),
    );
  const [then, since] = [deployed(before), deployed(after)];
  const asBefore = sameKeys(placed([...then]), placed([...since]));
  const own = placed(asBefore ? before : before.filter((object) => !then.has(object)));
  const now = placed(asBefore ? after : after.filter((object) => !since.has(object)));
  const at = keyOf(leaf);
  const others = [...new Set([...own.keys(), ...now.keys()])].filter(
    (key) => key !== at && !same(own.get(key), now.get(key)) && !isSum(key, own.get(key)),
  );
  return { field: now.has(at) && !same(own.get(at), now.get(at)), others };
}

function isDeployedBy(object: DesiredObject, deployer: DesiredObject, all: readonly DesiredObject[]): boolean {
  let current: DesiredObject | undefined = object;
  for (let depth = 0; depth < 8 && current?.deployer !== undefined; depth++) {
    const key = refKey(current.deployer);
    if (key === refKey(deployer.ref)) return true;
    current = all.find(({ ref }) => refKey(ref) === key);
  }
  return false;
}

function sameKeys(a: ReadonlyMap<string, Scalar>, b: ReadonlyMap<string, Scalar>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

function placed(objects: readonly DesiredObject[]): ReadonlyMap<string, Scalar> {
  return new Map(objects.flatMap((object) => leavesOf(object).map((leaf) => [keyOf(leaf), leaf.value] as const)));
}

function keyOf({ object, place }: Leaf): string {
  return `${stable(refKey(object.ref))}\0${place.map((step) => JSON.stringify(step)).join(".")}`;
}

function stable(text: string): string {
  return text.replace(/-[2456789bcdfghkmt]{10}$/, "");
}

function same(a: Scalar | undefined, b: Scalar | undefined): boolean {
  return (
    a === b || (typeof a === "string" && typeof b === "string" && a.length === b.length && stable(a) === stable(b))
  );
}

function isSum(key: string, value: Scalar | undefined): boolean {
  return typeof value === "string" && /checksum/i.test(key) && /^[0-9a-f]{40,}$/.test(value);
}

/** The file with another text on the line; `undefined` where it is not clear which text of the line it is. */
export function editedLine(text: string, source: FieldSource, leaf: Leaf): string | undefined {
  const lines = text.split("\n");
  const { line } = source;
  const written = lines[line - 1] ?? "";
  if (source.computed === true) {
    const replaced = withoutAction(written, leaf);
    if (replaced === undefined) return undefined;
    lines[line - 1] = replaced;
    return lines.join("\n");
  }
  // A text that begins on this line, and goes on below.
  const block = /[|>][+-]?\d?\s*$/.test(written) && !/^\s*#/.test(written);
  if (block || (typeof leaf.value === "string" && leaf.value.includes("\n"))) {
    const at = block ? line : line - 1;
    const next = lines.findIndex((one, index) => index >= at && /[A-Za-z]/.test(one));
    if (next < 0) return undefined;
    lines[next] = (lines[next] as string).replace(/[A-Za-z](?=[^A-Za-z]*$)/, (one) => (one === "x" ? "y" : "x"));
    return lines.join("\n");
  }
  const edited = editedText(written, source, leaf.value);
  if (edited === undefined) return undefined;
  lines[line - 1] = edited;
  return lines.join("\n");
}

/** With a text in the place of what is worked out: of the first action behind the field's name, or the first one. */
function withoutAction(written: string, { place, value }: Leaf): string | undefined {
  const key = place.findLast((step) => typeof step === "string") ?? "";
  const after = Math.max(0, written.indexOf(`${key}:`));
  const action = /\{\{(-?)((?:"[^"]*"|[^"}])*?)(\|\s*(?:quote|b64enc|n?indent \d+)\s*)*(-?)\}\}/.exec(
    written.slice(after),
  );
  if (action === null) return undefined;
  const [whole, left = "", , kept = "", right = ""] = action;
  const hidden = typeof value === "string" && value.startsWith("hmac-sha256:");
  const text = hidden ? (kept.includes("b64enc") ? "other" : "b3RoZXI=") : otherThan(String(value));
  const at = after + action.index;
  const other = `{{${left} ${JSON.stringify(text)} ${kept}${right}}}`;
  return `${written.slice(0, at)}${other}${written.slice(at + whole.length)}`;
}

function editedText(written: string, { path }: FieldSource, value: Scalar): string | undefined {
  // In the place of a variable, and of an alias stands a value of its own.
  const alias = /^(\s*(?:- )?[^\s:]+: )["']?(?:\*[A-Za-z0-9_-]+|\$\{[A-Z_]+\}[^\s]*)\s*$/.exec(written);
  if (alias !== null) return `${alias[1]}${JSON.stringify(typeof value === "string" ? otherThan(value) : value)}`;
  const key = path === undefined ? undefined : /([A-Za-z0-9_-]+)"?(?:\[\d+\])*\]?$/.exec(path)?.[1];
  const after = key === undefined ? -1 : written.indexOf(`${key}:`);
  // From the key on, where the line has several of them.
  const start = after < 0 || key === undefined ? 0 : after + key.length + 1;
  const [head, tail] = [written.slice(0, start), written.slice(start)];
  const texts = typeof value === "string" && value.startsWith("hmac-sha256:") ? [] : textsOf(value);
  for (const text of [...texts, ...writtenIn(tail, texts)]) {
    const at = wordAt(tail, text);
    if (at !== undefined) return `${head}${tail.slice(0, at)}${otherThan(text)}${tail.slice(at + text.length)}`;
  }
  if (texts.length > 0) return undefined;
  // Of what is hidden: its first letter, and of a literal the last one.
  if (after < 0) return changedAt(written, /[A-Za-z0-9](?=[^A-Za-z0-9]*$)/);
  const other = changedAt(tail, /[A-Za-z0-9]/);
  return other === undefined ? undefined : `${head}${other}`;
}

function changedAt(text: string, pattern: RegExp): string | undefined {
  return pattern.test(text) ? text.replace(pattern, (one) => (one === "A" ? "B" : "A")) : undefined;
}

/** The value as it may be written: whole, and then words of it, the longest and the last ones first. */
function textsOf(value: Scalar): readonly string[] {
  const text = String(value);
  const words = text.split(/[\s:@,;=/"']+/).filter((word) => word.length > 0);
  return [text, ...words.toReversed()];
}

/** What stands on the line, as a part of the value: of `web-1.2.3` the version. */
function writtenIn(tail: string, texts: readonly string[]): readonly string[] {
  return tail.split(/[\s"',]+/).filter((word) => word.length > 1 && texts.some((text) => text.includes(word)));
}

function wordAt(text: string, word: string): number | undefined {
  // Beside it a template has names of its own: what is in quotes is a value.
  const quoted = text.includes("{{") ? text.indexOf(`"${word}"`) : -1;
  if (quoted >= 0) return quoted + 1;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/[A-Za-z0-9_]/.test(text[at - 1] ?? " ") && !/[A-Za-z0-9_]/.test(text[at + word.length] ?? " ")) return at;
  }
  return undefined;
}

/** Another value of the same type. */
function otherThan(text: string): string {
  if (text === "true") return "false";
  if (text === "false") return "true";
  if (/^[0-9a-f]{64}$/.test(text)) return text.replace(/^./, (one) => (one === "a" ? "b" : "a"));
  if (/^\d+$/.test(text)) return String(Number(text) + 1);
  const number = /\d+/.exec(text)?.[0];
  return number === undefined || /^[a-z]+:\/\//.test(text)
    ? `${text}x`
    : text.replace(number, String(Number(number) + 1));
}
