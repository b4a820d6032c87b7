/** What was seen and is no drift, by rule: counted, with a few examples, and whole for the objects that are asked about. */

import type { LeftOutField } from "../core/drift.ts";
import type { LeftOutObject, LeftOutRuleCount, Summary } from "../core/pass.ts";
import { formatPath } from "../core/path.ts";
import { pathWithoutStandIns } from "../core/stand-ins.ts";
import { formatRef } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { compareText } from "../core/value.ts";

/** Examples that are kept of a rule. */
const EXAMPLES = 5;

/** A difference that was left out, and that a policy objects to: a change after all. */
export interface AdmittedField extends LeftOutField {
  readonly ref: ObjectRef;
}

export interface LeftOutLog {
  add(target: string, ref: ObjectRef, fields: readonly LeftOutField[]): void;
  readonly counts: Summary["leftOut"];
  /** Ordered by reason, then by rule; without what was `admitted`, which is reported as a change. */
  rules(admitted: readonly AdmittedField[]): readonly LeftOutRuleCount[];
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
        const key = keyOf({ reason, rule });
        const known = rules.get(key) ?? { reason, rule, count: 0, examples: [] };
        known.count += 1;
        if (known.examples.length < EXAMPLES) known.examples.push(exampleOf(ref, path));
        rules.set(key, known);
      }
      if (traced(ref)) objects.push({ target, ref, fields });
    },
    rules: (admitted) => {
      const gone = Map.groupBy(admitted, keyOf);
      return [...rules.values()]
        .map((one) => without(one, gone.get(keyOf(one)) ?? []))
        .filter(({ count }) => count > 0)
        .toSorted((a, b) => compareText(a.reason, b.reason) || compareText(a.rule, b.rule));
    },
    objects: () => objects,
  };
}

function keyOf({ reason, rule }: Pick<LeftOutField, "reason" | "rule">): string {
  return `${reason}\0${rule}`;
}

function exampleOf(ref: ObjectRef, path: LeftOutField["path"]): string {
  return `${formatRef(ref)} ${formatPath(pathWithoutStandIns(path))}`.trimEnd();
}

function without(rule: LeftOutRuleCount, gone: readonly AdmittedField[]): LeftOutRuleCount {
  const told = new Set(gone.map(({ ref, path }) => exampleOf(ref, path)));
  const examples = rule.examples.filter((example) => !told.has(example));
  return { ...rule, count: rule.count - gone.length, examples };
}
