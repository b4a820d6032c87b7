/** What may be the source of a value, the likeliest first. */

import type { DesiredObject } from "../../core/objects.ts";
import { pointerSteps } from "../../core/pointer.ts";
import type { Scalar } from "../../core/value.ts";
import { baseName } from "../paths.ts";
import { isDigest } from "./focus.ts";
import type { Focus } from "./focus.ts";
import { pieceOfVariable, wantedOf } from "./pieces.ts";
import type { Piece } from "./pieces.ts";
import { apart } from "./scope.ts";
import type { Scope } from "./scope.ts";

export interface Candidates {
  /** May be dyed together with others. */
  readonly free: readonly Piece[];
  /** Are changed one at a time. */
  readonly alone: readonly Piece[];
}

export interface Leaf {
  readonly pointer: string;
  readonly value: Scalar;
  /** The stretch of the value that is looked for; absent: all of it. */
  readonly focus?: Focus;
}

const MAX_FREE = 120;
/** Of one tier of files; further tiers are looked through where the nearer ones have fewer. */
const MAX_FILES = 2000;
const MAX_TEXTS = 200;

export async function candidatesOf(
  scope: Scope,
  object: DesiredObject,
  { pointer, value, focus }: Leaf,
): Promise<Candidates> {
  const names = pointerSteps(pointer).filter((name) => !/^\d+$/.test(name));
  const hidden = isDigest(value);
  const wanted = wantedOf(value, {
    lastField: names.at(-1) ?? "",
    hidden,
    ...(focus === undefined ? {} : { focus }),
  });
  const far = focus?.line?.text ?? wanted.text;
  const found: { readonly piece: Piece; readonly score: number }[] = [];
  for (const [tier, { files, far: isFar }] of scope.filesOf(object).entries()) {
    for (const file of files.slice(0, MAX_FILES)) {
      if (isFar && (found.length >= MAX_TEXTS || !(await mayHold(scope, file, far)))) continue;
      const pieces = await scope.texts.pieces(file, wanted, scope.isTemplate(file));
      for (const piece of pieces) found.push({ piece, score: scoreOf(piece, object, names, wanted.text) - tier });
    }
  }
  for (const piece of await variablesOf(scope, object, names)) found.push({ piece, score: 0 });
  const ranked = found.toSorted((a, b) => b.score - a.score).map(({ piece }) => piece);
  return {
    free: apart(ranked.filter(({ alone }) => !alone)).slice(0, MAX_FREE),
    alone: ranked.filter((piece) => piece.alone && isLikely(piece, object, names.at(-1) ?? "")),
  };
}

/** Where a variable names objects, too, only the line that has the variable can be changed by itself. */
async function variablesOf(
  scope: Scope,
  { ref, origin, deployer }: DesiredObject,
  names: readonly string[],
): Promise<readonly Piece[]> {
  const text = deployer === undefined ? undefined : await scope.texts.text(origin.file);
  if (text?.includes("${") !== true || scope.isTemplate(origin.file)) return [];
  return scope.texts.scalars(origin.file, text).flatMap((scalar) => {
    const own = scalar.path.filter((step) => typeof step === "string");
    if (scalar.document.kind !== ref.kind || own.join("\0") !== names.join("\0")) return [];
    return pieceOfVariable(scalar) ?? [];
  });
}

/** Each of them costs a rendering: kustomize leaves fields under their names, but for operations and literals. */
function isLikely({ file, scalar, place }: Piece, { origin }: DesiredObject, name: string): boolean {
  if (origin.layer === "helm" || scalar === undefined || place !== "yaml" || scalar.document.list) return true;
  if (baseName(file) === "Chart.yaml") return true;
  const last = scalar.path.findLast((step) => typeof step === "string");
  return last === name || last === "literals" || (name === "image" && last === "newName");
}

/** Far away, only what holds the whole value, or the line that differs. */
async function mayHold(scope: Scope, file: string, text: string): Promise<boolean> {
  return text.length > 2 && (await scope.texts.text(file))?.includes(text) === true;
}

function scoreOf(piece: Piece, { ref, origin }: DesiredObject, names: readonly string[], wanted: string): number {
  const { scalar } = piece;
  let score = piece.file === origin.file ? 3 : 0;
  if (piece.text === wanted) score += 2;
  if (scalar === undefined) return score + (piece.key !== undefined && piece.key === names.at(-1) ? 4 : 0);
  const own = scalar.path.filter((step) => typeof step === "string");
  let same = 0;
  while (same < own.length && same < names.length && own.at(-1 - same) === names.at(-1 - same)) same++;
  score += same * 4;
  const { document } = scalar;
  if (document.kind === ref.kind) score += 3;
  if (document.name !== undefined && ref.name.includes(document.name)) score += 2;
  if (own.length === names.length && same === own.length) score += 4;
  return score;
}
