/** The fast path: js-yaml's parser (its events, not its values) drives the builder. */

import { COLLECTION_STYLE, EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from "js-yaml";
import type { Event, MappingEvent, ScalarEvent, SequenceEvent } from "js-yaml";
import { MAX_DEPTH } from "../core/value.ts";
import { createBuilder, YamlError } from "./build.ts";
import type { Built, NodeSink } from "./build.ts";
import { fullTag } from "./tags.ts";
import type { TextPool } from "./text-pool.ts";

const NONE = -1;
// js-yaml also counts the scalar in the innermost collection; the builder has the exact limit.
const PARSER_DEPTH = MAX_DEPTH + 2;

/** What an event needs to know of those before it. */
interface State {
  readonly text: string;
  readonly sink: NodeSink;
  readonly keep: TextPool;
  /** Flow collections that are open. */
  flow: number;
  /** End of the last plain scalar. */
  plainEnd: number;
}

const CLOSES_DOCUMENT = 0;
const CLOSES_BLOCK = 1;
const CLOSES_FLOW = 2;

/** The first document of the text; an empty text is `null`. Throws {@link YamlError}. */
export function readFast(text: string, keep: TextPool = (part) => part): Built {
  const builder = createBuilder();
  const state: State = { text, sink: builder, keep, flow: 0, plainEnd: NONE };
  const closes: number[] = [];
  for (const event of parse(text)) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        closes.push(CLOSES_DOCUMENT);
        break;
      case EVENT_ID.SCALAR:
        feedScalar(state, event);
        break;
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE: {
        const flow = event.style === COLLECTION_STYLE.FLOW;
        if (flow) state.flow++;
        closes.push(flow ? CLOSES_FLOW : CLOSES_BLOCK);
        builder.open(event.type === EVENT_ID.MAPPING ? "map" : "list", startOf(event), anchorOf(text, event));
        break;
      }
      case EVENT_ID.ALIAS:
        builder.alias(anchorName(text, event.anchorStart, event.anchorEnd), event.anchorStart - 1);
        break;
      case EVENT_ID.POP: {
        const closed = closes.pop();
        // Kubernetes reads the first document between two separators and passes over what follows its `...`.
        if (closed === CLOSES_DOCUMENT) return builder.result();
        if (closed === CLOSES_FLOW) state.flow--;
        builder.close();
        break;
      }
    }
  }
  return builder.result();
}

function parse(text: string): readonly Event[] {
  try {
    return parseEvents(text, { maxDepth: PARSER_DEPTH });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const tooDeep = error.reason.startsWith("nesting exceeded");
    const reason = tooDeep ? `nested deeper than ${MAX_DEPTH} levels` : plainReason(error.reason);
    throw new YamlError(reason, error.mark?.position ?? 0, !tooDeep);
  }
}

/** Some reasons quote the text, which may be a secret: behind a colon, or between double quotes. */
function plainReason(reason: string): string {
  return reason
    .replace(/: .*$/s, "")
    .replace(/"[^]*"/, "")
    .trim();
}

function feedScalar(state: State, event: ScalarEvent): void {
  const { text, sink, keep } = state;
  const value = keep(event.fast ? text.slice(event.valueStart, event.valueEnd) : getScalarValue(text, event));
  const plain = event.style === SCALAR_STYLE.PLAIN;
  if (!plain && !event.fast && !value.isWellFormed()) {
    throw new YamlError("an escape stands for half a character", event.valueStart);
  }
  if (plain && state.flow > 0) checkFlowScalar(state, event, value);
  if (event.tagStart === NONE && event.anchorStart === NONE) {
    if (plain) sink.plain(value, event.valueStart);
    else sink.quoted(value, openingOf(event));
    return;
  }
  const tag = event.tagStart === NONE ? undefined : fullTag(text.slice(event.tagStart, event.tagEnd));
  sink.scalar({ text: value, plain, tag, anchor: anchorOf(text, event), offset: startOf(event) });
}

/** Between brackets, Kubernetes' reader (YAML 1.1) takes `?` and `:` for more than js-yaml (YAML 1.2) does. */
function checkFlowScalar(state: State, event: ScalarEvent, value: string): void {
  if (value.includes("?") || value.startsWith(":")) {
    throw new YamlError("a text with ? or : in it needs quotes between brackets", event.valueStart);
  }
  const { text, plainEnd } = state;
  if (event.valueStart === NONE && text[plainEnd] === ":" && ",[]{}".includes(text[plainEnd + 1] ?? " ")) {
    throw new YamlError("a colon without a blank behind it is part of the text", plainEnd);
  }
  state.plainEnd = event.valueEnd;
}

function anchorOf(text: string, event: ScalarEvent | MappingEvent | SequenceEvent): string | undefined {
  return event.anchorStart === NONE ? undefined : anchorName(text, event.anchorStart, event.anchorEnd);
}

function anchorName(text: string, start: number, end: number): string {
  const name = text.slice(start, end);
  if (!/^[\w-]+$/.test(name)) throw new YamlError("an anchor's name may have letters, digits, _ and - only", start);
  return name;
}

function startOf(event: ScalarEvent | MappingEvent | SequenceEvent): number {
  if (event.tagStart !== NONE) return event.tagStart;
  if (event.anchorStart !== NONE) return event.anchorStart - 1;
  return event.type === EVENT_ID.SCALAR ? openingOf(event) : event.start;
}

/** Where a scalar begins; a block's text, where it is a block. */
function openingOf(event: ScalarEvent): number {
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return quoted ? event.valueStart - 1 : event.valueStart;
}
