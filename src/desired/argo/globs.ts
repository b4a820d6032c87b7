/**
 * The patterns that Argo CD takes, each by the rules of its own matcher. All become regular expressions of RE2, whose time is
 * linear in the text whatever the pattern.
 */

import { RE2JS } from "re2js";

/**
 * - `gobwas`: `directory.include` and `exclude` (github.com/gobwas/glob without separators): `*` crosses folders, `{a,b}`.
 * - `path`: git directories of an ApplicationSet (Go's `path.Match`): `*` stays within a folder.
 * - `pathspec`: git files of an ApplicationSet (`git ls-files`): `*` crosses folders; without wildcards, a file or a folder.
 * - `doublestar`: a release's values files: `*` stays within a folder, `**` crosses, `{a,b}`.
 */
export type GlobDialect = "gobwas" | "path" | "pathspec" | "doublestar";

const MAX_PATTERN = 1000;

/** `undefined` where it is no pattern, or too long: it then matches nothing. */
export function compileGlob(pattern: string, dialect: GlobDialect): ((text: string) => boolean) | undefined {
  if (pattern.length > MAX_PATTERN) return undefined;
  const regex = new Translation(pattern, dialect).regex();
  if (regex === undefined) return undefined;
  const tail = dialect === "pathspec" && !/[*?[\\]/.test(pattern) ? "(?:/.*)?" : "";
  try {
    const compiled = RE2JS.compile(`^(?:${regex})${tail}$`, RE2JS.DOTALL);
    return (text) => compiled.matcher(text).matches();
  } catch {
    return undefined;
  }
}

class Translation {
  readonly #chars: readonly string[];
  readonly #dialect: GlobDialect;
  #at = 0;
  #open = 0;

  constructor(pattern: string, dialect: GlobDialect) {
    // A pathspec that ends in a slash is a folder.
    this.#chars = Array.from(dialect === "pathspec" ? pattern.replace(/(?<!\\)\/+$/, "") : pattern);
    this.#dialect = dialect;
  }

  regex(): string | undefined {
    let regex = "";
    while (this.#at < this.#chars.length) {
      const part = this.#next();
      if (part === undefined) return undefined;
      regex += part;
    }
    // One dialect closes at its end what nothing closes.
    return this.#open === 0 ? regex : this.#dialect === "gobwas" ? regex + ")".repeat(this.#open) : undefined;
  }

  #next(): string | undefined {
    const char = this.#chars[this.#at++] as string;
    const braces = this.#dialect === "gobwas" || this.#dialect === "doublestar";
    switch (char) {
      case "\\":
        if (this.#at < this.#chars.length) return literal(this.#chars[this.#at++] as string);
        return this.#dialect === "gobwas" ? "" : undefined;
      case "*":
        return this.#star();
      case "?":
        return this.#crosses() ? "." : "[^/]";
      case "[":
        return this.#class();
      case "{":
        if (!braces) return literal(char);
        this.#open += 1;
        return "(?:";
      case "}":
        if (this.#open === 0) return braces && this.#dialect === "gobwas" ? undefined : literal(char);
        this.#open -= 1;
        return ")";
      case ",":
        return this.#open > 0 ? "|" : literal(char);
      default:
        return literal(char);
    }
  }

  #crosses(): boolean {
    return this.#dialect === "gobwas" || this.#dialect === "pathspec";
  }

  #star(): string {
    const start = this.#at - 1;
    while (this.#chars[this.#at] === "*") this.#at += 1;
    if (this.#crosses()) return ".*";
    const before = start === 0 || this.#chars[start - 1] === "/";
    const after = this.#chars[this.#at];
    if (this.#dialect !== "doublestar" || this.#at - start !== 2 || !before) return "[^/]*";
    if (after === undefined) return ".*";
    if (after !== "/") return "[^/]*";
    this.#at += 1;
    return "(?:.*/)?";
  }

  #class(): string | undefined {
    let inner = "";
    const negated = ["!", "^"].includes(this.#chars[this.#at] ?? "") && this.#dialect !== "path";
    const caret = this.#dialect === "path" && this.#chars[this.#at] === "^";
    if (negated || caret) this.#at += 1;
    for (let first = true; ; first = false) {
      const char = this.#chars[this.#at++];
      if (char === undefined) return undefined;
      if (char === "]" && !(first && this.#dialect === "pathspec")) break;
      if (char === "\\") {
        const next = this.#chars[this.#at++];
        if (next === undefined) return undefined;
        inner += inClass(next);
      } else {
        inner += char === "-" ? "-" : inClass(char);
      }
    }
    if (inner === "") return undefined;
    const slash = this.#crosses() ? "" : "/";
    // A folder's end is in no class where `*` does not cross it.
    return negated || caret ? `[^${inner}${slash}]` : `[${inner}]`;
  }
}

function literal(char: string): string {
  return char.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function inClass(char: string): string {
  return /[\\^\]\-[&~]/.test(char) ? `\\${char}` : char;
}
