/** What a line is a part of, in the words of who renders. */

import type { SourceRole } from "../../core/drift.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { groupOf } from "../../core/refs.ts";
import type { FileUse } from "../kustomization.ts";
import { isWithin } from "../paths.ts";
import type { Piece } from "./pieces.ts";
import { isKustomization, shapeOf } from "./rules.ts";
import { formatSteps } from "./scalars.ts";
import type { Step, WrittenDocument, WrittenScalar } from "./scalars.ts";

/** What the piece's file is, for all that the text of the file does not say. */
export interface FileFacts {
  /** What a kustomization uses it for. */
  readonly use?: FileUse;
  /** Of the chart that it is a part of: its folder. */
  readonly chart?: string;
  /** Whether the document of that kind and name is another object's. */
  readonly isAnothers: (document: WrittenDocument) => boolean;
}

export function roleOf(piece: Piece, object: DesiredObject, facts: FileFacts): SourceRole {
  const { place, scalar, file } = piece;
  if (place === "template") return "template";
  if (place === "line" || place === "file" || scalar === undefined) return textRole(object, facts);
  const { path, document, within } = scalar;
  const outer = within[0] ?? { path, document };
  if (isKustomization(outer.document, file)) return kustomizationRole(outer.path);
  if (outer.document.list) return "patch";
  if (outer.document.kind === undefined) return dataRole(file, object, facts);
  return documentRole(piece, outer, object, facts);
}

/** Of a file that is no YAML, or all of which is the value. */
function textRole({ origin }: DesiredObject, { use, chart }: FileFacts): SourceRole {
  if (use === "generator") return "generator";
  if (chart !== undefined) return "chart-file";
  return origin.layer === "helm" ? "values-file" : "generator";
}

/** Of YAML that is no object. */
function dataRole(file: string, { origin }: DesiredObject, { use, chart }: FileFacts): SourceRole {
  const { root = "", layer } = origin;
  if (use === "generator" && layer !== "helm") return "generator";
  if (chart === undefined || use !== undefined) return "values-file";
  const name = file.slice(chart === "" ? 0 : chart.length + 1);
  if (name === "Chart.yaml") return "chart-file";
  // A chart's own, or that of one it depends on.
  return name === "values.yaml" && (layer !== "helm" || isWithin(chart, root)) ? "chart-defaults" : "values-file";
}

interface Outer {
  readonly path: readonly Step[];
  readonly document: WrittenDocument;
}

function documentRole(
  { file, scalar }: Piece,
  { path, document }: Outer,
  object: DesiredObject,
  { use, isAnothers }: FileFacts,
): SourceRole {
  const { kind = "", apiVersion = "" } = document;
  const own = isOwn(document, object) && !isAnothers(document);
  const deployers = DEPLOYERS.has(groupOf(apiVersion));
  // A patch may have any name, and be for many; what it changes may deploy the object.
  if (use === "patch" && (own || kind === object.ref.kind || !deployers)) return "patch";
  if (apiVersion === "builtin") return builtinRole(kind);
  if (!own && deployers) return holdsValues(path) ? "inline-values" : "deployer";
  if (kind.endsWith("List") && path[0] === "items" && file === object.origin.file) return "resource";
  if (!own) return "other-resource";
  return file === object.origin.file || scalar?.within.length !== 0 || use === undefined ? "resource" : "patch";
}

/** A generator or transformer of kustomize's that is configured in a file of its own. */
function builtinRole(kind: string): SourceRole {
  if (kind.startsWith("Helm")) return "inline-values";
  if (kind.startsWith("Patch")) return "patch";
  return kind.endsWith("Generator") ? "generator" : "kustomization";
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
