/** One object's whole chain for a terminal: where it is declared, what each side has, what was left out, who, verdict, action. */

import type { DeployerState } from "../core/deployer.ts";
import { changesOf } from "../core/drift.ts";
import type { Change, LeftOutField } from "../core/drift.ts";
import { formatLine } from "../core/fault.ts";
import type { Fault, SourcePosition } from "../core/fault.ts";
import type { Actor, DesiredObject, LiveObject, ManagedFields } from "../core/objects.ts";
import type { DriftResult, ExcusedObject, Pass } from "../core/pass.ts";
import { formatPath } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import type { Proposal } from "../core/proposal.ts";
import { compareRefs, formatRef, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { compareText, fieldOf, isList, textOf } from "../core/value.ts";
import { terminalText } from "../text/escape-terminal.ts";
import type { Style } from "../text/style.ts";
import { fatesOf, fateWords, stateOfDeployerWords } from "./deployer-words.ts";
import { leftOutLines } from "./left-out.ts";
import { shownDiff } from "./shown-diff.ts";
import { sourceDetails } from "./source-words.ts";
import { makerWords } from "./unmanaged-groups.ts";
import { showSide } from "./values.ts";
import {
  actionWords,
  actorWords,
  besides,
  changeVerdict,
  clusterWords,
  commitWords,
  directionWords,
  faultPlace,
  findingsOf,
  kubernetesWords,
  plural,
  standingWords,
  verdictWords,
} from "./words.ts";
import { wrap } from "./wrap.ts";

export interface ExplainInput {
  /** Narrowed to the results, the proposals and what is left out of the object. */
  readonly pass: Pass;
  /** What Git declares under that name, with its place where that could be looked up. */
  readonly declared: readonly DeclaredObject[];
  /** What both sides have under that name, whether or not it differs. */
  readonly compared: readonly ComparedSides[];
  /** The managers that are known to deploy. */
  readonly deployersOf: (managers: readonly ManagedFields[]) => readonly Actor[];
  /** What Git asks deployers to ignore of an object, and holdfast does not understand. */
  readonly notUnderstood: (desired: DesiredObject) => readonly NotIgnored[];
  readonly style: Style;
  /** Columns for sentences; values, paths and patches are never broken. */
  readonly width: number;
}

export interface NotIgnored {
  readonly application: DesiredObject;
  readonly expression: string;
}

export interface DeclaredObject {
  readonly target: string;
  readonly object: DesiredObject;
  readonly source?: SourcePosition;
}

export interface ComparedSides {
  readonly target: string;
  readonly live: LiveObject;
  /** Fields of which neither sameness nor difference is known. */
  readonly unknown: readonly FieldPath[];
  /** A rule ignores the object as a whole, and something of it differs. */
  readonly ignored: boolean;
}

/** Ends with a newline. Objects of that name in several namespaces or targets come one after the other. */
export function explainReport(input: ExplainInput): string {
  const chains = objectsOf(input).map((object) => chainOf(input, object));
  const blocks = chains.length === 0 ? input.pass.faults.map((fault) => faultLines(fault, input.width)) : chains;
  const told = blocks.map((lines) => lines.join("\n"));
  return `${[...told, ...notes(input)].join("\n\n")}\n`;
}

/** All that is known of one object. */
interface Explained {
  readonly ref: ObjectRef;
  readonly target: string;
  readonly result?: DriftResult;
  readonly declared?: DeclaredObject;
  readonly compared?: ComparedSides;
  /** Without what policy objected to, and is a change. */
  readonly left: readonly LeftOutField[];
}

function objectsOf({ pass, declared, compared }: ExplainInput): readonly Explained[] {
  const known = [
    ...pass.results.map(({ target, drift }) => ({ target, ref: drift.ref })),
    ...declared.map(({ target, object }) => ({ target, ref: object.ref })),
    ...pass.leftOut.map(({ target, ref }) => ({ target, ref })),
    ...(pass.excused?.objects ?? []).map(({ target, ref }) => ({ target, ref })),
  ].toSorted((a, b) => compareRefs(a.ref, b.ref) || compareText(a.target, b.target));
  const unique = new Map(known.map((one) => [keyOf(one), one]));
  return [...unique.values()].map(({ target, ref }): Explained => {
    const isIt = (one: { readonly target: string; readonly ref: ObjectRef }): boolean =>
      keyOf(one) === keyOf({ target, ref });
    const result = pass.results.find((one) => isIt({ target: one.target, ref: one.drift.ref }));
    const inGit = declared.find((one) => isIt({ target: one.target, ref: one.object.ref }));
    const sides = compared.find((one) => isIt({ target: one.target, ref: one.live.ref }));
    return {
      ref,
      target,
      ...(result === undefined ? {} : { result }),
      ...(inGit === undefined ? {} : { declared: inGit }),
      ...(sides === undefined ? {} : { compared: sides }),
      left: pass.leftOut.filter(isIt).flatMap(({ fields }) => fields.filter((one) => !isAdmitted(one, result))),
    };
  });
}

function keyOf({ target, ref }: { readonly target: string; readonly ref: ObjectRef }): string {
  return `${target}\0${refKey(ref)}`;
}

function isAdmitted(field: LeftOutField, result: DriftResult | undefined): boolean {
  if (!field.judged || result === undefined) return false;
  return changesOf(result.drift).some(({ path }) => formatPath(path) === formatPath(field.path));
}

function chainOf(input: ExplainInput, object: Explained): readonly string[] {
  const { pass, style, width } = input;
  const { ref, result, left } = object;
  const say = (label: string, text: string): readonly string[] => wrap(label.padEnd(12), text, width);
  return [
    style.bold(terminalText(formatRef(ref))),
    ...say("declared", declaredWords(object, pass)),
    ...say("compared", comparedWords(object, pass)),
    ...goingWords(object).flatMap((words) => say("deleted", words)),
    ...deployerWords(input, object).flatMap((words) => say("deployer", words)),
    ...syncWords(object, pass).flatMap((words) => say("sync", words)),
    ...makerLine(object).flatMap((words) => say("origin", words)),
    ...say("result", resultWords(object, pass)),
    ...(result === undefined ? [] : changesOf(result.drift).flatMap((_change, at) => changeChain(input, result, at))),
    ...(left.length === 0 ? [] : ["", ...leftOutLines(left, width)]),
    ...notIgnoredLines(input, object),
    ...(result === undefined ? faultsOf(object, pass).flatMap((fault) => ["", ...faultLines(fault, width)]) : []),
    ...(result === undefined ? [] : ["", ...outcome(input, result)]),
  ];
}

/** Of one object; a template may ask for a thousand things. */
const MOST_NOT_IGNORED = 20;

function notIgnoredLines({ notUnderstood, width }: ExplainInput, { declared }: Explained): readonly string[] {
  const found = declared === undefined ? [] : notUnderstood(declared.object).slice(0, MOST_NOT_IGNORED);
  const lines = found.flatMap(({ application, expression }) => {
    const asks = `${formatRef(application.ref)} (${application.origin.file}) asks Argo CD to ignore it, and holdfast does not understand it`;
    return wrap("not ignored ", `${terminalText(expression)}: ${terminalText(asks)}`, width);
  });
  return lines.length === 0 ? [] : ["", ...lines];
}

function declaredWords({ declared, result, target }: Explained, pass: Pass): string {
  const revision = pass.targets.find(({ name }) => name === target)?.revision;
  const where = revision === undefined || revision === "worktree" ? "the working tree" : `commit ${revision}`;
  const suffix = `(target ${terminalText(target)}, ${terminalText(where)})`;
  const source = result?.source ?? declared?.source;
  if (source !== undefined) return `${terminalText(formatLine(source))}${renderedWords(declared, pass)} ${suffix}`;
  if (declared === undefined) return `nowhere in Git ${suffix}`;
  const { file, document } = declared.object.origin;
  return `${terminalText(file)}, document ${document + 1} ${suffix}`;
}

/** Of what is rendered: the root that it comes out of. */
function renderedWords(declared: DeclaredObject | undefined, pass: Pass): string {
  const { layer, root } = declared?.object.origin ?? {};
  if (layer === undefined || layer === "literal" || root === undefined) return "";
  const by = `, rendered by ${layer} from ${root === "" ? "the repository's root" : terminalText(root)}`;
  const { roots = [] } = pass.targets.find(({ name }) => name === declared?.target) ?? {};
  const versions = new Set(roots.filter(({ path }) => path === root).flatMap(({ kubernetes }) => kubernetes ?? []));
  const [version] = versions;
  if (version === undefined || versions.size > 1) return by;
  // A deployer may name a version of its own.
  return version === pass.kubernetes.version
    ? `${by} for ${terminalText(kubernetesWords(pass.kubernetes))}`
    : `${by} for Kubernetes ${terminalText(version)}`;
}

/** With what, and in which mode: a server dry-run that could not be made of this object is said here, with the reason. */
function comparedWords({ ref, declared, result, compared }: Explained, pass: Pass): string {
  const told = `with cluster ${terminalText(clusterWords(pass))}`;
  const live = liveOf(result, compared);
  if (live === undefined) return told;
  const version = textOf(live.value, "apiVersion") ?? live.ref.apiVersion;
  const other = declared !== undefined && declared.object.ref.apiVersion !== version;
  const read = `${told}, read as ${terminalText(version)}${other ? `, declared as ${terminalText(ref.apiVersion)}` : ""}`;
  if (pass.mode === "read-only" || declared === undefined) return read;
  const readOnly = pass.comparedReadOnly?.find((one) => compareRefs(one.ref, ref) === 0);
  return readOnly === undefined
    ? `${read}; the API server was asked what applying Git would change (server dry-run), and additions are told by reading`
    : `${read}; read-only, no server dry-run, since ${terminalText(readOnly.why)}`;
}

function liveOf(result: DriftResult | undefined, compared: ComparedSides | undefined): LiveObject | undefined {
  const drift = result?.drift;
  if (drift === undefined || drift.state === "missing") return compared?.live;
  return drift.live ?? compared?.live;
}

/** Of an object that goes as soon as nothing holds it, which is no difference: Git says nothing of it. */
function goingWords({ result, compared }: Explained): readonly string[] {
  const metadata = fieldOf(liveOf(result, compared)?.value, "metadata");
  const since = textOf(metadata, "deletionTimestamp");
  if (since === undefined) return [];
  const finalizers = fieldOf(metadata, "finalizers");
  const held = isList(finalizers) ? finalizers.filter((name) => typeof name === "string") : [];
  const by =
    held.length === 0 ? "" : `, and held by ${held.slice(0, 5).join(", ")}${held.length > 5 ? " and others" : ""}`;
  return [terminalText(`at ${since}${by}: it goes as soon as nothing holds it`)];
}

/** One line, or none where the cluster has no such object. */
function deployerWords({ deployersOf }: ExplainInput, { result, compared }: Explained): readonly string[] {
  const live = liveOf(result, compared);
  if (live === undefined) return [];
  if (live.managers.length === 0) return ["not known, since nothing was recorded of who writes the object"];
  const found = deployersOf(live.managers);
  if (found.length > 0) return [found.map((actor) => terminalText(whoWords(actor))).join("; ")];
  return [
    "none is recognised among the object's field managers (deployers in the configuration adds to the known ones)",
  ];
}

/** Who deploys what Git declares, and what it does by itself. */
function syncWords({ declared, target }: Explained, pass: Pass): readonly string[] {
  if (declared === undefined) return [];
  const { deployer } = declared.object;
  const states = pass.targets.find(({ name }) => name === target)?.deployers ?? [];
  const state = deployer === undefined ? undefined : states.find(({ ref }) => refKey(ref) === refKey(deployer));
  if (state !== undefined) return [terminalText(stateOfDeployerWords(state))];
  return deployer === undefined
    ? ["by nobody, as far as Git tells: what is changed in the cluster stays until somebody deploys again"]
    : [];
}

/** What put an unmanaged object there, as far as it says. */
function makerLine({ result }: Explained): readonly string[] {
  const drift = result?.drift;
  return drift?.state === "unmanaged" && drift.maker !== undefined ? [terminalText(makerWords(drift.maker))] : [];
}

/** Why it is not unmanaged, and the owner on whose word that rests. */
function excusedWords({ rule, owner, judged }: ExcusedObject): string {
  const by = owner === undefined ? "" : `: ${terminalText(formatRef(owner))}`;
  const asked = judged ? "; policies were asked about it all the same, and do not object" : "";
  return `not unmanaged, though it is in the cluster and not in Git: ${terminalText(rule)}${by}${asked}`;
}

function resultWords({ ref, target, declared, result, compared, left }: Explained, pass: Pass): string {
  const apart = left.length === 0 ? "" : `; ${plural(left.length, "difference")} left out, below`;
  if (result !== undefined) {
    const changes = changesOf(result.drift).length;
    return `${terminalText(standingWords(result.drift))}${changes === 0 ? "" : `: ${plural(changes, "change")}`}${apart}`;
  }
  const excused = pass.excused?.objects.find((one) => one.target === target && compareRefs(one.ref, ref) === 0);
  if (excused !== undefined) return excusedWords(excused);
  const whole = left.find(({ path }) => path.length === 0);
  if (whole !== undefined)
    return `ignored: it ${whole.operation === "add" ? "is in the cluster and not in Git" : "is in Git and not in the cluster"}, and a rule says that this is no drift`;
  if (compared !== undefined) {
    if (compared.ignored) return `ignored: a rule says that its differences are no drift${apart}`;
    if (compared.unknown.length === 0)
      return `in sync: nothing differs${left.length === 0 ? "" : " but for what is no drift"}${apart}`;
    const fields = compared.unknown.slice(0, 5).map((path) => terminalText(formatPath(path)));
    return `not known: neither sameness nor difference can be told of ${fields.join(", ")}${compared.unknown.length > 5 ? " and others" : ""}${apart}`;
  }
  return declared !== undefined && ref.kind === "Secret" && pass.unseen.length > 0
    ? "not looked at (--no-secrets)"
    : "not known: it could not be read, which is neither in sync nor missing";
}

function changeChain({ style, width }: ExplainInput, result: DriftResult, index: number): readonly string[] {
  const change = changesOf(result.drift)[index];
  if (change === undefined) return [];
  const near = change.desired === undefined ? "near " : "";
  const where =
    change.source?.role !== undefined || change.source === undefined
      ? ""
      : `  ${near}${terminalText(formatLine(change.source))}`;
  const say = (label: string, text: string): readonly string[] => wrap(`  ${label.padEnd(10)}`, text, width);
  return [
    "",
    `field       ${style.bold(terminalText(formatPath(change.path)))} (${operationWords(change)})`,
    `  Git       ${terminalText(showSide(change, "desired", 2000))}${where}`,
    ...sourceDetails(change).flatMap((words) => say("written", terminalText(words))),
    ...deployedLine(change),
    `  cluster   ${terminalText(showSide(change, "live", 2000))}`,
    ...say("who", terminalText(whoDid(change))),
    ...say("direction", `${change.direction}: ${terminalText(directionWords(change))}`),
    ...(result.deployer === undefined
      ? []
      : say("then", terminalText(fateWords(result.deployer, { drift: result.drift, change })))),
    ...(change.note === undefined ? [] : say("besides", terminalText(change.note))),
    ...(change.immutable === true ? say("undo", ANEW) : []),
    ...findingsOf(result, index).flatMap((finding) => say("finding", findingWords(finding))),
    `  verdict   ${verdictOf(result, index)}`,
  ];
}

const ANEW =
  "only by making the object anew (delete it, then deploy it from Git): the API server usually refuses to change this field on an object that exists";

/** What waits for a deployment is no drift. */
function verdictOf(result: DriftResult, index: number): string {
  const verdict = changeVerdict(result, index);
  if (verdict === "pending") return "none: it waits for a deployment, which is no drift";
  return verdict === "" ? "not judged" : verdict;
}

function operationWords({ operation }: Change): string {
  switch (operation) {
    case "add":
      return "add: only the cluster has it";
    case "remove":
      return "remove: only Git has it";
    case "replace":
      return "replace: the values differ";
  }
}

/** Git as last deployed: what tells which side moved. */
function deployedLine(change: Change): readonly string[] {
  const { deployed, deployedIn } = change;
  if (deployed === undefined && deployedIn === undefined) return [];
  const commit = deployedIn === undefined ? "" : `, ${commitWords(deployedIn)}`;
  const value = terminalText(showSide(change, "deployed", 2000));
  return [`  deployed  ${value}  (Git as last deployed${terminalText(commit)})`];
}

function findingWords({ severity, policy, status, message }: DriftResult["judgement"]["findings"][number]): string {
  return `${severity} ${terminalText(policy)} (${status}): ${terminalText(message)}`;
}

function whoDid({ actor, operation }: Change): string {
  if (actor !== undefined) return whoWords(actor);
  return operation === "remove"
    ? "not recorded: a removal leaves no owner"
    : "not recorded: the field has no owner (nor has what webhooks add, and what the API server fills in later)";
}

/** `kubectl through scale (Update), time not recorded`. */
function whoWords(actor: Actor): string {
  const [name = "", ...time] = actorWords(actor).split(/(, )(?=[^,]*$)/);
  return `${name} (${actor.operation})${time.join("")}`;
}

function outcome(input: ExplainInput, result: DriftResult): readonly string[] {
  const { pass, width } = input;
  const say = (label: string, text: string): readonly string[] => wrap(label.padEnd(12), text, width);
  const whole =
    result.deployer === undefined || changesOf(result.drift).length > 0 ? [] : fatesOf(result.deployer, result.drift);
  return [
    ...whole.flatMap((words) => say("then", terminalText(words))),
    ...besides(result).flatMap((finding) => say("finding", findingWords(finding))),
    ...say("verdict", verdictWords(result)),
    ...result.actions.flatMap((action) => say("action", `${actionWords(action.kind)}: ${terminalText(action.reason)}`)),
    ...pass.proposals.flatMap((proposal) => proposalChain(proposal, result, width)),
  ];
}

/** What is to be done about this object; a pull request may hold others', too. */
function proposalChain(proposal: Proposal, result: DriftResult, width: number): readonly string[] {
  if (proposal.kind === "issue") {
    return proposal.refusals.flatMap((refusal) =>
      wrap("not codified ", `${terminalText(formatPath(refusal.path))}: ${terminalText(refusal.reason)}`, width),
    );
  }
  const own = proposal.edits.filter((edit) => compareRefs(edit.ref, result.drift.ref) === 0);
  const files = new Set(own.map((edit) => edit.file));
  const { patch, hidden } = shownDiff({
    files: proposal.files.filter((file) => files.has(file.path)),
    edits: proposal.edits,
  });
  const lines = patch === "" ? [] : patch.trimEnd().split("\n");
  return [
    "",
    `patch       branch ${proposal.branch}, proved by rendering again (${plural(proposal.proof.objectsCompared, "object")} compared)`,
    ...lines.map((line) => `  ${terminalText(line)}`),
    ...hidden.map((file) => `  ${terminalText(file)}: not shown, since the lines hold more than what changed`),
  ];
}

/**
 * The faults that may be why an object without a result is not known: those of its own, of its file and of its kind, or
 * else all that leave something unknown.
 */
function faultsOf({ ref, declared, compared }: Explained, pass: Pass): readonly Fault[] {
  if (compared !== undefined && compared.unknown.length === 0) return [];
  const file = declared?.object.origin.file;
  const own = pass.faults.filter(
    ({ about, position }) =>
      about === formatRef(ref) ||
      about.split(/[ ./,]/).includes(ref.kind) ||
      (file !== undefined && (position?.file === file || about === file)),
  );
  return own.length > 0 ? own : pass.faults.filter(({ leavesUnknown }) => leavesUnknown === "declared");
}

function faultLines(fault: Fault, width: number): readonly string[] {
  return [
    ...wrap("fault       ", `${terminalText(faultPlace(fault))}: ${terminalText(fault.message)}`, width),
    ...wrap("            ", terminalText(fault.remedy), width),
  ];
}

function isReverting({ suspended, reverts }: DeployerState): boolean {
  return !suspended && reverts !== "next-sync";
}

/** What the names and times above do not say; only where there are any. */
function notes({ pass, width }: ExplainInput): readonly string[] {
  const changes = [
    ...pass.results.flatMap(({ drift }) => changesOf(drift)),
    ...pass.leftOut.flatMap((one) => one.fields),
  ];
  const actors = changes.flatMap(({ actor }) => actor ?? []);
  const told = [
    ...(actors.length === 0 ? [] : ["a field manager is the name that a client gave itself, and no identity"]),
    ...(actors.some(({ time }) => time !== undefined)
      ? ["a time is that of the manager's last write to any of its fields in the object"]
      : []),
    ...(actors.some(({ subresource, time }) => subresource === "scale" && time === undefined)
      ? ["writes through scale have no time"]
      : []),
  ];
  const reverting = pass.targets.flatMap(({ deployers = [] }) => deployers).some(isReverting);
  if (reverting)
    told.push(
      "what a deployer put back before the cluster was read is not seen: holdfast compares what stands at one time",
    );
  return told.length === 0 ? [] : [wrap("note        ", `${told.join("; ")}.`, width).join("\n")];
}
