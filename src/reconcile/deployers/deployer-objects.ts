/** Deployers' own objects as they live: which of them are kept while the cluster is read, and what of each. */

import type { LiveObject } from "../../core/objects.ts";
import { groupOf } from "../../core/refs.ts";
import type { KindRef } from "../../core/refs.ts";
import { fieldOf, isMap, setField, withField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { deployerKind } from "./sync-status.ts";

/** An Argo CD project: its sync windows say when its Applications are synced. */
export const PROJECT: KindRef = { apiVersion: "argoproj.io/v1alpha1", kind: "AppProject" };

export function isKept(kind: KindRef): boolean {
  return deployerKind(kind) !== undefined || isProject(kind);
}

export function isProject({ apiVersion, kind }: KindRef): boolean {
  return kind === PROJECT.kind && groupOf(apiVersion) === groupOf(PROJECT.apiVersion);
}

const STATUS = ["history", "operationState", "controllerNamespace"];

/** An Application's status names every object that it deploys, with images and messages: of thousands only what is asked for is kept. */
export function kept(live: LiveObject): LiveObject {
  const { ref, value } = live;
  const slim = deployerKind(ref) === "argo-cd-application" ? withSmallStatus(value) : value;
  return { ref, value: slim, managers: [] };
}

function withSmallStatus(value: ValueMap): ValueMap {
  const status = fieldOf(value, "status");
  if (!isMap(status)) return value;
  const small: Record<string, Value> = {};
  for (const name of STATUS) {
    const part = fieldOf(status, name);
    if (part !== undefined) setField(small, name, part);
  }
  return withField(value, "status", small);
}
