/** Says of each changed field of what is rendered where it is written: looked for where something differs, and nowhere else. */

import { changesOf } from "../core/drift.ts";
import type { Change, Drift } from "../core/drift.ts";
import type { DesiredObject } from "../core/objects.ts";
import type { DriftResult } from "../core/pass.ts";
import type { Progress } from "../core/stages.ts";
import type { DesiredInput } from "../desired/desired.ts";
import { findFieldOrigins, NOT_LOOKED } from "../desired/field-origins/find.ts";
import type { AskedField, FieldOrigin } from "../desired/field-origins/find.ts";

/** In one pass: fields that are looked for, and how often a target is read once more for that. */
const MAX_FIELDS = 500;
const MAX_READS = 64;

export interface FieldSourcesInput {
  readonly results: readonly DriftResult[];
  /** How the target was read. */
  readonly inputOf: (target: string) => DesiredInput;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** The results, in their order. What waits for a deployment comes last, where not all can be looked for. */
export async function withFieldSources(input: FieldSourcesInput): Promise<readonly DriftResult[]> {
  const asked = [...fieldsOf(input.results, "drifted"), ...fieldsOf(input.results, "pending")];
  if (asked.length === 0) return input.results;
  const found = await findAll(input, asked.slice(0, MAX_FIELDS));
  const known = new Map(asked.map(({ change }) => [change, found.get(change) ?? NOTHING]));
  return input.results.map((result) => ({ ...result, drift: sourced(result.drift, known) }));
}

const NOTHING: FieldOrigin = { kind: "unknown", why: NOT_LOOKED };

interface Asked {
  readonly target: string;
  readonly change: Change;
  readonly field: AskedField;
}

function fieldsOf(results: readonly DriftResult[], state: Drift["state"]): readonly Asked[] {
  return results.flatMap(({ target, drift }) => {
    const object = drift.state === state ? renderedOf(drift) : undefined;
    if (object === undefined) return [];
    return changesOf(drift)
      .filter(({ operation }) => operation !== "add")
      .map((change): Asked => {
        const { path, live } = change;
        return { target, change, field: { object, path, ...(live === undefined ? {} : { live }) } };
      });
  });
}

function renderedOf(drift: Drift): DesiredObject | undefined {
  if (drift.state !== "drifted" && drift.state !== "pending") return undefined;
  return drift.desired === undefined || drift.desired.origin.layer === "literal" ? undefined : drift.desired;
}

async function findAll(
  { inputOf, progress, signal }: FieldSourcesInput,
  asked: readonly Asked[],
): Promise<ReadonlyMap<Change, FieldOrigin>> {
  const budget = { left: MAX_READS };
  const found = new Map<Change, FieldOrigin>();
  for (const [target, some] of Map.groupBy(asked, (one) => one.target)) {
    signal?.throwIfAborted();
    progress({ stage: "origins", what: "fields", done: found.size, total: asked.length });
    const fields = some.map(({ field }) => field);
    const origins = await findFieldOrigins(inputOf(target), fields, {
      budget,
      ...(signal === undefined ? {} : { signal }),
    });
    for (const [index, { change }] of some.entries()) found.set(change, origins[index] ?? NOTHING);
  }
  return found;
}

function sourced(drift: Drift, known: ReadonlyMap<Change, FieldOrigin>): Drift {
  if (drift.state !== "drifted" && drift.state !== "pending") return drift;
  const changes = drift.changes.map((change): Change => {
    const origin = known.get(change);
    if (origin === undefined) return change;
    return origin.kind === "found" ? { ...change, source: origin.source } : { ...change, unsourced: origin.why };
  });
  return { ...drift, changes };
}
