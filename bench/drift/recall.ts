// Plants one change at a time and asks whether holdfast finds exactly that. Cases are numbered in a fixed order, and what
// chance decides (which hand makes the change) depends on the seed and the number alone, so each can be made again.

import { changesOf } from "../../src/core/drift.ts";
import type { Change } from "../../src/core/drift.ts";
import { field, formatPath } from "../../src/core/path.ts";
import type { FieldPath, PathStep } from "../../src/core/path.ts";
import { formatRef } from "../../src/core/refs.ts";
import { equalValues, fieldOf, isList, isMap } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { base64, listAt, messageOf } from "./api.ts";
import { edited, editsOf } from "./edits.ts";
import type { Edit } from "./edits.ts";
import { coveredLength, same, seenFromGit, stepTo, storedChanges } from "./expected.ts";
import type { ExpectedChange, StoredChange } from "./expected.ts";
import { ACTOR_OF, handsFor, write } from "./hands.ts";
import type { Hand } from "./hands.ts";
import { itemsOf, listKindOf, propertyOf } from "./schema.ts";
import { asDeployed, restore } from "./restore.ts";
import { read } from "./stage.ts";
import type { Stage, Subject } from "./stage.ts";
import { MANAGER_OF } from "./ways.ts";

export interface Case {
  readonly number: number;
  readonly subject: Subject;
  readonly edit: Edit;
}

/** `refused`: the server took none of the values. `nothing`: it stored the same as before, or what means nothing. */
export type Outcome =
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "nothing"; readonly why: string }
  | { readonly kind: "found"; readonly hand: Hand }
  | {
      readonly kind: "wrong";
      readonly hand: Hand;
      readonly problems: readonly string[];
      readonly before: ValueMap;
      readonly after: ValueMap;
    };

/** All changes that could be planted in what stands on the stage. */
export async function casesOf(stage: Stage): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const subject of stage.subjects) {
    const live = await read(stage, subject);
    if (live === undefined) continue;
    stage.deployed.set(subject, live);
    for (const edit of editsOf(gitOf(subject), live, subject.schema)) {
      cases.push({ number: cases.length, subject, edit });
    }
  }
  return cases;
}

export function titleOf({ number, subject, edit }: Case): string {
  return `${number} ${subject.way}: ${edit.what} ${edit.route.join(".")} of ${formatRef(subject.desired.ref)}`;
}

/** What Git declares, with a Secret's text as the bytes that it becomes. */
function gitOf({ file }: Subject): ValueMap {
  return withBytes(file.value);
}

function withBytes(value: ValueMap): ValueMap {
  if (value["kind"] !== "Secret" || !isMap(value["stringData"])) return value;
  const bytes = Object.entries(value["stringData"]).map(([key, text]) => [key, base64(text)]);
  const { stringData: _text, ...rest } = value;
  return { ...rest, data: { ...(isMap(value["data"]) ? value["data"] : {}), ...Object.fromEntries(bytes) } };
}

/** Plants the case's change, compares, and takes it back; `whilePlanted` may look at it meanwhile. */
export async function play(
  stage: Stage,
  one: Case,
  seed: number,
  whilePlanted: () => Promise<void> = async () => undefined,
): Promise<Outcome> {
  const { subject } = one;
  const random = randomOf(seed ^ 0x5eed, one.number);
  const before = await asDeployed(stage, subject);
  const planted = await plant(stage, one, before, random);
  if (planted.kind !== "planted") return planted;
  try {
    await whilePlanted();
    return await judge(stage, one, { ...planted, before });
  } finally {
    await restore(stage, subject, before);
  }
}

interface Planted {
  readonly kind: "planted";
  readonly hand: Hand;
  /** As it was sent. */
  readonly sent: ValueMap;
  readonly after: ValueMap;
}

async function plant(
  stage: Stage,
  { subject, edit }: Case,
  before: ValueMap,
  random: () => number,
): Promise<Planted | Extract<Outcome, { kind: "refused" | "nothing" }>> {
  const { resource, schema } = subject;
  const { route } = edit;
  const removes = edit.what === "remove" || edit.what === "reverse";
  const hands = handsFor({ resource, route, removes });
  const hand = hands[Math.floor(random() * hands.length)] as Hand;
  let why = "";
  let stored = false;
  for (const candidate of edit.candidates ?? [undefined]) {
    const sent = edited(before, edit, await withOwner(stage, subject, edit, candidate));
    if (!isMap(sent)) continue;
    const answer = await write(hand, { api: stage.api, resource, before, after: sent, route, removes, schema });
    if (answer.status !== 200 || !isMap(answer.body)) {
      why = messageOf(answer);
      if (answer.status === 409 && why.includes("the object has been modified"))
        why = "a controller wrote at the same time";
      continue;
    }
    const after = answer.body;
    if (storedChanges(before, after, schema).some(saysSomething)) return { kind: "planted", hand, sent, after };
    stored = true;
    why = "what is stored is the same, or empty";
    if (
      JSON.stringify(fieldOf(fieldOf(after, "metadata"), "resourceVersion")) !==
      JSON.stringify(fieldOf(fieldOf(before, "metadata"), "resourceVersion"))
    ) {
      await restore(stage, subject, before);
      return { kind: "nothing", why };
    }
  }
  return { kind: stored ? "nothing" : "refused", why };
}

/** An owner that is there: the garbage collector deletes what has an owner that is not. */
async function withOwner(
  stage: Stage,
  { way: _way, namespace }: Subject,
  { route }: Edit,
  candidate: Value | undefined,
): Promise<Value | undefined> {
  if (route.join(".") !== "metadata.ownerReferences") return candidate;
  const place = namespace ?? "default";
  const { body } = await stage.api.call({ method: "GET", path: `/api/v1/namespaces/${place}` });
  if (namespace === undefined) return [ownerOf("Namespace", body)];
  const { body: account } = await stage.api.call({
    method: "GET",
    path: `/api/v1/namespaces/${place}/serviceaccounts/default`,
  });
  return [ownerOf("ServiceAccount", account)];
}

function ownerOf(kind: string, body: Value): Value {
  const metadata = fieldOf(body, "metadata");
  return { apiVersion: "v1", kind, name: fieldOf(metadata, "name") ?? "", uid: fieldOf(metadata, "uid") ?? "" };
}

const MEANS_SOMETHING_EMPTY = /^(?!scopeSelector$)(emptyDir|.*[sS]elector|ingress|egress)$/;

/** Of what is compared whole: without the empty maps and lists in it that equal absent ones. */
function withoutEmpty(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isMap(value)) return value;
  const kept = Object.entries(value).map(([name, one]) => [name, withoutEmpty(one)] as const);
  return Object.fromEntries(kept.filter(([name, one]) => MEANS_SOMETHING_EMPTY.test(name) || !isEmpty(one)));
}

function isEmpty(value: Value): boolean {
  return (isMap(value) && Object.keys(value).length === 0) || (Array.isArray(value) && value.length === 0);
}

/**
 * Empty maps and lists equal absent ones, but for those that are known to mean something. A quota's empty `scopeSelector`
 * selects nothing beyond its `scopes`, as none does (apiserver `pkg/quota/v1/generic/evaluator.go`).
 */
function saysSomething({ path, before, after }: StoredChange): boolean {
  if (before !== undefined && after !== undefined) return !equalValues(withoutEmpty(before), withoutEmpty(after));
  const value = before ?? after;
  const last = path.at(-1);
  const empty = value === undefined || isEmpty(value) || value === "";
  return !empty || (last?.kind === "field" && MEANS_SOMETHING_EMPTY.test(last.name));
}

async function judge(
  stage: Stage,
  one: Case,
  { hand, sent, after, before }: Planted & { readonly before: ValueMap },
): Promise<Outcome> {
  const { subject, edit } = one;
  const was = found((await stage.compare(subject, before)).drifts);
  const { drifts, unknown } = await stage.compare(subject, after);
  const known = new Set(was.map(wordingOf));
  const got = found(drifts).filter((change) => !known.has(wordingOf(change)));
  const { wanted, allowed } = expectations({ subject, before, after, sent });
  const rekeyed = rekeyedAs(edit, before, subject);
  const texts = new Set(got.map(textOf));
  const problems: string[] = [];
  if (rekeyed !== undefined && texts.size === 1 && rekeyed.some((text) => texts.has(text)))
    return { kind: "found", hand };
  for (const change of wanted) if (!texts.has(aliased(change.text))) problems.push(`missed ${change.text}`);
  for (const change of got) {
    const match = [...wanted, ...allowed].find(({ text }) => aliased(text) === textOf(change));
    const twice = got.filter((other) => textOf(other) === textOf(change)).length > 1;
    if (match === undefined || twice)
      problems.push(`also ${textOf(change)}: ${short(change.desired)} -> ${short(change.live)}`);
    else
      problems.push(
        ...wrongIn(change, match, {
          hand,
          planted: wanted.includes(match),
          recorded: owns(after, ACTOR_OF[hand].manager, match.path),
          deployer: subject.way !== "create" && records(after, MANAGER_OF[subject.way]),
        }),
      );
  }
  if (unknown > 0) problems.push("unknown");
  return problems.length === 0 ? { kind: "found", hand } : { kind: "wrong", hand, problems, before, after };
}

interface Sides {
  readonly subject: Subject;
  readonly before: ValueMap;
  readonly after: ValueMap;
  readonly sent: ValueMap;
}

/**
 * What was planted must be reported. What the server changed beside it must be where Git declares it; where Git does not,
 * it is the server's own, and no drift.
 */
function expectations({ subject, before, after, sent }: Sides): {
  readonly wanted: readonly ExpectedChange[];
  readonly allowed: readonly ExpectedChange[];
} {
  const { schema } = subject;
  const git = gitOf(subject);
  const asked = storedChanges(before, withBytes(sent), schema).map(({ path, after: value }) => ({
    path: formatPath(path),
    removed: value === undefined,
  }));
  const wanted = new Map<string, ExpectedChange>();
  const allowed = new Map<string, ExpectedChange>();
  for (const change of storedChanges(before, after, schema)) {
    const seen = seenFromGit(change, git, { live: after, schema });
    if (seen === undefined) continue;
    const text = formatPath(change.path);
    // What the server puts where something was taken away, nobody planted.
    const planted = asked.some(
      ({ path, removed }) =>
        !(removed && change.before === undefined) && (isWithin(text, path) || isWithin(path, text)),
    );
    const declared = coveredLength(change.path, git, schema) === change.path.length;
    const said = saysSomething(change) && (change.after !== undefined || declared);
    if ((planted && said) || declared) wanted.set(seen.text, seen);
    else if (planted && change.after !== undefined) allowed.set(seen.text, seen);
  }
  return { wanted: [...wanted.values()], allowed: [...allowed.values()] };
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || (path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length)));
}

/** A changed key of an item may be told as one replacement. */
function rekeyedAs({ route, what }: Edit, before: ValueMap, subject: Subject): readonly string[] | undefined {
  const [index, key] = [route.at(-2), route.at(-1)];
  if (what === "reverse" || typeof index !== "number" || typeof key !== "string") return undefined;
  let [value, schema]: [Value | undefined, Subject["schema"]] = [before, subject.schema];
  const path: PathStep[] = [];
  for (const [depth, step] of route.slice(0, -1).entries()) {
    const list = listKindOf(schema);
    if (typeof step === "string") {
      path.push(field(step));
      [value, schema] = [fieldOf(value, step), propertyOf(schema, step)];
    } else {
      const item = (value as readonly Value[])[step] as Value;
      if (list.kind !== "map") return undefined;
      if (depth === route.length - 2 && !list.keys.includes(key)) return undefined;
      path.push(stepTo(item, schema));
      [value, schema] = [item, itemsOf(schema)];
    }
  }
  // A key that is taken away is the default's, where it has one; Git may leave a key with a default out.
  return ["replace", "add", ...(what === "remove" ? ["remove"] : [])].map(
    (one) => `${one} ${formatPath([...path, field(key)])}`,
  );
}

function wrongIn(
  change: Change,
  match: ExpectedChange,
  {
    hand,
    planted,
    recorded,
    deployer,
  }: { readonly hand: Hand; readonly planted: boolean; readonly recorded: boolean; readonly deployer: boolean },
): readonly string[] {
  const problems: string[] = [];
  const actor = ACTOR_OF[hand];
  // Git never said anything else (stage.ts), so it is the cluster that was changed.
  const told = change.direction === "live-changed" || (change.direction === "unknown" && !deployer);
  if (!told) problems.push(`direction of ${match.text}: ${change.direction}`);
  if (planted && change.operation === "remove" && change.actor !== undefined)
    problems.push(`an actor of a removal: ${change.actor.manager}`);
  if (planted && change.operation !== "remove") {
    const got = change.actor;
    if (got === undefined && !recorded) return problems;
    if (got?.manager !== actor.manager || got.operation !== actor.operation || got.subresource !== actor.subresource) {
      problems.push(
        `actor of ${match.text}: ${got === undefined ? "none" : `${got.manager} ${got.operation} ${got.subresource ?? ""}`} instead of ${actor.manager}`,
      );
    }
  }
  const isScalar = match.live !== undefined && !isMap(match.live) && !Array.isArray(match.live);
  // The one range of a Node is an item under its newer name.
  const live = isList(change.live) && change.live.length === 1 ? change.live[0] : change.live;
  if (isScalar && change.sensitive !== true && live !== undefined && !same(live, match.live)) {
    problems.push(`value of ${match.text}: ${short(live)} instead of ${short(match.live)}`);
  }
  return problems;
}

/**
 * Whether the object says that the manager wrote the field, something of it, or the whole that it is part of. The server forgets
 * who scaled what nobody owned before (a default beside server-side apply), and whoever wrote a field under another name
 * (`stringData`).
 */
function owns(after: ValueMap, manager: string, path: FieldPath): boolean {
  return listAt(after, "metadata", "managedFields").some((entry) => {
    let node: Value | undefined = fieldOf(entry, "manager") === manager ? fieldOf(entry, "fieldsV1") : undefined;
    for (const step of path) {
      if (!isMap(node)) return false;
      if (Object.keys(node).length === 0) return true;
      node =
        step.kind === "field"
          ? fieldOf(node, `f:${step.name}`)
          : Object.entries(node).find(([key]) => key.startsWith("k:") || key.startsWith("v:"))?.[1];
    }
    return node !== undefined;
  });
}

/** Whether the object tells of a manager: one that owns nothing any more is forgotten, and `kubectl create` is no deployer. */
function records(after: ValueMap, manager: string): boolean {
  return listAt(after, "metadata", "managedFields").some((entry) => fieldOf(entry, "manager") === manager);
}

function found(drifts: readonly { readonly drift: Parameters<typeof changesOf>[0] }[]): readonly Change[] {
  return drifts.flatMap(({ drift }) => changesOf(drift));
}

function textOf({ operation, path }: Change): string {
  return aliased(`${operation} ${formatPath(path)}`);
}

/** Fields that the server keeps alike, under an old name and the present one: either may be named, not both. */
function aliased(text: string): string {
  return text.replace(/\.serviceAccount$/, ".serviceAccountName").replace(/\.podCIDR$/, ".podCIDRs");
}

/** With the value: a false alarm that stood before says nothing of another value at its place. */
function wordingOf(change: Change): string {
  return `${textOf(change)} ${short(change.live)}`;
}

function short(value: unknown): string {
  return (
    JSON.stringify(value, (_key, one: unknown) => (typeof one === "bigint" ? one.toString() : one)) ?? "nothing"
  ).slice(0, 200);
}

/** Numbers between 0 and 1 that depend on the seed and the case alone (mulberry32). */
export function randomOf(seed: number, number: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
