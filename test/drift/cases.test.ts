// What the drift bench (bench/drift) once found wrong on a real API server, each as a case of its own: what Git said, what
// was live, and the changes that are to be found.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatPath } from "../../src/core/path.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { compared } from "./objects.ts";

const FOLDER = join(import.meta.dirname, "../../fixtures/drift-cases");

interface DriftCase {
  readonly title: string;
  /** Operation and path. */
  readonly changes: readonly string[];
  readonly git: ValueMap;
  readonly live: ValueMap;
}

/** Known to be wrong still: taken from here with what makes them right. */
const OPEN: ReadonlySet<string> = new Set();

const CASES = readdirSync(FOLDER).map((file) => {
  const read = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as DriftCase;
  return { ...read, name: file.replace(".json", "") };
});

function found({ git, live }: DriftCase): readonly string[] {
  return compared(git, live).changes.map(({ operation, path }) => `${operation} ${formatPath(path)}`);
}

test.for(CASES.filter(({ name }) => !OPEN.has(name)))("$title ($name)", (one) => {
  expect(found(one)).toEqual(one.changes);
});

test.for(CASES.filter(({ name }) => OPEN.has(name)))("still wrong: $title ($name)", (one) => {
  expect(found(one)).not.toEqual(one.changes);
});
