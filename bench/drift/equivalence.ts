// Semantically equal rewrites of what Git says: none of them is drift. Where the rewriting is not known to be equal by its
// kind, the server says so: what it would create of both is the same.

import { formatPath } from "../../src/core/path.ts";
import { changesOf } from "../../src/core/drift.ts";
import { formatRef } from "../../src/core/refs.ts";
import { fieldOf, isList, isMap, textOf, withField } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { asMap, base64, pathOf } from "./api.ts";
import { storedChanges } from "./expected.ts";
import { isOneValue, itemsOf, listKindOf, propertiesOf, propertyOf } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { read } from "./stage.ts";
import type { Stage, Subject } from "./stage.ts";
import { nameOf } from "./ways.ts";

export interface Rewrite {
  readonly what: string;
  readonly value: ValueMap;
  /** Equal only if the server says so. */
  readonly asks: boolean;
}

/** Written by the API server into each object anew: what it would create of two equal texts differs in them. */
const ALLOCATED: ReadonlySet<string> = new Set(["clusterIP", "clusterIPs", "healthCheckNodePort", "nodePort"]);

/** A rewriting that was drift, one line each; `same`: how many were not. */
export async function measureEquivalence(
  stage: Stage,
  chosen: (index: number) => boolean,
): Promise<{ readonly same: number; readonly wrong: readonly string[] }> {
  const wrong: string[] = [];
  let [same, index] = [0, 0];
  for (const subject of stage.subjects) {
    const live = await read(stage, subject);
    if (live === undefined) continue;
    const was = await wordings(stage, subject, subject.file.value, live);
    for (const rewrite of rewritesOf(subject, live)) {
      if (rewrite.asks && !chosen(index++)) continue;
      if (rewrite.asks && !(await isEqual(stage, subject, rewrite.value))) continue;
      const now = await wordings(stage, subject, rewrite.value, live);
      const more = [...now].filter((one) => !was.has(one));
      if (more.length === 0) same++;
      else
        wrong.push(`${subject.way} ${formatRef(subject.desired.ref)}, ${rewrite.what}: ${more.slice(0, 5).join("; ")}`);
    }
  }
  return { same, wrong };
}

async function wordings(stage: Stage, subject: Subject, value: ValueMap, live: ValueMap): Promise<ReadonlySet<string>> {
  const { drifts, unknown } = await stage.compareWith(subject, value, live);
  const changes = drifts.flatMap(({ drift }) => changesOf(drift));
  return new Set([
    ...changes.map(({ operation, path }) => `${operation} ${formatPath(path)}`),
    ...(unknown > 0 ? ["unknown"] : []),
  ]);
}

function rewritesOf({ file: { value }, schema }: Subject, live: ValueMap): readonly Rewrite[] {
  return [
    known(
      "keys in another order",
      mapped(value, schema, (one) => (isMap(one) ? Object.fromEntries(Object.entries(one).toReversed()) : one)),
    ),
    known(
      "keyed lists in another order",
      mapped(value, schema, (one, at) => (isList(one) && listKindOf(at).kind !== "atomic" ? one.toReversed() : one)),
    ),
    known(
      "quantities otherwise",
      mapped(value, schema, (one, at) => (at?.name === "Quantity" ? otherwise(one) : one)),
    ),
    known("all that is live written out", writtenOut(value, live)),
    ...[...filledIn(value, live, schema)].map(([path, next]) => ({
      what: `${path} as live has it`,
      value: next,
      asks: true,
    })),
    ...secretRewrites(value),
    ...[...empties(value, schema)].map(([path, next]) => ({ what: path, value: next, asks: true })),
  ];
}

function known(what: string, next: Value): Rewrite {
  return { what, value: asMap(next), asks: false };
}

type Change = (value: Value, schema: Schema | undefined) => Value;

/** Each value changed, inner ones first. */
function mapped(value: Value, schema: Schema | undefined, change: Change): Value {
  if (isList(value))
    return change(
      value.map((item) => mapped(item, itemsOf(schema), change)),
      schema,
    );
  if (!isMap(value)) return change(value, schema);
  const inner = Object.entries(value).map(
    ([name, one]) => [name, mapped(one, propertyOf(schema, name), change)] as const,
  );
  return change(Object.fromEntries(inner), schema);
}

const BINARY = ["", "Ki", "Mi", "Gi"];

function otherwise(value: Value): Value {
  const match = /^(\d+)(m|Ki|Mi|Gi)?$/.exec(typeof value === "number" || typeof value === "string" ? `${value}` : "");
  if (match === null) return value;
  const [amount, unit = ""] = [Number(match[1]), match[2]];
  if (unit === "m") return String(amount / 1000);
  const at = BINARY.indexOf(unit);
  return at > 0 ? `${amount * 1024}${BINARY[at - 1]}` : `${amount * 1000}m`;
}

/** As `kubectl get -o yaml` prints it, less what is the server's own. */
function writtenOut(git: ValueMap, live: ValueMap): ValueMap {
  const { status: _status, ...rest } = live;
  const { labels, annotations, finalizers } = asMap(live["metadata"]);
  const metadata = {
    ...asMap(git["metadata"]),
    ...Object.fromEntries(Object.entries({ labels, annotations, finalizers }).filter(([, one]) => one !== undefined)),
  };
  return { ...rest, metadata } as ValueMap;
}

/** Git with one field that only live has. */
function* filledIn(git: ValueMap, live: ValueMap, schema: Schema | undefined): Generator<readonly [string, ValueMap]> {
  for (const [name, one] of Object.entries(live)) {
    if (["metadata", "status"].includes(name)) continue;
    if (!Object.hasOwn(git, name)) yield [name, { ...git, [name]: one }];
    else if (isMap(one) && isMap(git[name]) && !isOneValue(propertyOf(schema, name))) {
      for (const [inner, next] of filledIn(git[name], one, propertyOf(schema, name)))
        yield [`${name}.${inner}`, { ...git, [name]: next }];
    } else if (isList(one) && isList(git[name])) {
      for (const [index, item] of git[name].entries()) {
        const other = one[index];
        if (!isMap(item) || !isMap(other)) continue;
        for (const [inner, next] of filledIn(item, other, itemsOf(propertyOf(schema, name)))) {
          yield [`${name}.${index}.${inner}`, { ...git, [name]: git[name].toSpliced(index, 1, next) }];
        }
      }
    }
  }
}

function secretRewrites(value: ValueMap): readonly Rewrite[] {
  const texts = value["stringData"];
  if (value["kind"] !== "Secret" || !isMap(texts)) return [];
  const bytes = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, base64(text)]));
  const { stringData: _text, ...rest } = value;
  return [
    {
      what: "data instead of stringData",
      value: { ...rest, data: { ...asMap(value["data"]), ...bytes } },
      asks: false,
    },
  ];
}

/** Git with one absent field as null, empty or zero. */
function* empties(git: ValueMap, schema: Schema | undefined): Generator<readonly [string, ValueMap]> {
  for (const [name, property] of propertiesOf(schema)) {
    if (["apiVersion", "kind", "status", "managedFields", "creationTimestamp", "stringData"].includes(name)) continue;
    const present = git[name];
    if (present === undefined) {
      for (const empty of emptiesOf(property)) yield [`${name}: ${JSON.stringify(empty)}`, { ...git, [name]: empty }];
    } else if (isMap(present)) {
      for (const [inner, next] of empties(present, property)) yield [`${name}.${inner}`, { ...git, [name]: next }];
    } else if (isList(present)) {
      for (const [index, item] of present.entries()) {
        if (!isMap(item)) continue;
        for (const [inner, next] of empties(item, itemsOf(property)))
          yield [`${name}.${index}.${inner}`, { ...git, [name]: present.toSpliced(index, 1, next) }];
      }
    }
  }
}

function emptiesOf({ raw }: Schema): readonly Value[] {
  switch (raw["type"]) {
    case "array":
      return [null, []];
    case "object":
      return [null, {}];
    case "string":
      return [null, ""];
    case "boolean":
      return [null, false];
    case "integer":
      return [null, 0];
    default:
      return [null];
  }
}

/** Whether the server would create the same of both texts. */
async function isEqual(stage: Stage, subject: Subject, value: ValueMap): Promise<boolean> {
  const [ours, theirs] = [await created(stage, subject, subject.file.value), await created(stage, subject, value)];
  return (
    ours !== undefined &&
    theirs !== undefined &&
    storedChanges(ours, theirs, subject.schema).every(({ path }) =>
      path.some((step) => step.kind === "field" && ALLOCATED.has(step.name)),
    )
  );
}

async function created(
  { api }: Stage,
  { resource, namespace }: Subject,
  value: ValueMap,
): Promise<ValueMap | undefined> {
  const metadata = { ...asMap(fieldOf(value, "metadata")), name: nameOf(value).replace(/^([a-z]+)/, "$1x") };
  const body = withField(value, "metadata", metadata);
  const answer = await api.call({
    method: "POST",
    path: `${pathOf(resource, namespace)}?dryRun=All&fieldValidation=Strict`,
    body,
  });
  return answer.status === 201 && textOf(answer.body, "kind") !== "Status" ? asMap(answer.body) : undefined;
}
