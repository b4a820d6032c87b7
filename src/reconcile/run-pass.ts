/** One pass as a configuration asks for it: chooses targets, loads policies, scans. Used by every way to start one. */

import { resolve } from "node:path";

import type { Fault } from "../core/fault.ts";
import type { Pass } from "../core/pass.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { Clock, LiveSource, Progress, SourceTree } from "../core/stages.ts";
import type { RepositoryConfig, TargetConfig } from "../config/repository.ts";
import type { ChartsInput } from "../desired/charts/open-charts.ts";
import type { RepositoryGrant } from "../desired/other-repositories.ts";
import type { RenderCache } from "../desired/render/cache.ts";
import type { ProgramGrants } from "../desired/render/programs.ts";
import { openRenderers } from "../desired/render/renderers.ts";
import type { Digester } from "../text/digest.ts";
import { passPolicies } from "./pass-policies.ts";
import { startEvaluator } from "./policy-workers.ts";
import type { ClosableEvaluator, PolicySource } from "./policy-workers.ts";
import type { ComparedObject, Declared } from "./compare-live.ts";
import { scan } from "./scan.ts";
import type { AskedBesides } from "./unread-ignores.ts";
import type { ScanTarget } from "./read-targets.ts";

/** Per policy and object. Pod Security expressions take microseconds: what needs longer is a bomb. */
const POLICY_TIMEOUT_MS = 2000;

export interface PassInput {
  readonly config: RepositoryConfig;
  /** Names of the targets to look at; empty: all of this cluster. */
  readonly targets: readonly string[];
  readonly tree: SourceTree;
  readonly live: LiveSource;
  readonly digester: Digester;
  readonly secrets: boolean;
  /** The Kubernetes that charts are rendered for; absent: what the cluster says. */
  readonly kubeVersion?: string;
  /** The operator's: where renderers are found. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where rendered output is kept between passes; absent: nowhere. */
  readonly renderCache?: RenderCache;
  /** What charts the operator lets be fetched; absent: none. */
  readonly charts?: ChartsInput;
  /** Clones that stand for other repositories, as the operator says; absent: none. */
  readonly repositories?: readonly RepositoryGrant[];
  /** Programs that the operator lets be run of what manifests ask for; absent: none. */
  readonly programs?: ProgramGrants;
  /** Where holdfast is installed: the packs are in it. */
  readonly packageFolder: string;
  readonly version: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Told what Git declares, before it is compared, and what besides asks to ignore something. */
  readonly onDeclared?: (declared: readonly Declared[], besides: AskedBesides) => void;
  /** Objects of which everything that is left out is told, for `explain`; absent: none. */
  readonly traced?: (ref: ObjectRef) => boolean;
  /** Told of each object that both sides have, once it was compared. */
  readonly onCompared?: (compared: ComparedObject) => void;
}

/** Rejects with the signal's reason where it is aborted, otherwise as {@link scan}. */
export async function runPass(input: PassInput): Promise<Pass> {
  const { config, tree, signal } = input;
  const { load, faults } = await passPolicies({
    packageFolder: resolve(input.packageFolder),
    packs: config.policies.packs,
    paths: config.policies.paths,
    tree,
  });
  const evaluator = lazyEvaluator(load);
  const renderers = openRenderers({
    environment: input.environment,
    ...(input.renderCache === undefined ? {} : { cache: input.renderCache }),
    ...(input.charts === undefined ? {} : { charts: input.charts }),
    ...(input.repositories === undefined ? {} : { repositories: input.repositories }),
    ...(input.programs === undefined ? {} : { programs: input.programs }),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    return await scan({
      targets: chosenTargets(input),
      neighbours: neighboursOf(input),
      live: input.live,
      renderers,
      evaluator,
      digester: input.digester,
      failOn: config.policies.failOn,
      group: config.pullRequests.group,
      secrets: input.secrets,
      version: input.version,
      ...(input.kubeVersion === undefined ? {} : { kubeVersion: input.kubeVersion }),
      clock: input.clock,
      progress: input.progress,
      faults,
      ...(signal === undefined ? {} : { signal }),
      ignore: { rules: config.ignore, everything: input.targets.length === 0 },
      deployers: config.deployers,
      ...(input.traced === undefined ? {} : { traced: input.traced }),
      ...(input.onCompared === undefined ? {} : { onCompared: input.onCompared }),
      ...(input.onDeclared === undefined ? {} : { onDeclared: input.onDeclared }),
    });
  } finally {
    await Promise.all([evaluator.close(), renderers.close()]);
  }
}

/** Policies are read, and a thread is started for them, with the first request, or shortly before. */
function lazyEvaluator(load: () => Promise<readonly PolicySource[]>): ClosableEvaluator {
  let started: Promise<ClosableEvaluator> | undefined;
  const start = async (): Promise<ClosableEvaluator> => startEvaluator(await load(), { timeoutMs: POLICY_TIMEOUT_MS });
  return {
    // What fails is told to whoever asks.
    prepare: () => void (started ??= start()).then((evaluator) => evaluator.prepare?.()).catch(() => {}),
    evaluate: async (requests) => await (await (started ??= start())).evaluate(requests),
    close: async () => await (await started)?.close(),
  };
}

/** The named targets, or all of them, with their tree. */
export function chosenTargets({
  config,
  targets,
  tree,
}: Pick<PassInput, "config" | "targets" | "tree">): readonly ScanTarget[] {
  const chosen =
    targets.length === 0 ? config.targets : config.targets.filter((target) => targets.includes(target.name));
  return chosen.map((target) => opened(target, config, tree));
}

function opened(target: TargetConfig, config: RepositoryConfig, tree: SourceTree): ScanTarget {
  const clusters = new Set(config.targets.flatMap(({ cluster }) => cluster ?? []));
  if (target.cluster !== undefined) clusters.delete(target.cluster);
  return { ...target, exclude: excluded(target, config), tree, otherClusters: [...clusters] };
}

/** Policies that judge are no manifests, unless a target is about them. */
function excluded({ path, exclude }: TargetConfig, { policies }: RepositoryConfig): readonly string[] {
  const folders = policies.paths.map((one) => one.replace(/^\.?\/+|\/+$/g, "")).filter((one) => one !== "");
  return [...exclude, ...folders.filter((one) => path !== one && !path.startsWith(`${one}/`)).map((one) => `/${one}`)];
}

/** The targets that were not named and may be of the same cluster. */
function neighboursOf({
  config,
  targets,
  tree,
}: Pick<PassInput, "config" | "targets" | "tree">): readonly ScanTarget[] {
  if (targets.length === 0) return [];
  const clusters = config.targets.filter(({ name }) => targets.includes(name)).map(({ cluster }) => cluster);
  return config.targets
    .filter(({ name }) => !targets.includes(name))
    .filter(({ cluster }) => clusters.some((one) => one === undefined || cluster === undefined || one === cluster))
    .map((target) => opened(target, config, tree));
}

/** A name that no target has, or `undefined`. */
export function unknownTarget(config: RepositoryConfig, names: readonly string[]): Fault | undefined {
  const known = config.targets.map((target) => target.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  return fault(
    "target-unknown",
    unknown,
    `no target is called ${JSON.stringify(unknown)}`,
    `choose one of ${known.join(", ")}`,
  );
}

/**
 * What is wrong with the choice of targets, or `undefined`: a name that no target has, or targets of several clusters
 * where only one can be read.
 */
export function targetFault(config: RepositoryConfig, names: readonly string[]): Fault | undefined {
  const unknown = unknownTarget(config, names);
  if (unknown !== undefined) return unknown;
  const used = config.targets.filter((target) => names.length === 0 || names.includes(target.name));
  const clusters = [...new Set(used.map((target) => target.cluster ?? "(current context)"))];
  if (clusters.length < 2) return undefined;
  return fault(
    "usage",
    "targets",
    `the targets are of several clusters: ${clusters.join(", ")}`,
    "choose the targets of one cluster with --target",
  );
}

function fault(code: "target-unknown" | "usage", about: string, message: string, remedy: string): Fault {
  return { kind: "fault", code, about, message, remedy, leavesUnknown: "nothing" };
}
