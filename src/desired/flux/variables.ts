/** What a Flux Kustomization's `postBuild` puts in: what of it Git has, what only the cluster can tell, and what nobody does. */

import type { DesiredObject } from "../../core/objects.ts";
import { fieldAt, fieldOf, isList, isMap } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import { UNKNOWN_VALUES } from "../../core/stand-ins.ts";
import { textsIn } from "./objects.ts";
import type { SubstituteReference } from "./objects.ts";
import type { LoadedVariables } from "./post-build.ts";
import type { Rendered } from "../render/renderers.ts";
import type { Variable } from "./substitute.ts";

/**
 * Which keys a ConfigMap or a Secret of the cluster has; `absent` where the namespace was read and does not hold it,
 * `undefined` where that could not be read. Their values are nobody's business here: Git does not say them.
 */
export type LiveKeys = (object: {
  readonly kind: "ConfigMap" | "Secret";
  readonly namespace: string;
  readonly name: string;
}) => Promise<readonly string[] | "absent" | undefined>;

/** A reference of `substituteFrom`, and what it came to. */
export interface VariableSource {
  readonly reference: SubstituteReference;
  readonly loaded: LoadedVariables;
  readonly inGit: boolean;
}

export interface FindVariables {
  readonly reference: SubstituteReference;
  /** Of the Kustomization. */
  readonly namespace: string;
  /** What Git says of it, whatever deploys it. */
  readonly object: DesiredObject | undefined;
  readonly liveKeys: LiveKeys | undefined;
}

/**
 * Git's ConfigMaps are known; of everything else only which variables it holds, which is enough to know all others. One
 * that is optional, and neither in Git nor in the cluster, holds none, as kustomize-controller has it
 * (fluxcd `pkg/kustomize`, LoadVariables).
 */
export async function variablesOf({ reference, namespace, object, liveKeys }: FindVariables): Promise<VariableSource> {
  const { kind, name, optional } = reference;
  if (object !== undefined) return { reference, loaded: declaredVariables(kind, object), inGit: true };
  const isReadable = kind === "ConfigMap" || kind === "Secret";
  const keys = isReadable ? await liveKeys?.({ kind, namespace, name }) : undefined;
  return { reference, loaded: liveVariables(keys, optional), inGit: false };
}

function declaredVariables(kind: string, object: DesiredObject): LoadedVariables {
  if (kind === "ConfigMap") {
    const known = [...textsIn(fieldAt(object.value, "data"))];
    return loaded(known.map(([key, value]): [string, Variable] => [key, { kind: "known", value }]));
  }
  const keys = kind === "Secret" ? secretKeys(object) : undefined;
  return keys === undefined ? { kind: "unread" } : loaded(keys.map((key) => [key, { kind: "unknown" }]));
}

function liveVariables(keys: readonly string[] | "absent" | undefined, optional: boolean): LoadedVariables {
  // Without one that it needs Flux deploys nothing: what it deployed last was made with values that are gone.
  if (keys === undefined || (keys === "absent" && !optional)) return { kind: "unread" };
  return loaded(keys === "absent" ? [] : keys.map((key) => [key, { kind: "unknown" }]));
}

function loaded(variables: readonly (readonly [string, Variable])[]): LoadedVariables {
  return { kind: "loaded", variables: new Map(variables) };
}

/** What keys a Secret has, also where its values are encrypted; `undefined` where that is not to be seen. */
function secretKeys({ value, sealed = [] }: DesiredObject): readonly string[] | undefined {
  const data = fieldOf(value, "data");
  const keys = isMap(data) ? Object.keys(data) : [];
  if (!isMap(data) && sealed.length === 0) return undefined;
  for (const [at, key] of sealed) {
    if (at?.kind !== "field" || at.name !== "data") continue;
    if (key?.kind !== "field") return undefined;
    keys.push(key.name);
  }
  return [...new Set(keys)];
}

/** Those that make some of these variables unknown. */
export function unknownSources(
  sources: readonly VariableSource[],
  variables: readonly string[],
): readonly VariableSource[] {
  return sources.filter(({ loaded: { kind, ...rest } }) => {
    if (kind === "unread") return true;
    const own = "variables" in rest ? rest.variables : undefined;
    return variables.some((name) => own?.get(name)?.kind === "unknown");
  });
}

/** Variables that come out somewhere and are not known, and what makes them so. */
export interface UnknownVariables {
  readonly names: readonly string[];
  readonly sources: readonly VariableSource[];
}

/** Where SOPS hides some of it too, nobody tells one from the other. */
export function withReason(
  object: DesiredObject,
  { hidden }: Pick<Rendered, "hidden">,
  { sources }: UnknownVariables,
): DesiredObject {
  if (object.again === undefined || hidden === true) return object;
  return { ...object, unknownFrom: `from ${sourceWords(sources)}` };
}

/** What a Kustomization does, where that leaves something unknown and Git lacks what it comes from. */
export function unknownWords(
  { names, sources }: UnknownVariables,
  objects: readonly DesiredObject[],
): string | undefined {
  const counts = objects.map(unknownFields).filter((count) => count > 0);
  if (counts.length === 0 || sources.every(({ inGit }) => inGit)) return undefined;
  const fields = counts.reduce((sum, count) => sum + count, 0);
  const many = `${fields} field${fields === 1 ? "" : "s"} of ${counts.length} object${counts.length === 1 ? "" : "s"}`;
  const variables = `${listed(names.map((name) => `\${${name}}`))} come${names.length === 1 ? "s" : ""} out`;
  return `takes variables from ${sourceWords(sources)}: ${many}, where ${variables}, ${fields === 1 ? "is" : "are"} not compared`;
}

/** The end of a sentence: where the values come from. */
function sourceWords(sources: readonly VariableSource[]): string {
  const missing = sources.filter(({ inGit }) => !inGit).map(nameOf);
  const secret = sources.filter(({ inGit }) => inGit).map(nameOf);
  const lacks = missing.length === 0 ? [] : [`${listed(missing)}, which Git does not have`];
  const reads = secret.length === 0 ? [] : [`${listed(secret)}, whose values are not read`];
  return [...lacks, ...reads].join(", and from ");
}

function nameOf({ reference: { kind, name, optional } }: VariableSource): string {
  return `${kind}/${name}${optional ? " (optional)" : ""}`;
}

/** How many are named. */
const MOST = 5;

/** `a, b and 3 more`. */
function listed(names: readonly string[]): string {
  const rest = names.length - MOST;
  const shown = [...names.slice(0, MOST), ...(rest > 0 ? [`${rest} more`] : [])];
  return shown.length < 2 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1) ?? ""}`;
}

/** Fields that hold what is not known, a key of a map among them; of a Secret, whose values are digests, those that differ. */
function unknownFields({ ref, value, again }: DesiredObject): number {
  if (again === undefined) return 0;
  return countIn(value, again, ref.kind === "Secret");
}

function countIn(value: Value | undefined, again: Value | undefined, digests: boolean): number {
  if (isList(value)) {
    return value.reduce<number>(
      (sum, item, at) => sum + countIn(item, isList(again) ? again[at] : undefined, digests),
      0,
    );
  }
  if (isMap(value)) {
    return Object.keys(value).reduce((sum, key) => {
      return sum + (key.includes(UNKNOWN_VALUES[0]) ? 1 : countIn(value[key], fieldOf(again, key), digests));
    }, 0);
  }
  if (value === again) return 0;
  return digests || (typeof value === "string" && value.includes(UNKNOWN_VALUES[0])) ? 1 : 0;
}
