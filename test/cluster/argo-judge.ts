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

/** @param programs that Argo CD is to render with, by the names that it calls them */
export async function judgeArgo(
  binary: string,
  programs: readonly string[],
  questions: readonly ArgoQuestion[],
): Promise<readonly ArgoVerdict[]> {
  const folders = [...programs.map(dirname), process.env["PATH"] ?? ""];
  const env = { ...process.env, PATH: folders.join(delimiter), GIT_CONFIG_GLOBAL: "/dev/null" };
  // It tells of each program that it runs.
  const child = spawn(binary, { stdio: ["pipe", "pipe", "ignore"], env });
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  const answers: ArgoVerdict[] = [];
  for await (const line of createInterface(child.stdout)) {
    const answer = JSON.parse(line) as { readonly objects: readonly unknown[] | null; readonly error?: string };
    answers.push({ ...answer, objects: answer.objects ?? [] });
  }
  if (answers.length !== questions.length) {
    throw new Error(`the judge gave ${answers.length} answers to ${questions.length} questions`);
  }
  return answers;
}
