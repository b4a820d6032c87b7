/**
 * Block scalars that end with a text that has no line break at its end: Kubernetes' reader gives them no line break
 * either, others do. No edit may make one, or end one that is there.
 */

import { blockIndicator } from "./page.ts";
import type { Cut } from "./cuts.ts";
import type { SourceNode } from "../yaml/source-node.ts";
import type { SourceText } from "../yaml/source.ts";

/** Whether the splices leave such a scalar as it is, and make none. */
export function keepsEnd(before: SourceText, after: SourceText, cuts: readonly Cut[]): boolean {
  const old = openBlock(before);
  if (old !== undefined && cuts.some((cut) => cut.start > old.start)) return false;
  return openBlock(after) === undefined || (old !== undefined && cuts.every((cut) => cut.end <= old.start));
}

function openBlock({ text, documents }: SourceText): SourceNode | undefined {
  if (text.endsWith("\n")) return undefined;
  let node = documents.at(-1)?.parse().root;
  while (node?.kind === "map" || node?.kind === "list") {
    node = node.kind === "map" ? node.entries.at(-1)?.value : node.items.at(-1)?.value;
  }
  const isOpen = node?.kind === "scalar" && node.end === text.length && /^[^-]+$/.test(blockIndicator(text, node));
  return isOpen ? node : undefined;
}
