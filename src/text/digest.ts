/**
 * `text` makes text safe to show: escaping for Markdown, HTML and terminals, redaction, and keyed digests that
 * stand in for secret values.
 *
 * This file holds the digests.
 */

import { createHash, createHmac } from "node:crypto";

/** Digests under one key of the operator's, so that equal secrets are seen to be equal and nothing else is. */
export interface Digester {
  /** Identifies the key without giving it away: 8 hexadecimal digits. */
  readonly keyId: string;
  /** `hmac-sha256:<key id>:<hex>` of the bytes (text as UTF-8). */
  digest(data: Uint8Array | string): string;
}

const FORM = /^hmac-sha256:([0-9a-f]{8}):[0-9a-f]{64}$/;

export function createDigester(key: Uint8Array): Digester {
  const keyId = createHash("sha256").update("holdfast key id\0").update(key).digest("hex").slice(0, 8);
  return {
    keyId,
    digest: (data) => `hmac-sha256:${keyId}:${createHmac("sha256", key).update(data).digest("hex")}`,
  };
}

/** The id of the key that a digest was made under, or `undefined` where the text is no digest. */
export function digestKeyId(text: string): string | undefined {
  return FORM.exec(text)?.[1];
}
