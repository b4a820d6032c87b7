// Many small things that Argo CD deploys under each way of syncing, to change each by itself, and what a scan must say of
// them: by a model of Git, of what was deployed and of the cluster, which knows nothing of how holdfast tells directions.

import { application, AUTOMATED, from, HEALED } from "./argo-repository.ts";
import { short } from "./deployed-stand.ts";
import { API_VERSION, FIELDS, FIRST, kindOf, ref } from "./helm-samples.ts";
import type { Part, Sample, Samples } from "./helm-samples.ts";
import type { TextFiles } from "./flux-repository.ts";

/** How the Application of that name is synced. */
export const MODES = {
  hand: "",
  auto: AUTOMATED,
  // One that fails is not tried again by itself.
  pruned: "  syncPolicy: { automated: { prune: true }, retry: { limit: 0 } }\n",
  healed: HEALED,
} as const;

export type Mode = keyof typeof MODES;

export const MODE_NAMES = Object.keys(MODES) as readonly Mode[];

/** Of each mode: their numbers begin with another hundred. */
export function numbers(mode: Mode, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => MODE_NAMES.indexOf(mode) * 100 + index);
}

export function modeOf(index: number): Mode {
  return MODE_NAMES[Math.floor(index / 100)] ?? "hand";
}

export function namespaceOf(index: number): string {
  return `lab-${modeOf(index)}`;
}

export function fileOf(index: number): string {
  return `apps/${modeOf(index)}/sample-${index}.yaml`;
}

export function textOf(index: number, { size, level }: Sample): string {
  const name = `sample-${index}`;
  const own = `apiVersion: ${API_VERSION[kindOf(index)]}\nkind: ${kindOf(index)}\nmetadata:\n  name: ${name}\n`;
  switch (kindOf(index)) {
    case "ConfigMap":
      return `${own}data: { level: "${level}", size: "${size}" }\n`;
    case "Service":
      return `${own}  labels: { level: "${level}" }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: ${size} }] }\n`;
    case "Deployment":
      return `${own}spec:
  replicas: ${size}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: "registry.example/sample:1", args: ["--level=${level}"] }] }
`;
  }
}

/** Everything that the suite begins with; `root` deploys the Applications, by hand of the test. */
export function sampleFleet(count: number): TextFiles {
  const namespaces = MODE_NAMES.map((mode) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: lab-${mode} }\n`);
  const modes = MODE_NAMES.map((mode): [string, string] => [
    `applications/${mode}.yaml`,
    application({ name: mode, namespace: `lab-${mode}`, spec: from(`apps/${mode}`) + MODES[mode] }),
  ]);
  const samples = MODE_NAMES.flatMap((mode) =>
    numbers(mode, count).map((index): [string, string] => [fileOf(index), textOf(index, FIRST)]),
  );
  return {
    "root.yaml": application({ name: "root", namespace: "argocd", spec: from("applications") + HEALED }),
    "applications/namespaces.yaml": namespaces.join("---\n"),
    ...Object.fromEntries([...modes, ...samples]),
  };
}

export interface Model {
  readonly git: Samples;
  /** As the last sync of each mode left it. */
  readonly deployed: Samples;
  readonly live: Samples;
  /** The commit of that sync. */
  readonly commits: ReadonlyMap<Mode, string>;
  /** In which commit a sample was taken out of Git. */
  readonly removedIn: ReadonlyMap<number, string>;
}

/** As `told` gives it. */
export function expectedOf(model: Model): readonly string[] {
  const all = new Set([...model.git.keys(), ...model.live.keys()]);
  return [...all].flatMap((index) => linesOf(index, model)).toSorted();
}

function linesOf(index: number, model: Model): readonly string[] {
  const [git, deployed, live] = [model.git.get(index), model.deployed.get(index), model.live.get(index)];
  if (git === undefined && live === undefined) return [];
  if (live === undefined) return [`${deployed === undefined ? "pending" : "missing"} ${ref(index)}`];
  if (git === undefined) {
    // Who syncs automatically without pruning leaves it there, and so does a sync that was made since.
    const waits = deployed !== undefined && modeOf(index) !== "auto";
    return [`${waits ? "pending" : "unmanaged"} ${ref(index)} ${short(model.removedIn.get(index) ?? "")}`];
  }
  const changes = (["size", "level"] as const).flatMap((part) => changeOf(index, part, model) ?? []);
  if (changes.length === 0) return [];
  const ahead = changes.every((line) => line.includes(" git-ahead "));
  return [`${ahead ? "pending" : "drifted"} ${ref(index)}`, ...changes];
}

function changeOf(index: number, part: Part, model: Model): string | undefined {
  const [git, deployed, live] = [model.git, model.deployed, model.live].map((one) => one.get(index)?.[part]);
  if (git === live) return undefined;
  const { field, json } = FIELDS[kindOf(index)][part];
  const direction = live === deployed ? "git-ahead" : git === deployed ? "live-changed" : "both-changed";
  const was = JSON.stringify(json(deployed ?? ""));
  return `sample-${index}: ${field} ${direction} ${was} ${short(model.commits.get(modeOf(index)) ?? "")}`;
}
