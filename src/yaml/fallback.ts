/** The slow path, for what js-yaml refuses and Kubernetes takes: `yaml`'s nodes drive the same builder. */

import type { Scalar } from "yaml";
import { MAX_DEPTH } from "../core/value.ts";
import { createBuilder, YamlError } from "./build.ts";
import type { Built, NodeSink } from "./build.ts";
import { yamlLibrary } from "./library.ts";
import type { YamlLibrary } from "./library.ts";

// "failsafe" leaves every scalar the text that it is: the builder resolves it.
const OPTIONS = {
  version: "1.1",
  schema: "failsafe",
  merge: false,
  strict: false,
  uniqueKeys: false,
  logLevel: "silent",
  prettyErrors: false,
} as const;

/** The first document of the text; an empty text is `null`. Throws {@link YamlError}. */
export function readSlowly(text: string): Built {
  const builder = createBuilder();
  const yaml = yamlLibrary();
  const parsed = yaml.parseAllDocuments(text, OPTIONS);
  const document = Array.isArray(parsed) ? parsed[0] : undefined;
  if (document === undefined) return builder.result();
  const [error] = document.errors;
  if (error !== undefined) throw new YamlError(error.code.toLowerCase().replaceAll("_", " "), error.pos[0]);
  feed({ yaml, sink: builder }, document.contents, 0);
  return builder.result();
}

interface Feeding {
  readonly yaml: YamlLibrary;
  readonly sink: NodeSink;
}

function feed(to: Feeding, node: unknown, depth: number): void {
  const { yaml, sink } = to;
  if (depth > MAX_DEPTH + 1) throw new YamlError(`nested deeper than ${MAX_DEPTH} levels`, 0);
  if (yaml.isScalar(node)) {
    feedScalar(sink, node);
  } else if (yaml.isAlias(node)) {
    sink.alias(node.source, node.range?.[0] ?? 0);
  } else if (yaml.isMap(node)) {
    sink.open("map", node.range?.[0] ?? 0, node.anchor);
    for (const { key, value } of node.items) {
      feed(to, key, depth + 1);
      feed(to, value, depth + 1);
    }
    sink.close();
  } else if (yaml.isSeq(node)) {
    sink.open("list", node.range?.[0] ?? 0, node.anchor);
    for (const item of node.items) feed(to, item, depth + 1);
    sink.close();
  } else {
    sink.plain("", 0);
  }
}

function feedScalar(sink: NodeSink, node: Scalar): void {
  const plain = node.type === "PLAIN" || node.type === undefined;
  const text = typeof node.value === "string" ? node.value : "";
  sink.scalar({ text, plain, tag: node.tag, anchor: node.anchor, offset: node.range?.[0] ?? 0 });
}
