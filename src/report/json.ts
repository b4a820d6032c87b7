/** The JSON report, as the contract has it (`docs/report.md`). */

import type { DeployerState, SyncWindows } from "../core/deployer.ts";
import { changesOf } from "../core/drift.ts";
import type { Change, Drift, FieldSource } from "../core/drift.ts";
import { formatPosition } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import { formatPath } from "../core/path.ts";
import type { DriftResult, Pass } from "../core/pass.ts";
import type { ObjectRef } from "../core/refs.ts";
import { isList, isMap, setField } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { baseJson } from "./bases.ts";
import { shownValue } from "./values.ts";

/** Pretty-printed, with a final newline. Two passes over the same input differ in the two times only. */
export function jsonReport(pass: Pass): string {
  return `${stringify(driftReport(pass))}\n`;
}

/** The report as data. Integers beyond 2^53 stay `bigint`s. */
export function driftReport(pass: Pass): Value {
  return {
    apiVersion: "holdfast.dev/v1alpha1",
    kind: "DriftReport",
    version: pass.version,
    mode: pass.mode,
    clusters: pass.clusters.map((cluster) => ({ name: cluster.name, version: cluster.version })),
    targets: pass.targets.map((target) => ({
      name: target.name,
      cluster: target.cluster,
      revision: target.revision,
      path: target.path,
      roots: target.roots.map(({ path, renderer, version, kubernetes, chart, bases }) => ({
        path,
        renderer,
        version,
        ...(kubernetes === undefined ? {} : { kubernetes }),
        ...(chart === undefined ? {} : { chart: { ...chart } }),
        ...(bases === undefined ? {} : { bases: bases.map(baseJson) }),
      })),
      ...(target.deployers === undefined ? {} : { deployers: target.deployers.map(deployerEntry) }),
    })),
    startedAt: new Date(pass.startedAt).toISOString(),
    finishedAt: new Date(pass.finishedAt).toISOString(),
    summary: {
      objects: { ...pass.summary.objects },
      changes: { ...pass.summary.changes },
      leftOut: { ...pass.summary.leftOut },
      coverage: pass.summary.coverage,
    },
    drifts: pass.results.map(driftEntry),
    leftOut: pass.leftOutRules.map(({ reason, rule, count, examples }) => ({
      reason,
      rule,
      count,
      examples: [...examples],
    })),
    ...(pass.excused === undefined
      ? {}
      : { excused: pass.excused.rules.map(({ rule, count, examples }) => ({ rule, count, examples: [...examples] })) }),
    faults: pass.faults.map(faultEntry),
  };
}

function driftEntry(result: DriftResult): Value {
  const { drift, judgement } = result;
  return compact({
    id: result.id,
    fingerprint: result.fingerprint,
    target: result.target,
    object: objectEntry(drift.ref),
    state: drift.state,
    source:
      result.source === undefined
        ? undefined
        : { file: result.source.file, document: result.source.document, line: result.source.line },
    changes: changesOf(drift).map((change, index) => changeEntry(change, result, index)),
    findings: judgement.findings.map((finding) =>
      compact({
        policy: finding.policy,
        severity: finding.severity,
        message: finding.message,
        element: finding.element,
        status: finding.status,
      }),
    ),
    verdict: judgement.verdict,
    removedIn: removedIn(drift),
    deployer: result.deployer === undefined ? undefined : objectEntry(result.deployer.ref),
    keptBy: drift.state === "unmanaged" ? drift.keptBy : undefined,
    deletion: drift.state === "unmanaged" ? drift.deletion : undefined,
    excuse: drift.state === "unmanaged" ? drift.excuse : undefined,
    maker: drift.state === "unmanaged" && drift.maker !== undefined ? { ...drift.maker } : undefined,
    actions: result.actions.map((action) => compact({ ...action })),
  });
}

function objectEntry({ apiVersion, kind, namespace, name }: ObjectRef): Value {
  return compact({ apiVersion, kind, namespace, name });
}

/** Its settings, which say what it does by itself (`docs/report.md`). */
export function deployerEntry({ kind, ref, windows, ...settings }: DeployerState): Value {
  return compact({ kind, object: objectEntry(ref), ...settings, windows: windows && windowsEntry(windows) });
}

function windowsEntry(windows: SyncWindows): Value {
  if (windows.kind !== "timed") return compact({ ...windows });
  const { kind, automated, manual } = windows;
  return compact({ kind, automated: compact({ ...automated }), manual: compact({ ...manual }) });
}

function removedIn(drift: Drift): string | undefined {
  return drift.state === "pending" || drift.state === "unmanaged" ? drift.removedIn : undefined;
}

function changeEntry(change: Change, result: DriftResult, index: number): Value {
  const judged = result.judgement.changes[index];
  const { actor, source } = change;
  return compact({
    field: formatPath(change.path),
    operation: change.operation,
    desired: sideEntry(change, "desired"),
    desiredKnown: change.shown === undefined ? undefined : false,
    live: sideEntry(change, "live"),
    deployed: sideEntry(change, "deployed"),
    deployedIn: change.deployedIn,
    claimed: change.claimed,
    note: change.note,
    direction: change.direction,
    actor: actor === undefined ? undefined : compact({ ...actor }),
    source: source === undefined ? undefined : sourceEntry(source),
    unsourced: change.unsourced,
    verdict: judged?.verdict,
    findings: judged === undefined ? [] : [...judged.findings],
  });
}

function sourceEntry({ file, line, role, path, part, computed, whole, feeds, others }: FieldSource): Value {
  return compact({
    file,
    line,
    role,
    path,
    part,
    computed,
    whole,
    feeds,
    others: others?.map((other) =>
      compact({ file: other.file, line: other.line, is: other.is, role: other.role, path: other.path }),
    ),
  });
}

function sideEntry(change: Change, side: "desired" | "live" | "deployed"): Value | undefined {
  const value = shownValue(change, side);
  if (value === undefined || change.sensitive !== true) return value;
  return digested(value);
}

/** In a sensitive value each digest stands as `{"digest": "…"}`; what else is in it (a container's name and image) as it is. */
function digested(value: Value): Value {
  if (typeof value === "string") return value.startsWith("hmac-sha256:") ? { digest: value } : value;
  if (isList(value)) return value.map(digested);
  if (!isMap(value)) return value;
  const map: Record<string, Value> = {};
  for (const key of Object.keys(value)) setField(map, key, digested(value[key] ?? null));
  return map;
}

function faultEntry(fault: Fault): Value {
  const where = fault.position === undefined ? "" : `${formatPosition(fault.position)}: `;
  return { code: fault.code, about: fault.about, message: `${where}${fault.message}`, remedy: fault.remedy };
}

function compact(entry: Readonly<Record<string, Value | undefined>>): Value {
  const map: Record<string, Value> = {};
  for (const [key, value] of Object.entries(entry)) if (value !== undefined) setField(map, key, value);
  return map;
}

/** JSON.stringify refuses `bigint`s: they are written as the integers that they are. */
function stringify(value: Value): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === "bigint" ? rawJson(item.toString()) : item),
    2,
  );
}

/** `JSON.rawJSON` (Node 22, ES2026), which TypeScript's library does not list yet. */
function rawJson(text: string): unknown {
  return (JSON as unknown as { readonly rawJSON: (text: string) => unknown }).rawJSON(text);
}
