/** Where a field is written, in words. Names of files and fields are the repository's: escape them where they are shown. */

import type { Change, FieldSource, OtherSource, SourceRole } from "../core/drift.ts";
import { formatLine } from "../core/fault.ts";

/** `prod/kustomization.yaml:4 (patch)`; of a plain manifest the place alone. */
export function placeWords(source: FieldSource): string {
  return source.role === undefined ? formatLine(source) : `${fileOrLine(source)} (${ROLES[source.role]})`;
}

/** Where all of the file is the value, no line of it is the one. */
function fileOrLine(source: FieldSource): string {
  return source.whole === true ? source.file : formatLine(source);
}

const ROLES: Readonly<Record<SourceRole, string>> = {
  resource: "manifest",
  patch: "patch",
  generator: "generator",
  kustomization: "kustomization",
  "other-resource": "another object",
  "values-file": "values file",
  "inline-values": "inline values",
  "chart-defaults": "chart's defaults",
  "chart-file": "chart's file",
  template: "chart's template",
  deployer: "deployer's object",
};

/** One sentence a line, for something rendered; none of a plain manifest. */
export function sourceDetails({ source, unsourced }: Change): readonly string[] {
  if (source === undefined) return unsourced === undefined ? [] : [`not known where: ${unsourced}`];
  if (source.role === undefined) return [];
  const { path, part, computed, feeds = 0, others = [] } = source;
  const at = path === undefined ? "" : `, at ${path}`;
  const made = computed === true ? "; worked out there" : "";
  const some = part === true ? "; a part of the value" : "";
  const more = feeds === 0 ? "" : `; ${feeds} other ${feeds === 1 ? "field comes" : "fields come"} from the same line`;
  return [`in ${fileOrLine(source)} (${ROLES[source.role]}${at})${made}${some}${more}`, ...others.map(otherWords)];
}

function otherWords({ file, line, role, path, is }: OtherSource): string {
  const what = is === "part" ? "with a part from" : "over what stands in";
  return `${what} ${formatLine({ file, line })} (${ROLES[role]}${path === undefined ? "" : `, at ${path}`})`;
}
