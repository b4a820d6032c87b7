/** Objects that Git declares and that are no part of the steady state: where they are not live, nothing is missing. */

import { kindKey } from "../core/refs.ts";
import type { DesiredObject } from "../core/objects.ts";
import { fieldAt, isMap, textOf } from "../core/value.ts";
import type { ValueMap } from "../core/value.ts";

/**
 * Why the object comes and goes, as the end of a sentence; `undefined` for those that stay. Read from Git alone: what an
 * annotation in the cluster says anybody may have written.
 */
export function transientReason({ ref, value }: DesiredObject): string | undefined {
  const annotations = annotationsOf(value);
  const helm = textOf(annotations, "helm.sh/hook");
  // Helm 3 knows no `crd-install`: it has long been a plain object (helm pkg/release/v1/hook.go).
  if (helm !== undefined && !isPlain(helm)) return `a Helm hook (${helm.trim()})`;
  const argo = textOf(annotations, "argocd.argoproj.io/hook");
  // `Skip` is not applied at all (gitops-engine pkg/sync/hook/hook.go).
  if (argo !== undefined && argo.trim() !== "") return `an Argo CD hook (${argo.trim()})`;
  const metadata = value["metadata"];
  if (textOf(metadata, "name") === undefined && textOf(metadata, "generateName") !== undefined)
    return "made anew under another name each time (generateName)";
  if (kindKey(ref) === JOB && typeof fieldAt(value, "spec", "ttlSecondsAfterFinished") === "number")
    return "a Job that is deleted some time after it finished (ttlSecondsAfterFinished)";
  return undefined;
}

const JOB = kindKey({ apiVersion: "batch/v1", kind: "Job" });

function annotationsOf(value: ValueMap): ValueMap | undefined {
  const found = fieldAt(value, "metadata", "annotations");
  return isMap(found) ? found : undefined;
}

function isPlain(hook: string): boolean {
  return hook.split(",").every((name) => name.trim() === "crd-install" || name.trim() === "");
}
