// `npm run generate:kinds`: writes src/kinds/data/v1.*.json, what the built-in kinds' fields mean, by asking an API server
// of each version: its OpenAPI v3, alpha and beta versions too, and what it fills in where a field is left out
// (probe-defaults.ts), and what nobody may change (probe-immutable.ts). Which zero values it does not write is asked of the Go types, since no answer says it
// (go/zerofields). src/kinds/schemas.ts says how the files read: the newest is whole, an older one has what differs.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { KUBERNETES } from "./binaries.ts";
import type { KubernetesMinor } from "./binaries.ts";
import { startCluster } from "./cluster.ts";
import { ALLOCATED, deriveDefaults, withFeatures } from "./derive-defaults.ts";
import type { Derived } from "./derive-defaults.ts";
import { kindData } from "./kind-data.ts";
import type { KindData } from "./kind-data.ts";
import { differences } from "./kind-differences.ts";
import type { KindTable } from "./kind-differences.ts";
import { ALL_FEATURES, allVersions, openApiOf } from "./openapi-of.ts";
import { probeDefaults } from "./probe-defaults.ts";
import type { Probing } from "./probe-defaults.ts";
import { probeImmutable } from "./probe-immutable.ts";

const FOLDER = join(import.meta.dirname, "../../src/kinds/data");

/** Kinds that are asked, not stored, so that nothing is ever filled in for Git. */
const QUESTIONS = /(?:Review|Binding|Eviction|Scale)$/;

await mkdir(FOLDER, { recursive: true });
const newest = await tableOf("v1.36");
await write("v1.36", newest);
await write("v1.33", differences(newest, await tableOf("v1.33")));

async function tableOf(minor: KubernetesMinor): Promise<KindTable> {
  const zeros = await zeroFields(minor);
  const usual = await ask(minor, allVersions(minor), zeros);
  const { data, probing, derived } = usual;
  const unasked = Object.keys(data.kinds).filter(
    (name) => (data.kinds[name]?.verbs ?? ["create"]).includes("create") && !probing.kinds.includes(name),
  );
  say(`${minor}: ${Object.keys(data.kinds).length} kinds, ${probing.probes.length} fields taken away`);
  for (const line of probing.refused) say(`not taken: ${line}`);
  for (const name of unasked.filter((one) => !QUESTIONS.test(one))) say(`no shape: ${name}`);
  // What clusters with other features on fill in, in fields that are not there without them.
  const featured = await ask(minor, ALL_FEATURES, zeros);
  for (const line of [...derived.unexplained, ...featured.derived.unexplained]) say(`not explained: ${line}`);
  const rules = withFeatures(derived.rules, { more: featured.derived.rules, seen: probing.probes, data });
  return { kinds: withImmutable(data.kinds, usual.immutable), types: withRules(data.types, rules) };
}

function withRules(types: KindTable["types"], rules: Derived["rules"]): KindTable["types"] {
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => {
      if (typeof type === "string") return [name, type];
      const [allocated, defaults] = [ALLOCATED[name], rules[name]];
      return [
        name,
        {
          ...(allocated === undefined ? {} : { allocated: Object.keys(allocated) }),
          ...(defaults === undefined ? {} : { defaults }),
          ...type,
        },
      ];
    }),
  );
}

function withImmutable(kinds: KindTable["kinds"], immutable: Answers["immutable"]): KindTable["kinds"] {
  return Object.fromEntries(
    Object.entries(kinds).map(([name, entry]) => {
      const places = immutable[name];
      return [name, places === undefined ? entry : { ...entry, immutable: places }];
    }),
  );
}

interface Answers {
  readonly data: KindData;
  readonly probing: Probing;
  readonly derived: Derived;
  readonly immutable: Readonly<Record<string, readonly string[]>>;
}

async function ask(
  minor: KubernetesMinor,
  flags: readonly string[],
  zeros: Readonly<Record<string, readonly string[]>>,
): Promise<Answers> {
  const cluster = await startCluster({ kubernetes: minor, apiServerFlags: flags });
  try {
    const data = kindData(await openApiOf(cluster), zeros);
    const probing = await probeDefaults(cluster, data.kinds);
    const immutable = await probeImmutable(cluster, data.kinds);
    return { data, probing, derived: deriveDefaults(probing.probes, data), immutable };
  } finally {
    await cluster.stop();
  }
}

/** Field names by the type's OpenAPI name. */
async function zeroFields(minor: KubernetesMinor): Promise<Readonly<Record<string, readonly string[]>>> {
  const { stdout } = await promisify(execFile)(
    "go",
    ["run", "-mod=readonly", `-modfile=${join(KUBERNETES[minor].module, "go.mod")}`, "./zerofields"],
    { cwd: KUBERNETES["v1.36"].module, maxBuffer: 1 << 26 },
  );
  return JSON.parse(stdout) as Record<string, string[]>;
}

async function write(minor: KubernetesMinor, table: object): Promise<void> {
  await writeFile(join(FOLDER, `${minor}.json`), serialize({ kubernetes: KUBERNETES[minor].version, ...table }));
}

/** One kind, one rule and one field a line, so that a new Kubernetes version reads as a diff. */
function serialize(all: object): string {
  const parts = Object.entries(all).map(([name, part]) => {
    if (name === "types")
      return `  "types": {\n${Object.entries(part as object)
        .map(typeLines)
        .join(",\n")}\n  }`;
    if (name === "kinds") return `  "kinds": {\n${lines(part as object, "    ")}\n  }`;
    return `  ${JSON.stringify(name)}: ${JSON.stringify(part, null, 2).replaceAll("\n", "\n  ")}`;
  });
  return `{\n${parts.join(",\n")}\n}\n`;
}

function typeLines([name, type]: [string, unknown]): string {
  if (typeof type === "string") return `    ${JSON.stringify(name)}: ${JSON.stringify(type)}`;
  const { fields, defaults, ...rest } = type as Record<string, unknown>;
  const parts = [
    ...Object.entries(rest).map(([key, value]) => `      ${JSON.stringify(key)}: ${JSON.stringify(value)}`),
    ...(defaults === undefined ? [] : [`      "defaults": ${listLines(defaults as readonly unknown[])}`]),
    ...(fields === undefined ? [] : [`      "fields": {\n${lines(fields as object, "        ")}\n      }`]),
  ];
  return `    ${JSON.stringify(name)}: {\n${parts.join(",\n")}\n    }`;
}

function listLines(list: readonly unknown[]): string {
  return list.length === 0 ? "[]" : `[\n${list.map((item) => `        ${JSON.stringify(item)}`).join(",\n")}\n      ]`;
}

function lines(map: object, indent: string): string {
  return Object.entries(map)
    .map(([name, value]) => `${indent}${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(",\n");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
