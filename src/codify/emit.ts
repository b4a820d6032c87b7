/** Turns targets into splices of the text: the block style's half. */

import type { Value } from "../core/value.ts";
import type { ListItem, ListNode, MapEntry, MapNode, SourceNode } from "../yaml/source-node.ts";
import type { Cut } from "./cuts.ts";
import { emitFlow } from "./emit-flow.ts";
import { emitWrite } from "./emit-write.ts";
import type { Slot } from "./emit-write.ts";
import { columnOf, contentEnd, isFirstOnLine, lineEnd, lineStart, nextLine } from "./page.ts";
import type { Page } from "./page.ts";
import { isRefused, refused } from "./refuse.ts";
import type { Refused } from "./refuse.ts";
import { changesBehind } from "./target.ts";
import type { ListTarget, MapTarget, Target } from "./target.ts";
import { entryLines, itemLines } from "./value-text.ts";

/** The splices that carry a target out; `slot` is where the node hangs (`undefined`: it is the document or an item of a `List`). */
export function emit(page: Page, node: SourceNode, target: Target, slot: Slot | undefined): readonly Cut[] | Refused {
  if (target.kind === "write") return emitWrite(page, node, target, slot);
  if (target.kind === "remove") throw new Error("a removal is its parent's");
  if (target.kind === "map" && node.kind === "map") {
    return node.flow
      ? emitFlow({ page, node, target, inner: (below, change) => emit(page, below, change, undefined) })
      : emitMap(page, node, target, slot);
  }
  if (target.kind === "list" && node.kind === "list") {
    return node.flow
      ? emitFlow({ page, node, target, inner: (below, change) => emit(page, below, change, undefined) })
      : emitList(page, node, target, slot);
  }
  throw new Error("a target that does not fit its node");
}

function emitMap(page: Page, node: MapNode, target: MapTarget, slot: Slot | undefined): readonly Cut[] | Refused {
  const isRemoved = (entry: MapEntry): boolean => target.entries.get(entry.key)?.kind === "remove";
  const survivors = node.entries.filter((entry) => !isRemoved(entry));
  const written = new Set(node.entries.map(({ key }) => key));
  const added = [...target.entries].filter(([key]) => !written.has(key));
  if (survivors.length === 0) return emitWhole(page, node, { slot, target, value: newMap(added) });
  const cuts: Cut[] = [];
  for (const entry of survivors) {
    const inner = target.entries.get(entry.key);
    if (inner === undefined) continue;
    const emitted = emit(page, entry.value, inner, entrySlot(page, entry));
    if (isRefused(emitted)) return emitted;
    cuts.push(...emitted);
  }
  const parts = node.entries.map((entry) => ({
    start: entry.keyStart,
    end: entryEnd(page, entry),
    removedBy: isRemoved(entry) ? changesBehind(target.entries.get(entry.key) as Target) : undefined,
  }));
  cuts.push(...removals(page, parts));
  const last = survivors.at(-1) as MapEntry;
  const column = columnOf(page.text, (node.entries[0] as MapEntry).keyStart);
  for (const [key, inner] of added) {
    if (inner.kind !== "write") throw new Error("a new key that is not written");
    const lines = entryLines(key, inner.value, page.layout);
    if (lines === undefined) return unwritable(node.start);
    cuts.push(insertBelow(page, entryEnd(page, last), linesAt(lines, column), inner.by));
  }
  return cuts;
}

function newMap(added: readonly (readonly [string, Target])[]): Value {
  return Object.fromEntries(added.map(([key, target]) => [key, target.kind === "write" ? target.value : null]));
}

/** All that stood in a collection goes: the collection is written anew, empty (`{}`, `[]`) where nothing comes. */
function emitWhole(
  page: Page,
  node: MapNode | ListNode,
  { slot, target, value }: { slot: Slot | undefined; target: MapTarget | ListTarget; value: Value },
): readonly Cut[] | Refused {
  return emitWrite(page, node, { kind: "write", value, by: changesBehind(target) }, slot);
}

function emitList(page: Page, node: ListNode, target: ListTarget, slot: Slot | undefined): readonly Cut[] | Refused {
  const isRemoved = (index: number): boolean => target.items.get(index)?.kind === "remove";
  const survivors = [...node.items.keys()].filter((index) => !isRemoved(index));
  if (survivors.length === 0) {
    const value = [...target.inserts.values()].flat().map((item) => item.value);
    return emitWhole(page, node, { slot, target, value });
  }
  const cuts: Cut[] = [];
  for (const index of survivors) {
    const inner = target.items.get(index);
    const item = node.items[index] as ListItem;
    if (inner === undefined) continue;
    const emitted = emit(page, item.value, inner, itemSlot(page, item));
    if (isRefused(emitted)) return emitted;
    cuts.push(...emitted);
  }
  const parts = node.items.map((item, index) => ({
    start: item.dash as number,
    end: itemEnd(page, item),
    removedBy: isRemoved(index) ? changesBehind(target.items.get(index) as Target) : undefined,
  }));
  cuts.push(...removals(page, parts));
  const inserted = emitInserts(page, node, target, survivors);
  return isRefused(inserted) ? inserted : [...cuts, ...inserted];
}

function emitInserts(
  page: Page,
  node: ListNode,
  target: ListTarget,
  survivors: readonly number[],
): readonly Cut[] | Refused {
  const column = columnOf(page.text, (node.items[0] as ListItem).dash as number);
  const gap = gapOf(page, node);
  const cuts: Cut[] = [];
  for (const [index, items] of target.inserts) {
    const before = survivors.findLast((survivor) => survivor < index);
    for (const { value, by } of items) {
      const lines = itemLines(value, page.layout, gap);
      if (lines === undefined) return unwritable(node.start);
      if (before === undefined) cuts.push(insertAbove(page, node.items[survivors[0] as number] as ListItem, lines, by));
      else cuts.push(insertBelow(page, itemEnd(page, node.items[before] as ListItem), linesAt(lines, column), by));
    }
  }
  return cuts;
}

function unwritable(offset: number): Refused {
  return refused("unsupported", "the live value holds what YAML cannot write", offset);
}

function linesAt(lines: readonly string[], column: number): readonly string[] {
  const spaces = " ".repeat(column);
  return lines.map((line) => (line === "" ? line : spaces + line));
}

/** Whole lines behind the line in which `offset` stands. */
function insertBelow(page: Page, offset: number, lines: readonly string[], by: ReadonlySet<number>): Cut {
  const { text, newline } = page;
  const at = nextLine(text, offset);
  const joined = lines.join(newline);
  const atEnd = at === text.length && text[at - 1] !== "\n";
  return { start: at, end: at, text: atEnd ? newline + joined : joined + newline, by };
}

function insertAbove(page: Page, item: ListItem, lines: readonly string[], by: ReadonlySet<number>): Cut {
  const dash = item.dash as number;
  const spaces = " ".repeat(columnOf(page.text, dash));
  const text = lines.map((line, index) => (index === 0 || line === "" ? line : spaces + line)).join(page.newline);
  return { start: dash, end: dash, text: text + page.newline + spaces, by };
}

interface Part {
  readonly start: number;
  /** Where its content ends; a comment may follow on the line. */
  readonly end: number;
  readonly removedBy: ReadonlySet<number> | undefined;
}

/**
 * Removes entries or items line by line. What stands first behind a dash shares its line: the part that comes
 * next moves up to it, unless comments stand between.
 */
function removals(page: Page, parts: readonly Part[]): readonly Cut[] {
  const { text } = page;
  const cuts: Cut[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.removedBy === undefined) continue;
    if (isFirstOnLine(text, part.start)) {
      cuts.push({ start: lineStart(text, part.start), end: nextLine(text, part.end), text: "", by: part.removedBy });
      continue;
    }
    const next = parts[index + 1];
    const stays = next !== undefined && next.removedBy === undefined;
    if (stays && text.slice(lineEnd(text, part.end), next.start).trim() === "") {
      cuts.push({ start: part.start, end: next.start, text: "", by: part.removedBy });
    } else {
      const spaces = /[ ]*$/.exec(text.slice(lineStart(text, part.start), part.start))?.[0].length ?? 0;
      cuts.push({ start: part.start - spaces, end: lineEnd(text, part.end), text: "", by: part.removedBy });
    }
  }
  return cuts;
}

function entryEnd(page: Page, entry: MapEntry): number {
  const { value } = entry;
  if (value.kind === "scalar" && value.style === "empty")
    return afterProperties(entry.afterColon ?? entry.keyEnd, value);
  return contentEnd(page.text, value);
}

function itemEnd(page: Page, item: ListItem): number {
  const { value } = item;
  const dash = (item.dash as number) + 1;
  if (value.kind === "scalar" && value.style === "empty") return afterProperties(dash, value);
  return Math.max(dash, contentEnd(page.text, value));
}

/** An empty value with an anchor or a tag ends behind them. */
function afterProperties(offset: number, value: SourceNode): number {
  return value.anchor === undefined && value.tag === undefined ? offset : Math.max(offset, value.start);
}

function entrySlot(page: Page, entry: MapEntry): Slot {
  return { kind: "entry", after: entry.afterColon ?? entry.keyEnd, column: columnOf(page.text, entry.keyStart) };
}

function itemSlot(page: Page, item: ListItem): Slot {
  const dash = item.dash as number;
  return { kind: "item", after: dash + 1, column: columnOf(page.text, dash) };
}

/** Spaces behind the siblings' dashes, where they hold maps or lists on the dash's line. */
function gapOf(page: Page, node: ListNode): number {
  const item = node.items.find(({ value }) => value.kind !== "scalar");
  if (item?.dash === undefined) return 1;
  const { text } = page;
  const spaces = /^ +(?=\S)/.exec(text.slice(item.dash + 1, lineEnd(text, item.dash)))?.[0].length ?? 1;
  return spaces <= 8 ? spaces : 1;
}
