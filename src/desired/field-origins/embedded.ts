/** YAML that stands in YAML as a block of text (an inline patch, values of a chart): its places are places of the file. */

import type { ScalarNode } from "../../yaml/source-node.ts";

export interface Embedded {
  readonly text: string;
  /** The offset in the file of an offset in the text; `end` of what ends there. */
  readonly offsetOf: (offset: number, side: "start" | "end") => number;
}

/** `undefined` of what is no literal block, or one whose lines are not told by its first one. */
export function embeddedIn(file: string, node: ScalarNode): Embedded | undefined {
  if (node.style !== "literal") return undefined;
  const source = file.slice(node.start, node.end);
  if (source.includes("\r")) return undefined;
  const header = /^\|[+-]?[ \t]*(?:#[^\n]*)?\n/.exec(source)?.[0];
  const indent = header === undefined ? undefined : /^(?: *\n)*( *)\S/.exec(source.slice(header.length))?.[1]?.length;
  if (header === undefined || indent === undefined) return undefined;
  const starts: number[] = [];
  const places: number[] = [];
  const lines: string[] = [];
  let place = node.start + header.length;
  let start = 0;
  for (const line of source.slice(header.length).replace(/\n$/, "").split("\n")) {
    const text = line.slice(Math.min(indent, line.length));
    starts.push(start);
    places.push(place + Math.min(indent, line.length));
    lines.push(text);
    start += text.length + 1;
    place += line.length + 1;
  }
  const at = (offset: number): number => {
    const found = starts.findLastIndex((one) => one <= offset);
    return (places[found] as number) + offset - (starts[found] as number);
  };
  return {
    // A block in the block ends as the text does.
    text: `${lines.join("\n")}${source.endsWith("\n") && !header.includes("-") ? "\n" : ""}`,
    // What ends with a line ends there, and not where the next one begins.
    offsetOf: (offset, side) => (side === "start" || offset === 0 ? at(offset) : at(offset - 1) + 1),
  };
}
