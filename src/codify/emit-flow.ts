/** Turns targets into splices of the text: flow style's half, and JSON's. */

import type { Value } from "../core/value.ts";
import type { ListNode, MapNode, SourceNode } from "../yaml/source-node.ts";
import type { Cut } from "./cuts.ts";
import { emitWrite } from "./emit-write.ts";
import type { Page } from "./page.ts";
import { lineStart } from "./page.ts";
import { isRefused, refused } from "./refuse.ts";
import type { Refused } from "./refuse.ts";
import { keyText } from "./scalar-text.ts";
import { changesBehind } from "./target.ts";
import type { ListTarget, MapTarget, NewItem, Target } from "./target.ts";
import { inlineText, jsonLines } from "./value-text.ts";

/** An entry or an item as it stands between its commas. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly node: SourceNode;
  readonly target: Target | undefined;
  /** `{a, b}`: there is no place for a value. */
  readonly bare: boolean;
}

interface Addition {
  /** Absent for list items. */
  readonly key?: string;
  readonly value: Value;
  readonly by: ReadonlySet<number>;
  /** Index of the part that it goes before; the number of parts for the end. */
  readonly before: number;
}

export interface FlowInput {
  readonly page: Page;
  readonly node: MapNode | ListNode;
  readonly target: MapTarget | ListTarget;
  /** Emits what changes below an entry or an item. */
  readonly inner: (node: SourceNode, target: Target) => readonly Cut[] | Refused;
}

export function emitFlow({ page, node, target, inner }: FlowInput): readonly Cut[] | Refused {
  const braces = page.text[node.start];
  if (braces !== "{" && braces !== "[")
    return refused("unsupported", "a map without braces in a flow list", node.start);
  const parts = partsOf(node, target);
  const additions = additionsOf(node, target);
  const survivors = parts.filter((part) => part.target?.kind !== "remove");
  if (survivors.length === 0) {
    const value =
      node.kind === "list"
        ? additions.map((added) => added.value)
        : Object.fromEntries(additions.map((added) => [added.key, added.value]));
    return emitWrite(page, node, { kind: "write", value, by: changesBehind(target) }, undefined);
  }
  const refusal = refusalOf(page, node, parts, additions);
  if (refusal !== undefined) return refusal;
  const cuts: Cut[] = [];
  for (const part of survivors) {
    if (part.target === undefined) continue;
    if (part.bare) return refused("unsupported", "a key without a colon", part.start);
    const emitted = inner(part.node, part.target);
    if (isRefused(emitted)) return emitted;
    cuts.push(...emitted);
  }
  cuts.push(...removals(parts));
  const added = insertions(page, node, parts, additions);
  return isRefused(added) ? added : [...cuts, ...added];
}

function partsOf(node: MapNode | ListNode, target: MapTarget | ListTarget): readonly Part[] {
  if (node.kind === "map") {
    const { entries } = target as MapTarget;
    return node.entries.map((entry) => ({
      start: entry.keyStart,
      end: Math.max(entry.value.end, entry.afterColon ?? entry.keyEnd),
      node: entry.value,
      target: entries.get(entry.key),
      bare: entry.afterColon === undefined,
    }));
  }
  const { items } = target as ListTarget;
  return node.items.map(({ value }, index) => ({
    start: value.start,
    end: value.end,
    node: value,
    target: items.get(index),
    bare: false,
  }));
}

function additionsOf(node: MapNode | ListNode, target: MapTarget | ListTarget): readonly Addition[] {
  if (node.kind === "list") {
    const inserts: readonly (readonly [number, readonly NewItem[]])[] = [...(target as ListTarget).inserts];
    return inserts.flatMap(([before, items]) => items.map(({ value, by }) => ({ value, by, before })));
  }
  const written = new Set(node.entries.map(({ key }) => key));
  return [...(target as MapTarget).entries].flatMap(([key, inner]) =>
    written.has(key) || inner.kind !== "write"
      ? []
      : [{ key, value: inner.value, by: inner.by, before: node.entries.length }],
  );
}

/** What readers or reviewers would stumble over: new lines in hand-laid flow text, comments, anchors before the parts. */
function refusalOf(
  page: Page,
  node: MapNode | ListNode,
  parts: readonly Part[],
  additions: readonly Addition[],
): Refused | undefined {
  const changesShape = additions.length > 0 || parts.some((part) => part.target?.kind === "remove");
  if (!changesShape || page.json) return undefined;
  if (page.text.slice(node.start, node.end).includes("\n")) {
    return refused("flow-multi-line", "the flow collection spans several lines", node.start);
  }
  const marked = parts.some(({ node: inner }) => inner.anchor !== undefined || inner.tag !== undefined);
  return marked ? refused("unsupported", "an anchor or a tag in a flow collection", node.start) : undefined;
}

function removals(parts: readonly Part[]): readonly Cut[] {
  const cuts: Cut[] = [];
  const first = parts.findIndex((part) => part.target?.kind !== "remove");
  for (const [index, part] of parts.entries()) {
    if (part.target?.kind !== "remove") continue;
    const { by } = part.target;
    if (index < first) cuts.push({ start: part.start, end: (parts[index + 1] as Part).start, text: "", by });
    else cuts.push({ start: (parts[index - 1] as Part).end, end: part.end, text: "", by });
  }
  return cuts;
}

function insertions(
  page: Page,
  node: MapNode | ListNode,
  parts: readonly Part[],
  additions: readonly Addition[],
): readonly Cut[] | Refused {
  const separator = separatorOf(page, node, parts);
  const cuts: Cut[] = [];
  const next = parts.find((part) => part.target?.kind !== "remove") as Part;
  // Additions before the same part have the same one before them.
  let place = -1;
  let previous: Part | undefined;
  for (const addition of additions) {
    const { by, before } = addition;
    const text = additionText(page, node, addition);
    if (text === undefined) return refused("unsupported", "the live value cannot be written here", node.start);
    if (before !== place) previous = parts.slice(0, before).findLast((part) => part.target?.kind !== "remove");
    place = before;
    if (previous !== undefined) cuts.push({ start: previous.end, end: previous.end, text: separator + text, by });
    else cuts.push({ start: next.start, end: next.start, text: text + separator, by });
  }
  return cuts;
}

/** A comma, with what the author puts behind it. */
function separatorOf(page: Page, node: MapNode | ListNode, parts: readonly Part[]): string {
  const [first, second] = parts as readonly [Part, Part?];
  const between = second === undefined ? undefined : page.text.slice(first.end, second.start);
  if (between !== undefined && /^,\s*$/.test(between)) return between;
  const lead = page.text.slice(node.start + 1, first.start);
  if (lead.includes("\n")) return `,${lead}`;
  return page.json && colonSpace(page, node) === "" ? "," : ", ";
}

function colonSpace(page: Page, node: MapNode | ListNode): string {
  if (node.kind === "list") return " ";
  const entry = node.entries[0];
  const after = entry?.afterColon;
  return entry === undefined || after === undefined || /\s/.test(page.text[after] ?? "") ? " " : "";
}

function additionText(page: Page, node: MapNode | ListNode, { key, value }: Addition): string | undefined {
  const text = page.json ? jsonText(page, node, value) : inlineText(value, "flow");
  if (key === undefined || text === undefined) return text;
  const style = node.kind === "map" ? node.entries[0]?.keyStyle : undefined;
  const name = keyText(key, page.json ? "json" : "flow", style === "double" ? "double" : "plain");
  if (name === undefined) return undefined;
  return `${name}:${page.json ? colonSpace(page, node) : " "}${text}`;
}

function jsonText(page: Page, node: MapNode | ListNode, value: Value): string | undefined {
  const spread = page.text.slice(node.start, node.end).includes("\n");
  if (!spread) return inlineText(value, "json");
  const indent = /^[ \t]*/.exec(page.text.slice(lineStart(page.text, firstStart(node))))?.[0] ?? "";
  return jsonLines(value, page.jsonUnit)?.join(page.newline + indent);
}

function firstStart(node: MapNode | ListNode): number {
  return (node.kind === "map" ? node.entries[0]?.keyStart : node.items[0]?.value.start) ?? node.start;
}
