/** What Git does not declare and is not unmanaged: counted by why, and one by one where it was asked about. */

import type { ExcusedObject, ExcusedRule } from "../core/pass.ts";
import { formatRef } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { compareText } from "../core/value.ts";
import type { Excused } from "../drift/unmanaged.ts";

/** Examples that are kept of a rule. */
const EXAMPLES = 5;

export interface ExcusedLog {
  add(excused: Excused): void;
  /** `undefined` where nothing was excused. */
  told(): { readonly rules: readonly ExcusedRule[]; readonly objects: readonly ExcusedObject[] } | undefined;
}

/** `traced`: objects that are told one by one; absent: none. */
export function excusedLog(traced: (ref: ObjectRef) => boolean = () => false): ExcusedLog {
  const rules = new Map<string, { rule: string; count: number; examples: string[] }>();
  const objects: ExcusedObject[] = [];
  return {
    add({ target, live: { ref }, excuse }) {
      const known = rules.get(excuse.rule) ?? { rule: excuse.rule, count: 0, examples: [] };
      known.count += 1;
      if (known.examples.length < EXAMPLES) known.examples.push(formatRef(ref));
      rules.set(excuse.rule, known);
      if (traced(ref)) objects.push({ target, ref, ...excuse });
    },
    told: () =>
      rules.size === 0
        ? undefined
        : { rules: [...rules.values()].toSorted((a, b) => compareText(a.rule, b.rule)), objects },
  };
}
