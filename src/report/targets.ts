/** `holdfast targets`: what was found to be deployed, how it is rendered, by whom, and what was not understood. */

import type { Fault } from "../core/fault.ts";
import type { DeployerState } from "../core/deployer.ts";
import type { KubeVersion } from "../core/kube-version.ts";
import { formatRef, refKey } from "../core/refs.ts";
import type { DesiredState, RenderRoot, RootChart, RootDeployer } from "../core/stages.ts";
import { terminalText } from "../text/escape-terminal.ts";
import { baseJson, basesText } from "./bases.ts";
import { deployerName, syncSettingsWords, windowsWords } from "./deployer-words.ts";
import { faultWord, toldFaults, toldPlace } from "./fault-groups.ts";
import { kubernetesWords } from "./words.ts";

export interface ShownTarget {
  readonly target: { readonly name: string; readonly path: string; readonly cluster?: string };
  /** What they do by themselves, by refKey(), as Git has it. */
  readonly deployers: ReadonlyMap<string, DeployerState>;
  /** What charts are rendered for, unless what deploys them says otherwise. */
  readonly kubeVersion: KubeVersion;
  readonly state: Pick<DesiredState, "revision" | "roots" | "objects" | "faults" | "complete">;
}

/** For people: by clusters, where there are several. */
export function targetsText(targets: readonly ShownTarget[]): string {
  const clusters = Map.groupBy(targets, ({ target }) => target.cluster);
  if (clusters.size < 2) return targets.map(targetText).join("\n");
  const told = [...clusters].map(([cluster, own]) => {
    const head = cluster === undefined ? "no cluster named (that of the current context)" : `cluster ${cluster}`;
    return `${terminalText(head)}\n\n${own.map(targetText).join("\n")}`;
  });
  return told.join("\n");
}

function targetText({ target, state, deployers, kubeVersion }: ShownTarget): string {
  const where = target.path === "" ? "the whole repository" : target.path;
  const cluster = target.cluster === undefined ? "" : `, cluster ${target.cluster}`;
  const rows = state.roots.map((root) => rowOf(root, deployers));
  const width = Math.max(0, ...rows.map(({ path }) => path.length));
  const lines = [
    `target ${target.name}: ${where}${cluster}, ${state.revision === "worktree" ? "the working tree" : state.revision}`,
    ...rows.map(({ renderer, path, deployer }) =>
      `  ${renderer.padEnd(18)}  ${path.padEnd(width)}  ${deployer}`.trimEnd(),
    ),
    `  ${counted(state.roots.length, "root")}, ${counted(state.objects.length, "object")}`,
    ...(state.roots.some(({ kubernetes }) => kubernetes !== undefined)
      ? [`  charts are rendered for ${kubernetesWords(kubeVersion)}`]
      : []),
    ...problems(state.faults),
  ];
  return `${lines.map(terminalText).join("\n")}\n`;
}

function rowOf(
  root: RenderRoot,
  states: ShownTarget["deployers"],
): { readonly renderer: string; readonly path: string; readonly deployer: string } {
  const renderer = root.renderer === "plain" ? "plain" : `${root.renderer} ${root.version}`;
  return {
    renderer,
    path: `${root.chart === undefined ? shownPath(root) : chartText(root.chart)}${basesText(root)}`,
    deployer: deployerText(root, states),
  };
}

function shownPath({ path }: RenderRoot): string {
  return path === "" ? "." : path;
}

/** Where Git asks for a range, what it asks for is said beside what it got. */
function chartText({ name, version, asked, repository }: RootChart): string {
  const range = asked === version ? "" : ` (${asked === undefined ? "the newest" : `for ${asked}`})`;
  return `chart ${name} ${version}${range} from ${repository}`;
}

function deployerText({ deployer }: RenderRoot, states: ShownTarget["deployers"]): string {
  if (deployer === undefined) return "";
  const state = states.get(refKey(deployer.ref));
  const settings = state === undefined ? "" : `: ${syncSettingsWords(state)}`;
  // Of a project that Git does not declare nothing can be said without a cluster.
  const windows = state === undefined || state.windows?.kind === "unknown" ? undefined : windowsWords(state);
  const told = windows === undefined ? "" : `; ${windows}`;
  return `by ${deployerName(deployer)} ${formatRef(deployer.ref)}${settings}${told}`;
}

/** In a scan's words, those first that leave something unknown. */
function problems(faults: readonly Fault[]): readonly string[] {
  const lost = faults.filter(({ leavesUnknown }) => leavesUnknown === "declared");
  const noted = faults.filter(({ leavesUnknown }) => leavesUnknown !== "declared");
  return [...toldFaults(lost), ...toldFaults(noted)].map(
    (told) => `  ${faultWord(told.fault)}  ${toldPlace(told)}: ${told.message} (${told.remedy})`,
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** For programs. */
export function targetsJson(targets: readonly ShownTarget[]): string {
  const shown = targets.map(({ target, state, deployers }) => ({
    name: target.name,
    ...(target.cluster === undefined ? {} : { cluster: target.cluster }),
    path: target.path,
    revision: state.revision,
    complete: state.complete,
    objects: state.objects.length,
    roots: state.roots.map(({ path, renderer, version, kubernetes, chart, bases, deployer }) => ({
      path,
      renderer,
      version,
      ...(kubernetes === undefined ? {} : { kubernetes }),
      ...(chart === undefined ? {} : { chart }),
      ...(bases === undefined ? {} : { bases: bases.map(baseJson) }),
      ...(deployer === undefined ? {} : { deployer: deployerJson(deployer, deployers.get(refKey(deployer.ref))) }),
    })),
    faults: state.faults.map(({ code, about, message, remedy, position }) => ({
      code,
      about,
      message,
      remedy,
      ...(position === undefined ? {} : { file: position.file, line: position.line }),
    })),
  }));
  return `${JSON.stringify({ apiVersion: "holdfast.dev/v1alpha1", kind: "TargetList", targets: shown }, null, 2)}\n`;
}

function deployerJson({ kind, ref, file, suspended }: RootDeployer, state: DeployerState | undefined): object {
  const { automated, reverts, interval, prunes, windows } = state ?? {};
  return { kind, object: ref, file, suspended, automated, reverts, interval, prunes, windows };
}
