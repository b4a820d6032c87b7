/** Sentences that every format shares. Nothing here is escaped for a medium: callers wrap cluster text. */

import { changesOf } from "../core/drift.ts";
import type { Change, Drift, Finding, Verdict } from "../core/drift.ts";
import type { KubeVersion } from "../core/kube-version.ts";
import type { Actor } from "../core/objects.ts";
import type { Action, DriftResult, Pass, Summary } from "../core/pass.ts";
import { formatPosition } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { formatRef } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { isPlainName } from "../text/plain-title.ts";
import { showSide } from "./values.ts";

/** `kubectl-edit, 2026-11-20T14:03:00Z` or `kubectl through scale, time not recorded`. */
export function actorWords(actor: Actor): string {
  const through = actor.subresource === undefined ? "" : ` through ${actor.subresource}`;
  return `${actor.manager}${through}, ${actor.time ?? "time not recorded"}`;
}

/** What is known of who made a change: a field manager is a client-supplied name, no identity. */
export function byWords(change: Change): string {
  if (change.actor !== undefined) return `by ${actorWords(change.actor)}`;
  return change.operation === "remove" ? "by whom is not recorded (removals leave no owner)" : "by whom is not known";
}

export function directionWords(change: Change): string {
  switch (change.direction) {
    case "live-changed":
      return "the cluster was changed";
    case "git-ahead":
      return change.claimed === true
        ? "Git is ahead of the cluster, if the field manager is who it says it is"
        : "Git is ahead of the cluster";
    case "both-changed":
      return "both sides changed";
    case "unknown":
      return "which side changed is not known";
  }
}

export function stateWords(drift: Drift): string {
  switch (drift.state) {
    case "drifted":
      return "differs from Git";
    case "pending":
      return drift.desired === undefined ? "waits to be pruned" : "waits for a deployment";
    case "missing":
      return "is in Git and not in the cluster";
    case "unmanaged":
      return "is in the cluster and not in Git";
  }
}

/**
 * The state, which commit took the object out of Git, and that it is being deleted.
 *
 * @param quote shows what holds cluster text; without it the whole is to be escaped.
 */
export function standingWords(drift: Drift, quote: (text: string) => string = (text) => text): string {
  const deletion = drift.state === "unmanaged" ? drift.deletion : undefined;
  return `${standsWords(drift, quote)}${deletion === undefined ? "" : `; ${quote(deletion)}`}`;
}

function standsWords(drift: Drift, quote: (text: string) => string): string {
  const removedIn = drift.state === "pending" || drift.state === "unmanaged" ? drift.removedIn : undefined;
  if (drift.state === "unmanaged" && drift.excuse !== undefined)
    return `${stateWords(drift)}, ${quote(drift.excuse)}; it is told all the same, since policy objects to it`;
  if (removedIn === undefined) return stateWords(drift);
  const kept = drift.state === "unmanaged" ? drift.keptBy : undefined;
  const changed = drift.state === "unmanaged" ? ", and it was changed or made again since" : "";
  const since = kept === undefined ? changed : `, and ${kept} does not prune it`;
  return `${stateWords(drift)}: ${commitWords(removedIn)} removed it from Git${since}`;
}

/** Who made a change and, where that is not simply a change of the cluster, which side moved; with what was deployed. */
export function originWords(change: Change): string {
  return change.note === undefined ? movedWords(change) : `${movedWords(change)}; ${change.note}`;
}

function movedWords(change: Change): string {
  switch (change.direction) {
    case "live-changed":
      return byWords(change);
    case "git-ahead":
      return `${byWords(change)}; ${directionWords(change)}${change.deployedIn === undefined ? "" : `, which has what ${commitWords(change.deployedIn)} said`}`;
    case "both-changed":
      return `${byWords(change)}; ${directionWords(change)}: as last deployed it was ${showSide(change, "deployed")}`;
    case "unknown":
      return `${byWords(change)}; ${directionWords(change)}`;
  }
}

/** `commit 0123456789ab`. */
export function commitWords(commit: string): string {
  return commit === "worktree" ? "the working tree" : `commit ${commit.slice(0, 12)}`;
}

/** What waits for a deployment is no drift, and has no verdict. */
export function changeVerdict({ drift, judgement }: DriftResult, index: number): Verdict | "pending" | "" {
  if (changesOf(drift)[index]?.direction === "git-ahead") return "pending";
  return judgement.changes[index]?.verdict ?? "";
}

const LONGEST_NAME = 160;

/** The object as a title or a commit message may name it, or `undefined`: forges act on some words and characters there. */
export function titleRef(ref: ObjectRef): string | undefined {
  const text = formatRef(ref);
  const plain = [ref.kind, ref.name, ref.namespace ?? ref.kind].every(isPlainName);
  return plain && text.length <= LONGEST_NAME ? text : undefined;
}

/** Where a fault is shown to be: its place, or what it is about. */
export function faultPlace({ position, about }: Fault): string {
  return position === undefined ? about : formatPosition(position);
}

/** What policy says of a drift as a whole; a missing or unmanaged object is drift though nothing objects to it. */
export function verdictWords({ drift, judgement }: DriftResult): string {
  if (drift.state === "pending") return "pending";
  const whole = drift.state === "missing" || drift.state === "unmanaged";
  return whole && judgement.verdict === "compliant" ? "no policy is violated" : judgement.verdict;
}

export function actionWords(kind: Action["kind"]): string {
  return kind === "pull-request" ? "pull request" : kind;
}

/**
 * Findings of a drifted object that no change of it brings: Git violates it too, or a field does that Git never names.
 * They block nothing, and are shown all the same.
 */
export function besides({ judgement }: DriftResult): readonly Finding[] {
  const blamed = new Set(judgement.changes.flatMap((change) => change.findings));
  return toldOnce(standing(judgement.findings.filter((_finding, index) => !blamed.has(index))));
}

/** A policy that objects to several elements may say the same of each. */
export function toldOnce(findings: readonly Finding[]): readonly Finding[] {
  const words = findings.map(({ policy, status, message }) => JSON.stringify([policy, status, message]));
  return findings.filter((_finding, index) => words.indexOf(words[index] ?? "") === index);
}

/** Findings that count against a change: all but those that were resolved or excepted. */
export function standing(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => finding.status !== "resolved" && finding.status !== "excepted");
}

export function findingsOf(result: DriftResult, change: number): readonly Finding[] {
  const indexes = result.judgement.changes[change]?.findings ?? [];
  return toldOnce(indexes.flatMap((index) => result.judgement.findings[index] ?? []));
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `48 objects in Git: 43 in sync, 3 drifted, 1 missing; 1 waits for a deployment; 1 unmanaged in the cluster`. */
export function summaryWords(summary: Summary): string {
  const { objects } = summary;
  const inGit = [`${objects.inSync} in sync`, `${objects.drifted} drifted`, `${objects.missing} missing`];
  if (objects.ignored !== undefined) inGit.push(`${objects.ignored} ignored`);
  if (objects.unknown > 0) inGit.push(`${objects.unknown} unknown`);
  // Not all of them are in Git still.
  const waiting =
    objects.pending === 0 ? "" : `${objects.pending} ${objects.pending === 1 ? "waits" : "wait"} for a deployment; `;
  return `${plural(objects.desired, "object")} in Git: ${inGit.join(", ")}; ${waiting}${objects.unmanaged} unmanaged in the cluster`;
}

/** `4 changes: 2 compliant, 2 violating`. */
export function changesWords(summary: Summary): string {
  const { compliant, violating } = summary.changes;
  return `${plural(compliant + violating, "change")}: ${compliant} compliant, ${violating} violating`;
}

/** `coverage 97.9 % of the live objects in scope`. */
export function coverageWords(summary: Summary): string {
  const share = coverageShare(summary);
  return share === UNKNOWN_SHARE ? `coverage ${share}` : `coverage ${share} of the live objects in scope`;
}

const UNKNOWN_SHARE = "not known";

/** `97.9 %`; of a pass that could look at nothing that Git declares, nothing is known. */
export function coverageShare({ objects, coverage }: Summary): string {
  return objects.unknown > 0 && objects.unknown >= objects.desired ? UNKNOWN_SHARE : percent(coverage);
}

/**
 * A finding's status for people. `pre-existing`: none of the changes brings it. Git may have it too; so may what is
 * ignored or left out, and somebody may have set that just now.
 */
export function statusWords(status: Finding["status"]): string {
  return status === "pre-existing" ? "not by these changes" : status;
}

/** `97.9 %`. */
function percent(ratio: number): string {
  return `${(Math.floor(ratio * 1000) / 10).toFixed(1)} %`;
}

/** What charts are rendered for, and how that is known. */
export function kubernetesWords({ version, from }: KubeVersion): string {
  switch (from) {
    case "asked":
      return `Kubernetes ${version}, as --kube-version says`;
    case "cluster":
      return `Kubernetes ${version}, as the cluster says`;
    case "assumed":
      return `Kubernetes ${version}, which is assumed (--kube-version names another)`;
  }
}

export function clusterWords(pass: Pass): string {
  const names = pass.clusters.map(({ name, version }) => (version === "" ? name : `${name} (${version})`));
  return names.join(", ") || "no cluster";
}
