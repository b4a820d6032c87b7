/** What `kubectl apply` notes of the configuration that it applied last (kubectl `pkg/util/apply.go`). */

import type { LiveObject } from "../core/objects.ts";
import { ownersOf } from "../core/owners.ts";
import { fields } from "../core/path.ts";
import { fieldAt, isMap } from "../core/value.ts";
import type { ValueMap } from "../core/value.ts";
import { parseJson } from "../yaml/json.ts";
import { isSecret } from "./secrets.ts";

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

/** With the managers that own it, where managedFields say so. Anybody who may write the object may have written it. */
export interface LastApplied {
  readonly value: ValueMap;
  readonly managers: readonly string[];
}

/** `undefined` where there is none that can be read; of Secrets always, since readers take it away. */
export function lastAppliedOf(live: LiveObject): LastApplied | undefined {
  const text = fieldAt(live.value, "metadata", "annotations", ANNOTATION);
  if (typeof text !== "string" || isSecret({ apiVersion: live.ref.apiVersion, kind: live.ref.kind })) return undefined;
  const value = parseJson(text);
  if (!isMap(value)) return undefined;
  const path = fields("metadata", "annotations", ANNOTATION);
  return { value, managers: ownersOf(live.managers, path).map(({ manager }) => manager) };
}
