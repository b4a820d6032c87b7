/** The same field in the object's own manifest, where something over it gives the value. */

import type { OtherSource } from "../../core/drift.ts";
import type { DesiredObject } from "../../core/objects.ts";
import type { FieldPath } from "../../core/path.ts";
import { formatSteps, textIn } from "./scalars.ts";
import type { Step } from "./scalars.ts";
import type { Piece } from "./pieces.ts";
import type { Scope } from "./scope.ts";
import { childOf } from "../../yaml/source-find.ts";
import { sourceFinder } from "../../yaml/source-finder.ts";
import { resolved } from "../../yaml/source-node.ts";
import type { SourceNode } from "../../yaml/source-node.ts";
import { parseSource } from "../../yaml/source.ts";

export async function overlaidPlace(
  scope: Scope,
  { ref, origin }: DesiredObject,
  path: FieldPath,
  source: Piece,
): Promise<OtherSource | undefined> {
  if (origin.layer !== "kustomize" || scope.isTemplate(origin.file)) return undefined;
  const text = await scope.texts.text(origin.file);
  if (text === undefined || !/\.(?:ya?ml|json)$/.test(origin.file)) return undefined;
  for (const document of parseSource(text).documents) {
    const { root } = document.parse();
    if (root === undefined || textIn(root, "kind") !== ref.kind) continue;
    const name = textIn(childOf(root, "metadata"), "name");
    if (name === undefined || !ref.name.includes(name)) continue;
    const found = follow(root, path);
    // It stands over nothing where it is the line itself.
    if (
      found === undefined ||
      (source.file === origin.file && found.start <= source.start && source.start <= found.end)
    )
      continue;
    return {
      file: origin.file,
      line: await scope.texts.line(origin.file, found.start),
      path: formatSteps(found.steps),
      role: "resource",
      // Flux puts the variable's value in where its name stands.
      is: text.slice(found.start, found.end).includes("${") ? "part" : "overlaid",
    };
  }
  return undefined;
}

function follow(
  root: SourceNode,
  path: FieldPath,
): { readonly start: number; readonly end: number; readonly steps: readonly Step[] } | undefined {
  const finder = sourceFinder();
  const steps: Step[] = [];
  let current: SourceNode | undefined = root;
  for (const step of path) {
    const node: SourceNode | undefined = current === undefined ? undefined : resolved(current);
    if (node?.kind === "map" && step.kind === "field") {
      current = finder.shapeOf(node).entries.get(step.name)?.value;
      steps.push(step.name);
    } else if (node?.kind === "list") {
      const index = finder.indexOfItem(node, step, undefined) ?? finder.nearestItem(node, step);
      if (index === undefined) return undefined;
      current = node.items[index]?.value;
      steps.push(index);
    } else {
      return undefined;
    }
  }
  return current?.kind === "scalar" ? { start: current.start, end: current.end, steps } : undefined;
}
