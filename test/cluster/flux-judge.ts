/** Flux's own substitution (fluxcd `pkg/envsubst`, `pkg/kustomize`) as judge over the project's: one process, asked in bulk. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface TemplateQuestion {
  readonly text: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly strict?: boolean;
}

export interface BuildQuestion {
  /** Of one folder with a kustomization, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly postBuild: Readonly<Record<string, unknown>>;
  readonly strict?: boolean;
}

/** What went wrong, a panic too, or bytes. */
export type TemplateVerdict = Buffer | { readonly error: string };

export interface BuildVerdict {
  /** Each object as the text that is substituted in, as far as it came. */
  readonly before: readonly string[];
  /** JSON of each object as it is applied. */
  readonly after: readonly unknown[];
  readonly error?: string;
}

/** Character by character, as the Go of the judge knows them. */
export interface RuneTables {
  /** Those with another form: code point, lower case, upper case. */
  readonly cases: readonly (readonly [number, number, number])[];
  /** Ranges, both ends included, of what a name is made of. */
  readonly names: readonly (readonly [number, number])[];
}

interface Answer {
  readonly output?: string;
  readonly error?: string;
  readonly before?: readonly string[];
  readonly after?: readonly unknown[];
}

/** One answer a question, in order. */
export async function judgeTemplates(
  binary: string,
  questions: readonly TemplateQuestion[],
): Promise<readonly TemplateVerdict[]> {
  const answers = await ask<Answer>(binary, questions);
  return answers.map(({ output, error }) =>
    error === undefined ? Buffer.from(output ?? "", "base64") : { error: error },
  );
}

export async function judgeBuilds(
  binary: string,
  questions: readonly BuildQuestion[],
): Promise<readonly BuildVerdict[]> {
  const answers = await ask<Answer>(binary, questions);
  return answers.map(({ before = [], after = [], error }) => ({
    before,
    after,
    ...(error === undefined ? {} : { error }),
  }));
}

export async function runeTables(binary: string): Promise<RuneTables> {
  const [tables] = await ask<RuneTables>(binary, [{ runes: true }]);
  if (tables === undefined) throw new Error("the judge has no tables");
  return tables;
}

async function ask<T>(binary: string, questions: readonly unknown[]): Promise<readonly T[]> {
  const child = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  const answers: T[] = [];
  for await (const line of createInterface(child.stdout)) answers.push(JSON.parse(line) as T);
  if (answers.length !== questions.length) {
    throw new Error(`the judge gave ${answers.length} answers to ${questions.length} questions`);
  }
  return answers;
}
