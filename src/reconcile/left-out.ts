/** What was seen and is no drift, by rule: counted, with a few examples, and whole for the objects that are asked about. */

import type { LeftOutField } from "../core/drift.ts";
import type { LeftOutObject, LeftOutRuleCount, Summary } from "../core/pass.ts";
import { formatPath } from "../core/path.ts";
import { formatRef } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { compareText } from "../core/value.ts";

/** Examples that are kept of a rule. */
const EXAMPLES = 5;

export interface LeftOutLog {
  add(target: string, ref: ObjectRef, fields: readonly LeftOutField[]): void;
  readonly counts: Summary["leftOut"];
  /** Ordered by reason, then by rule. */
  rules(): readonly LeftOutRuleCount[];
  objects(): readonly LeftOutObject[];
}

/** `traced`: objects of which every field is kept; absent: none. */
export function leftOutLog(traced: (ref: ObjectRef) => boolean = () => false): LeftOutLog {
  const counts = { controller: 0, admission: 0, ignored: 0 };
  const rules = new Map<string, { reason: LeftOutField["reason"]; rule: string; count: number; examples: string[] }>();
  const objects: LeftOutObject[] = [];
  return {
    counts,
    add(target, ref, fields) {
      for (const { reason, rule, path } of fields) {
        counts[reason] += 1;
        const key = `${reason}\0${rule}`;
        const known = rules.get(key) ?? { reason, rule, count: 0, examples: [] };
        known.count += 1;
        if (known.examples.length < EXAMPLES) known.examples.push(`${formatRef(ref)} ${formatPath(path)}`.trimEnd());
        rules.set(key, known);
      }
      if (traced(ref)) objects.push({ target, ref, fields });
    },
    rules: () => [...rules.values()].toSorted((a, b) => compareText(a.reason, b.reason) || compareText(a.rule, b.rule)),
    objects: () => objects,
  };
}
