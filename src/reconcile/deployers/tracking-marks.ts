/** Which deployer's object a live object says that it was deployed by. Marks are cluster text, and copied at times. */

import type { LiveObject } from "../../core/objects.ts";
import { groupOf } from "../../core/refs.ts";
import type { ObjectRef } from "../../core/refs.ts";
import { fieldAt, textOf } from "../../core/value.ts";
import type { ValueMap } from "../../core/value.ts";
import { deployerKind } from "./sync-status.ts";

/** Whether the object carries the mark of that deployer. */
export function isMarkedBy(object: LiveObject, deployer: LiveObject): boolean {
  switch (deployerKind(deployer.ref)) {
    case "flux-kustomization":
      return isFluxMark(object.value, deployer.ref);
    case "argo-cd-application":
      return isArgoMark(object, deployer);
    default:
      return false;
  }
}

/** fluxcd `pkg/ssa/manager.go`, OwnerLabels. */
function isFluxMark(value: ValueMap, { name, namespace }: ObjectRef): boolean {
  const labels = fieldAt(value, "metadata", "labels");
  return (
    textOf(labels, "kustomize.toolkit.fluxcd.io/name") === name &&
    textOf(labels, "kustomize.toolkit.fluxcd.io/namespace") === namespace
  );
}

const MOST_OF_A_LABEL = 63;

/** argo-cd `util/argo/resource_tracking.go`: the annotation names its own object; the label is cut, and not Argo CD's alone. */
function isArgoMark({ ref, value }: LiveObject, { ref: application, value: own }: LiveObject): boolean {
  const metadata = fieldAt(value, "metadata");
  const id = textOf(fieldAt(metadata, "annotations"), "argocd.argoproj.io/tracking-id");
  const names = instanceNames(application, own);
  if (id !== undefined) {
    const self = `:${groupOf(ref.apiVersion)}/${ref.kind}:`;
    return names.some(
      (name) => id.startsWith(`${name}${self}`) && id.slice(name.length + self.length).endsWith(`/${ref.name}`),
    );
  }
  const label = textOf(fieldAt(metadata, "labels"), "app.kubernetes.io/instance");
  return names.some((name) => label === name || label === name.slice(0, MOST_OF_A_LABEL));
}

/** Outside of Argo CD's own namespace an Application is called by its namespace too (`Application.InstanceName`). */
function instanceNames({ name, namespace }: ObjectRef, value: ValueMap): readonly string[] {
  const home = textOf(fieldAt(value, "status"), "controllerNamespace");
  const long = `${namespace ?? ""}_${name}`;
  if (home === undefined || home === "") return [name, long];
  return home === namespace ? [name] : [long];
}
