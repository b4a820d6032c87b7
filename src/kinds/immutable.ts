/** What the API server refuses to change on an object that exists, so that going back to Git means making it anew. */

import type { FieldPath } from "../core/path.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import older from "./data/v1.33.json" with { type: "json" };
import newest from "./data/v1.36.json" with { type: "json" };

/** Dotted field names, list items left out, by `apiVersion/Kind`: see schemas.ts. */
type Kinds = Readonly<Record<string, { readonly type: string; readonly immutable?: readonly string[] }>>;

const PLACES: ReadonlyMap<string, readonly string[]> = new Map(
  [...Object.entries<Kinds[string]>(older.kinds), ...Object.entries<Kinds[string]>(newest.kinds)].flatMap(
    ([name, { immutable }]) => (immutable === undefined ? [] : [[name, immutable] as const]),
  ),
);

/** `immutable: true` (kubernetes `pkg/apis/core/validation/validation.go`, ValidateConfigMapUpdate and ValidateSecretUpdate). */
const SEALED: ReadonlyMap<string, readonly string[]> = new Map([
  ["v1/ConfigMap", ["binaryData", "data", "immutable"]],
  ["v1/Secret", ["data", "immutable", "stringData"]],
]);

/**
 * All of a Pod's `spec` but for these (kubernetes `pkg/apis/core/validation/validation.go`, ValidatePodUpdate). Tolerations can
 * only be added, and ephemeral containers never go.
 */
const POD_MUTABLE: ReadonlySet<string> = new Set(["activeDeadlineSeconds", "containers.image", "initContainers.image"]);

/**
 * Whether the server was seen to refuse a change there, or of what the field holds; a list's item also where something in
 * it may not change. Some may change in a special case (a claim may grow where its class allows it): `usually`.
 */
export function isImmutable(ref: ObjectRef, path: FieldPath, live: Value): boolean {
  const kind = `${ref.apiVersion}/${ref.kind}`;
  const names = path.flatMap((step) => (step.kind === "field" ? [step.name] : []));
  const sealed = fieldOf(live, "immutable") === true ? (SEALED.get(kind) ?? []) : [];
  if (kind === "v1/Pod" && names[0] === "spec" && names.length > 1) return !POD_MUTABLE.has(names.slice(1).join("."));
  const isItem = path.length > 0 && path.at(-1)?.kind !== "field";
  return [...(PLACES.get(kind) ?? []), ...sealed].some((place) => {
    const steps = place.split(".");
    const shared = Math.min(steps.length, names.length);
    if (names.length < steps.length && !isItem) return false;
    return steps.slice(0, shared).every((step, index) => step === names[index]);
  });
}
