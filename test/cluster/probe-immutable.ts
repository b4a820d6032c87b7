// Asks an API server what nobody may change: each object of shapes/*.yaml is created, and then updated again and again as a dry
// run, each time with another value in one place. What it refuses as a change, and not as a value, is immutable.

import { Agent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { compareText, fieldAt, fieldOf, isList, isMap, textOf, withField } from "../../src/core/value.ts";
import type { Scalar, Value, ValueMap } from "../../src/core/value.ts";
import { askApi } from "./api.ts";
import type { ApiEndpoint } from "./api.ts";
import type { TestCluster } from "./cluster.ts";
import type { KindEntry } from "./kind-data.ts";
import { listPath, nameOf, placesIn, readShapes } from "./probe-defaults.ts";
import type { Place, Steps } from "./probe-defaults.ts";

/** How API groups say so (apimachinery `ValidateImmutableField`, and each kind's own `Validate…Update`). */
const REFUSED_CHANGE =
  /immutable|(?:may not|cannot) (?:be changed|change|update)|fields other than|cannot be updated|not allowed to (?:change|be changed)|is forbidden after creation|updates to \S+ are forbidden/i;

/** By `apiVersion/Kind`: the highest places of which something is immutable and nothing is not. */
export async function probeImmutable(
  cluster: TestCluster,
  kinds: Readonly<Record<string, KindEntry>>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const agent = new Agent({ keepAlive: true });
  const endpoint = {
    server: cluster.server,
    authority: cluster.authority,
    token: cluster.tokenOf("admin"),
    agent,
  };
  const seen = new Map<string, Map<string, boolean>>();
  for (const shape of readShapes(cluster.authority)) {
    const name = `${textOf(shape, "apiVersion")}/${textOf(shape, "kind")}`;
    const entry = kinds[name];
    if (entry === undefined) continue;
    const places = seen.get(name) ?? new Map<string, boolean>();
    seen.set(name, places);
    await probeObject({ endpoint, entry }, shape, places);
  }
  agent.destroy();
  const highest = [...seen].map(([name, places]): [string, readonly string[]] => [name, highestOf(places)]);
  return Object.fromEntries(highest.filter(([, places]) => places.length > 0));
}

interface Asked {
  readonly endpoint: ApiEndpoint;
  readonly entry: KindEntry;
}

/** Adds, by place, whether a change was refused: one refusal is enough. */
async function probeObject({ endpoint, entry }: Asked, shape: ValueMap, found: Map<string, boolean>): Promise<void> {
  const list = listPath(textOf(shape, "apiVersion") ?? "", entry);
  const made = await askApi(endpoint, { method: "POST", path: list, body: shape });
  if (made.status !== 201) return;
  const path = `${list}/${encodeURIComponent(nameOf(shape))}`;
  await established(endpoint, path, textOf(shape, "kind") ?? "");
  const root = JSON.parse(made.text) as ValueMap;
  for (const place of leavesOf(root)) {
    const name = place.names.join(".");
    for (const value of othersOf(place.value as Scalar)) {
      const body = withField(withAt(root, place.steps, value) as ValueMap, "status", undefined);
      const answer = await updated(endpoint, path, body);
      if (answer.status === 200) found.set(name, found.get(name) ?? false);
      else if (REFUSED_CHANGE.test(answer.text)) found.set(name, true);
    }
  }
  await askApi(endpoint, { method: "DELETE", path: `${path}?gracePeriodSeconds=0` });
}

/** What nobody may change of a definition is said once it is established. */
async function established(endpoint: ApiEndpoint, path: string, kind: string): Promise<void> {
  if (kind !== "CustomResourceDefinition") return;
  for (let tries = 0; tries < 100; tries++) {
    const { text } = await askApi(endpoint, { method: "GET", path });
    const conditions = fieldAt(JSON.parse(text) as Value, "status", "conditions");
    const is = isList(conditions) && conditions.some((one) => textOf(one, "type") === "Established");
    if (is) return;
    await sleep(50);
  }
}

/** Controllers write to it meanwhile: an update of what is no longer the newest says nothing of the value. */
async function updated(endpoint: ApiEndpoint, path: string, body: ValueMap): ReturnType<typeof askApi> {
  for (let tries = 0; ; tries++) {
    const latest = await askApi(endpoint, { method: "GET", path });
    const version = fieldOf(fieldOf(JSON.parse(latest.text) as Value, "metadata"), "resourceVersion") ?? "";
    const metadata = withField(body["metadata"] as ValueMap, "resourceVersion", version);
    const answer = await askApi(endpoint, { method: "PUT", path: `${path}?dryRun=All`, body: { ...body, metadata } });
    if (answer.status !== 409 || tries === 20) return answer;
  }
}

function leavesOf(root: ValueMap): readonly Place[] {
  return placesIn(root, { steps: [], names: [] }).filter(
    ({ names, value }) => names[0] !== "metadata" && names[0] !== "status" && !isMap(value) && !isList(value),
  );
}

const OTHERS: Readonly<Record<string, readonly string[]>> = {
  TCP: ["UDP"],
  Always: ["IfNotPresent", "Never", "OnFailure"],
  ClusterIP: ["NodePort"],
  NodePort: ["ClusterIP"],
  Filesystem: ["Block"],
  Block: ["Filesystem"],
  RollingUpdate: ["OnDelete", "Recreate"],
  OrderedReady: ["Parallel"],
  Delete: ["Retain"],
  Retain: ["Delete"],
  Immediate: ["WaitForFirstConsumer"],
  NonIndexed: ["Indexed"],
  Indexed: ["NonIndexed"],
  Namespaced: ["Cluster"],
  Opaque: ["example.com/other"],
  IPv4: ["IPv6"],
  Fail: ["Ignore"],
  Never: ["Always", "OnFailure"],
};

function othersOf(value: Scalar): readonly Scalar[] {
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number") return [value + 1];
  if (typeof value !== "string") return [];
  return OTHERS[value] ?? (/^\d/.test(value) ? [`2${value}`] : [`${value}x`]);
}

function withAt(value: Value, [step, ...more]: Steps, to: Scalar): Value {
  if (step === undefined) return to;
  if (isList(value)) return value.map((item, index) => (index === step ? withAt(item, more, to) : item));
  return isMap(value) && typeof step === "string"
    ? withField(value, step, withAt(value[step] as Value, more, to))
    : value;
}

function highestOf(places: ReadonlyMap<string, boolean>): readonly string[] {
  const isWhole = (place: string): boolean =>
    [...places].every(([name, refused]) => refused || !(name === place || name.startsWith(`${place}.`)));
  const highest = [...places]
    .filter(([, refused]) => refused)
    .map(([name]) => {
      const names = name.split(".");
      const length = names.findIndex(
        (first, index) => (index > 0 || first !== "spec") && isWhole(names.slice(0, index + 1).join(".")),
      );
      return length < 0 ? name : names.slice(0, length + 1).join(".");
    });
  return [...new Set(highest)].toSorted(compareText);
}
