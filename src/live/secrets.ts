/** Takes the values out of Secrets before anything else sees them. */

import { fieldOf, isMap, setField, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { digestKeyId } from "../text/digest.ts";
import type { Digester } from "../text/digest.ts";

/** Annotations in which deployers keep the whole object, and so a Secret's values. */
const COPIES: ReadonlySet<string> = new Set([
  "banzaicloud.com/last-applied",
  "kapp.k14s.io/original",
  "kubectl.kubernetes.io/last-applied-configuration",
  "objectset.rio.cattle.io/applied",
]);

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface SecretOptions {
  readonly digester: Digester;
  /** Digests in the place of values are kept, under whatever key they were made: only for holdfast's own snapshots. */
  readonly keepDigests: boolean;
}

/** Whether the object is a Secret of the core group, in whatever version. */
export function isSecret(object: Value): boolean {
  return textOf(object, "kind") === "Secret" && textOf(object, "apiVersion")?.includes("/") === false;
}

/**
 * A Secret whose `data` and `stringData` hold digests of the decoded bytes (empty values stay empty), without the annotations that repeat them.
 * A value of `data` that is no base64 (no API server takes it) is digested as the text that it is.
 */
export function withoutSecretValues(secret: ValueMap, options: SecretOptions): ValueMap {
  const copy: Record<string, Value> = { ...secret };
  const data = fieldOf(secret, "data");
  const stringData = fieldOf(secret, "stringData");
  const metadata = fieldOf(secret, "metadata");
  if (data !== undefined) copy["data"] = digestEach(data, options, decode);
  if (stringData !== undefined) copy["stringData"] = digestEach(stringData, options, (text) => text);
  if (isMap(metadata)) copy["metadata"] = withoutCopies(metadata);
  return copy;
}

function digestEach(values: Value, options: SecretOptions, bytesOf: (text: string) => Uint8Array | string): Value {
  // Anything but a map of texts is no Secret that an API server would keep: nothing of it is handed on.
  if (!isMap(values)) return values === null ? null : options.digester.digest(textual(values));
  const digests: Record<string, Value> = {};
  for (const [name, value] of Object.entries(values)) setField(digests, name, digestOne(value, options, bytesOf));
  return digests;
}

function digestOne(value: Value, options: SecretOptions, bytesOf: (text: string) => Uint8Array | string): Value {
  // Nothing is no secret: that it is nothing must be seen without a key.
  if (value === null || value === "") return value;
  if (typeof value !== "string") return options.digester.digest(textual(value));
  if (options.keepDigests && digestKeyId(value) !== undefined) return value;
  return options.digester.digest(bytesOf(value));
}

function textual(value: Value): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner));
}

/** Line breaks are what Go's decoder skips as well. */
function decode(text: string): Uint8Array | string {
  const compact = text.replaceAll(/[\r\n]/g, "");
  return BASE64.test(compact) ? Buffer.from(compact, "base64") : text;
}

function withoutCopies(metadata: ValueMap): ValueMap {
  const annotations = fieldOf(metadata, "annotations");
  if (!isMap(annotations)) return metadata;
  const kept: Record<string, Value> = {};
  for (const [name, value] of Object.entries(annotations)) if (!COPIES.has(name)) setField(kept, name, value);
  return { ...metadata, annotations: kept };
}
