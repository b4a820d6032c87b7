/**
 * The namespace that an Application makes and labels by itself (`CreateNamespace=true` with `managedNamespaceMetadata`): what
 * Argo CD applies before each sync (argo-cd `controller/sync_namespace.go`; gitops-engine `sync_context.go`, autoCreateNamespace).
 * One that it only makes (`CreateNamespace=true` alone) is left as it is ever after, and is nobody's.
 */

import type { DesiredObject } from "../../core/objects.ts";
import { equalValues, fieldAt, isMap } from "../../core/value.ts";
import type { ValueMap } from "../../core/value.ts";
import { textsAt } from "./objects.ts";
import type { Application } from "./objects.ts";

const SYNC_OPTIONS = "argocd.argoproj.io/sync-options";

/** @param objects that the Application deploys besides: a Namespace among them goes before. */
export function managedNamespace(
  { ref, spec, origin, destination }: Application,
  objects: readonly DesiredObject[],
): DesiredObject | undefined {
  const name = destination.namespace;
  const metadata = fieldAt(spec, "syncPolicy", "managedNamespaceMetadata");
  const makes = textsAt(spec, "syncPolicy", "syncOptions").includes("CreateNamespace=true");
  if (name === "" || !isMap(metadata) || !makes) return undefined;
  if (objects.some((object) => isNamespace(object) && object.ref.name === name)) return undefined;
  const texts = (field: string): ValueMap => {
    const map = fieldAt(metadata, field);
    return isMap(map) ? map : {};
  };
  const labels = texts("labels");
  // So that it leaves alone what others write there.
  const annotations = { ...texts("annotations"), [SYNC_OPTIONS]: "ServerSideApply=true" };
  return {
    ref: { apiVersion: "v1", kind: "Namespace", name },
    value: {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, ...(Object.keys(labels).length === 0 ? {} : { labels }), annotations },
    },
    origin: { ...origin, layer: "argo-cd" },
    deployer: ref,
  };
}

/** Several Applications may have a namespace: one that is declared goes before, and several that are alike are one. */
export function settledNamespaces(same: ReadonlyMap<string, DesiredObject>): ReadonlyMap<string, DesiredObject> {
  const declared = [...same].filter(([, object]) => !isMade(object));
  const [first] = same.values();
  if (declared.length === same.size || first === undefined) return same;
  if (declared.length > 0) return new Map(declared);
  const others = [...same].slice(1).filter(([, object]) => !equalValues(object.value, first.value));
  return new Map([...same].slice(0, 1).concat(others));
}

function isMade({ origin }: DesiredObject): boolean {
  return origin.layer === "argo-cd";
}

function isNamespace({ ref }: DesiredObject): boolean {
  return ref.apiVersion === "v1" && ref.kind === "Namespace";
}
