// A chart of many small things to change, each by itself, and what a scan must say of them: by a model of Git, of what was
// deployed and of the cluster, which knows nothing of how holdfast tells directions.

import { chartOf } from "./rendering.ts";
import type { TextFiles } from "./helm-repository.ts";

export const CHART = "charts/samples";
export const VALUES = "values/samples.yaml";

/** What can be changed of a sample. `seen`: what somebody added that Git never named. */
export interface Sample {
  readonly size: string;
  readonly level: string | undefined;
  readonly seen?: boolean;
}

export const FIRST: Sample = { size: "2", level: "info" };

export type Part = "size" | "level";

interface Field {
  readonly field: string;
  readonly json: (value: string) => unknown;
  readonly patch: (value: string) => object;
}

const CONTAINER = 'spec.template.spec.containers[name="main"]';

type Kind = "ConfigMap" | "Deployment" | "Service";

export function kindOf(index: number): Kind {
  return (["Deployment", "ConfigMap", "Service"] as const)[index % 3] ?? "ConfigMap";
}

export function ref(index: number): string {
  return `${kindOf(index)}/sample-${index}`;
}

export const FIELDS: Readonly<Record<Kind, Readonly<Record<Part, Field>>>> = {
  Deployment: {
    size: { field: "spec.replicas", json: Number, patch: (value) => ({ spec: { replicas: Number(value) } }) },
    level: {
      field: `${CONTAINER}.args`,
      json: (value) => [`--level=${value}`],
      patch: (value) => ({
        spec: { template: { spec: { containers: [{ name: "main", args: [`--level=${value}`] }] } } },
      }),
    },
  },
  ConfigMap: {
    size: { field: "data.size", json: String, patch: (value) => ({ data: { size: value } }) },
    level: { field: "data.level", json: String, patch: (value) => ({ data: { level: value } }) },
  },
  Service: {
    size: {
      field: 'spec.ports[port=80,protocol="TCP"].targetPort',
      json: Number,
      patch: (value) => ({ spec: { ports: [{ port: 80, protocol: "TCP", targetPort: Number(value) }] } }),
    },
    level: {
      field: "metadata.labels.level",
      json: String,
      patch: (value) => ({ metadata: { labels: { level: value } } }),
    },
  },
};

/** Of the object itself, without what server-side apply asks for besides. */
export const REMOVED: Readonly<Record<Kind, string>> = {
  Deployment: "/spec/template/spec/containers/0/args",
  ConfigMap: "/data/level",
  Service: "/metadata/labels/level",
};

export const API_VERSION: Readonly<Record<Kind, string>> = { Deployment: "apps/v1", ConfigMap: "v1", Service: "v1" };

/** What the template itself says; values go over it. */
export function template(index: number, { size, level }: Sample): string {
  const name = `sample-${index}`;
  const own = `{{- $own := get .Values.samples "s${index}" | default dict }}
{{- $size := get $own "size" | default "${size}" }}
{{- $level := get $own "level" | default "${level}" }}
apiVersion: ${API_VERSION[kindOf(index)]}
kind: ${kindOf(index)}
metadata:
  name: ${name}
  annotations: { example.com/team: lab }
`;
  switch (kindOf(index)) {
    case "ConfigMap":
      return `${own}data: { level: {{ $level | quote }}, size: {{ $size | quote }} }\n`;
    case "Service":
      return `${own}  labels: { level: {{ $level | quote }} }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: {{ $size }} }] }\n`;
    case "Deployment":
      return `${own}spec:
  replicas: {{ $size }}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: "registry.example/sample:1", args: ["--level={{ $level }}"] }] }
`;
  }
}

export function templateFile(index: number): string {
  return `${CHART}/templates/sample-${index}.yaml`;
}

export function samplesChart(count: number, version = "1.0.0"): TextFiles {
  const templates = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`sample-${index}.yaml`, template(index, FIRST)]),
  );
  const about = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: about }\ndata: { chart: "{{ .Chart.Version }}" }\n';
  const chart = chartOf(CHART, { ...templates, "about.yaml": about }, { values: "samples: {}\n" });
  return { ...chart, ...versioned(version), ...unchangeable("1"), [VALUES]: "samples: {}\n" };
}

/** Another value of it is what no API server takes, and Helm comes to it after the other ConfigMaps. */
export function unchangeable(value: string): TextFiles {
  return {
    [`${CHART}/templates/unchangeable.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: unchangeable }\nimmutable: true\ndata: { value: "${value}" }\n`,
  };
}

/** The samples that are there, as `kubectl get -o json` of their kinds gives them. */
export function observed(json: string): Samples {
  const { items } = JSON.parse(json) as { readonly items: readonly Item[] };
  return new Map(
    items.flatMap(({ metadata, data, spec }): [number, Sample][] => {
      const index = Number(/^sample-(\d+)$/.exec(metadata.name)?.[1] ?? Number.NaN);
      if (Number.isNaN(index)) return [];
      const [container] = spec?.template?.spec.containers ?? [];
      const level = data?.["level"] ?? container?.args?.[0]?.replace("--level=", "") ?? metadata.labels?.["level"];
      const size = data?.["size"] ?? spec?.replicas ?? spec?.ports?.[0]?.targetPort;
      const seen = metadata.annotations?.["example.com/seen"] !== undefined;
      return [[index, { size: String(size), level, ...(seen ? { seen } : {}) }]];
    }),
  );
}

interface Item {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly ports?: readonly { readonly targetPort: number }[];
    readonly template?: { readonly spec: { readonly containers: readonly { readonly args?: readonly string[] }[] } };
  };
}

export function versioned(version: string): TextFiles {
  return { [`${CHART}/Chart.yaml`]: `apiVersion: v2\nname: samples\nversion: ${version}\n` };
}

export function valuesOf(over: ReadonlyMap<number, Sample>): string {
  return JSON.stringify({ samples: Object.fromEntries([...over].map(([index, one]) => [`s${index}`, one])) });
}

/** Samples by their number; one that is not there is not in that place. */
export type Samples = ReadonlyMap<number, Sample>;

export interface Model {
  readonly git: Samples;
  /** By the last upgrade that came to its end. */
  readonly deployed: Samples;
  readonly live: Samples;
  /** By an upgrade since that did not. */
  readonly attempted?: Samples;
  /** Whether the reader may read Secrets; without them only who wrote a field tells. */
  readonly secrets: boolean;
  /** Which samples somebody wrote to by hand since they were deployed, and what. */
  readonly byHand: ReadonlyMap<number, ReadonlySet<Part>>;
}

/** As `told` gives it. */
export function expectedOf(model: Model): readonly string[] {
  const all = new Set([...model.git.keys(), ...model.live.keys()]);
  return [...all].flatMap((index) => linesOf(index, model)).toSorted();
}

function linesOf(index: number, model: Model): readonly string[] {
  const [git, deployed, live] = [model.git.get(index), model.deployed.get(index), model.live.get(index)];
  if (git === undefined && live === undefined) return [];
  if (live === undefined) return [`${deployed === undefined && model.secrets ? "pending" : "missing"} ${ref(index)}`];
  if (git === undefined) {
    const asDeployed = deployed !== undefined && isSame(deployed, live) && model.secrets;
    return [`${asDeployed ? "pending" : "unmanaged"} ${ref(index)}`];
  }
  const changes = (["size", "level"] as const).flatMap((part) => changeOf(index, part, model) ?? []);
  const added = live.seen === true ? [`sample-${index}: metadata.annotations["example.com/seen"] live-changed`] : [];
  if (changes.length + added.length === 0) return [];
  const ahead = added.length === 0 && changes.every((line) => line.includes(" git-ahead"));
  return [`${ahead ? "pending" : "drifted"} ${ref(index)}`, ...changes, ...added];
}

function isSame(one: Sample, other: Sample): boolean {
  return one.size === other.size && one.level === other.level && one.seen === other.seen;
}

function changeOf(index: number, part: Part, model: Model): string | undefined {
  const [git, live] = [model.git.get(index)?.[part], model.live.get(index)?.[part]];
  if (git === live) return undefined;
  const { field, json } = FIELDS[kindOf(index)][part];
  const deployed = model.deployed.get(index)?.[part];
  const attempted = model.attempted?.get(index)?.[part];
  const line = (direction: string, was: string | undefined): string =>
    [`sample-${index}: ${field} ${direction}`, ...(was === undefined ? [] : [JSON.stringify(json(was))])].join(" ");
  if (!model.secrets) {
    if (live === undefined) return line("unknown", undefined);
    return line(model.byHand.get(index)?.has(part) === true ? "live-changed" : "git-ahead", undefined);
  }
  const last = deployed ?? attempted;
  if (live === last) return line("git-ahead", last);
  if (live !== undefined && live === attempted) return line("git-ahead", attempted);
  return line(git === last ? "live-changed" : "both-changed", last);
}
