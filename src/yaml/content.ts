/**
 * `yaml` reads manifests as Kubernetes reads them: a fast reader for values, and documents with positions for
 * the lines and edits of the few files that need them. Both resolve scalars by one table.
 *
 * This file turns bytes into text and tells whether they are still the bytes that were read.
 */

import { createHash } from "node:crypto";

/** The text of UTF-8 bytes, a byte order mark kept, or `undefined` where they are no valid UTF-8. Encoding it again gives the same bytes. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** `sha256:<hex>` of a file's bytes, as an {@link Origin} holds it. */
export function contentHash(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
