/** YAML that stands in YAML as a text (an inline patch, values of a chart): its places are places of the file. */

import type { ScalarNode } from "../../yaml/source-node.ts";

export interface Embedded {
  readonly text: string;
  /** The offset in the file of an offset in the text; `end` of what ends there. */
  readonly offsetOf: (offset: number, side: "start" | "end") => number;
}

/** `undefined` of what is neither a literal block nor a quoted line, or a block whose lines are not told by its first one. */
export function embeddedIn(file: string, node: ScalarNode): Embedded | undefined {
  if (node.style === "single" || node.style === "double") return quotedIn(file, node);
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

/** Longer ones are data. */
const MAX_QUOTED = 64 * 1024;

/** Only what begins as a list or a map in brackets does, or has lines: most texts in quotes are no more than texts. */
function quotedIn(file: string, { start, end, style, value }: ScalarNode): Embedded | undefined {
  if (typeof value !== "string" || value.length > MAX_QUOTED || !/^\s*(?:[[{]|- )|\n/.test(value)) return undefined;
  const places: number[] = [];
  let text = "";
  for (let at = start + 1; at < end - 1;) {
    const read = style === "single" ? singleAt(file, at) : doubleAt(file, at);
    if (read === undefined) return undefined;
    places.push(at);
    text += read.text;
    at += read.length;
  }
  places.push(end - 1);
  // What goes on over several lines is folded.
  if (text !== value) return undefined;
  return { text, offsetOf: (offset) => places[offset] as number };
}

interface ReadSign {
  readonly text: string;
  /** In the file. */
  readonly length: number;
}

function singleAt(file: string, at: number): ReadSign | undefined {
  const text = file[at] as string;
  if (text === "\n") return undefined;
  return { text, length: text === "'" ? 2 : 1 };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", '"': '"', "\\": "\\", "/": "/" };

function doubleAt(file: string, at: number): ReadSign | undefined {
  const text = file[at] as string;
  if (text === "\n") return undefined;
  if (text !== "\\") return { text, length: 1 };
  const meant = ESCAPES[file[at + 1] ?? ""];
  return meant === undefined ? undefined : { text: meant, length: 2 };
}
