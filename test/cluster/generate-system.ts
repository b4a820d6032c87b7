// `npm run generate:system`: writes src/kinds/data/system.json, the objects that Kubernetes makes by itself, as fresh
// clusters of every version that the test cluster can be have them: names, and of RBAC objects what they grant. Of all
// versions together: a role may have the rules that any of them gives it. unmanaged.test.ts holds fresh clusters to the file.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compareText, fieldAt, fieldOf, isList, textOf } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import { roleText, ruleTexts, subjectTexts } from "../../src/kinds/rbac-content.ts";
import { KUBERNETES } from "./binaries.ts";
import type { KubernetesMinor } from "./binaries.ts";
import { startCluster } from "./cluster.ts";

const OUTPUT = join(import.meta.dirname, "../../src/kinds/data/system.json");

/** Time for the controller manager to make ServiceAccounts and to aggregate roles. */
const SETTLE_MILLISECONDS = 15_000;

const KINDS =
  "clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,flowschemas,prioritylevelconfigurations,priorityclasses";

type Texts = Record<string, Set<string>>;

const made = {
  roles: {} as Texts,
  aggregated: {} as Texts,
  bindings: {} as Texts,
  serviceAccounts: new Set<string>(),
  flowSchemas: new Set<string>(),
  priorityLevels: new Set<string>(),
  priorityClasses: new Set<string>(),
};

const minors = Object.keys(KUBERNETES) as KubernetesMinor[];
for (const minor of minors) for (const object of await freshObjects(minor)) take(object);
const versions = minors.map((minor) => KUBERNETES[minor].version);
await writeFile(OUTPUT, `${serialize({ kubernetes: versions, ...made })}\n`);
process.stdout.write(`${OUTPUT}: ${versions.join(", ")}\n`);

async function freshObjects(kubernetes: KubernetesMinor): Promise<readonly Value[]> {
  const cluster = await startCluster({ kubernetes, controllerManager: true });
  try {
    await sleep(SETTLE_MILLISECONDS);
    const { stdout, stderr, code } = await cluster.kubectl(["get", KINDS, "--all-namespaces", "-o", "json"]);
    if (code !== 0) throw new Error(stderr);
    const items = fieldOf(JSON.parse(stdout) as Value, "items");
    // What the test cluster adds for its own users.
    return (isList(items) ? items : []).filter((item) => !nameOf(item).startsWith("test-"));
  } finally {
    await cluster.stop();
  }
}

function take(object: Value): void {
  const namespace = textOf(fieldOf(object, "metadata"), "namespace");
  const name = nameOf(object);
  const key = namespace === undefined ? name : `${namespace}/${name}`;
  switch (textOf(object, "kind")) {
    case "ClusterRole":
    case "Role":
      if (fieldOf(object, "aggregationRule") === undefined) add(made.roles, key, ruleTexts(object));
      else add(made.aggregated, key, [JSON.stringify(fieldOf(object, "aggregationRule"))]);
      break;
    case "ClusterRoleBinding":
    case "RoleBinding":
      add(made.bindings, key, [roleText(object), ...subjectTexts(object)]);
      break;
    case "ServiceAccount":
      if (namespace === "kube-system" && name !== "default") made.serviceAccounts.add(name);
      break;
    case "FlowSchema":
      made.flowSchemas.add(name);
      break;
    case "PriorityLevelConfiguration":
      made.priorityLevels.add(name);
      break;
    case "PriorityClass":
      made.priorityClasses.add(name);
  }
}

function nameOf(object: Value): string {
  return textOf(fieldAt(object, "metadata"), "name") ?? "";
}

function add(texts: Texts, key: string, more: readonly string[]): void {
  texts[key] = new Set([...(texts[key] ?? []), ...more]);
}

/** One rule or subject a line, so that a new Kubernetes version reads as a diff. */
function serialize(value: unknown): string {
  return JSON.stringify(value, plain, 2);
}

function plain(_key: string, part: unknown): unknown {
  if (part instanceof Set) return [...(part as Set<string>)].toSorted(compareText);
  if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => compareText(a, b)));
}
