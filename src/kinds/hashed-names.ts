/** Names that kustomize's generators make: with a hash of the content behind them. */

import { refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";

/** kustomize `api/hasher/hasher.go`, encode: ten of the digits that cannot be taken for words. */
const HASHED = /^(.+)-[2456789bcdfghkmt]{10}$/;

/** refKey() of what the generator calls it; `undefined` where it is no generator's object, or has no hash. */
export function unhashedKey(ref: ObjectRef): string | undefined {
  const { apiVersion, kind } = ref;
  const name =
    apiVersion === "v1" && (kind === "Secret" || kind === "ConfigMap") ? HASHED.exec(ref.name)?.[1] : undefined;
  return name === undefined ? undefined : refKey({ ...ref, name });
}
