/**
 * `config` reads the two config files, holdfast's own YAML: the repository's, which says what is compared and
 * proposed, and the server operator's, which says what a repository may reach. Every problem has its line and column.
 *
 * This file turns text into a checked value, or into the list of what is wrong with it.
 */

import { z } from "zod";
import type { Fault, SourcePosition } from "../core/fault.ts";
import { field } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { lineStarts, positionOf } from "../yaml/locator.ts";
import { offsetOf } from "../yaml/source-find.ts";
import { sourceFinder } from "../yaml/source-finder.ts";
import { resolved, valueOfNode } from "../yaml/source-node.ts";
import type { SourceNode } from "../yaml/source-node.ts";
import { parseSource } from "../yaml/source.ts";
import type { SourceDocument } from "../yaml/source.ts";
import { nearest } from "./nearest.ts";

/** A config file is written by hand: one beyond this is not one. */
const MAX_CONFIG_CHARACTERS = 1024 * 1024;

type Steps = readonly PropertyKey[];

/** A text as its schema has it. */
export interface ReadDocument<Data> {
  readonly kind: "document";
  readonly data: Data;
  /** Where the key or list item that the steps lead to is written. */
  readonly placeOf: (steps: readonly (string | number)[]) => SourcePosition;
}

/** The text as `schema` has it, or every problem, in the order of the lines. An empty text is an empty map. */
export function readDocument<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
): ReadDocument<z.output<Schema>> | readonly Fault[] {
  const context = new ConfigText(text, file);
  const parsed = context.parse();
  if (Array.isArray(parsed)) return parsed;
  const { value, root } = parsed as Parsed;
  const result = schema.safeParse(value);
  if (result.success) return { kind: "document", data: result.data, placeOf: (steps) => context.at(root, steps) };
  const { issues } = result.error;
  // A check of a map as a whole says nothing while a key of it is misspelt.
  const misspelt = new Set(
    issues.filter(({ code }) => code === "unrecognized_keys").map(({ path }) => formatSteps(path)),
  );
  const told = issues.filter(({ code, path }) => code !== "custom" || !misspelt.has(formatSteps(path)));
  const faults = told.flatMap((issue) => issueFaults(context, root, value, schema, issue));
  return faults.toSorted((a, b) => order(a) - order(b));
}

interface Parsed {
  readonly value: Value;
  readonly root: SourceNode | undefined;
}

function order({ position }: Fault): number {
  return (position?.line ?? 0) * 100_000 + (position?.column ?? 0);
}

class ConfigText {
  readonly file: string;
  readonly #text: string;
  readonly #lines: readonly number[];
  readonly #finder = sourceFinder();

  constructor(text: string, file: string) {
    this.file = file;
    this.#text = text;
    this.#lines = lineStarts(text);
  }

  parse(): Parsed | readonly Fault[] {
    if (this.#text.length > MAX_CONFIG_CHARACTERS)
      return [this.fault(0, "the file is larger than 1 MiB", "shorten it")];
    const filled = parseSource(this.#text).documents.filter((document) => !isEmpty(document));
    const [first, second] = filled;
    if (second !== undefined) {
      return [this.fault(second.start, "a second YAML document", "keep one document in the file")];
    }
    if (first === undefined) return { value: {}, root: undefined };
    const { root, problems } = first.parse();
    const problem = problems.find(({ code }) => BAD.has(code));
    if (problem !== undefined) {
      const remedy = problem.code === "duplicate-key" ? "keep one of the two keys" : "correct the YAML";
      return [this.fault(problem.offset, firstLine(problem.message), remedy)];
    }
    if (root === undefined) return { value: {}, root };
    const value = valueOfNode(root);
    if (value === undefined)
      return [this.fault(first.start, "aliases that expand beyond any use", "write the values out")];
    if (!isMap(value))
      return [this.fault(root.start, "the file must hold a map of settings", "see docs/configuration.md")];
    return { value, root };
  }

  /** The position of the key that the steps lead to, or of the nearest parent that is written. */
  at(root: SourceNode | undefined, steps: Steps): SourcePosition {
    const map = root === undefined ? undefined : resolved(root);
    if (map?.kind !== "map") return positionOf(this.#lines, this.file, 0);
    return positionOf(this.#lines, this.file, offsetOf(map, pathOf(steps), this.#finder));
  }

  fault(where: number | SourcePosition, message: string, remedy: string): Fault {
    return {
      kind: "fault",
      code: "config-invalid",
      about: this.file,
      message,
      remedy,
      position: typeof where === "number" ? positionOf(this.#lines, this.file, where) : where,
      leavesUnknown: "declared",
    };
  }
}

/** What keeps a document from having one meaning; the other problems concern edits. */
const BAD: ReadonlySet<string> = new Set(["duplicate-key", "syntax", "too-deep"]);

function isEmpty(document: SourceDocument): boolean {
  const { root, problems } = document.parse();
  return problems.length === 0 && (root === undefined || (root.kind === "scalar" && root.value === null));
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] as string;
}

function pathOf(steps: Steps): FieldPath {
  return steps.map((step) => (typeof step === "number" ? { kind: "index", index: step } : field(String(step))));
}

function formatSteps(steps: Steps): string {
  return steps
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .replace(/^\./, "");
}

function issueFaults(
  context: ConfigText,
  root: SourceNode | undefined,
  value: Value,
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
): readonly Fault[] {
  const at = context.at(root, issue.path);
  const name = formatSteps(issue.path);
  const shown = name === "" ? "the file" : name;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const known = keysAt(schema, issue.path);
        const place = context.at(root, [...issue.path, key]);
        return context.fault(
          place,
          `unknown key ${JSON.stringify(key)}${name === "" ? "" : ` in ${name}`}`,
          suggest(key, known),
        );
      });
    case "invalid_type":
      if (valueAt(value, issue.path) === undefined) {
        return [context.fault(at, `${shown} is missing`, `write ${shown.split(".").at(-1)}, which has no default`)];
      }
      return [context.fault(at, `${shown} must be ${typeName(issue.expected)}`, typeRemedy(issue.expected))];
    case "invalid_value": {
      const values = issue.values.map(String);
      const written = valueAt(value, issue.path);
      const message = `${shown} must be ${values.map((one) => JSON.stringify(one)).join(" or ")}`;
      return [context.fault(at, message, typeof written === "string" ? suggest(written, values) : "correct its value")];
    }
    case "invalid_union":
      return unionFaults(context, root, value, schema, issue);
    case "invalid_key":
      return [context.fault(at, `${shown} is no name`, "use letters, digits and any of - _ . @ : / between them")];
    case "custom":
      return [context.fault(at, `${shown} ${issue.message}`, remedyOf(issue))];
    case "too_big":
    case "too_small": {
      const bound = issue.code === "too_big" ? `at most ${issue.maximum}` : `at least ${issue.minimum}`;
      const unit = issue.origin === "string" ? " characters" : issue.origin === "array" ? " entries" : "";
      return [context.fault(at, `${shown} must be ${bound}${unit}`, "correct its value")];
    }
    default:
      return [context.fault(at, `${shown} is not valid`, "correct its value")];
  }
}

/** Of the alternatives, the one that the value came nearest to: whose problem lies within the value. */
function unionFaults(
  context: ConfigText,
  root: SourceNode | undefined,
  value: Value,
  schema: z.ZodType,
  issue: z.core.$ZodIssueInvalidUnion,
): readonly Fault[] {
  const inner = issue.errors.find((issues) => issues.some(({ path, code }) => path.length > 0 || code === "custom"));
  if (inner !== undefined) {
    const whole = inner.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
    return whole.flatMap((one) => issueFaults(context, root, value, schema, one));
  }
  const shown = formatSteps(issue.path);
  const missing = valueAt(value, issue.path) === undefined;
  const message = missing ? `${shown} is missing` : `${shown} ${issue.message}`;
  return [context.fault(context.at(root, issue.path), message, "see docs/configuration.md")];
}

/** A check of our own may say how to mend what it found: `params.remedy`. */
function remedyOf(issue: z.core.$ZodIssue): string {
  const remedy: unknown = issue.code === "custom" ? issue.params?.["remedy"] : undefined;
  return typeof remedy === "string" ? remedy : "correct its value";
}

function suggest(written: string, known: readonly string[]): string {
  const closest = nearest(written, known);
  if (closest !== undefined) return `did you mean ${JSON.stringify(closest)}?`;
  return known.length === 0 ? "remove it" : `remove it; known are ${known.join(", ")}`;
}

/** Kubernetes' YAML takes more for booleans and numbers than people expect: `y`, `on`, `1e3`. */
function typeRemedy(expected: string): string {
  if (expected === "string") return "put it in quotes";
  return expected === "array" || expected === "tuple" ? "write it as a list: [first, second]" : "correct its value";
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    array: "a list",
    tuple: "a list",
    object: "a map",
    record: "a map",
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
  };
  return names[expected] ?? expected;
}

function valueAt(value: Value, steps: Steps): Value | undefined {
  let current: Value | undefined = value;
  for (const step of steps) {
    if (isList(current)) current = current[Number(step)];
    else if (isMap(current)) current = Object.hasOwn(current, String(step)) ? current[String(step)] : undefined;
    else return undefined;
  }
  return current;
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.ZodType, steps: Steps): readonly string[] {
  let current = unwrap(schema);
  for (const step of steps) {
    if (current instanceof z.ZodObject) current = unwrap(current.shape[String(step)] as z.ZodType | undefined);
    else if (current instanceof z.ZodArray) current = unwrap(current.element as z.ZodType);
    else if (current instanceof z.ZodRecord) current = unwrap(current.valueType as z.ZodType);
    else return [];
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape) : [];
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema;
  while (current instanceof z.ZodOptional || current instanceof z.ZodDefault || current instanceof z.ZodPrefault) {
    current = current.unwrap() as z.ZodType;
  }
  return current;
}
