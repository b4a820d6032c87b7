// Turns what an API server was seen to fill in (probe-defaults.ts) into rules on the types that hold the fields: what is
// always filled in, what depends on the kind of object, and what depends on the value of a field beside it. What
// src/kinds/computed-defaults.ts computes needs no rule; what none of them explains is told, never guessed.

import type { ConditionalDefault } from "../../src/core/schema.ts";
import { compareText, fieldOf, isList, isMap, withField } from "../../src/core/value.ts";
import type { Scalar, Value } from "../../src/core/value.ts";
import { computedDefault } from "../../src/kinds/computed-defaults.ts";
import type { KindData, TypeData } from "./kind-data.ts";
import { canonical, same } from "./probe-defaults.ts";
import type { Probe } from "./probe-defaults.ts";

/**
 * What the server writes of itself, whatever is declared, so that no rule about the declared object holds: src/kinds/controllers.ts
 * says what becomes of it.
 */
export const ALLOCATED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "core.v1.ServiceSpec": {
    clusterIP: "allocated",
    clusterIPs: "allocated",
    healthCheckNodePort: "allocated",
    ipFamilies: "what the cluster's network has",
    ipFamilyPolicy: "what the cluster's network has",
  },
  "core.v1.ServicePort": { nodePort: "allocated" },
  "certificates.v1.CertificateSigningRequestSpec": {
    username: "who asked",
    uid: "who asked",
    groups: "who asked",
    extra: "who asked",
  },
  "batch.v1.JobSpec": { selector: "holds the Job's uid" },
  "core.v1.Node": { spec: "a taint for as long as the node is not ready" },
  "core.v1.NodeSpec": { taints: "a taint for as long as the node is not ready" },
  "resource.v1.DeviceTaint": { timeAdded: "the time" },
  "resource.v1beta1.DeviceTaint": { timeAdded: "the time" },
  "resource.v1beta2.DeviceTaint": { timeAdded: "the time" },
  "resource.v1alpha3.DeviceTaint": { timeAdded: "the time" },
};

/** Types that no create takes, with what fills them in as well (core/v1 SetDefaults_EphemeralContainer). */
const ALIKE: readonly { readonly type: string; readonly as: string; readonly fields: readonly string[] }[] = [
  {
    type: "core.v1.EphemeralContainer",
    as: "core.v1.Container",
    fields: ["resources", "terminationMessagePath", "terminationMessagePolicy"],
  },
];

export interface Derived {
  readonly rules: Readonly<Record<string, readonly ConditionalDefault[]>>;
  /** `type.field`, with what was seen. */
  readonly unexplained: readonly string[];
}

/** What OpenAPI declares is believed where nothing was seen. */
export function deriveDefaults(probes: readonly Probe[], data: KindData): Derived {
  const rules: Record<string, ConditionalDefault[]> = {};
  const unexplained: string[] = [];
  const places = byPlace(probes, data);
  for (const [type, fields] of Object.entries(data.declaredDefaults)) {
    const unseen = Object.entries(fields).filter(([field]) => !places.has(`${type}\0${field}`));
    if (unseen.length > 0) rules[type] = unseen.map(([field, value]) => ({ field, value }));
  }
  for (const [place, seen] of places) {
    const [type = "", field = ""] = place.split("\0");
    if (seen.every(({ back }) => back === undefined) || seen.some(isComputed)) continue;
    if (ALLOCATED[type]?.[field] !== undefined) continue;
    const found = type === "" ? undefined : rulesFor(field, [...seen, ...withoutField(type, field, { probes, data })]);
    if (found === undefined) unexplained.push(`${type}.${field}: ${seen.map(told).join("; ")}`);
    else rules[type] = [...(rules[type] ?? []), ...found].toSorted((a, b) => compareText(a.field, b.field));
  }
  for (const { type, as, fields } of ALIKE) {
    rules[type] = (rules[as] ?? []).filter(({ field }) => fields.includes(field));
  }
  return { rules, unexplained };
}

/** `rules`, and those of fields that only a server with more features on was seen to have. */
export function withFeatures(
  rules: Derived["rules"],
  { more, seen, data }: { readonly more: Derived["rules"]; readonly seen: readonly Probe[]; readonly data: KindData },
): Derived["rules"] {
  const places = byPlace(seen, data);
  const all = Object.entries(more).map(([type, found]): [string, readonly ConditionalDefault[]] => {
    const known = rules[type] ?? [];
    const added = found.filter(
      ({ field }) => !places.has(`${type}\0${field}`) && !known.some((rule) => rule.field === field),
    );
    return [type, [...known, ...added].toSorted((a, b) => compareText(a.field, b.field))];
  });
  return { ...rules, ...Object.fromEntries(all.filter(([, found]) => found.length > 0)) };
}

export function isAllocated(probe: Probe, data: KindData): boolean {
  const field = probe.names.at(-1) ?? "";
  return ALLOCATED[holderOf(probe, data) ?? ""]?.[field] !== undefined;
}

function isComputed({ kind, names, parent, root }: Probe): boolean {
  const declared = withField(parent, names.at(-1) ?? "", undefined);
  return computedDefault({ kind, names, parent, root, declared, schema: undefined }) !== undefined;
}

/** Where an answer has no such field, the server fills none in. */
function withoutField(
  type: string,
  field: string,
  { probes, data }: { readonly probes: readonly Probe[]; readonly data: KindData },
): readonly Probe[] {
  const beside = probes.filter((probe) => holderOf(probe, data) === type && fieldOf(probe.parent, field) === undefined);
  return [...new Map(beside.map((probe) => [probe.parent, probe])).values()].map(({ back: _back, ...probe }) => ({
    ...probe,
    names: [...probe.names.slice(0, -1), field],
  }));
}

function told({ kind, shape, names, back }: Probe): string {
  return `${kind.kind}/${shape} ${names.join(".")} → ${canonical(back)}`;
}

function byPlace(probes: readonly Probe[], data: KindData): ReadonlyMap<string, readonly Probe[]> {
  const places = new Map<string, Probe[]>();
  for (const probe of probes) {
    const place = `${holderOf(probe, data) ?? ""}\0${probe.names.at(-1) ?? ""}`;
    places.set(place, [...(places.get(place) ?? []), probe]);
  }
  return new Map([...places].toSorted(([a], [b]) => compareText(a, b)));
}

/** The type of the map that held the field; `undefined` for a free map. */
function holderOf({ kind, names }: Probe, data: KindData): string | undefined {
  let place: TypeData | undefined = data.kinds[`${kind.apiVersion}/${kind.kind}`]?.type;
  for (const name of names.slice(0, -1)) {
    const within = contentsOf(place, data);
    const inner: TypeData | undefined =
      (fieldOf(within["fields"] as Value, name) as TypeData | undefined) ?? (within["values"] as TypeData | undefined);
    place = itemOf(inner);
  }
  return typeof place === "string" ? place : undefined;
}

function contentsOf(place: TypeData | undefined, data: KindData): Readonly<Record<string, unknown>> {
  const found = typeof place === "string" ? data.types[place] : place;
  return typeof found === "object" ? found : {};
}

function itemOf(place: TypeData | undefined): TypeData | undefined {
  return typeof place === "object" && place["items"] !== undefined ? itemOf(place["items"] as TypeData) : place;
}

/** The rules that give just what was seen, or `undefined` where no rule of the table does. */
function rulesFor(field: string, seen: readonly Probe[]): readonly ConditionalDefault[] | undefined {
  const kinds = new Set(seen.map(kindOf));
  const filled = [...kinds].filter((kind) => seen.some((one) => kindOf(one) === kind && one.back !== undefined));
  const among = seen.filter((one) => filled.includes(kindOf(one)));
  const restriction = filled.length === kinds.size ? {} : { kinds: filled.toSorted() };
  const rules = constantRule(field, among) ?? kindRules(field, among) ?? siblingRules(field, among);
  return rules?.map((rule) => ({ ...rule, ...(rule.kinds === undefined ? restriction : {}) }));
}

function kindOf({ kind }: Probe): string {
  return `${kind.apiVersion}/${kind.kind}`;
}

function constantRule(field: string, seen: readonly Probe[]): readonly ConditionalDefault[] | undefined {
  const [first] = seen;
  if (first?.back === undefined || !seen.every(({ back }) => same(back, first.back))) return undefined;
  return [{ field, value: first.back }];
}

function kindRules(field: string, seen: readonly Probe[]): readonly ConditionalDefault[] | undefined {
  const byKind = Map.groupBy(seen, kindOf);
  const rules = [...byKind].map(([kind, probes]) =>
    constantRule(field, probes)?.map((rule) => ({ ...rule, kinds: [kind] })),
  );
  if (byKind.size < 2 || rules.includes(undefined)) return undefined;
  const found = rules.flatMap((rule) => rule ?? []);
  return [...Map.groupBy(found, ({ value }) => canonical(value)).values()].map((alike) => ({
    field,
    value: (alike[0] as ConditionalDefault).value,
    kinds: alike.flatMap((rule) => rule.kinds).toSorted(),
  }));
}

const PRESENT = Symbol("present");

type Sort = Scalar | typeof PRESENT;

/** A field beside it whose value decides: one that chooses (`type`), or one whose being there does. */
function siblingRules(field: string, seen: readonly Probe[]): readonly ConditionalDefault[] | undefined {
  const names = [...new Set(seen.flatMap(({ parent }) => Object.keys(parent)))].filter((name) => name !== field);
  const ordered = names.toSorted((a, b) => Number(!CHOOSES.test(a)) - Number(!CHOOSES.test(b)));
  return ordered.map((name) => siblingRule(field, name, seen)).find((rules) => rules !== undefined);
}

/** Names that are asked first: many a field happens to go with the answer. */
const CHOOSES = /type|mode|strategy|affinity/i;

function siblingRule(
  field: string,
  sibling: string,
  seen: readonly Probe[],
): readonly ConditionalDefault[] | undefined {
  const choosing = seen.every(({ parent }) => isChoice(fieldOf(parent, sibling)));
  const groups = Map.groupBy(seen, ({ parent }) => sortOf(fieldOf(parent, sibling), choosing));
  const outcomes = [...groups].map(([sort, probes]) => ({ sort, back: commonOutcome(probes) }));
  if (groups.size < 2 || outcomes.some(({ back }) => back === "mixed")) return undefined;
  const filled = outcomes.flatMap(({ sort, back }) => (typeof back === "object" ? [{ sort, value: back.value }] : []));
  const otherwise = filled.find(({ sort }) => sort === PRESENT);
  if (otherwise !== undefined && filled.length < outcomes.length) return undefined;
  const explicit = filled.filter((one): one is { sort: Scalar; value: Value } => one.sort !== PRESENT);
  const rules = [...Map.groupBy(explicit, ({ value }) => canonical(value)).values()].map((alike) => ({
    field,
    value: (alike[0] as { value: Value }).value,
    when: { [sibling]: alike.map(({ sort }) => sort).toSorted((a, b) => compareText(String(a), String(b))) },
  }));
  return otherwise === undefined ? rules : [...rules, { field, value: otherwise.value }];
}

/** Enumerated values of the API begin with a capital letter. */
function isChoice(value: Value | undefined): boolean {
  return (
    value === undefined || typeof value === "boolean" || (typeof value === "string" && /^[A-Z][A-Za-z]+$/.test(value))
  );
}

function sortOf(value: Value | undefined, choosing: boolean): Sort {
  if (value === undefined) return null;
  return choosing && !isMap(value) && !isList(value) ? value : PRESENT;
}

function commonOutcome(probes: readonly Probe[]): "mixed" | "nothing" | { readonly value: Value } {
  const [first] = probes;
  if (!probes.every(({ back }) => same(back, first?.back))) return "mixed";
  return first?.back === undefined ? "nothing" : { value: first.back };
}
