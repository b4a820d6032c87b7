/**
 * `reconcile` knows the order of one pass and wires the stages together: desired, live, drift, policy, codify, and
 * (publish-pass.ts) publish. This file is the part that changes nothing anywhere.
 */

import type { Evaluator } from "../core/admission.ts";
import type { DeployerState } from "../core/deployer.ts";
import type { Severity } from "../core/drift.ts";
import type { Fault } from "../core/fault.ts";
import type { IgnoreRule } from "../core/ignore.ts";
import type { DesiredObject } from "../core/objects.ts";
import { refKey } from "../core/refs.ts";
import type { LiveObject } from "../core/objects.ts";
import type { ObjectRef } from "../core/refs.ts";
import { kubeVersionOf } from "../core/kube-version.ts";
import type { DriftResult, LeftOutObject, Pass, PassTarget } from "../core/pass.ts";
import type { SchemaSource } from "../core/schema.ts";
import type { Clock, LiveQuery, LiveSource, Progress } from "../core/stages.ts";
import { pathWithoutStandIns } from "../core/stand-ins.ts";
import type { DesiredInput } from "../desired/desired.ts";
import { contextOf } from "../desired/manifests.ts";
import { argoSettings, excludedFaults } from "./deployers/argo-settings.ts";
import type { ArgoSettings } from "./deployers/argo-settings.ts";
import { argoObjectsOf } from "./deployers/argo-objects.ts";
import { liveKeysOf } from "./deployers/live-keys.ts";
import type { Renderers } from "../desired/render/renderers.ts";
import { schemasFor } from "../kinds/schemas.ts";
import type { Digester } from "../text/digest.ts";
import { redactChange } from "../text/redact.ts";
import { withActions } from "./actions.ts";
import {
  declaredBy,
  desiredInput,
  generatedBy,
  isUnnamed,
  readTarget,
  readTargets,
  scopeLookup,
  treeOf,
} from "./read-targets.ts";
import type { ReadingOptions, ReadTarget, ScanTarget } from "./read-targets.ts";
import { summaryOf } from "./summary.ts";
import { compareLive } from "./compare-live.ts";
import { withoutDuplicates } from "./declared-twice.ts";
import type { ComparedObject, Declared, LiveComparison, TargetDrift } from "./compare-live.ts";
import { deployerStates, windowsOfProjects } from "./deployers/deployer-state.ts";
import { driftId } from "./identity.ts";
import { deployersIn } from "./deployers/past-states.ts";
import type { DeployedTarget } from "./deployers/past-states.ts";
import type { AdmittedField } from "./left-out.ts";
import { managedScope, queryOf } from "./managed-scope.ts";
import { servedVersions } from "./served-versions.ts";
import { shallowHistory } from "./shallow-history.ts";
import { syncFault } from "./deployers/sync-status.ts";
import type { HistoryTarget } from "./tell-directions.ts";
import { unreadIgnores } from "./unread-ignores.ts";
import type { AskedBesides } from "./unread-ignores.ts";

export interface ScanOptions {
  readonly targets: readonly ScanTarget[];
  /** Targets of the same cluster that were not chosen: what they declare is not compared, and not unmanaged. */
  readonly neighbours?: readonly ScanTarget[];
  readonly live: LiveSource;
  readonly renderers: Renderers;
  readonly evaluator: Evaluator;
  readonly digester: Digester;
  readonly failOn: Severity;
  readonly group: "object" | "namespace" | "target";
  /** `false`: Secrets are neither read nor compared. */
  readonly secrets: boolean;
  /** The Kubernetes that charts are rendered for; absent: what the cluster says. */
  readonly kubeVersion?: string;
  readonly version: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Told what Git declares, before it is compared, and what besides asks to ignore something. */
  readonly onDeclared?: (declared: readonly Declared[], besides: AskedBesides) => void;
  /** Objects of which everything that is left out is told, for `explain`; absent: none. */
  readonly traced?: (ref: ObjectRef) => boolean;
  readonly onCompared?: (compared: ComparedObject) => void;
  /** What is no drift. `everything`: no target is left out, so that a rule for which nothing is found is told. */
  readonly ignore?: { readonly rules: readonly IgnoreRule[]; readonly everything: boolean };
  /** Field managers that deploy, besides those that are known to. */
  readonly deployers?: readonly string[];
  /** Problems found before the pass (a policy that does not compile, say), which belong to its report. */
  readonly faults?: readonly Fault[];
}

/** One pass without publishing. Expected failures are faults of the pass; an abort rejects with the signal's reason. */
export async function scan(asked: ScanOptions): Promise<Pass> {
  const options = {
    ...asked,
    kubernetes: kubeVersionOf(asked.kubeVersion, asked.live.cluster.version),
    argoObjects: argoObjectsOf(asked.live),
    liveKeys: liveKeysOf(asked.live, asked.secrets),
  };
  const startedAt = options.clock.now();
  const whole = await readTargets(options);
  options.signal?.throwIfAborted();

  const schemas = layered(options.live);
  const neighbours = await readTargets({ ...options, targets: options.neighbours ?? [] });
  options.signal?.throwIfAborted();
  const settings = settingsOf([...whole, ...neighbours], options.live);
  const { read, excluded } = withoutExcluded(whole, settings);
  const all = declaredBy(read);
  const generated = generatedBy(read);
  const besides = { generated, defaults: settings.ignores };
  options.onDeclared?.(all, besides);
  const looked = options.secrets ? all : all.filter(isNoSecret);
  const { declared: unique, faults: duplicates } = withoutDuplicates(looked);
  const versions = servedVersions(unique, options.live);
  const { declared } = versions;
  const compared = await compareLive({
    declared,
    known: new Set([
      ...declaredBy([...whole, ...neighbours]).map(({ object }) => refKey(object.ref)),
      ...versions.known,
      ...servedVersions(declaredBy(neighbours), options.live).known,
    ]),
    beside: declaredBy(neighbours).map(({ object }) => object),
    unnamed: [...read, ...neighbours].flatMap(({ state }) => state.objects.filter(isUnnamed).map(({ ref }) => ref)),
    hooks: [...read, ...neighbours].flatMap(({ state }) => state.hooks ?? []),
    live: options.live,
    schemas,
    secrets: options.secrets,
    scope: managedScope(read, neighbours),
    progress: options.progress,
    now: startedAt,
    onQuestion: () => options.evaluator.prepare?.(),
    objections: async (questioned, namespaces) => {
      const { objectionsTo } = await import("./judge-drifts.ts");
      return await objectionsTo({ ...options, namespaces }, questioned);
    },
    ...(options.traced === undefined ? {} : { traced: options.traced }),
    ...(options.onCompared === undefined ? {} : { onCompared: options.onCompared }),
    generated: generated.map(({ object }) => object),
    defaults: settings.ignores,
    ignore: options.ignore?.rules ?? [],
    deployers: options.deployers ?? [],
  });
  options.signal?.throwIfAborted();

  const {
    results,
    proposals,
    admitted,
    objected,
    faults: dealt,
  } = await dealWith({ options, read, compared, schemas });
  options.signal?.throwIfAborted();

  const faults = [
    ...(options.faults ?? []),
    ...read.flatMap(({ state }) => state.faults),
    ...settings.faults,
    ...excludedFaults(excluded),
    ...duplicates,
    ...ownDeployers(read, compared.deployers).flatMap((live) => syncFault(live) ?? []),
    ...versions.faults,
    ...compared.faults,
    ...dealt,
    ...(await unreadIgnores(all, besides, treeOf(read))),
  ];
  const twice = read.flatMap(({ state }) => state.faults).filter((fault) => fault.code === "duplicate-object").length;
  const policiesRead = !faults.some((fault) => fault.code === "policy-invalid");
  const unreadable = faults.filter((fault) => fault.leavesUnknown === "declared").length;
  const complete = compared.unknown === 0 && compared.wholly && unreadable === 0 && policiesRead;
  const everything = complete && options.secrets && options.ignore?.everything === true;
  const excused = compared.excused.told();
  const deployers = {
    live: compared.deployers,
    declared: [...whole, ...neighbours].flatMap(({ state }) => [...state.objects, ...(state.projects ?? [])]),
  };
  const statesOf = deployerStates(deployers, await windowsOfProjects(deployers, startedAt));
  const states: States = new Map(read.map(({ target, state }) => [target.name, statesOf(state.roots)]));
  return {
    version: options.version,
    mode: options.live.dryRun === undefined ? "read-only" : "server-dry-run",
    comparedReadOnly: compared.readOnly,
    clusters: [options.live.cluster],
    kubernetes: options.kubernetes,
    targets: read.map((one) => passTarget(one, options.live, states)),
    startedAt,
    finishedAt: options.clock.now(),
    summary: summaryOf({
      compared,
      results,
      admitted,
      objected,
      desired: looked.length + twice,
      duplicates: looked.length + twice - declared.length,
    }),
    results: withDeployers(withActions(results, proposals), states).map(shownResult),
    proposals,
    leftOutRules: compared.leftOut.rules(admitted),
    leftOut: shownFields(compared.leftOut.objects(), options.digester),
    ...(excused === undefined ? {} : { excused }),
    faults: [...faults, ...(everything ? compared.unusedIgnores : [])],
    complete,
    unseen: (options.secrets ? [] : all.filter((one) => !isNoSecret(one))).map(({ target, object }) =>
      driftId(target, object.ref),
    ),
    policiesRead,
  };
}

interface DealWith {
  readonly options: ScanOptions & ReadingOptions;
  readonly read: readonly ReadTarget[];
  readonly compared: LiveComparison;
  readonly schemas: SchemaSource;
}

interface Dealt extends Pick<Pass, "results" | "proposals"> {
  /** What policy objects to: not left out after all. */
  readonly admitted: readonly AdmittedField[];
  /** How many objects policy objects to that something would excuse. */
  readonly objected: number;
  readonly faults: readonly Fault[];
}

/** Judges and proposes. Those stages are loaded only where something differs. */
async function dealWith({ options, read, compared, schemas }: DealWith): Promise<Dealt> {
  if (compared.drifts.length + compared.questioned.length === 0)
    return { results: [], proposals: [], admitted: [], objected: 0, faults: [] };
  const { tellDirections } = await import("./tell-directions.ts");
  const { judgeDrifts, objectedOf } = await import("./judge-drifts.ts");
  const { proposeAll } = await import("./propose-all.ts");
  const { DeployedTruth } = await import("./deployers/deployed-truth.ts");
  const { HelmNotes } = await import("./deployers/helm-notes.ts");
  const shallow = shallowHistory();
  const truth = new DeployedTruth({
    targets: new Map(read.map((one) => [one.target.name, deployedTarget(one, options)])),
    deployers: compared.deployers,
  });
  const { helmRelease } = options.live;
  const declared = declaredBy(read).map(({ object }) => object);
  const releases = options.secrets && helmRelease !== undefined ? new HelmNotes(helmRelease, declared) : undefined;
  const telling = {
    ...options,
    truth,
    onShallow: (ref: ObjectRef): void => shallow.add(ref),
    targets: new Map(read.map(({ target }) => [target.name, historyTarget(target, options)])),
    compare: compared.compare,
    deployers: options.deployers ?? [],
    ...(releases === undefined ? {} : { releases }),
  };
  const judging = {
    ...options,
    namespaces: compared.namespaces,
    treeOf: treeOf(read),
    tell: (asked: readonly TargetDrift[]) => tellDirections({ ...telling, drifts: asked, progress: () => {} }),
    unmanagedCounts: (name: string) =>
      options.targets.some((target) => target.name === name && target.unmanaged === "drift"),
  };
  const objected = await objectedOf(judging, compared);
  const drifts = await tellDirections({ ...telling, drifts: [...compared.drifts, ...objected] });
  const judged = await judgeDrifts({ ...judging, drifts });
  const { admitted } = judged;
  const results = await withSources(judged.results, options);
  return {
    results,
    admitted,
    objected: objected.length,
    faults: [...shallow.faults(), ...truth.faults(), ...(releases?.faults() ?? [])],
    proposals: await proposeAll({
      options,
      read,
      results,
      schemas,
      inputOf: (name) => desiredInput(targetOf(options.targets, name), options),
    }),
  };
}

/** Only what is rendered is rendered once more. */
async function withSources(
  results: readonly DriftResult[],
  options: DealWith["options"],
): Promise<readonly DriftResult[]> {
  const rendered = results.some(({ drift }) =>
    drift.state === "drifted" || drift.state === "pending"
      ? (drift.desired?.origin.layer ?? "literal") !== "literal"
      : false,
  );
  if (!rendered) return results;
  const { withFieldSources } = await import("./field-sources.ts");
  const { progress, signal } = options;
  const inputOf = (name: string): DesiredInput => desiredInput(targetOf(options.targets, name), options);
  return await withFieldSources({ results, inputOf, progress, ...(signal === undefined ? {} : { signal }) });
}

function targetOf(targets: readonly ScanTarget[], name: string): ScanTarget {
  const found = targets.find((target) => target.name === name);
  if (found === undefined) throw new Error(`no target is called ${name}`);
  return found;
}

function historyTarget(target: ScanTarget, { digester, live }: Pick<ScanOptions, "digester" | "live">): HistoryTarget {
  const { tree, path, exclude } = target;
  return { tree, path, exclude, context: contextOf({ target, digester, isNamespaced: scopeLookup(live) }) };
}

function deployedTarget({ target, state }: ReadTarget, options: ReadingOptions): DeployedTarget {
  const { tree } = target;
  return {
    tree,
    state,
    read: (older) => readTarget({ ...target, tree: older }, options, () => {}),
    earlier: async (object) => {
      const { earlierVersions } = await import("./deployers/earlier-versions.ts");
      return await earlierVersions(historyTarget(target, options), object);
    },
    readApplication: async ({ tree: older, ...made }) => {
      const { readApplication } = await import("../desired/argo/one-application.ts");
      return await readApplication(desiredInput({ ...target, tree: older }, options), made);
    },
  };
}

/** What a scan of these targets would read of the cluster. */
export async function scanQuery(
  options: Pick<ScanOptions, "targets" | "digester" | "live" | "renderers" | "progress" | "secrets">,
): Promise<LiveQuery> {
  const argoObjects = argoObjectsOf(options.live);
  const liveKeys = liveKeysOf(options.live, options.secrets);
  const kubernetes = kubeVersionOf(undefined, options.live.cluster.version);
  const read = await readTargets({ ...options, argoObjects, liveKeys, kubernetes });
  const declared = declaredBy(read);
  const { secrets } = options;
  // In versions that are not served, too: the snapshot notes that they are not.
  const looked = secrets ? declared : declared.filter(isNoSecret);
  const query = queryOf({ declared: looked, secrets, scope: managedScope(read), live: options.live });
  const asked = [...argoObjects.asked(), ...liveKeys.asked()];
  const more = asked.filter(({ kind }) => !query.kinds.some((one) => one.kind === kind));
  return { ...query, kinds: [...query.kinds, ...more] };
}

function settingsOf(read: readonly ReadTarget[], { server }: LiveSource): ArgoSettings {
  const known = { declared: declaredBy(read), generated: generatedBy(read) };
  return argoSettings({ ...known, ...(server === undefined ? {} : { server }) });
}

/** What Argo CD would not deploy, whatever its Applications say, is nothing that the cluster should have. */
function withoutExcluded(
  read: readonly ReadTarget[],
  settings: ArgoSettings,
): { readonly read: readonly ReadTarget[]; readonly excluded: readonly DesiredObject[] } {
  const excluded = new Set(declaredBy(read).flatMap(({ object }) => (settings.excludes(object) ? [object] : [])));
  if (excluded.size === 0) return { read, excluded: [] };
  const kept = read.map(({ target, state }) => {
    const objects = state.objects.filter((object) => !excluded.has(object));
    return { target, state: { ...state, objects } };
  });
  return { read: kept, excluded: [...excluded] };
}

/** The cluster's own schemas before the built-in data of its version. */
function layered({ schemas, cluster }: LiveSource): SchemaSource {
  const builtin = schemasFor(cluster.version);
  return {
    schemaOf: (apiVersion, kind) => schemas.schemaOf(apiVersion, kind) ?? builtin.schemaOf(apiVersion, kind),
  };
}

function isNoSecret({ object }: Declared): boolean {
  return !(object.ref.apiVersion === "v1" && object.ref.kind === "Secret");
}

type LiveDeployers = LiveComparison["deployers"];

/** What deployers do by themselves, by the target's name, then by refKey(). */
type States = ReadonlyMap<string, ReadonlyMap<string, DeployerState>>;

function passTarget({ target, state }: ReadTarget, live: LiveSource, known: States): PassTarget {
  const states = [...(known.get(target.name)?.values() ?? [])];
  return {
    name: target.name,
    cluster: target.cluster ?? live.cluster.name,
    revision: state.revision,
    path: target.path,
    roots: state.roots,
    ...(states.length === 0 ? {} : { deployers: states }),
  };
}

/** Those that Git declares, or that deploy something of it: others stand in the same namespaces. */
function ownDeployers(read: readonly ReadTarget[], live: LiveDeployers): readonly LiveObject[] {
  const own = new Set(
    read.flatMap(({ state }) => [...deployersIn(state.roots).keys(), ...state.objects.map(({ ref }) => refKey(ref))]),
  );
  return [...live].filter(([key]) => own.has(key)).map(([, object]) => object);
}

function withDeployers(results: readonly DriftResult[], states: States): readonly DriftResult[] {
  return results.map((result) => {
    const { drift } = result;
    const ref = drift.state === "unmanaged" ? undefined : drift.desired?.deployer;
    const deployer = ref === undefined ? undefined : states.get(result.target)?.get(refKey(ref));
    return deployer === undefined ? result : { ...result, deployer };
  });
}

function shownResult(result: DriftResult): DriftResult {
  const { drift } = result;
  if (drift.state !== "drifted" || drift.desired.again === undefined) return result;
  const changes = drift.changes.map((change) => ({ ...change, path: pathWithoutStandIns(change.path) }));
  return { ...result, drift: { ...drift, changes } };
}

/** Sensitive values are shown as digests, or not at all. */
function shownFields(objects: readonly LeftOutObject[], digester: Digester): readonly LeftOutObject[] {
  return objects.map((object) => ({
    ...object,
    fields: object.fields.map((field) => ({
      ...field,
      ...redactChange({ change: field, ref: object.ref, digester }),
      path: pathWithoutStandIns(field.path),
    })),
  }));
}
