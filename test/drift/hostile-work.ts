// What is done with hostile objects: comparing, and writing the reports. Loaded by the process that counts.

import { stringify } from "yaml";
import type { FieldSchema } from "../../src/core/schema.ts";
import type { Change } from "../../src/core/drift.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { compareObject } from "../../src/drift/compare.ts";
import type { Comparison } from "../../src/drift/compare.ts";
import { markdownReport } from "../../src/report/markdown.ts";
import { jsonReport } from "../../src/report/json.ts";
import { textReport } from "../../src/report/text.ts";
import { createStyle } from "../../src/text/style.ts";
import { edited } from "../codify/workbench.ts";
import { passOf, resultOf } from "../report/passes.ts";
import { DEEP, HOSTILE, ODD } from "./hostile-objects.ts";
import type { HostilePair } from "./hostile-objects.ts";
import { desiredOf, refOf } from "./objects.ts";

/** Compare alone, or compare and then write every report, or put all changes into a file. */
export type WorkKind = "compare" | "report" | "codify";

/** Prepared; running it answers how many changes came of it. */
export function workOf(name: string, size: number, what: WorkKind): { readonly run: () => Promise<number> } {
  const found = HOSTILE[name] ?? ODD[name] ?? DEEP[name];
  if (found === undefined) throw new Error(`no case is called ${name}`);
  const pair = found.pair(size);
  const text = what === "codify" ? stringify(pair.desired, { aliasDuplicateObjects: false }) : "";
  return {
    run: async () => {
      const comparison = compared(pair);
      if (what === "report") reported(comparison);
      if (what === "codify") await codified(pair, { text, changes: comparison.changes });
      return comparison.changes.length;
    },
  };
}

function compared({ desired, live, managers = [], schema }: HostilePair): Comparison {
  const ref = refOf(desired);
  return compareObject({
    desired: desiredOf(desired),
    live: { ref, value: live, managers },
    schema: schema ?? schemaOf(desired),
  });
}

function schemaOf(object: ValueMap): FieldSchema | undefined {
  const { apiVersion, kind } = refOf(object);
  return builtinSchemas.schemaOf(apiVersion, kind);
}

async function codified(
  { desired, schema = schemaOf(desired) }: HostilePair,
  { text, changes }: { readonly text: string; readonly changes: readonly Change[] },
): Promise<void> {
  const { codes } = await edited({ text, changes, ...(schema === undefined ? {} : { schema }) });
  const refusal = codes.find((code) => code !== "edited");
  if (refusal !== undefined) throw new Error(`a change is not codified: ${refusal}`);
}

function reported({ changes }: Comparison): void {
  const pass = passOf([resultOf("web", changes)]);
  for (const text of [jsonReport(pass), markdownReport(pass), textReport(pass, createStyle(false))]) {
    if (text.length < changes.length) throw new Error("a report that tells less than one character a change");
  }
}
