// Values to plant: other values for what is there, and values for what is not, several of each, since the server says
// which are valid.

import { isList, isMap, textOf, withField } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { itemsOf, propertiesOf, propertyOf, valuesOf } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { listAt } from "./api.ts";

const MAX_CANDIDATES = 8;
const MAX_DEPTH = 5;

/** Whatever a template gives it to is held by it. */
export const PLANTED_FINALIZER = "bench.example/planted";

/** What is not to be guessed: by type and field, or by field. */
const KNOWN: Readonly<Record<string, readonly Value[]>> = {
  "PodSpec.volumes": [[{ name: "planted", emptyDir: { medium: "Memory" } }]],
  "PodSpec.ephemeralContainers": [],
  "Container.volumeMounts": [[{ name: "data", mountPath: "/planted" }]],
  "Container.volumeDevices": [[{ name: "data", devicePath: "/dev/planted" }]],
  "Container.env": [[{ name: "PLANTED", value: "yes" }]],
  "Container.livenessProbe": [{ httpGet: { path: "/planted", port: 81 } }],
  "Container.readinessProbe": [{ tcpSocket: { port: 81 } }],
  "Container.startupProbe": [{ exec: { command: ["planted"] } }],
  "Container.lifecycle": [{ preStop: { exec: { command: ["planted"] } } }],
  "PodSpec.affinity": [
    {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } },
        ],
      },
    },
  ],
  "PodSpec.hostAliases": [[{ ip: "10.1.2.3", hostnames: ["planted.example"] }]],
  "PodSpec.readinessGates": [[{ conditionType: "bench.example/ready" }]],
  "PodSpec.topologySpreadConstraints": [[{ maxSkew: 2, topologyKey: "planted", whenUnsatisfiable: "ScheduleAnyway" }]],
  "PodSpec.dnsConfig": [{ nameservers: ["10.1.2.3"] }],
  "PodSpec.os": [{ name: "linux" }],
  "PodSecurityContext.sysctls": [[{ name: "net.ipv4.tcp_syncookies", value: "1" }]],
  "ObjectMeta.labels": [{ planted: "yes" }],
  "ObjectMeta.annotations": [{ "bench.example/planted": "yes" }],
  "ObjectMeta.finalizers": [[PLANTED_FINALIZER]],
  "LabelSelector.matchExpressions": [[{ key: "planted", operator: "Exists" }]],
  "LabelSelector.matchLabels": [{ planted: "yes" }],
  "ServiceSpec.externalIPs": [["10.1.2.3"]],
  "ServiceSpec.type": ["NodePort", "LoadBalancer", "ClusterIP"],
  caBundle: ["LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="],
};

const BY_FORMAT: Readonly<Record<string, readonly Value[]>> = {
  "date-time": ["2031-02-03T04:05:06Z"],
  byte: ["cGxhbnRlZA=="],
};

/** Texts of the usual forms: a word, a name with a domain, a path, an address, a duration, a URL, a range. */
const TEXTS = [
  "planted",
  "planted.bench.example",
  "bench.example/planted",
  "/planted",
  "10.1.2.3",
  "7m0s",
  "https://planted.example/",
  "10.7.0.0/16",
];

interface Wanted {
  readonly schema: Schema | undefined;
  readonly field: string;
  /** The type that holds the field. */
  readonly parent: string;
}

/** Values other than this scalar. */
export function othersOf(value: Value, wanted: Wanted): readonly Value[] {
  const known = knownFor(wanted);
  const scalars = known?.filter((one) => !isMap(one) && !isList(one));
  const all = scalars !== undefined && scalars.length > 0 ? scalars : guessed(value, wanted.schema);
  return all.filter((one) => one !== value).slice(0, MAX_CANDIDATES);
}

function guessed(value: Value, schema: Schema | undefined): readonly Value[] {
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number" || typeof value === "bigint") {
    const number = Number(value);
    return schema?.raw["format"] === "int-or-string" || isIntOrString(schema)
      ? [number + 1, "33%", "planted"]
      : [number + 1, number - 1, number * 2, 1, 0, 30];
  }
  if (typeof value !== "string") return [];
  const told = toldBy(schema);
  if (schema?.name === "Quantity")
    return [
      `${/\D+$/.test(value) ? value.replace(/\d+/, (digits) => String(Number(digits) * 2 + 1)) : Number(value) * 2 + 1}`,
    ];
  if (isIntOrString(schema)) return [value.endsWith("%") ? "33%" : "planted", 7];
  if (told.length > 0 && schema?.raw["enum"] !== undefined) return told;
  const similar = /^\d/.test(value)
    ? [value.replace(/\d+(?=\D*$)/, (digits) => String((Number(digits) + 1) % 250))]
    : [];
  return [
    ...similar,
    `${value}x`,
    ...told,
    ...(schema?.raw["format"] === undefined ? TEXTS : (formatted(schema) ?? TEXTS)),
  ];
}

/** Values that an absent field might take. */
export function samplesOf(wanted: Wanted, depth = 0): readonly Value[] {
  const { schema } = wanted;
  const known = knownFor(wanted);
  if (known !== undefined) return known;
  if (schema === undefined || depth > MAX_DEPTH) return [];
  if (schema.name === "Quantity") return ["7", "7Gi"];
  if (isIntOrString(schema)) return [7, "33%"];
  switch (schema.raw["type"]) {
    case "boolean":
      return [true, false];
    case "integer":
    case "number":
      return [3, 1, 30, 100, 1000, 0];
    case "string":
      return stringsFor(schema);
    case "array":
      return samplesOf({ schema: itemsOf(schema), field: wanted.field, parent: wanted.parent }, depth + 1).map(
        (item) => [item],
      );
    case "object":
      return objectsFor(schema, depth);
    default:
      return schema.raw["x-kubernetes-preserve-unknown-fields"] === true ? [{ planted: { deep: [1, "a"] } }] : [];
  }
}

function stringsFor(schema: Schema): readonly Value[] {
  const format = formatted(schema);
  if (format !== undefined) return format;
  const told = toldBy(schema);
  return schema.raw["enum"] === undefined ? [...told.slice(0, 4), ...TEXTS] : told;
}

function formatted(schema: Schema | undefined): readonly Value[] | undefined {
  return BY_FORMAT[textOf(schema?.raw, "format") ?? ""];
}

/** What the enumeration allows, or what the description quotes. */
function toldBy(schema: Schema | undefined): readonly string[] {
  const allowed = listAt(schema?.raw, "enum").map(String);
  if (allowed.length > 0) return allowed;
  const description = textOf(schema?.raw, "description") ?? "";
  return [...new Set([...description.matchAll(/["`]([A-Z][A-Za-z]+)["`]/g)].map((match) => match[1] as string))].slice(
    0,
    5,
  );
}

/** With what is required alone, and with each of the first optional fields beside that. */
function objectsFor(schema: Schema, depth: number): readonly Value[] {
  const values = valuesOf(schema);
  const properties = propertiesOf(schema);
  if (values !== undefined && properties.length === 0) {
    return samplesOf({ schema: values, field: "", parent: schema.name }, depth + 1)
      .slice(0, 3)
      .map((value) => ({ planted: value }));
  }
  if (schema.raw["x-kubernetes-preserve-unknown-fields"] === true) return [{ planted: { deep: [1, "a"] } }];
  const required = new Set(listAt(schema.raw, "required").map(String));
  let bases: readonly ValueMap[] = [{}];
  for (const name of required) {
    const choices = samplesOf({ schema: propertyOf(schema, name), field: name, parent: schema.name }, depth + 1).slice(
      0,
      3,
    );
    if (choices.length === 0) return [];
    bases = bases.flatMap((base) => choices.map((choice) => withField(base, name, choice))).slice(0, MAX_CANDIDATES);
  }
  const [first = {}] = bases;
  const more = properties
    .filter(([name]) => !required.has(name))
    .slice(0, 12)
    .flatMap(([name, property]) =>
      samplesOf({ schema: property, field: name, parent: schema.name }, depth + 1)
        .slice(0, 2)
        .map((value) => withField(first, name, value)),
    );
  const plain = required.size > 0 ? bases : [];
  return [...plain.slice(0, 4), ...more, ...(required.size > 0 ? [] : [{}])].slice(0, 2 * MAX_CANDIDATES);
}

function knownFor({ parent, field }: Wanted): readonly Value[] | undefined {
  return Object.hasOwn(KNOWN, `${parent}.${field}`)
    ? KNOWN[`${parent}.${field}`]
    : Object.hasOwn(KNOWN, field)
      ? KNOWN[field]
      : undefined;
}

function isIntOrString(schema: Schema | undefined): boolean {
  return schema?.name === "IntOrString" || schema?.raw["x-kubernetes-int-or-string"] === true;
}
