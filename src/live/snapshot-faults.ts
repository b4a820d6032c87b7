/** The faults of reading and writing snapshots. They say where, and quote nothing of what stands there. */

import type { Fault, SourcePosition } from "../core/fault.ts";
import type { KindRef } from "../core/refs.ts";
import { kindName } from "./faults.ts";

export function snapshotInvalid(file: string, message: string, position?: SourcePosition): Fault {
  return {
    kind: "fault",
    code: "snapshot-invalid",
    about: file,
    message,
    remedy: "Write it again: kubectl get -o yaml --show-managed-fields, or holdfast snapshot --out DIR.",
    ...(position === undefined ? {} : { position }),
    leavesUnknown: "declared",
  };
}

export function tooLarge(file: string, bytes: number): Fault {
  return {
    kind: "fault",
    code: "file-too-large",
    about: file,
    message: `${file} is larger than ${Math.floor(bytes / 1024 / 1024)} MB and was not read`,
    remedy: "Write it with holdfast snapshot --out DIR, which is read in parts.",
    leavesUnknown: "declared",
  };
}

/** The snapshot has nothing of the kind: whether the cluster had is not known. */
export function kindMissing(name: string, kind: KindRef): Fault {
  return {
    kind: "fault",
    code: "snapshot-incomplete",
    about: kindName(kind),
    message: `${name} holds no list of ${kindName(kind)}, so it is not known what of it the cluster has`,
    remedy: "Add the kind to what is dumped; holdfast snapshot notes kinds without objects too.",
    leavesUnknown: "declared",
  };
}

export function namespaceMissing(name: string, namespace: string): Fault {
  return {
    kind: "fault",
    code: "snapshot-incomplete",
    about: namespace,
    message: `${name} holds nothing of the namespace ${namespace}, so it is not known what the cluster has there`,
    remedy: "Dump that namespace too (kubectl get -A); holdfast snapshot notes empty namespaces too.",
    leavesUnknown: "declared",
  };
}

/** What the snapshot itself notes as not read when it was written. */
export function notRead(
  name: string,
  kind: KindRef,
  where: { readonly code: string; readonly namespace?: string },
): Fault {
  const place = where.namespace === undefined ? "" : ` in ${where.namespace}`;
  return {
    kind: "fault",
    code: "snapshot-incomplete",
    about: kindName(kind),
    message: `${kindName(kind)}${place} could not be read when ${name} was written (${where.code})`,
    remedy: "Write the snapshot again with an account that may read it.",
    leavesUnknown: "declared",
  };
}

export function secretsOtherKey(name: string, keyId: string): Fault {
  return {
    kind: "fault",
    code: "secrets-other-key",
    about: "Secret",
    message: `The Secrets of ${name} were digested under another key (${keyId}): their values are unknown`,
    remedy: "Set HOLDFAST_SECRET to the key that it was written with, or write it again.",
    leavesUnknown: "declared",
  };
}

export function outputUnwritable(out: string, why: string): Fault {
  return {
    kind: "fault",
    code: "output-unwritable",
    about: out,
    message: `The snapshot cannot be written to ${out}: ${why}`,
    remedy: "Name another folder with --out: one that does not exist yet, is empty, or holds a snapshot.",
    leavesUnknown: "nothing",
  };
}
