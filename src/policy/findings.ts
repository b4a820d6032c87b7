/** Turns answers about Git, about a state and about the change between them into findings. */

import type { Violation } from "../core/admission.ts";
import { atLeast, SEVERITIES } from "../core/drift.ts";
import type { Change, Finding, FindingStatus, Severity } from "../core/drift.ts";
import { standsFor, withoutStandIns } from "../core/stand-ins.ts";
import { compareText, isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";

/** A finding, and what it takes to tell whether a change is to blame for it. */
export interface StateFinding {
  readonly finding: Finding;
  /** The same in every state. */
  readonly key: string;
  /** Only where the policy names no element: what was there before excuses no change of these fields. */
  readonly mentions?: readonly string[];
}

export interface StateAnswers {
  /** Git as CREATE. */
  readonly git: readonly Violation[];
  /** The state as CREATE. */
  readonly created: readonly Violation[];
  /** From Git to the state as UPDATE. */
  readonly updated: readonly Violation[];
}

/**
 * introduced: at CREATE in the state and not in Git, or at UPDATE alone; weakened: a rule about the change itself;
 * pre-existing: in both; resolved: in Git alone; not-evaluable: whatever could not be answered of the state.
 */
export function compareAnswers({ git, created, updated }: StateAnswers): readonly StateFinding[] {
  const [inGit, inState] = [keysOf(git), keysOf(created)];
  const same = standingFor(inGit, inState);
  const isInGit = (key: string): boolean => inGit.has(key) || same.state.has(key);
  const isInState = (key: string): boolean => inState.has(key) || same.git.has(key);
  const atCreate = created.map((violation) =>
    toFinding(violation, isInGit(keyOf(violation)) ? "pre-existing" : "introduced"),
  );
  const atUpdate = updated
    .filter((violation) => !inState.has(keyOf(violation)) && (violation.delta || !isInGit(keyOf(violation))))
    .map((violation) => toFinding(violation, violation.delta ? "weakened" : "introduced"));
  const unknown = new Set(created.filter((violation) => !violation.evaluable).map((violation) => violation.policy));
  const resolved = git
    .filter((violation) => violation.evaluable && !isInState(keyOf(violation)) && !unknown.has(violation.policy))
    .map((violation) => toFinding(violation, "resolved"));
  return [...atCreate, ...atUpdate, ...resolved];
}

/**
 * What Git does not say stands in its findings as another word: they are the same as those of the state, whatever the value
 * is, unless there are more of these. Then nobody knows which of them came since.
 */
function standingFor(
  inGit: ReadonlySet<string>,
  inState: ReadonlySet<string>,
): { readonly git: ReadonlySet<string>; readonly state: ReadonlySet<string> } {
  const git = [...inGit].filter((key) => withoutStandIns(key) !== key);
  if (git.length * inState.size > MOST_COMPARED) return { git: new Set(), state: new Set() };
  const state = [...inState].filter((key) => !inGit.has(key) && git.some((one) => standsFor(one, key)));
  const [ofGit, ofState] = [Map.groupBy(git, ruleOf), Map.groupBy(state, ruleOf)];
  const kept = [...ofState].flatMap(([rule, keys]) => (keys.length <= (ofGit.get(rule) ?? []).length ? keys : []));
  return { git: new Set(git.filter((key) => kept.some((one) => standsFor(key, one)))), state: new Set(kept) };
}

/** Pairs of findings; of more, each counts for itself. */
const MOST_COMPARED = 100_000;

/** Policy and validation of a {@link keyOf}. */
function ruleOf(key: string): string {
  return JSON.stringify((JSON.parse(key) as readonly unknown[]).slice(0, 2));
}

function keysOf(violations: readonly Violation[]): ReadonlySet<string> {
  return new Set(violations.map(keyOf));
}

/** By policy, validation and element, never by a list position; without an element the message tells one from another. */
function keyOf({ policy, validation, element, message, evaluable }: Violation): string {
  return JSON.stringify([policy, validation, evaluable, element ?? null, element === undefined ? message : null]);
}

export function toFinding(violation: Violation, status: FindingStatus): StateFinding {
  const { policy, severity, message, element, evaluable, mentions } = violation;
  return {
    finding: {
      policy,
      severity,
      message: withoutStandIns(message),
      status: evaluable ? status : "not-evaluable",
      ...(element === undefined ? {} : { element: withoutStandIns(element) }),
    },
    key: keyOf(violation),
    ...(mentions === undefined ? {} : { mentions }),
  };
}

/** Whether the finding keeps these changes out of Git. */
export function blocks({ finding, mentions }: StateFinding, changes: readonly Change[], failOn: Severity): boolean {
  switch (finding.status) {
    case "not-evaluable":
      return true;
    case "introduced":
    case "weakened":
      return atLeast(finding.severity, failOn);
    case "pre-existing":
      return (
        mentions !== undefined &&
        atLeast(finding.severity, failOn) &&
        changes.some((change) => concerns(change, new Set(mentions)))
      );
    case "resolved":
    case "excepted":
      return false;
  }
}

/** Fields whose keys are the user's: a policy that reads them may read any key. */
const FREE_FORM = new Set([
  "annotations",
  "data",
  "labels",
  "limits",
  "matchLabels",
  "nodeSelector",
  "requests",
  "stringData",
]);

/** Whether a policy that mentions these names may answer differently because of the change. */
function concerns(change: Change, mentions: ReadonlySet<string>): boolean {
  const names = change.path.flatMap((step) => (step.kind === "field" ? [step.name] : []));
  const last = names.at(-1);
  const parent = names.at(-2);
  return (
    (last !== undefined && mentions.has(last)) ||
    (parent !== undefined && FREE_FORM.has(parent) && mentions.has(parent)) ||
    [change.desired, change.live].some((value) => value !== undefined && holdsKey(value, mentions))
  );
}

function holdsKey(value: Value, mentions: ReadonlySet<string>): boolean {
  if (isList(value)) return value.some((item) => holdsKey(item, mentions));
  if (!isMap(value)) return false;
  return Object.keys(value).some((key) => mentions.has(key) || holdsKey(value[key] as Value, mentions));
}

/** Each finding once, the most severe first, then by policy and element. */
export function uniqueFindings(findings: readonly Finding[]): readonly Finding[] {
  const unique = new Map(
    findings.map((finding) => [
      JSON.stringify([finding.policy, finding.status, finding.element, finding.message]),
      finding,
    ]),
  );
  return [...unique.values()].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      compareText(a.policy, b.policy) ||
      compareText(a.element ?? "", b.element ?? "") ||
      compareText(a.status, b.status) ||
      compareText(a.message, b.message),
  );
}
