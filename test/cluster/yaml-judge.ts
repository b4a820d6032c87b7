/** The Go reader (`sigs.k8s.io/yaml`) as judge over the project's own: one process, asked in bulk. */

import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { readJson } from "../../src/yaml/json.ts";
import type { Value } from "../../src/core/value.ts";

/** What Kubernetes reads: a value, or that it refuses. */
export type Verdict =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "refused"; readonly why: string };

/** One answer a text, in order: each taken as one document. */
export async function judgeTexts(binary: string, texts: readonly string[]): Promise<readonly Verdict[]> {
  const child = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(texts.map((yaml, id) => `${JSON.stringify({ id: String(id), yaml })}\n`).join(""));
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map(verdictOf);
}

/** For each file, what becomes of its documents, cut as Kubernetes cuts them. */
export async function judgeFiles(
  binary: string,
  files: readonly string[],
): Promise<ReadonlyMap<string, readonly Verdict[]>> {
  const { stdout } = await promisify(execFile)(binary, [...files], { maxBuffer: 1 << 30 });
  const verdicts = new Map<string, Verdict[]>(files.map((file) => [file, []]));
  for (const line of stdout.split("\n")) {
    if (line === "") continue;
    const { file, reader } = JSON.parse(line) as { file: string; reader: string };
    if (reader === "YAMLReader") verdicts.get(file)?.push(verdictOf(line));
  }
  return verdicts;
}

function verdictOf(line: string): Verdict {
  const { json, error } = JSON.parse(line) as { json?: string; error?: string };
  if (json === undefined) return { kind: "refused", why: error ?? "" };
  const { values, faults } = readJson(json, { file: "judge" });
  if (faults.length > 0 || values.length !== 1) throw new Error(`the judge's answer is no JSON: ${json.slice(0, 200)}`);
  return { kind: "value", value: values[0] as Value };
}
