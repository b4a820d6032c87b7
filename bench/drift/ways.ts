// The four ways in which people deploy, by the real programs.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fieldOf, textOf } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { printJson } from "../../src/yaml/json.ts";
import { ensureBinary } from "../../test/cluster/binaries.ts";
import type { TestCluster } from "../../test/cluster/cluster.ts";

export const WAYS = ["client-side apply", "server-side apply", "create", "helm install"] as const;
export type Way = (typeof WAYS)[number];

/** The field manager that a way leaves behind. */
export const MANAGER_OF: Readonly<Record<Way, string>> = {
  "client-side apply": "kubectl-client-side-apply",
  "server-side apply": "kubectl",
  create: "kubectl-create",
  "helm install": "helm",
};

export interface File {
  /** Of its own in the folder. */
  readonly file: string;
  readonly value: ValueMap;
}

export interface Deployment {
  readonly cluster: TestCluster;
  readonly way: Way;
  /** Files are written here; its name is part of a Helm release's. */
  readonly folder: string;
  readonly files: readonly File[];
  /** Of the Helm release. */
  readonly namespace: string;
}

const KUBECTL: Readonly<Record<Exclude<Way, "helm install">, readonly string[]>> = {
  "client-side apply": ["apply"],
  "server-side apply": ["apply", "--server-side"],
  create: ["create"],
};

/** Helm keeps a release in one Secret of at most 1 MiB. */
const RELEASE_BYTES = 700_000;

/** Deploys the files; by file name, what was said of those that were refused. Helm says it of a whole release. */
export async function deploy(deployment: Deployment): Promise<ReadonlyMap<string, string>> {
  if (deployment.files.length === 0) return new Map();
  return await (deployment.way === "helm install" ? installCharts(deployment) : runKubectl(deployment, deployment.way));
}

async function runKubectl(
  { cluster, folder, files }: Deployment,
  way: Exclude<Way, "helm install">,
): Promise<ReadonlyMap<string, string>> {
  await mkdir(folder, { recursive: true });
  for (const { file, value } of files) await writeFile(join(folder, file), printJson(value));
  const { stderr } = await cluster.kubectl([...KUBECTL[way], "-f", folder]);
  return saidOf(stderr, files);
}

function saidOf(stderr: string, files: readonly File[]): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  const known = new Set(files.map(({ file }) => file));
  for (const line of stderr.split("\n")) {
    const file = /([^/"\s]+\.json)"/.exec(line)?.[1];
    if (file !== undefined && known.has(file) && !line.startsWith("Warning:")) said.set(file, line);
  }
  return said;
}

/** One template that hands out the objects as they are, whatever braces they hold. */
const TEMPLATE = `{{ range $path, $bytes := .Files.Glob "objects/*.json" }}
---
{{ toString $bytes }}
{{ end }}
`;

async function installCharts({ cluster, folder, files, namespace }: Deployment): Promise<ReadonlyMap<string, string>> {
  const helm = await ensureBinary("helm");
  const said = new Map<string, string>();
  for (const [index, part] of inParts(files).entries()) {
    const chart = join(folder, `chart-${index}`);
    await mkdir(join(chart, "templates"), { recursive: true });
    await mkdir(join(chart, "objects"));
    await writeFile(join(chart, "Chart.yaml"), `apiVersion: v2\nname: bench-${index}\nversion: 0.1.0\n`);
    await writeFile(join(chart, "templates/all.yaml"), TEMPLATE);
    for (const { file, value } of part) await writeFile(join(chart, "objects", file), printJson(value));
    const args = [
      "install",
      `${namespace}-${basename(folder)}-${index}`,
      chart,
      "--namespace",
      namespace,
      "--kubeconfig",
      cluster.kubeconfig,
    ];
    const failed = await new Promise<string | undefined>((resolve) => {
      execFile(
        helm,
        args,
        { env: { PATH: process.env["PATH"], HOME: cluster.folder }, maxBuffer: 1 << 26 },
        (error, _out, stderr) => resolve(error === null ? undefined : stderr),
      );
    });
    if (failed !== undefined) for (const { file } of part) said.set(file, failed.trim());
  }
  return said;
}

function inParts(files: readonly File[]): readonly (readonly File[])[] {
  const parts: File[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    const size = printJson(file.value).length;
    if (bytes + size > RELEASE_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(file);
    bytes += size;
  }
  return parts;
}

export function nameOf(value: ValueMap): string {
  return textOf(fieldOf(value, "metadata"), "name") ?? "";
}
