/** What a line is a part of, in the words of who renders. */

import type { SourceRole } from "../../core/drift.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { groupOf } from "../../core/refs.ts";
import { baseName, folderOf, isWithin } from "../paths.ts";
import type { Piece } from "./pieces.ts";
import { isKustomization, shapeOf } from "./rules.ts";
import { formatSteps } from "./scalars.ts";
import type { Step, WrittenDocument, WrittenScalar } from "./scalars.ts";

export function roleOf({ place, scalar, file }: Piece, object: DesiredObject): SourceRole {
  if (place === "template") return "template";
  if (place === "line" || place === "file" || scalar === undefined) return "generator";
  const { path, document, within } = scalar;
  const outer = within[0] ?? { path, document };
  if (isKustomization(outer.document, file)) return kustomizationRole(outer.path);
  const group = groupOf(outer.document.apiVersion ?? "");
  const own = isOwn(outer.document, object);
  if (!own && DEPLOYERS.has(group)) return holdsValues(outer.path) ? "inline-values" : "deployer";
  if (outer.document.list) return "patch";
  if (outer.document.kind !== undefined) {
    if (!own) return "other-resource";
    return file === object.origin.file || within.length > 0 ? "resource" : "patch";
  }
  if (object.origin.layer !== "helm") return "values-file";
  // A chart's own, or that of one it depends on.
  const { root = "" } = object.origin;
  return baseName(file) === "values.yaml" && isWithin(folderOf(file), root) ? "chart-defaults" : "values-file";
}

const DEPLOYERS = new Set(["kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "argoproj.io"]);

function holdsValues(path: readonly Step[]): boolean {
  return /^spec\.(?:values\.|(?:sources\.#|source)\.helm\.)|\.helm\./.test(shapeOf(path));
}

function kustomizationRole(path: readonly Step[]): SourceRole {
  const [first] = path;
  if (typeof first !== "string") return "kustomization";
  if (first.startsWith("patches")) return "patch";
  if (first.endsWith("Generator") && !first.startsWith("helm")) return "generator";
  return first.startsWith("helm") ? "inline-values" : "kustomization";
}

function isOwn({ kind, name }: WrittenDocument, { ref }: DesiredObject): boolean {
  return kind === ref.kind && (name === undefined || name.includes("${") || ref.name.includes(name));
}

/** `patches[0].patch: spec.replicas` where the place is in a text that stands in a file. */
export function placeOf({ scalar, key }: Piece): string | undefined {
  if (scalar === undefined) return key;
  return scalarPlace(scalar);
}

function scalarPlace({ path, within }: WrittenScalar): string | undefined {
  const place = [...within.map((one) => one.path), path].map(formatSteps).join(": ");
  return place === "" ? undefined : place;
}
