/** Argo CD's own code (the repo server's manifests, the controller's Applications) as judge: one process, asked in bulk. */

import { spawn } from "node:child_process";
import { dirname, delimiter } from "node:path";
import { createInterface } from "node:readline";

export interface ArgoQuestion {
  /** Of the repository. */
  readonly files: Readonly<Record<string, string>>;
  /** Text of an Application, or of an ApplicationSet. */
  readonly application?: string;
  readonly applicationSet?: string;
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
}

export interface ArgoVerdict {
  /** The manifests, or the Applications. */
  readonly objects: readonly unknown[];
  readonly error?: string;
}

/** A dialect, a pattern and a text. */
export type GlobQuestion = readonly [string, string, string];

/** @param programs that Argo CD is to render with, by the names that it calls them */
export async function judgeArgo(
  binary: string,
  programs: readonly string[],
  questions: readonly ArgoQuestion[],
): Promise<readonly ArgoVerdict[]> {
  const answers = await ask<ArgoVerdict & { readonly objects: readonly unknown[] | null }>(binary, programs, questions);
  return answers.map((answer) => ({ ...answer, objects: answer.objects ?? [] }));
}

/** Whether each matches; `null` where it is no pattern. */
export async function judgeGlobs(binary: string, globs: readonly GlobQuestion[]): Promise<readonly (boolean | null)[]> {
  const [answer] = await ask<{ readonly matches?: readonly (boolean | null)[] }>(binary, [], [{ globs }]);
  return answer?.matches ?? [];
}

export interface WindowQuestion {
  readonly windows: readonly unknown[];
  readonly name: string;
  readonly destination: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** `none`, `error`, or whether automated syncs and those by hand are allowed (`true false`). */
export async function judgeWindows(binary: string, windows: readonly WindowQuestion[]): Promise<readonly string[]> {
  const [answer] = await ask<{ readonly syncs?: readonly string[] }>(binary, [], [{ windows }]);
  return answer?.syncs ?? [];
}

/** The texts with the build environment in them, of which ARGOCD_APP_NAME alone is known: `web`. */
export async function judgeExpansions(binary: string, expand: readonly string[]): Promise<readonly string[]> {
  const [answer] = await ask<{ readonly expanded?: readonly string[] }>(binary, [], [{ expand }]);
  return answer?.expanded ?? [];
}

async function ask<T>(
  binary: string,
  programs: readonly string[],
  questions: readonly unknown[],
): Promise<readonly T[]> {
  const folders = [...programs.map(dirname), process.env["PATH"] ?? ""];
  const env = { ...process.env, PATH: folders.join(delimiter), GIT_CONFIG_GLOBAL: "/dev/null" };
  // It tells of each program that it runs.
  const child = spawn(binary, { stdio: ["pipe", "pipe", "ignore"], env });
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  const answers: T[] = [];
  for await (const line of createInterface(child.stdout)) answers.push(JSON.parse(line) as T);
  if (answers.length !== questions.length) {
    throw new Error(`the judge gave ${answers.length} answers to ${questions.length} questions`);
  }
  return answers;
}
