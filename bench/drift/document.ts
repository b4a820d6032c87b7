// docs/drift-accuracy.md, from what was measured. Without dates and times, so that it changes only with what it tells.

import { LEFT_OUT } from "./bases.ts";
import type { Recall } from "./measure.ts";
import { PEER_NAMES } from "./peers.ts";
import type { Peer } from "./peers.ts";
import type { Silence } from "./silence.ts";
import type { Whole } from "./whole.ts";

export interface Measured {
  readonly kubernetes: string;
  readonly seed: number;
  readonly silence: readonly Silence[];
  readonly recall: Recall;
  readonly equivalence: { readonly same: number; readonly wrong: readonly string[] };
  readonly whole: { readonly created: Whole; readonly deleted: Whole };
}

/** Lines of a list that are shown; the bench prints all of them. */
const SHOWN = 40;

export function documentOf(measured: readonly Measured[]): string {
  return `${[
    "# How accurate drift detection is",
    "",
    "Written by `npm run bench:drift`; do not edit. It starts real API servers with their controller managers, applies real",
    "manifests to them in four ways, changes objects one field at a time by real clients, and compares what holdfast reports",
    "with what was stored. `--seed N` draws other changes, `--case K` makes a single one again. `kubectl diff` was asked about",
    "the first of the changes only, and found one where it reported anything at all; holdfast must report exactly that change.",
    "",
    ...measured.flatMap(versionOf),
    ...REASONS,
  ].join("\n")}\n`;
}

const REASONS: readonly string[] = [
  "## What cannot be known",
  "",
  "| | why |",
  "|---|---|",
  "| who removed a field, or deleted an object | `managedFields` only names owners of what is there |",
  "| who scaled what nobody owned (replicas that server-side apply left to their default) | the API server records no owner for a write through `scale` then |",
  "| which side a removal comes from, after `kubectl create`, or where the deployer owned nothing else | no deployer is recorded, so nothing tells what was deployed |",
  "| whether an empty map or list was added (`securityContext: {}`) | it means the same as none; where it means something (`emptyDir: {}`, selectors) it is compared |",
  "| whether a Job with `ttlSecondsAfterFinished` was deleted by hand | a finished one deletes itself |",
  "",
  "## Kinds that are left out",
  "",
  "| kind | why |",
  "|---|---|",
  ...Object.entries(LEFT_OUT).map(([kind, why]) => `| ${kind} | ${why} |`),
];

function versionOf(one: Measured): readonly string[] {
  const { recall, equivalence, whole } = one;
  const alarms = one.silence.reduce((sum, { alarms: list, unknown }) => sum + list.length + unknown, 0);
  const applied = one.silence.reduce((sum, way) => sum + way.applied, 0);
  return [
    `## Kubernetes ${one.kubernetes}`,
    "",
    "| | holdfast | kubectl diff | kubectl diff --server-side --force-conflicts |",
    "|---|---|---|---|",
    `| freshly applied objects that are called different | ${alarms === 0 ? "0" : `${distinct(one.silence)}`} of ${applied} | ${PEER_NAMES.map((peer) => peerAlarms(one.silence, peer)).join(" | ")} |`,
    `| planted changes that are missed | ${recall.missed} of ${recall.found + recall.wrongCases} | ${PEER_NAMES.map((peer) => peerMisses(recall, peer)).join(" | ")} |`,
    "",
    "### Silence",
    "",
    "| applied by | objects | in sync | false alarms | unknown | left out: controller / admission / ignored | not applied |",
    "|---|---|---|---|---|---|---|",
    ...one.silence.map(
      ({ way, applied: objects, inSync, alarms: list, unknown, leftOut, refused }) =>
        `| ${way} | ${objects} | ${inSync} | ${list.length} | ${unknown} | ${leftOut.controller} / ${leftOut.admission} / ${leftOut.ignored} | ${refused.length} |`,
    ),
    "",
    ...listed(
      "False alarms",
      one.silence.flatMap(({ way, alarms: list }) => list.map((alarm) => `${way}: ${alarm}`)),
    ),
    "Why manifests were not applied (each is printed by the bench):",
    "",
    "| reason | times |",
    "|---|---|",
    ...reasons(one.silence).map(([why, times]) => `| ${why} | ${times} |`),
    "",
    "### Recall",
    "",
    `${recall.objects} objects of ${recall.kinds} kinds, deployed in four ways; ${recall.cases} single changes could be tried, ${recall.played} were (seed ${one.seed}).`,
    "",
    "| | changes |",
    "|---|---|",
    `| refused by the API server | ${recall.refused} |`,
    `| stored as it was before, or empty | ${recall.nothing} |`,
    `| found: exact path, operation, actor and direction, and nothing else | ${recall.found} |`,
    `| missed | ${recall.missed} |`,
    `| reported with more than was planted | ${recall.noisy} |`,
    `| found with another mistake | ${recall.wrongCases - recall.missed - recall.noisy < 0 ? 0 : recall.wrongCases - recall.missed - recall.noisy} |`,
    `| objects created by hand, and found | ${found(whole.created)} |`,
    `| objects deleted by hand, and found | ${found(whole.deleted)} |`,
    `| other objects that were called unmanaged or missing then | ${whole.created.alarms.length + whole.deleted.alarms.length} |`,
    "",
    `Beyond Git are looked for: all kinds with a namespace but for the bookkeeping of controllers, and of the others those that matter for security. These are not: ${[...new Set(whole.created.outOfScope)].join(", ") || "none"}.`,
    "",
    ...listed("Wrong", [
      ...recall.wrong,
      ...[whole.created, whole.deleted].flatMap(({ missed, alarms: others }) => [...missed, ...others]),
    ]),
    ...listed("Not played", recall.broken),
    ...listed("False alarms on these objects as they were deployed", recall.alarms),
    ...listed("Kinds without an object", recall.uncovered),
    "### Equivalence",
    "",
    `${equivalence.same + equivalence.wrong.length} rewritings that mean the same (quantities, order of keys and of keyed lists, \`stringData\`, defaults written out, null, empty and zero values that the server says are equal): ${equivalence.wrong.length} called drift.`,
    "",
    ...listed("Called drift", equivalence.wrong),
  ];
}

function found({ planted, missed, outOfScope }: Whole): string {
  const sought = planted - outOfScope.length;
  return `${sought - missed.length} of ${sought}`;
}

function distinct(silence: readonly Silence[]): number {
  return silence.reduce((sum, way) => sum + way.differing, 0);
}

function peerAlarms(silence: readonly Silence[], peer: Peer): string {
  const asked = silence.filter(({ peers }) => peers[peer] !== undefined);
  if (asked.length === 0) return "not asked";
  return `${asked.reduce((sum, { peers }) => sum + (peers[peer] ?? 0), 0)} of ${asked.reduce((sum, { applied }) => sum + applied, 0)}`;
}

function peerMisses({ peers }: Recall, peer: Peer): string {
  const { asked, missed, failed } = peers[peer];
  return asked === 0 ? "not asked" : `${missed} of ${asked - failed}${failed > 0 ? ` (failed on ${failed})` : ""}`;
}

function listed(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, SHOWN).map((line) => `- \`${line.replaceAll("`", "'").slice(0, 240)}\``);
  const more = lines.length > SHOWN ? [`- and ${lines.length - SHOWN} more`] : [];
  return [`${title}:`, "", ...shown, ...more, ""];
}

/** Without names, so that what is alike is one line. */
function reasons(silence: readonly Silence[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const [, why] of silence.flatMap(({ refused }) => refused)) {
    const alike = reasonOf(why);
    counts.set(alike, (counts.get(alike) ?? 0) + 1);
  }
  return [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

const KNOWN_REASONS: readonly (readonly [RegExp, string])[] = [
  [/is not served/, "the kind is not served: its definition is not in the corpus, or the API version is gone"],
  [/another .* has its name/, "another object of the cluster has its name"],
  [/namespaces? ".*" not found/, "its namespace is not there"],
  [/strict decoding error|unknown field/, "it has fields that the API does not know"],
  [/Too long|too long/, "it is too large for the annotation of client-side apply"],
  [/is invalid|Invalid value|Required value/, "it is invalid"],
  [/cannot be handled as|unmarshal/, "a value is of the wrong type"],
  [/forbidden|exceeded quota/, "admission refuses it"],
  [/AlreadyExists|already exists/, "the object exists already"],
  [/internal error|failed calling webhook/, "a webhook of the corpus cannot be reached"],
  [/gone again/, "gone again: deleted by a controller, or refused without a word"],
];

function reasonOf(why: string): string {
  return KNOWN_REASONS.find(([pattern]) => pattern.test(why))?.[1] ?? "otherwise refused";
}
