/** Which fields hold secrets, and how the digests look that stand in for them. */

import { fields, startsWith } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { groupOf } from "../core/refs.ts";
import type { KindRef } from "../core/refs.ts";
import type { Value } from "../core/value.ts";

/** What kubectl notes on each object that it applied: the whole manifest, so that on a Secret it is secret too. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const SECRET: readonly FieldPath[] = [
  fields("data"),
  fields("stringData"),
  fields("metadata", "annotations", LAST_APPLIED),
];

/** Everything at or below these paths is secret. `data` holds base64 of what `stringData` would hold as text. */
function secretFields({ apiVersion, kind }: KindRef): readonly FieldPath[] {
  return kind === "Secret" && groupOf(apiVersion) === "" ? SECRET : [];
}

export function isSecretPath(kind: KindRef, path: FieldPath): boolean {
  return secretFields(kind).some((secret) => startsWith(path, secret));
}

/** `hmac-sha256:<key id>:<hex>`, as `Digester.digest` of src/text makes it. */
const DIGEST = /^hmac-sha256:([0-9a-f]{8}):[0-9a-f]{64}$/;

/** The id of the key that a digest was made under; `undefined` where the value is no digest. */
export function digestKey(value: Value | undefined): string | undefined {
  return typeof value === "string" ? DIGEST.exec(value)?.[1] : undefined;
}
