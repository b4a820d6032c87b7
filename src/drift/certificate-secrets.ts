/**
 * cert-manager notes on a Secret which Certificate it is of; anybody may write that note. It counts where such a Certificate
 * is there and names the Secret, or where that cannot be known.
 */

import type { LiveObject } from "../core/objects.ts";
import { kindKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, textOf } from "../core/value.ts";
import type { KindSource } from "./owners.ts";

const CERTIFICATE = { apiVersion: "cert-manager.io/v1", kind: "Certificate" };

export interface CertificateSecrets {
  saw(live: LiveObject): void;
  /** At the end: whether the Secret is that of a Certificate that was seen, or that could not be. */
  has(secret: LiveObject, wasUnread: (certificate: ObjectRef) => boolean): boolean;
}

export function certificateSecrets(kinds: KindSource): CertificateSecrets {
  const seen = new Set<string>();
  return {
    saw({ ref, value }) {
      if (kindKey(ref) !== kindKey(CERTIFICATE)) return;
      const secret = textOf(fieldAt(value, "spec"), "secretName");
      if (secret !== undefined) seen.add(keyOf({ ...ref, secret }));
    },
    has({ ref, value }, wasUnread) {
      const name = textOf(fieldAt(value, "metadata", "annotations"), "cert-manager.io/certificate-name");
      if (name === undefined || ref.namespace === undefined) return false;
      const certificate = { ...CERTIFICATE, namespace: ref.namespace, name };
      if (seen.has(keyOf({ ...certificate, secret: ref.name }))) return true;
      return !kinds.lacks(certificate) && wasUnread(certificate);
    },
  };
}

function keyOf({
  namespace,
  name,
  secret,
}: Pick<ObjectRef, "namespace" | "name"> & { readonly secret: string }): string {
  return [namespace ?? "", name, secret].join("\0");
}
