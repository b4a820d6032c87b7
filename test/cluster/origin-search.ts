/** Looks for the origin of one field in a small repository, and changes files of it for real. */

import type { FieldSource } from "../../src/core/drift.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import type { FieldPath } from "../../src/core/path.ts";
import { valueAt } from "../../src/core/path.ts";
import { refKey } from "../../src/core/refs.ts";
import type { DesiredState } from "../../src/core/stages.ts";
import { equalValues, isList, isMap } from "../../src/core/value.ts";
import type { Value } from "../../src/core/value.ts";
import type { DesiredInput } from "../../src/desired/desired.ts";
import type { ChartsInput } from "../../src/desired/charts/open-charts.ts";
import { findFieldOrigins } from "../../src/desired/field-origins/find.ts";
import type { FieldOrigin } from "../../src/desired/field-origins/find.ts";
import type { RepositoryGrant } from "../../src/desired/other-repositories.ts";
import { readDesired } from "../../src/desired/desired.ts";
import { openRenderers } from "../../src/desired/render/renderers.ts";
import { digester, isNamespaced, treeOf } from "../desired/repositories.ts";
import { ensureBinary } from "./binaries.ts";
import { objectOf, render } from "./rendering.ts";
import type { Files } from "./rendering.ts";

interface Asked {
  /** `Kind/name`. */
  readonly object: string;
  readonly path: FieldPath;
  readonly live?: Value;
  readonly charts?: ChartsInput;
  readonly repositories?: readonly RepositoryGrant[];
  /** In the place of Helm. */
  readonly helm?: string;
}

export interface Searched {
  readonly origin: FieldOrigin;
  /** How often something was rendered once more. */
  readonly renders: number;
  /** What else is there when the text is another one on the line that the source names. */
  readonly changedBy: (
    source: FieldSource,
    edit: readonly [string, string],
  ) => Promise<{ readonly field: boolean; readonly others: number }>;
}

const BUDGET = 40;

export async function fieldOrigins(
  files: Files,
  { object: name, path, live, charts, repositories, helm }: Asked,
): Promise<Searched> {
  const renderers = openRenderers({
    environment: {
      HOLDFAST_KUSTOMIZE: await ensureBinary("kustomize"),
      HOLDFAST_HELM: helm ?? (await ensureBinary("helm")),
    },
    ...(charts === undefined ? {} : { charts }),
    ...(repositories === undefined ? {} : { repositories }),
  });
  try {
    const input: DesiredInput = {
      tree: treeOf(files),
      target: { name: "t", path: "", exclude: [] },
      digester,
      isNamespaced,
      renderers,
      capabilities: { kubeVersion: "v1.36.3", apiVersions: ["v1", "apps/v1"] },
    };
    const state = await readDesired(input);
    const [kind = "", ...rest] = name.split("/");
    const object = objectOf(state, kind, rest.join("/"));
    const budget = { left: BUDGET };
    const [origin] = await findFieldOrigins(input, [{ object, path, ...(live === undefined ? {} : { live }) }], {
      budget,
    });
    return {
      origin: origin as FieldOrigin,
      renders: BUDGET - budget.left,
      changedBy: async (source, edit) => changesOf(state, await render(edited(files, source, edit)), { object, path }),
    };
  } finally {
    await renderers.close();
  }
}

function edited(files: Files, { file, line }: FieldSource, [from, to]: readonly [string, string]): Files {
  const lines = Buffer.from(files[file] as string)
    .toString("utf8")
    .split("\n");
  const text = lines[line - 1] ?? "";
  if (!text.includes(from)) throw new Error(`line ${line} of ${file} does not hold ${from}: ${text}`);
  lines[line - 1] = text.replace(from, to);
  return { ...files, [file]: lines.join("\n") };
}

function changesOf(
  before: DesiredState,
  after: DesiredState,
  { object, path }: { readonly object: DesiredObject; readonly path: FieldPath },
): { readonly field: boolean; readonly others: number } {
  const now = new Map(after.objects.map((one) => [stable(refKey(one.ref)), one]));
  let field = false;
  let others = 0;
  for (const one of before.objects) {
    const other = now.get(stable(refKey(one.ref)));
    const changed = differences(one.value, other?.value ?? null);
    if (refKey(one.ref) === refKey(object.ref)) {
      field = !equalValues(valueAt(one.value, path), valueAt(other?.value, path));
      others += changed - (field ? 1 : 0);
    } else others += changed;
  }
  return { field, others };
}

/** Names that end with a hash of the content. */
function stable(text: string): string {
  return text.replace(/-[2456789bcdfghkmt]{10}$/, "");
}

function differences(a: Value | undefined, b: Value | undefined): number {
  if (equalValues(a, b)) return 0;
  if (isMap(a) && isMap(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].reduce(
      (sum, key) => sum + (key.startsWith("checksum/") ? 0 : differences(a[key], b[key])),
      0,
    );
  }
  if (isList(a) && isList(b) && a.length === b.length) {
    return a.reduce((sum: number, item, index) => sum + differences(item, b[index]), 0);
  }
  return typeof a === "string" && typeof b === "string" && stable(a) === stable(b) ? 0 : 1;
}
