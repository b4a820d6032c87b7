/** One row of a table of origins: what is told of a field, and whether the line that is told gives it. */

import type { FieldSource } from "../../src/core/drift.ts";
import { field } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import type { FieldOrigin } from "../../src/desired/field-origins/find.ts";
import { fieldOrigins } from "./origin-search.ts";
import type { Files } from "./rendering.ts";

export interface Case {
  readonly files: Files;
  /** `Kind/name`. */
  readonly object: string;
  readonly path: FieldPath;
  readonly live?: Value;
  /** `file:line role path`, and what else is told of it; `nothing` where no origin is told. */
  readonly told: string;
  /** A text of the line, and what is put in its place: then the field, and as many others as told, are not what they were. */
  readonly edit?: readonly [string, string];
}

interface Told {
  readonly told: string;
  /** What the edit changed: `as told`, where the field did and as many others as were told. */
  readonly changed: string;
}

export async function toldOf({ files, object, path, live, edit }: Omit<Case, "told">): Promise<Told> {
  const { origin, changedBy } = await fieldOrigins(files, { object, path, ...(live === undefined ? {} : { live }) });
  const told = shown(origin);
  if (origin.kind === "unknown" || edit === undefined) return { told, changed: AS_TOLD };
  const { field: isChanged, others } = await changedBy(origin.source, edit);
  const asTold = isChanged && others === origin.source.feeds;
  return { told, changed: asTold ? AS_TOLD : `${isChanged ? "the field" : "not the field"} and ${others} others` };
}

export function expected({ told }: Pick<Case, "told">): Told {
  return { told, changed: AS_TOLD };
}

const AS_TOLD = "as told";

export function fields(...names: readonly string[]): FieldPath {
  return names.map(field);
}

function shown(origin: FieldOrigin): string {
  if (origin.kind === "unknown") return "nothing";
  const { feeds = 0, part, computed, whole, others = [] } = origin.source;
  return [
    whole === true ? placed(origin.source).replace(/:\d+ /, " ") : placed(origin.source),
    `feeds ${feeds}`,
    ...(part === true ? ["part"] : []),
    ...(computed === true ? ["computed"] : []),
    ...others.map((other) => `${other.is} ${placed(other)}`),
  ].join(" ");
}

function placed({ file, line, role, path }: Pick<FieldSource, "file" | "line" | "role" | "path">): string {
  return `${file}:${line} ${role}${path === undefined ? "" : ` ${path}`}`;
}

/** A chart's files where kustomize looks for charts. */
export function inCharts(chart: Case["files"]): Case["files"] {
  return Object.fromEntries(Object.entries(chart).map(([file, text]) => [`charts/${file}`, text]));
}
