/** The fast path: js-yaml's parser (its events, not its values) drives the builder. */

import { EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from "js-yaml";
import type { DocumentEvent, Event, MappingEvent, ScalarEvent, SequenceEvent } from "js-yaml";
import { MAX_DEPTH } from "../core/value.ts";
import { createBuilder, YamlError } from "./build.ts";
import type { Built, NodeSink } from "./build.ts";
import { fullTag } from "./tags.ts";

const NONE = -1;
// js-yaml also counts the scalar in the innermost collection; the builder has the exact limit.
const PARSER_DEPTH = MAX_DEPTH + 2;

/** The first document of the text; an empty text is `null`. Throws {@link YamlError}. */
export function readFast(text: string): Built {
  const events = parse(text);
  const builder = createBuilder();
  let handles: ReadonlyMap<string, string> = new Map();
  // Closing a document is an event like closing a collection.
  const depths: boolean[] = [];
  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        handles = handlesOf(event);
        depths.push(false);
        break;
      case EVENT_ID.SCALAR:
        feedScalar(builder, text, event, handles);
        break;
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE:
        builder.open(event.type === EVENT_ID.MAPPING ? "map" : "list", startOf(event), anchorOf(text, event));
        depths.push(true);
        break;
      case EVENT_ID.ALIAS:
        builder.alias(text.slice(event.anchorStart, event.anchorEnd), event.anchorStart - 1);
        break;
      case EVENT_ID.POP:
        // Kubernetes reads the first document between two separators and passes over what follows its `...`.
        if (depths.pop() !== true) return builder.result();
        builder.close();
        break;
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

/** Some reasons quote the text, which may be a secret: all that js-yaml puts into a reason stands after a colon or between double quotes. */
function plainReason(reason: string): string {
  return reason
    .replace(/: .*$/s, "")
    .replace(/"[^]*"/, "")
    .trim();
}

function feedScalar(sink: NodeSink, text: string, event: ScalarEvent, handles: ReadonlyMap<string, string>): void {
  const value = event.fast ? text.slice(event.valueStart, event.valueEnd) : getScalarValue(text, event);
  const plain = event.style === SCALAR_STYLE.PLAIN;
  if (!plain && !event.fast && !value.isWellFormed()) {
    throw new YamlError("an escape stands for half a character", event.valueStart);
  }
  if (event.tagStart === NONE && event.anchorStart === NONE) {
    if (plain) sink.plain(value, event.valueStart);
    else sink.quoted(value, event.valueStart);
    return;
  }
  const tag = event.tagStart === NONE ? undefined : fullTag(text.slice(event.tagStart, event.tagEnd), handles);
  sink.scalar({ text: value, plain, tag, anchor: anchorOf(text, event), offset: startOf(event) });
}

function anchorOf(text: string, event: ScalarEvent | MappingEvent | SequenceEvent): string | undefined {
  return event.anchorStart === NONE ? undefined : text.slice(event.anchorStart, event.anchorEnd);
}

function startOf(event: ScalarEvent | MappingEvent | SequenceEvent): number {
  if (event.tagStart !== NONE) return event.tagStart;
  if (event.anchorStart !== NONE) return event.anchorStart - 1;
  return event.type === EVENT_ID.SCALAR ? event.valueStart : event.start;
}

function handlesOf(event: DocumentEvent): ReadonlyMap<string, string> {
  const handles = new Map<string, string>();
  for (const directive of event.directives) {
    if (directive.kind === "tag") handles.set(directive.handle, directive.prefix);
    // The only version that Kubernetes' reader takes.
    else if (directive.version !== "1.1") throw new YamlError("the document asks for a YAML version other than 1.1", 0);
  }
  return handles;
}
