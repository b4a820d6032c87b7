/** Judges each drift, says where it stands in Git, and takes sensitive values out before anything is shown or kept. */

import type { Evaluator } from "../core/admission.ts";
import { atLeast, changesOf } from "../core/drift.ts";
import type { Change, Drift, Finding, Judgement, LeftOutField, Severity } from "../core/drift.ts";
import { isFault } from "../core/fault.ts";
import type { SourcePosition } from "../core/fault.ts";
import type { DesiredObject, LiveObject, Origin } from "../core/objects.ts";
import type { DriftResult } from "../core/pass.ts";
import { field, formatPath, valueAt } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { formatRef } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { LiveSource, Locator, Progress, SourceTree } from "../core/stages.ts";
import { compareText } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { fingerprintContent } from "../drift/content.ts";
import { unmanagedOf } from "../drift/unmanaged.ts";
import type { Excused } from "../drift/unmanaged.ts";
import { isImmutable } from "../kinds/immutable.ts";
import { otherNames } from "../kinds/other-names.ts";
import type { OtherName } from "../kinds/other-names.ts";
import { builtinKind } from "../kinds/scopes.ts";
import { pluralOf } from "../policy/plural.ts";
import { judge } from "../policy/verdict.ts";
import type { Digester } from "../text/digest.ts";
import { redactChange, textRedactor } from "../text/redact.ts";
import { createLocator } from "../yaml/locator.ts";
import { batching } from "./batching.ts";
import type { LiveComparison, TargetDrift } from "./compare-live.ts";
import { driftId, fingerprintOf } from "./identity.ts";
import type { AdmittedField } from "./left-out.ts";
import { settleDirection } from "./settle-direction.ts";

export interface JudgeDriftsInput {
  readonly drifts: readonly TargetDrift[];
  readonly namespaces: ReadonlyMap<string, LiveObject>;
  readonly live: LiveSource;
  readonly evaluator: Evaluator;
  readonly digester: Digester;
  readonly failOn: Severity;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  readonly treeOf: (target: string) => SourceTree;
  /** Tells which side moved, as it was told of the drifts: what had been left out was not asked about. */
  readonly tell: (drifts: readonly TargetDrift[]) => Promise<readonly TargetDrift[]>;
  /** Whether the target's unmanaged objects are drift even without a finding. */
  readonly unmanagedCounts: (target: string) => boolean;
}

export interface Judged {
  /** In the drifts' order, without actions. A drift that turned out to be none has no result. */
  readonly results: readonly DriftResult[];
  /** Differences that had been left out, that policy objects to, and that are changes of the results. */
  readonly admitted: readonly AdmittedField[];
}

/** Drifts that are judged at once. */
const AT_ONCE = 64;

export async function judgeDrifts(given: JudgeDriftsInput): Promise<Judged> {
  const input = { ...given, evaluator: batching(given.evaluator) };
  const locators = new Map<SourceTree, Locator>();
  const results: DriftResult[] = [];
  const admitted: AdmittedField[] = [];
  for (let start = 0; start < input.drifts.length; start += AT_ONCE) {
    input.signal?.throwIfAborted();
    const some = await withAdmitted(input, input.drifts.slice(start, start + AT_ONCE));
    const settled = await Promise.all(some.map((one) => settle(input, one)));
    // One after the other: a file with several drifts is parsed once.
    for (const [index, { target, violating }] of some.entries()) {
      const { drift, judgement } = settled[index] as Settled;
      admitted.push(...violating.map((one) => ({ ...one, ref: drift.ref })));
      const locator = locatorFor(input.treeOf(target), locators);
      if (judgement !== undefined) results.push(await resultOf({ input, target, drift, judgement, locator }));
    }
    input.progress({ stage: "judging", what: "drifts", done: start + some.length, total: input.drifts.length });
  }
  return { results, admitted };
}

type ObjectingInput = Omit<JudgeDriftsInput, "drifts">;

/** Those of what is excused on somebody's word that policy objects to, as drifts; the others are added to what is excused. */
export async function objectedOf(
  given: ObjectingInput,
  { questioned, again, excused }: Pick<LiveComparison, "questioned" | "again" | "excused">,
): Promise<readonly TargetDrift[]> {
  const ask = async (some: readonly Excused[]): Promise<readonly boolean[]> => await objectionsTo(given, some);
  const settled = (one: Excused): void => excused.add(one);
  const objections = await ask(questioned);
  for (const [index, one] of questioned.entries()) if (objections[index] !== true) settled(one);
  const objected = questioned.filter((_, index) => objections[index] === true);
  return (await again(objected, ask, settled)).map(({ target, live, excuse }) => {
    const { rule, owner } = excuse;
    const words = owner === undefined ? rule : `${rule}: ${formatRef(owner)}`;
    const by = owner === undefined ? {} : { owner };
    return { target, drift: { ...unmanagedOf(live), excuse: words, ...by } };
  });
}

/** Whether policy objects to each, beyond what it says of what the maker's template accounts for. */
export async function objectionsTo(
  given: Pick<ObjectingInput, "evaluator" | "namespaces" | "live" | "failOn" | "signal">,
  questioned: readonly Excused[],
): Promise<readonly boolean[]> {
  const input = { ...given, evaluator: batching(given.evaluator) };
  const objections: boolean[] = [];
  for (let start = 0; start < questioned.length; start += AT_ONCE) {
    input.signal?.throwIfAborted();
    const some = questioned.slice(start, start + AT_ONCE);
    objections.push(...(await Promise.all(some.map((one) => isObjectedTo(input, one)))));
  }
  return objections;
}

async function isObjectedTo(input: Judging, { live, doubt }: Excused): Promise<boolean> {
  const judgement = await judged(input, unmanagedOf(doubt?.asked ?? live));
  if (judgement.verdict === "compliant") return false;
  if (doubt?.accounted === undefined) return true;
  const { findings } = await judged(input, unmanagedOf(doubt.accounted));
  const known = new Set(findings.map(findingKey));
  return judgement.findings.some((finding) => objects(finding, input.failOn) && !known.has(findingKey(finding)));
}

function objects({ status, severity }: Finding, failOn: Severity): boolean {
  if (status === "not-evaluable") return true;
  return status !== "resolved" && status !== "excepted" && atLeast(severity, failOn);
}

function findingKey({ policy, message, element }: Finding): string {
  return JSON.stringify([policy, message, element ?? ""]);
}

interface Admitted extends TargetDrift {
  /** What had been left out, and is among the changes now. */
  readonly violating: readonly LeftOutField[];
}

/** The drifts with what policy objects to of what was left out. Git's past is asked about that alone. */
async function withAdmitted(input: JudgeDriftsInput, some: readonly TargetDrift[]): Promise<readonly Admitted[]> {
  const objected = await Promise.all(some.map((one) => violatingOf(input, one)));
  const asked = some.flatMap((one, index): readonly TargetDrift[] => {
    const changes = (objected[index] ?? []).map(asChange);
    return changes.length === 0 ? [] : [{ target: one.target, drift: withChanges(one.drift, changes) }];
  });
  const told = asked.length === 0 ? [] : await input.tell(asked);
  let next = 0;
  return some.map((one, index) => {
    const violating = objected[index] ?? [];
    return { ...(violating.length === 0 ? one : withAdded(one, told[next++])), violating };
  });
}

interface Settled {
  readonly drift: Drift;
  /** Absent where the drift turned out to be none. */
  readonly judgement: Judgement | undefined;
}

async function settle(input: JudgeDriftsInput, one: TargetDrift): Promise<Settled> {
  const drift = await settleDirection(one.drift, one, (asked) => judged(input, asked));
  const none = drift.state === "drifted" && drift.changes.length === 0;
  return { drift, judgement: none ? undefined : await judged(input, drift) };
}

/** Those of what was left out on forgeable evidence that policy objects to, whoever made them. */
async function violatingOf(
  input: JudgeDriftsInput,
  { drift, questioned = [] }: TargetDrift,
): Promise<readonly LeftOutField[]> {
  if (drift.state !== "drifted" || questioned.length === 0) return [];
  const known = changesOf(drift);
  const { changes: verdicts } = await judged(input, withChanges(drift, [...known, ...questioned]));
  return questioned.filter((_change, index) => verdicts[known.length + index]?.verdict === "violating");
}

function withAdded(one: TargetDrift, added: TargetDrift | undefined): TargetDrift {
  if (added === undefined) return one;
  const changes = [...changesOf(one.drift), ...changesOf(added.drift)];
  const sorted = changes.toSorted((a, b) => compareText(formatPath(a.path), formatPath(b.path)));
  return { ...one, drift: withChanges(one.drift, sorted) };
}

function asChange({ reason: _reason, rule: _rule, judged: _judged, ...change }: LeftOutField): Change {
  return change;
}

type Judging = Pick<JudgeDriftsInput, "evaluator" | "namespaces" | "live" | "failOn">;

async function judged(input: Judging, drift: Drift): Promise<Judgement> {
  const namespace = drift.ref.namespace === undefined ? undefined : input.namespaces.get(drift.ref.namespace);
  return await judge({
    drift,
    resource: resourceOf(input.live, drift.ref),
    evaluator: input.evaluator,
    failOn: input.failOn,
    ...(namespace === undefined ? {} : { namespaceObject: namespace.value }),
  });
}

/** One locator a tree, so that a file with several drifts is parsed once. */
function locatorFor(tree: SourceTree, known: Map<SourceTree, Locator>): Locator {
  const found = known.get(tree) ?? createLocator((file) => tree.read(file));
  known.set(tree, found);
  return found;
}

interface ResultOf {
  readonly input: JudgeDriftsInput;
  readonly target: string;
  readonly drift: Drift;
  readonly judgement: Judgement;
  readonly locator: Locator;
}

async function resultOf({ input, target, drift, judgement, locator }: ResultOf): Promise<DriftResult> {
  const shown = await located(redacted(withServerFacts(drift), input.digester), locator);
  const origin = originOf(drift);
  const source = origin === undefined ? undefined : await positionOf(locator, origin, []);
  return {
    id: driftId(target, drift.ref),
    fingerprint: fingerprintOf(fingerprintContent(shown), input.digester),
    target,
    drift: shown,
    judgement: withoutSecrets(judgement, drift),
    ...(source === undefined || origin === undefined ? {} : { source: { ...source, document: origin.document } }),
    counts: counts({ drift, judgement, always: input.unmanagedCounts(target) }),
    actions: [],
  };
}

/** The plural of a kind that nobody serves is guessed, as the API machinery does. */
function resourceOf(live: LiveSource, kind: KindRef): { readonly resource: string; readonly namespaced: boolean } {
  return live.served(kind) ?? builtinKind(kind) ?? { resource: pluralOf(kind.kind), namespaced: true };
}

function counts({
  drift,
  judgement,
  always,
}: {
  readonly drift: Drift;
  readonly judgement: Judgement;
  readonly always: boolean;
}): boolean {
  if (drift.state === "unmanaged") return always || judgement.verdict !== "compliant";
  return drift.state !== "pending";
}

function originOf(drift: Drift): Origin | undefined {
  return drift.state === "unmanaged" ? undefined : drift.desired?.origin;
}

/** What no patch puts back, and what a patch must put back in two places. */
function withServerFacts(drift: Drift): Drift {
  if (drift.state !== "drifted" && drift.state !== "pending") return drift;
  const live = drift.live?.value ?? null;
  const otherName = otherNames(drift.ref);
  const changes = drift.changes.map((change): Change => {
    const twin = change.operation === "add" ? twinOf(change.path, live, otherName) : undefined;
    return {
      ...change,
      ...(twin === undefined ? {} : { twin }),
      ...(isImmutable(drift.ref, change.path, live) ? { immutable: true } : {}),
    };
  });
  return { ...drift, changes };
}

function twinOf(path: FieldPath, live: Value, otherName: OtherName): FieldPath | undefined {
  const [holder, last] = [path.at(-2), path.at(-1)];
  if (last?.kind !== "field") return undefined;
  const name = otherName(holder?.kind === "field" ? holder.name : undefined, last.name);
  const twin = name === undefined ? undefined : [...path.slice(0, -1), field(name)];
  return twin === undefined || valueAt(live, twin) === undefined ? undefined : twin;
}

function redacted(drift: Drift, digester: Digester): Drift {
  return withChanges(
    drift,
    changesOf(drift).map((change) => redactChange({ change, ref: drift.ref, digester })),
  );
}

async function located(drift: Drift, locator: Locator): Promise<Drift> {
  const origin = originOf(drift);
  // Where a rendered field comes from is not where the object does.
  if (origin?.layer !== "literal") return drift;
  const changes: Change[] = [];
  for (const change of changesOf(drift)) {
    const source = await positionOf(locator, origin, change.path);
    changes.push(source === undefined ? change : { ...change, source });
  }
  return withChanges(drift, changes);
}

/** A file that changed since it was read has no line to show: codifying refuses it in turn and says so. */
async function positionOf(locator: Locator, origin: Origin, path: Change["path"]): Promise<SourcePosition | undefined> {
  const position = await locator.locate(origin, path);
  return isFault(position) ? undefined : position;
}

function withChanges(drift: Drift, changes: readonly Change[]): Drift {
  return drift.state === "drifted" || drift.state === "pending" ? { ...drift, changes } : drift;
}

/** A policy's message may repeat what it objects to. */
function withoutSecrets(judgement: Judgement, drift: Drift): Judgement {
  if (judgement.findings.length === 0) return judgement;
  const redact = textRedactor(sidesOf(drift));
  const findings = judgement.findings.map((finding) => {
    const { message, element } = finding;
    return { ...finding, message: redact(message), ...(element === undefined ? {} : { element: redact(element) }) };
  });
  return { ...judgement, findings };
}

function sidesOf(drift: Drift): readonly (DesiredObject | LiveObject)[] {
  const desired = drift.state === "unmanaged" ? undefined : drift.desired;
  const live = drift.state === "missing" ? undefined : drift.live;
  return [desired, live].filter((side) => side !== undefined);
}
