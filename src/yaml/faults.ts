/** Faults of reading. They say where, and quote nothing of the text: what stands there may be a secret. */

import type { Fault, SourcePosition } from "../core/fault.ts";

/** The place of an offset (UTF-16 units), lines ended by LF, CRLF or a lone CR. */
export function positionAt(text: string, offset: number, file: string): SourcePosition {
  const before = text.slice(0, offset);
  const breaks = before.match(/\r\n?|\n/g)?.length ?? 0;
  const lineStart = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1;
  return { file, line: breaks + 1, column: offset - lineStart + 1 };
}

/** A document that Kubernetes refuses. */
export function invalid(what: "YAML" | "JSON", reason: string, position: SourcePosition): Fault {
  return {
    kind: "fault",
    code: "yaml-invalid",
    about: position.file,
    message: `Kubernetes cannot read this as ${what}: ${reason}`,
    remedy: "correct the document; the other documents of the file are read",
    position,
    leavesUnknown: "declared",
  };
}

/** A key that stands twice in a map: the last value counts, and `kubectl` refuses it when it validates strictly. */
export function duplicateKey(position: SourcePosition): Fault {
  return {
    kind: "fault",
    code: "yaml-invalid",
    about: position.file,
    message: "a key stands twice in one map; its last value counts",
    remedy: "remove one of the two",
    position,
    leavesUnknown: "nothing",
  };
}

/** A key such as `on`, which YAML 1.2 and most editors take for text. The word is one of a few, and no secret. */
export function booleanKey(word: string, position: SourcePosition): Fault {
  const read = /^(?:y|yes|true|on)$/i.test(word) ? "true" : "false";
  return {
    kind: "fault",
    code: "yaml-invalid",
    about: position.file,
    message: `the key ${word} has no quotes: Kubernetes reads YAML 1.1, where it is a boolean, so that the key is called "${read}"`,
    remedy: `write "${word}" (with the quotes), or "${read}" if that is what is meant`,
    position,
    leavesUnknown: "nothing",
  };
}

export function tooLarge(file: string, maxBytes: number): Fault {
  return {
    kind: "fault",
    code: "file-too-large",
    about: file,
    message: `the file is larger than ${Math.floor(maxBytes / 1024 / 1024)} MB and was not read`,
    remedy: "split the file, or exclude it",
    leavesUnknown: "declared",
  };
}
