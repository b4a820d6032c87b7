/** Takes the secret values out of what Git declares: digests stand in their place from here on. */

import type { FieldPath } from "../core/path.ts";
import { fields } from "../core/path.ts";
import { fieldAt, fieldOf, isList, isMap, setField, textOf, withField } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { LAST_APPLIED } from "../kinds/secret-fields.ts";
import type { Digester } from "../text/digest.ts";

/** What the API server would refuse in a Secret. Names the key, never the value. */
export interface SecretProblem {
  readonly path: FieldPath;
  readonly message: string;
}

/** The declared Secret as it would be stored: `stringData` merged into `data`, every value a digest of its bytes, but for empty ones. */
export function digestSecret(secret: ValueMap, digester: Digester): ValueMap | SecretProblem {
  const data: Record<string, Value> = {};
  for (const field of ["data", "stringData"] as const) {
    const problem = addDigests(secret, field, digester, data);
    if (problem !== undefined) return problem;
  }
  const declared = isMap(fieldOf(secret, "data")) || isMap(fieldOf(secret, "stringData"));
  const merged = withField(withField(secret, "stringData", undefined), "data", declared ? data : undefined);
  return withoutLastApplied(merged);
}

export function isSecretProblem(value: ValueMap | SecretProblem): value is SecretProblem {
  return Array.isArray((value as SecretProblem).path) && typeof (value as SecretProblem).message === "string";
}

function addDigests(
  secret: ValueMap,
  field: "data" | "stringData",
  digester: Digester,
  into: Record<string, Value>,
): SecretProblem | undefined {
  const entries = fieldOf(secret, field) ?? null;
  if (entries === null) return undefined;
  if (!isMap(entries)) return { path: fields(field), message: `${field} is no map` };
  for (const key of Object.keys(entries)) {
    const written = entries[key] as Value;
    // The server reads null as no bytes, and kubectl leaves it out: either is what Git says.
    if (written === null || written === "") {
      setField(into, key, written);
      continue;
    }
    const path = fields(field, key);
    if (typeof written !== "string") return { path, message: `${field} ${JSON.stringify(key)} is no text` };
    const bytes = field === "stringData" ? written : decodeBase64(written);
    if (bytes === undefined) return { path, message: `${field} ${JSON.stringify(key)} is no base64` };
    setField(into, key, digester.digest(bytes));
  }
  return undefined;
}

/** As Go's `encoding/base64` reads it: padded, line breaks ignored. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const dense = text.replace(/[\r\n]/g, "");
  if (dense.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(dense)) return undefined;
  return Buffer.from(dense, "base64");
}

function withoutLastApplied(object: ValueMap): ValueMap {
  const metadata = fieldOf(object, "metadata");
  const annotations = fieldAt(object, "metadata", "annotations");
  if (!isMap(metadata) || !isMap(annotations) || !Object.hasOwn(annotations, LAST_APPLIED)) return object;
  const kept = withField(annotations, LAST_APPLIED, undefined);
  return withField(object, "metadata", withField(metadata, "annotations", kept));
}

/**
 * Whether SOPS encrypted parts of the document, so that somebody else is to decrypt it: it leaves its own `sops` map behind.
 * A SopsSecret (isindir/sops-secrets-operator) is deployed as it stands, ciphertext and all.
 */
export function isEncrypted(object: ValueMap): boolean {
  const sops = fieldOf(object, "sops");
  if (textOf(object, "apiVersion")?.startsWith("isindir.github.com/") === true) return false;
  return isMap(sops) && (Object.hasOwn(sops, "mac") || Object.hasOwn(sops, "version"));
}

/** The document without its encrypted fields, which only the key's owner can read, and without `sops`. */
export function withoutEncrypted(object: ValueMap): ValueMap {
  return withoutCiphertext(withField(object, "sops", undefined));
}

/** Where {@link withoutEncrypted} takes fields away; a Secret's `stringData` is named as the `data` that it becomes. */
export function encryptedFields(object: ValueMap, secret: boolean): readonly FieldPath[] {
  const paths = ciphertextPaths(withField(object, "sops", undefined), []);
  if (!secret) return paths;
  return paths.map((path) => (isStringData(path[0]) ? [...fields("data"), ...path.slice(1)] : path));
}

function isStringData(step: FieldPath[number] | undefined): boolean {
  return step?.kind === "field" && step.name === "stringData";
}

function ciphertextPaths(map: ValueMap, above: FieldPath): readonly FieldPath[] {
  return Object.keys(map).flatMap((key) => {
    const value = map[key] as Value;
    const path = [...above, ...fields(key)];
    if (isCiphertext(value) || (isList(value) && holdsCiphertext(value))) return [path];
    return isMap(value) ? ciphertextPaths(value, path) : [];
  });
}

const CIPHERTEXT = /^ENC\[[A-Z0-9_]+,/;

/** A list that holds ciphertext anywhere goes whole: its other items cannot be compared without it. */
function withoutCiphertext(map: ValueMap): ValueMap {
  const kept: Record<string, Value> = {};
  for (const key of Object.keys(map)) {
    const value = map[key] as Value;
    if (isCiphertext(value) || (isList(value) && holdsCiphertext(value))) continue;
    setField(kept, key, isMap(value) ? withoutCiphertext(value) : value);
  }
  return kept;
}

function isCiphertext(value: Value): boolean {
  return typeof value === "string" && CIPHERTEXT.test(value);
}

function holdsCiphertext(value: Value): boolean {
  if (isList(value)) return value.some(holdsCiphertext);
  if (isMap(value)) return Object.keys(value).some((key) => holdsCiphertext(value[key] as Value));
  return isCiphertext(value);
}
