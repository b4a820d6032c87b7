/** How to deploy an object from Git again: by its deployer where Git says which, else by what made it. */

import type { DeployerState } from "../core/deployer.ts";
import type { DesiredObject } from "../core/objects.ts";
import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { codeBlock, codeSpan } from "../text/escape-markdown.ts";
import { objectWords, shellWord } from "./shell.ts";

export interface Redeploy {
  /** `undefined` where no command is known that does it. */
  readonly command: string | undefined;
  /** What the reader must know of it; Markdown, `""` where there is nothing. */
  readonly note: string;
}

export function redeployOf({ origin, deployer }: DesiredObject): Redeploy {
  const own = deployer === undefined ? undefined : deployerCommand(deployer);
  if (own !== undefined) return { command: own, note: "It has all of that deployed again." };
  const root = origin.root === undefined || origin.root === "" ? "." : origin.root;
  switch (origin.layer) {
    case "literal":
      return { command: `kubectl apply -f ${shellWord(origin.file)}`, note: fileNote(origin) };
    case "kustomize":
      return {
        command: `kustomize build ${shellWord(root)} | kubectl apply -f -`,
        note: `It deploys all of the kustomization ${codeSpan(root)}.`,
      };
    case "plugin":
      return { command: undefined, note: `A plugin of Argo CD's makes it of ${codeSpan(root)}.` };
    case "argo-cd":
      return { command: undefined, note: "Argo CD makes it as it syncs." };
    case "helm":
      return {
        command: undefined,
        note: `The object is made by the chart ${codeSpan(root)}: upgrade its release once more, with the values that it was installed with.`,
      };
  }
}

/** `kubectl apply` chooses by labels alone: no command applies one object of a file by its name. */
function fileNote({ file, objects = 1 }: DesiredObject["origin"]): string {
  return objects < 2 ? "" : `It applies the ${objects} objects of ${codeSpan(file)}, not this one alone.`;
}

/** The command and what to know of it, as blocks of Markdown. */
export function redeployBlocks(desired: DesiredObject, deployer: DeployerState | undefined): readonly string[] {
  const { command, note } = redeployOf(desired);
  const resume = deployer?.suspended === true ? resumeCommand(deployer) : undefined;
  const commands = [resume, command].filter((one) => one !== undefined);
  return [...(commands.length === 0 ? [] : [codeBlock(commands.join("\n"), "sh")]), ...(note === "" ? [] : [note])];
}

/** What lets a suspended deployer go on: nothing is deployed before. */
function resumeCommand({ kind, ref }: DeployerState): string {
  const within = ref.namespace === undefined ? "" : ` -n ${shellWord(ref.namespace)}`;
  switch (kind) {
    case "flux-kustomization":
      return `flux resume kustomization ${shellWord(ref.name)}${within}`;
    case "flux-helm-release":
      return `flux resume helmrelease ${shellWord(ref.name)}${within}`;
    case "argo-cd-application":
      return `kubectl annotate ${objectWords(ref)} argocd.argoproj.io/skip-reconcile-`;
  }
}

/** Of the deployers' own command lines (flux2 cmd/flux/reconcile_*.go, argo-cd docs/user-guide/commands/argocd_app_sync.md). */
function deployerCommand(ref: ObjectRef): string | undefined {
  const name = shellWord(ref.name);
  const within = (option: string): string =>
    ref.namespace === undefined ? "" : ` ${option} ${shellWord(ref.namespace)}`;
  switch (`${groupOf(ref.apiVersion)}/${ref.kind}`) {
    case "kustomize.toolkit.fluxcd.io/Kustomization":
      return `flux reconcile kustomization ${name}${within("-n")} --with-source`;
    case "helm.toolkit.fluxcd.io/HelmRelease":
      // Without it a release that is up to date is left alone.
      return `flux reconcile helmrelease ${name}${within("-n")} --with-source --force`;
    case "argoproj.io/Application":
      return `argocd app sync ${name}${within("--app-namespace")}`;
    default:
      return undefined;
  }
}

/** For an object that must be made anew. */
export function anewCommands(desired: DesiredObject): string {
  const { command } = redeployOf(desired);
  const gone = `kubectl delete ${objectWords(desired.ref)}`;
  return command === undefined ? gone : `${gone}\n${command}`;
}
