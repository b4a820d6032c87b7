/**
 * The verdict on a drift: which of its changes may become what Git says. Three questions are asked of the policies,
 * since many excuse an UPDATE of fields that they forbid at CREATE: is what is live allowed, was what Git says, and is
 * the change itself.
 */

import type { AdmissionRequest, Evaluator } from "../core/admission.ts";
import { applyChanges } from "../core/apply.ts";
import { changesOf } from "../core/drift.ts";
import type { Change, ChangeVerdict, Drift, Finding, Judgement, Severity } from "../core/drift.ts";
import type { ServedKind } from "../core/schema.ts";
import type { Value } from "../core/value.ts";
import { attribute } from "./attribute.ts";
import { blocks, compareAnswers, toFinding, uniqueFindings } from "./findings.ts";
import type { StateFinding } from "./findings.ts";
import type { AskStates } from "./states.ts";
import { largestCompliantSet } from "./subset.ts";

export interface JudgeInput {
  readonly drift: Drift;
  readonly resource: Pick<ServedKind, "resource" | "namespaced">;
  readonly evaluator: Evaluator;
  /** Findings below this severity are shown, and make nothing violating. */
  readonly failOn: Severity;
  readonly namespaceObject?: Value;
}

/** Judges one drift. Rejects where the evaluator does, which it does for no policy. */
export async function judge(input: JudgeInput): Promise<Judgement> {
  const { drift } = input;
  switch (drift.state) {
    case "drifted":
      return judgeChanges(input, drift.live.value, drift.changes);
    case "pending":
      // Git is ahead: nothing is proposed, and what Git says was reviewed there.
      return { verdict: "compliant", findings: [], changes: changesOf(drift).map(() => COMPLIANT) };
    case "missing":
      return judgeWhole(input, { oldObject: drift.desired.value });
    case "unmanaged":
      return judgeWhole(input, { object: drift.live.value });
  }
}

const COMPLIANT: ChangeVerdict = { verdict: "compliant", findings: [] };

/** An object that one side lacks: the DELETE that nobody reviewed, or the CREATE. */
async function judgeWhole(
  input: JudgeInput,
  sides: { readonly object?: Value; readonly oldObject?: Value },
): Promise<Judgement> {
  const operation = sides.object === undefined ? "DELETE" : "CREATE";
  const [violations = []] = await input.evaluator.evaluate([{ ...request(input, operation, []), ...sides }]);
  const findings = violations.map((violation) => toFinding(violation, violation.delta ? "weakened" : "introduced"));
  const violating = findings.some((finding) => blocks(finding, [], input.failOn));
  return { verdict: violating ? "violating" : "compliant", findings: shown(findings), changes: [] };
}

async function judgeChanges(input: JudgeInput, live: Value, changes: readonly Change[]): Promise<Judgement> {
  const judged = changes.flatMap((change, index) => (change.direction === "git-ahead" ? [] : [index]));
  const ask = await stateAsker(input, live, changes);
  const allowed = (state: readonly number[], findings: readonly StateFinding[]): boolean =>
    !findings.some((finding) =>
      blocks(
        finding,
        state.map((index) => changes[index] as Change),
        input.failOn,
      ),
    );
  const compliant = await largestCompliantSet(judged, async (states) => {
    const answers = await ask(states);
    return states.map((state, index) => allowed(state, answers[index] ?? []));
  });
  const attributed = await attribute({
    all: judged,
    compliant,
    ask,
    blocks: (state, finding) => !allowed(state, [finding]),
  });
  const findings = shown(attributed.findings);
  const verdicts = changes.map((_, index): ChangeVerdict => {
    if (!judged.includes(index)) return COMPLIANT;
    const of = shown(attributed.ofChange.get(index) ?? []).map((finding) => indexIn(findings, finding));
    return { verdict: compliant.includes(index) ? "compliant" : "violating", findings: of };
  });
  return { verdict: overall(judged.length, compliant.length), findings, changes: verdicts };
}

function overall(judged: number, compliant: number): Judgement["verdict"] {
  if (compliant === judged) return "compliant";
  return compliant === 0 ? "violating" : "mixed";
}

/**
 * Git's object is what is live with the changes undone: defaults and allocated values are there as policies expect them.
 * Answers are kept, so that a state is asked once.
 */
async function stateAsker(input: JudgeInput, live: Value, changes: readonly Change[]): Promise<AskStates> {
  const git = applyChanges(live, changes, "desired");
  const [inGit = []] = await input.evaluator.evaluate([{ ...request(input, "CREATE", []), object: git }]);
  const known = new Map<string, readonly StateFinding[]>();
  return async (states) => {
    const asked = [...new Map(states.map((state) => [state.join(), state])).values()].filter(
      (state) => !known.has(state.join()),
    );
    const requests = asked.flatMap((state): readonly AdmissionRequest[] => {
      const chosen = state.map((index) => changes[index] as Change);
      // What is live, less the other changes: what is shown of an addition lacks its defaults.
      const others = changes.filter((change) => !chosen.includes(change));
      const object = applyChanges(live, others, "desired");
      return [
        { ...request(input, "CREATE", chosen), object },
        { ...request(input, "UPDATE", chosen), object, oldObject: git },
      ];
    });
    const answers = requests.length === 0 ? [] : await input.evaluator.evaluate(requests);
    for (const [index, state] of asked.entries()) {
      const [created = [], updated = []] = answers.slice(index * 2, index * 2 + 2);
      known.set(state.join(), compareAnswers({ git: inGit, created, updated }));
    }
    return states.map((state) => known.get(state.join()) ?? []);
  };
}

function request(
  input: JudgeInput,
  operation: AdmissionRequest["operation"],
  changes: readonly Change[],
): AdmissionRequest {
  const manager = changes.find((change) => change.actor !== undefined)?.actor?.manager ?? creatorOf(input.drift);
  return {
    operation,
    ref: input.drift.ref,
    resource: input.resource,
    ...(input.namespaceObject === undefined ? {} : { namespaceObject: input.namespaceObject }),
    ...(manager === undefined ? {} : { fieldManager: manager }),
  };
}

function creatorOf(drift: Drift): string | undefined {
  return drift.state === "unmanaged" ? drift.live.managers[0]?.manager : undefined;
}

function shown(findings: readonly StateFinding[]): readonly Finding[] {
  return uniqueFindings(findings.map((finding) => finding.finding));
}

function indexIn(findings: readonly Finding[], wanted: Finding): number {
  return findings.findIndex(
    (finding) =>
      finding.policy === wanted.policy &&
      finding.status === wanted.status &&
      finding.element === wanted.element &&
      finding.message === wanted.message,
  );
}
