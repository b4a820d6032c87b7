/**
 * Takes out of what was compared what Git says is no drift: by the repository's `ignore` rules, by what Argo CD
 * Applications ignore, and by what objects ask of Flux. Says which rules nothing was found for.
 */

import type { Change, Drift, LeftOutField } from "../core/drift.ts";
import type { Fault } from "../core/fault.ts";
import type { IgnoreRule } from "../core/ignore.ts";
import type { DesiredObject, LiveObject } from "../core/objects.ts";
import type { Comparison } from "../drift/compare.ts";
import { applicationIgnores, declaredIgnore } from "../drift/declared-ignores.ts";
import type { DefaultIgnores } from "../drift/declared-ignores.ts";
import {
  isInUse,
  leftOutBy,
  ruleWords,
  rulesFor,
  valueFinder,
  wholeObjectRule,
  withoutIgnored,
} from "../drift/ignore.ts";
import { transientReason } from "../drift/transient.ts";
import type { ValueAt } from "../drift/ignore.ts";
import type { LeftOutRule } from "../kinds/left-out.ts";

export interface Ignored extends Pick<Comparison, "changes" | "leftOut"> {
  /** A rule is about the whole object, and something of it differs, or cannot be told: it is neither in sync nor drifted. */
  readonly whole: boolean;
}

export interface Ignoring {
  /** What stays of a comparison. Nothing of a whole object that is ignored is left to be judged. */
  compared(desired: DesiredObject, live: LiveObject, comparison: Comparison): Ignored;
  /** Why an object that one side lacks is no drift; `undefined`: it is. */
  absent(drift: Drift): LeftOutField | undefined;
  /** Rules for which nothing was found that they could be about. Only to be asked once everything was compared. */
  unused(): readonly Fault[];
}

/** `declared`: all that Git declares, and generated Applications, for the Applications among it; `defaults`: what Argo CD's settings ignore besides. */
export function ignoring(
  rules: readonly IgnoreRule[],
  declared: readonly DesiredObject[],
  defaults: readonly DefaultIgnores[] = [],
): Ignoring {
  const applications = applicationIgnores(declared, positionOf, defaults);
  const waiting = new Set(rules);
  const see = (sides: Parameters<typeof isInUse>[1]): void => {
    for (const rule of waiting) if (isInUse(rule, sides)) waiting.delete(rule);
  };
  return {
    compared(desired, live, comparison) {
      const { changes, leftOut } = comparison;
      if (waiting.size > 0) see({ ref: desired.ref, desired, live });
      const judged = leftOut.some((field) => field.judged);
      if (changes.length + comparison.unknown.length === 0 && !judged) return { changes, leftOut, whole: false };
      const asked = declaredIgnore(desired.value);
      const rest = asked === undefined ? comparison : withoutAsked(asked, comparison);
      const own = [...rulesFor(rules, desired.ref), ...applications.rulesFor(desired)];
      return own.length === 0
        ? { changes: rest.changes, leftOut: rest.leftOut, whole: false }
        : withoutOwn(own, rest, valueFinder(desired.value, live.value));
    },
    absent(drift) {
      see(drift);
      const transient = drift.state === "missing" ? transientReason(drift.desired) : undefined;
      if (transient !== undefined) return { ...ABSENT, rule: `${transient}: no part of the steady state` };
      const rule = wholeObjectRule(rulesFor(rules, drift.ref));
      if (rule === undefined) return undefined;
      return leftOutBy(rule, {
        path: [],
        operation: drift.state === "unmanaged" ? "add" : "remove",
        direction: "unknown",
      });
    },
    unused: () => [...waiting].map(unusedFault),
  };
}

function positionOf({ origin }: DesiredObject): IgnoreRule["position"] {
  return { file: origin.file, line: 1, column: 1 };
}

const ABSENT = {
  path: [],
  operation: "remove",
  direction: "unknown",
  reason: "ignored",
  judged: false,
} as const satisfies Omit<LeftOutField, "rule">;

/** Git itself asks its deployer to leave the object alone; policies are asked about what changed all the same. */
function withoutAsked(asked: LeftOutRule, found: Comparison): Comparison {
  const left = found.changes.map((change): LeftOutField => ({ ...change, ...asked }));
  return { ...found, changes: [], leftOut: [...found.leftOut, ...left] };
}

function withoutOwn(rules: readonly IgnoreRule[], found: Comparison, valueAt: ValueAt): Ignored {
  const whole = wholeObjectRule(rules);
  if (whole !== undefined) {
    const questioned = found.leftOut.filter(({ judged }) => judged);
    const differs = [...found.changes, ...questioned].map((change) => leftOutBy(whole, change));
    const leftOut = [...found.leftOut.filter(({ judged }) => !judged), ...differs];
    return { changes: [], leftOut, whole: differs.length + found.unknown.length > 0 };
  }
  const kept = found.changes.map((change) => withoutIgnored(change, rules, valueAt));
  const reviewed = rules.filter(({ manager }) => manager === undefined);
  return {
    changes: kept.flatMap(({ change }): readonly Change[] => (change === undefined ? [] : [change])),
    leftOut: [
      ...found.leftOut.flatMap((field) => (field.judged ? withoutReviewed(field, reviewed, valueAt) : [field])),
      ...kept.flatMap(({ left }) => left),
    ],
    whole: false,
  };
}

/** What would be policy's to judge, and is not where a rule that was reviewed ignores it. */
function withoutReviewed(
  field: LeftOutField,
  reviewed: readonly IgnoreRule[],
  valueAt: ValueAt,
): readonly LeftOutField[] {
  const { change, left } = withoutIgnored(field, reviewed, valueAt);
  return change === undefined ? left : [{ ...field, ...change }, ...left];
}

function unusedFault(rule: IgnoreRule): Fault {
  return {
    kind: "fault",
    code: "ignore-unused",
    about: "ignore",
    message: `the ignore rule (${ruleWords(rule)}) matches nothing that Git declares or the cluster has, by kind, name, namespace, field and manager together`,
    remedy: "mend the rule, or remove it",
    position: rule.position,
    leavesUnknown: "nothing",
  };
}
