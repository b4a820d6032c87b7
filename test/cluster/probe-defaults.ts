// Asks an API server what it fills in: each object of shapes/*.yaml is sent as a dry-run create, and then again and
// again, each time with one field of the answer taken away. What is there again in the answer is what the server fills
// in for that field, in that company. Nothing is stored.

import { readdirSync, readFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import type { KindRef } from "../../src/core/refs.ts";
import { groupOf } from "../../src/core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, setField, textOf, withField } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { askApi } from "./api.ts";
import type { ApiEndpoint } from "./api.ts";
import type { TestCluster } from "./cluster.ts";
import type { KindEntry } from "./kind-data.ts";

const SHAPES = join(import.meta.dirname, "shapes");

const AT_ONCE = 6;

/** One field taken away from one object that the server had filled in. */
export interface Probe {
  readonly kind: KindRef;
  /** The object's name in shapes/. */
  readonly shape: string;
  /** Field names from the root, list items left out. */
  readonly names: readonly string[];
  /** The map that held the field, and the whole object, with the field. */
  readonly parent: ValueMap;
  readonly root: ValueMap;
  readonly value: Value;
  /** What was there again; absent: nothing. */
  readonly back?: Value;
}

export interface Probing {
  readonly probes: readonly Probe[];
  /** What came back differently when asked twice: `apiVersion/Kind names`. */
  readonly random: readonly string[];
  /** Shapes that the server did not take as they stand, with its words; other versions of a shape are not told of. */
  readonly refused: readonly string[];
  /** Kinds that were asked. */
  readonly kinds: readonly string[];
}

interface Shape {
  readonly value: ValueMap;
  /** As shapes/ has it, and not in another version of its group. */
  readonly literal: boolean;
}

/** Probes every shape, by default those of shapes/, in every version in which `kinds` has it. */
export async function probeDefaults(
  cluster: TestCluster,
  kinds: Readonly<Record<string, KindEntry>>,
  shapes: readonly ValueMap[] = readShapes(cluster.authority),
): Promise<Probing> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const { server, authority } = cluster;
  const asked = { endpoint: { server, authority, token: cluster.tokenOf("admin"), agent }, kinds };
  const found: { probes: Probe[]; random: string[]; refused: string[]; kinds: Set<string> } = {
    probes: [],
    random: [],
    refused: [],
    kinds: new Set(),
  };
  for (const shape of inVersions(shapes, kinds)) {
    const name = `${textOf(shape.value, "apiVersion")}/${textOf(shape.value, "kind")}`;
    const answer = await dryRun(asked, shape.value);
    if (typeof answer === "string") {
      if (shape.literal) found.refused.push(`${name} ${nameOf(shape.value)}: ${answer}`);
      continue;
    }
    found.kinds.add(name);
    await probeObject(asked, answer, found);
  }
  agent.destroy();
  return { ...found, kinds: [...found.kinds] };
}

function inVersions(shapes: readonly ValueMap[], kinds: Readonly<Record<string, KindEntry>>): readonly Shape[] {
  const versions = (kind: KindRef): readonly string[] =>
    Object.keys(kinds)
      .map((name) => ({
        apiVersion: name.slice(0, name.lastIndexOf("/")),
        kind: name.slice(name.lastIndexOf("/") + 1),
      }))
      .filter((known) => known.kind === kind.kind && groupOf(known.apiVersion) === groupOf(kind.apiVersion))
      .map(({ apiVersion }) => apiVersion);
  return shapes.flatMap((value) => {
    const apiVersion = textOf(value, "apiVersion") ?? "";
    return versions({ apiVersion, kind: textOf(value, "kind") ?? "" }).map((version) => ({
      value: withField(value, "apiVersion", version),
      literal: version === apiVersion,
    }));
  });
}

export function readShapes(authority: string): readonly ValueMap[] {
  return readdirSync(SHAPES)
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(join(SHAPES, file), "utf8").replace("BUNDLE", JSON.stringify(authority));
      const { documents, faults } = readYaml(text, { file });
      if (faults.length > 0) throw new Error(`${file}: ${faults[0]?.message}`);
      return documents.map(({ value }) => value).filter(isMap);
    });
}

interface Asked {
  readonly endpoint: ApiEndpoint;
  readonly kinds: Readonly<Record<string, KindEntry>>;
}

async function probeObject(asked: Asked, root: ValueMap, found: { probes: Probe[]; random: string[] }): Promise<void> {
  const kind = { apiVersion: textOf(root, "apiVersion") ?? "", kind: textOf(root, "kind") ?? "" };
  const places = placesIn(root, { steps: [], names: [] });
  const probeOne = async ({ steps, names, parent, value }: Place): Promise<void> => {
    const without = sendable(withoutAt(root, steps));
    const again = await dryRun(asked, without);
    if (typeof again === "string") return;
    const back = valueAt(again, steps);
    if (back !== undefined && !same(back, value)) {
      const third = await dryRun(asked, without);
      if (typeof third !== "string" && !same(valueAt(third, steps), back)) {
        found.random.push(`${kind.apiVersion}/${kind.kind} ${names.join(".")}`);
        return;
      }
    }
    const probe = { kind, shape: nameOf(root), names, parent, root, value };
    found.probes.push(back === undefined ? probe : { ...probe, back });
  };
  const queue = [...places];
  const work = async (): Promise<void> => {
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) await probeOne(place);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Without what the server allocated: it takes that back only from the object that it was allocated to. */
function sendable(value: ValueMap): ValueMap {
  const spec = fieldOf(value, "spec");
  if (!isMap(spec)) return value;
  if (fieldOf(value, "kind") === "Service" && spec["clusterIP"] !== "None") {
    const ports = fieldOf(spec, "ports");
    const rest = ["clusterIP", "clusterIPs", "healthCheckNodePort"].reduce(
      (map, name) => withField(map, name, undefined),
      spec,
    );
    const free = isList(ports) ? ports.filter(isMap).map((port) => withField(port, "nodePort", undefined)) : undefined;
    return withField(value, "spec", withField(rest, "ports", free));
  }
  if (fieldOf(value, "kind") === "Job" && spec["manualSelector"] !== true) {
    const labels = fieldAt(spec, "template", "metadata", "labels");
    const own = isMap(labels)
      ? Object.keys(labels)
          .filter((name) => /(?:controller-uid|job-name)$/.test(name))
          .reduce((map, name) => withField(map, name, undefined), labels)
      : undefined;
    const template = { ...(spec["template"] as ValueMap), metadata: own === undefined ? {} : { labels: own } };
    return withField(value, "spec", withField(withField(spec, "selector", undefined), "template", template));
  }
  return value;
}

export type Steps = readonly (string | number)[];

export interface Place {
  readonly steps: Steps;
  readonly names: readonly string[];
  readonly parent: ValueMap;
  readonly value: Value;
}

const METADATA: ReadonlySet<string> = new Set(["labels", "annotations", "finalizers"]);

/** Every field that somebody may declare. */
export function placesIn(
  value: Value,
  at: { readonly steps: Steps; readonly names: readonly string[] },
): readonly Place[] {
  if (isList(value)) {
    return value.flatMap((item, index) => placesIn(item, { steps: [...at.steps, index], names: at.names }));
  }
  if (!isMap(value)) return [];
  return Object.keys(value).flatMap((name) => {
    const inner = value[name] as Value;
    const names = [...at.names, name];
    const steps = [...at.steps, name];
    if (inner === null || !isDeclarable(names)) return [];
    const own: readonly Place[] =
      names.length === 1 && name === "metadata" ? [] : [{ steps, names, parent: value, value: inner }];
    return [...own, ...placesIn(inner, { steps, names })];
  });
}

function isDeclarable(names: readonly string[]): boolean {
  const [first = "", second] = names;
  if (first === "metadata") return second === undefined || METADATA.has(second);
  return names.length > 1 || (first !== "apiVersion" && first !== "kind");
}

function withoutAt(value: Value, [step, ...more]: Steps): ValueMap {
  const change = (inner: Value): Value => {
    if (isList(inner)) return inner.map((item, index) => (index === step ? withoutAt(item, more) : item));
    if (!isMap(inner) || typeof step !== "string") return inner;
    return withField(inner, step, more.length === 0 ? undefined : withoutAt(inner[step] as Value, more));
  };
  return change(value) as ValueMap;
}

function valueAt(value: Value, steps: Steps): Value | undefined {
  let current: Value | undefined = value;
  for (const step of steps) {
    current = typeof step === "number" ? (isList(current) ? current[step] : undefined) : fieldOf(current, step);
  }
  return current ?? undefined;
}

/** The object as the server would store it, without what it writes itself; or its words where it refuses. */
async function dryRun({ endpoint, kinds }: Asked, value: ValueMap): Promise<ValueMap | string> {
  const [apiVersion = "", kind = ""] = [textOf(value, "apiVersion"), textOf(value, "kind")];
  const entry = kinds[`${apiVersion}/${kind}`];
  if (entry === undefined) return "is not served";
  const path = `${listPath(apiVersion, entry)}?dryRun=All`;
  let answer = await askApi(endpoint, { method: "POST", path, body: value, milliseconds: 60_000 });
  // What every server has of itself, such as the `exempt` priority level.
  if (answer.status === 409) {
    const own = path.replace("?", `/${nameOf(value)}?`);
    answer = await askApi(endpoint, { method: "PUT", path: own, body: value, milliseconds: 60_000 });
  }
  const body = JSON.parse(answer.text.startsWith("{") ? answer.text : "{}") as ValueMap;
  if (answer.status !== 201 && answer.status !== 200)
    return `${answer.status} ${textOf(body, "message") ?? answer.text.slice(0, 200)}`;
  return asSent(body);
}

/** Where the kind's objects are, those of the default namespace. */
export function listPath(apiVersion: string, { namespaced, resource }: KindEntry): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${group}${namespaced ? "/namespaces/default" : ""}/${resource}`;
}

function asSent(value: ValueMap): ValueMap {
  const metadata: Record<string, Value> = {};
  const given = fieldOf(value, "metadata");
  for (const name of ["name", "namespace", ...METADATA]) {
    const field = fieldOf(given, name);
    if (field !== undefined) setField(metadata, name, field);
  }
  return withField(withField(withoutNulls(value) as ValueMap, "metadata", metadata), "status", undefined);
}

/** `creationTimestamp: null` of templates, say, which says nothing. */
function withoutNulls(value: Value): Value {
  if (isList(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const rest: Record<string, Value> = {};
  for (const name of Object.keys(value)) {
    const inner = value[name] as Value;
    if (inner !== null) setField(rest, name, withoutNulls(inner));
  }
  return rest;
}

export function same(a: Value | undefined, b: Value | undefined): boolean {
  return canonical(a) === canonical(b);
}

/** JSON with its keys in order. */
export function canonical(value: Value | undefined): string {
  if (isList(value)) return `[${value.map(canonical).join()}]`;
  if (!isMap(value)) return JSON.stringify(value) ?? "";
  const fields = Object.keys(value).toSorted();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}

export function nameOf(value: ValueMap): string {
  return textOf(fieldOf(value, "metadata"), "name") ?? "";
}
