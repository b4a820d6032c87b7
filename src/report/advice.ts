/** What a person can do about a drift that has no pull request: commands that work, as Markdown. */

import { fateOf } from "../core/deployer.ts";
import { changesOf } from "../core/drift.ts";
import type { Change, Drift } from "../core/drift.ts";
import type { DesiredObject } from "../core/objects.ts";
import type { DriftResult } from "../core/pass.ts";
import { formatPath } from "../core/path.ts";
import { codeBlock, codeSpan } from "../text/escape-markdown.ts";
import { aggregationAdvice } from "./aggregated.ts";
import { fatesOf } from "./deployer-words.ts";
import { restoreAdvice } from "./restore.ts";
import { anewCommands, redeployBlocks, redeployOf } from "./redeploy.ts";
import { objectWords } from "./shell.ts";
import { undoCommand } from "./undo.ts";

/** @param results of the whole pass: what else drifted may be why. */
export function adviceOn(
  { drift, deployer }: Pick<DriftResult, "drift" | "deployer">,
  indexes: readonly number[],
  results: readonly DriftResult[],
): string {
  const fates = deployer === undefined ? [] : fatesOf(deployer, drift, indexes).map((words) => `${codeSpan(words)}.`);
  return [...fates, ...partsOf({ drift, deployer, indexes, results })].join("\n\n");
}

interface Advised {
  readonly drift: Drift;
  readonly deployer: DriftResult["deployer"];
  readonly indexes: readonly number[];
  readonly results: readonly DriftResult[];
}

function partsOf({ drift, deployer, indexes, results }: Advised): readonly string[] {
  if (drift.state === "missing") {
    return [
      "Deploy it again from Git:",
      ...redeployBlocks(drift.desired, deployer),
      "or remove it from Git, if it should be gone.",
    ];
  }
  if (drift.state === "unmanaged" && drift.maker?.kind === "kubernetes") return restoreAdvice(drift);
  if (drift.state === "unmanaged" && drift.deletion !== undefined) {
    return [
      "It was deleted already, and is not gone: see what holds it (its finalizers, what it owns, a Pod's grace), and take that away.",
      codeBlock(`kubectl get ${objectWords(drift.ref)} --output yaml`, "sh"),
    ];
  }
  if (drift.state === "unmanaged" || drift.desired === undefined) {
    return ["Add it to Git, or delete it:", codeBlock(`kubectl delete ${objectWords(drift.ref)}`, "sh")];
  }
  const changes = indexes.flatMap((index) => changesOf(drift)[index] ?? []);
  return [
    ...undoAdvice({ drift, desired: drift.desired, deployer, changes, results }),
    keepAdvice(drift.desired, changes),
  ];
}

function keepAdvice({ origin }: DesiredObject, changes: readonly Change[]): string {
  const placed = changes.length > 0 && changes.every(({ source }) => source !== undefined);
  if (placed) return "To keep it, change Git: every field above has its file and line.";
  if (origin.layer === "argo-cd")
    return `To keep it, change the Application in ${codeSpan(origin.file)}: \`managedNamespaceMetadata\`.`;
  if (origin.layer === "literal") return `To keep it, change Git: ${codeSpan(origin.file)} declares the object.`;
  return `To keep it, change what the object is made of: ${codeSpan(origin.file)}, by ${origin.layer}.`;
}

interface Undo {
  readonly drift: Drift;
  readonly desired: DesiredObject;
  readonly deployer: DriftResult["deployer"];
  readonly changes: readonly Change[];
  readonly results: readonly DriftResult[];
}

/**
 * The deployer first: what it owns comes back by itself, and a patch would be undone or undo its bookkeeping. What Git
 * never had, an apply leaves alone: that has to be taken away.
 */
function undoAdvice({ drift, desired, deployer, changes, results }: Undo): readonly string[] {
  const gathered = aggregationAdvice(drift, changes, results);
  if (gathered !== undefined) return [gathered];
  if (changes.some(({ immutable }) => immutable === true)) return anewAdvice(desired, changes);
  const added = changes.filter((change) => change.operation === "add" && !isTakenAway({ drift, deployer }, change));
  if (added.length > 0 && added.length === changes.length) return takeAwayAdvice(drift, added);
  const before = redeployOf(desired).command === undefined ? "." : " (sync first, where a GitOps controller owns it).";
  const first = [`To undo it, deploy the object from Git again${before}`, ...redeployBlocks(desired, deployer)];
  const all = undoCommand(drift, changes);
  if (all !== undefined) {
    const stays = added.length === 0 ? [] : ["What only the cluster has stays there: it must be taken away."];
    const guard = all.guarded ? "; nothing happens where somebody has changed them again" : `. ${UNGUARDED}`;
    return [...first, ...stays, `Or put back just these fields${guard}:`, codeBlock(all.command, "sh")];
  }
  if (added.length === 0) return first;
  const some = undoCommand(drift, added);
  if (some === undefined) return [...first, `What only the cluster has stays there: ${BY_HAND}.`];
  const guard = some.guarded ? "" : ` ${UNGUARDED}`;
  return [
    ...first,
    `What only the cluster has stays there: take it away besides.${guard}`,
    codeBlock(some.command, "sh"),
  ];
}

/** Its deployer takes away what Git never had, as it deploys. */
function isTakenAway({ drift, deployer }: Pick<Undo, "drift" | "deployer">, change: Change): boolean {
  if (deployer === undefined) return false;
  // Once somebody lets it go on.
  return fateOf({ ...deployer, suspended: false }, { drift, change }).kind === "put-back";
}

const BY_HAND = "take it away by hand (`kubectl edit`)";
const UNGUARDED = "Look at the object first: this takes away whatever stands there by then";
const LEFT_ALONE = "Deploying from Git again leaves alone what Git never had.";

function takeAwayAdvice(drift: Drift, added: readonly Change[]): readonly string[] {
  const found = undoCommand(drift, added);
  if (found === undefined) return [`To undo it, ${BY_HAND}. ${LEFT_ALONE}`];
  const guard = found.guarded ? "; nothing happens where somebody has changed it again." : `. ${UNGUARDED}.`;
  return [`To undo it, take away what only the cluster has${guard} ${LEFT_ALONE}`, codeBlock(found.command, "sh")];
}

/** Fields that a sentence names. */
const MOST_NAMED = 3;

/** Neither an apply nor a patch puts back what the API server refuses to change. */
function anewAdvice(desired: DesiredObject, changes: readonly Change[]): readonly string[] {
  const fixed = changes.flatMap(({ path, immutable }) => (immutable === true ? [codeSpan(formatPath(path))] : []));
  const named = fixed.length > MOST_NAMED ? [...fixed.slice(0, MOST_NAMED), "others"] : fixed;
  const { note } = redeployOf(desired);
  return [
    `The API server usually refuses to change ${named.join(", ")} on an object that exists. To undo it, delete the object and deploy it from Git again, after a look at what goes with it (its Pods, its data):`,
    codeBlock(anewCommands(desired), "sh"),
    ...(note === "" ? [] : [note]),
  ];
}
