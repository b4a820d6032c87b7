/** The words of a pull request that codifies compliant drift. Short first, details folded (docs/pull-requests.md). */

import { changesOf } from "../core/drift.ts";
import type { Change, Finding } from "../core/drift.ts";
import { formatPath } from "../core/path.ts";
import type { DriftResult, Pass } from "../core/pass.ts";
import type { Proof, PullRequestProposal } from "../core/proposal.ts";
import { formatRef } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { codeBlock, codeSpan } from "../text/escape-markdown.ts";
import { changeTable, fateList, findingList } from "./markdown.ts";
import { shownDiff } from "./shown-diff.ts";
import { besides, directionWords, findingsOf, plural, standing, titleRef } from "./words.ts";

/** UTF-16 units; GitHub takes 65,536 characters, and a forge adds its marker. */
export const BODY_LIMIT = 58_000;

/** For what stands around the diff, or in its place. */
const DIFF_FRAME = 200;

export interface PullRequestWords {
  readonly title: string;
  readonly body: string;
  readonly commitMessage: string;
}

interface Part {
  readonly result: DriftResult;
  readonly changes: readonly number[];
}

export function pullRequestWords(pass: Pass, proposal: PullRequestProposal): PullRequestWords {
  const parts = partsOf(pass, proposal);
  const title = titleOf(parts);
  return { title, body: bodyOf(pass, proposal, parts), commitMessage: commitMessageOf(title, proposal) };
}

function partsOf(pass: Pass, proposal: PullRequestProposal): readonly Part[] {
  return proposal.parts.flatMap((part) => {
    const result = pass.results.find((one) => one.id === part.driftId);
    return result === undefined ? [] : [{ result, changes: part.changes }];
  });
}

/** Kubernetes names only, which hold nothing that GitHub reads as a mention, a reference or a keyword. */
function titleOf(parts: readonly Part[]): string {
  const count = parts.reduce((sum, part) => sum + part.changes.length, 0);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    return `Codify ${plural(count, "live change")} of ${safeName(only.result.drift.ref)}`;
  }
  return `Codify ${plural(count, "live change")} of ${plural(parts.length, "object")}`;
}

/** RBAC names may hold almost anything: what is no plain name is left out of titles and commit messages. */
function safeName(ref: ObjectRef): string {
  return titleRef(ref) ?? "an object";
}

function commitMessageOf(title: string, proposal: PullRequestProposal): string {
  const objects = [...new Set(proposal.edits.map((edit) => safeName(edit.ref)))];
  return `${title}\n\nThe cluster has these values and Git did not:\n${objects.map((name) => `- ${name}`).join("\n")}\n`;
}

function bodyOf(pass: Pass, proposal: PullRequestProposal, parts: readonly Part[]): string {
  const changes = parts.flatMap((part) => part.changes.flatMap((index) => changesOf(part.result.drift)[index] ?? []));
  const head = [
    `${plural(changes.length, "change")} made in the cluster and not in Git, found compliant by the policies. Merging makes Git say what the cluster already has; the cluster is not touched.`,
    ...directionNote(changes),
    ...parts.map(partSection),
    verdictNote(parts),
    leftOutSection(pass, proposal, parts),
  ];
  const tail = [proofSection(proposal.proof), effectSection()].join("\n\n");
  // How to decide stands last, and is never what is cut.
  const top = fit(head.filter((part) => part !== "").join("\n\n"), BODY_LIMIT - tail.length - DIFF_FRAME);
  const diff = diffSection(proposal, BODY_LIMIT - top.length - tail.length - DIFF_FRAME);
  return [top, diff, tail].join("\n\n");
}

function directionNote(changes: readonly Change[]): readonly string[] {
  const unsure = changes.filter((change) => change.direction === "unknown");
  if (unsure.length === 0) return [];
  const which = unsure.length === changes.length ? "these changes" : `${unsure.length} of these changes`;
  return [
    `> **Check the direction.** For ${which}, ${directionWords({ ...(unsure[0] as Change) })}: the cluster may have been changed by hand, or Git may be ahead of it and not be deployed yet. Merge only where the cluster is right.`,
  ];
}

function partSection(part: Part): string {
  const { result, changes } = part;
  const findings = findingsOfPart(part);
  const shown =
    findings.length === 0
      ? ""
      : `\n\nShown by policies, below the threshold or already there:\n\n${findingList(findings)}`;
  const fates = fateList(result, changes);
  const left = fates === "" ? "" : `\n\nUntil this is merged:\n\n${fates}`;
  return `### ${codeSpan(formatRef(result.drift.ref))}\n\n${changeTable(result, changes)}${left}${shown}`;
}

function findingsOfPart({ result, changes }: Part): readonly Finding[] {
  return [...standing([...new Set(changes.flatMap((index) => findingsOf(result, index)))]), ...besides(result)];
}

function verdictNote(parts: readonly Part[]): string {
  const clean = parts.every((part) => findingsOfPart(part).length === 0 && besides(part.result).length === 0);
  return `${clean ? "No policy is violated by any of it. " : ""}Each value is edited in the file that declares the object.`;
}

/** What else drifted on the same objects and is not in this pull request, and why. */
function leftOutSection(pass: Pass, proposal: PullRequestProposal, parts: readonly Part[]): string {
  const lines = parts.flatMap(({ result, changes }) =>
    changesOf(result.drift).flatMap((change, index) => {
      if (changes.includes(index)) return [];
      return [
        `- ${codeSpan(`${formatRef(result.drift.ref)} ${formatPath(change.path)}`)}: ${reasonLeftOut(pass, proposal, result, index)}`,
      ];
    }),
  );
  return lines.length === 0 ? "" : `### Not codified\n\n${lines.join("\n")}`;
}

function reasonLeftOut(pass: Pass, proposal: PullRequestProposal, result: DriftResult, index: number): string {
  if (result.judgement.changes[index]?.verdict === "violating")
    return "violates a policy, see the issue of this object";
  const change = changesOf(result.drift)[index];
  if (change?.direction === "git-ahead") return "Git is ahead of the cluster, and it waits for a deployment";
  const path = formatPath(change?.path ?? []);
  const refusal = pass.proposals
    .flatMap((other) => (other.kind === "issue" && other.driftId === result.id ? other.refusals : []))
    .find((one) => formatPath(one.path) === path);
  return refusal === undefined ? `not part of ${codeSpan(proposal.branch)}` : codeSpan(refusal.reason);
}

const HIDDEN_DIFF =
  "Lines that hold more than what changed are not repeated here: see the changed files for the whole diff.";

function diffSection(proposal: PullRequestProposal, room: number): string {
  const { patch, hidden } = shownDiff(proposal);
  if (patch === "") return HIDDEN_DIFF;
  const block = codeBlock(patch, "diff");
  if (block.length > room) return `The diff is too long to repeat here: see the changed files.`;
  return `<details><summary>Diff</summary>\n\n${block}\n\n${hidden.length === 0 ? "" : `${HIDDEN_DIFF}\n\n`}</details>`;
}

function proofSection(proof: Proof): string {
  const version = proof.rendererVersion === undefined ? "" : ` ${proof.rendererVersion}`;
  return [
    "<details><summary>Proof</summary>",
    "",
    `- Rendered before and after by ${codeSpan(`${proof.renderer}${version}`)}, roots ${proof.roots.map((root) => codeSpan(root === "" ? "." : root)).join(", ")}.`,
    `- ${plural(proof.objectsCompared, "object")} compared: ${proof.editedObjects} equal the cluster in the fields above, everything else is as it was.`,
    `- Not one byte outside the edits changed; a second run would edit nothing.`,
    "",
    "</details>",
  ].join("\n");
}

function effectSection(): string {
  return [
    "**Merging** keeps the change: Git and the cluster then agree.",
    "**Closing** without merging is remembered: nothing is proposed again until the drift changes. To undo the change itself, deploy from Git again, and take away what only the cluster has: an apply leaves that alone.",
  ].join(" ");
}

const CUT_NOTE = "\n\nCut here: the whole is in the report.";

/** Never more than `limit`: cut at a line's end, what the cut left open closed again, so that nothing after it is swallowed. */
export function fit(body: string, limit = BODY_LIMIT): string {
  if (body.length <= limit) return body;
  let room = limit;
  for (;;) {
    const kept = body.slice(0, Math.max(body.lastIndexOf("\n", room), 0));
    const text = `${kept}${closing(kept)}${CUT_NOTE}`;
    // What closes a fence is as long as what opened it: less is kept until all of it fits.
    if (text.length <= limit || kept === "") return text.slice(0, limit);
    room = kept.length - Math.max(text.length - limit, 1);
  }
}

/** Ends a code fence and `<details>` that are open at the end of the text. Cluster text never begins a line outside of a fence. */
function closing(text: string): string {
  let fence: string | undefined;
  let details = 0;
  for (const line of text.split("\n")) {
    if (fence !== undefined) {
      if (line === fence) fence = undefined;
      continue;
    }
    fence = /^`{3,}/.exec(line)?.[0];
    if (line.startsWith("<details>")) details++;
    if (line === "</details>") details--;
  }
  return `${fence === undefined ? "" : `\n${fence}`}${"\n\n</details>".repeat(details)}`;
}
