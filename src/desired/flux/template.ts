/**
 * The language of Flux's substitution, read as fluxcd `pkg/envsubst` v1.8.0 reads it (`parse/scan.go`, `parse/parse.go`):
 * bash's parameter expansion with exceptions of its own, each of which is kept, as a text is deployed the way Flux reads it.
 */

import { fromBytes, runeAt } from "./byte-text.ts";
import { SubstitutionRefused } from "./work.ts";

export type Part = TextPart | VariableUse;

export interface TextPart {
  readonly kind: "text";
  /** Bytes, as are all texts here but names. */
  readonly bytes: string;
}

/** `${name}`, or with an operator behind the name: `${name:-a}` is `:-` of `a`; `${#name}` is `#` of nothing. */
export interface VariableUse {
  readonly kind: "use";
  readonly name: string;
  readonly operator: string;
  readonly args: readonly Part[];
  /** Of its `$`, in bytes. */
  readonly at: number;
}

// Flux has no limit; nobody nests by hand as deep as this.
const MAX_NESTING = 100;

/** The parts of a text, in order. Throws {@link SubstitutionRefused} where Flux refuses the text. */
export function parseTemplate(bytes: string): readonly Part[] {
  // To Flux's scanner a NUL is the end, whatever follows.
  const nul = bytes.indexOf("\0");
  const scanner = new Scanner(nul < 0 ? bytes : bytes.slice(0, nul));
  const parts: Part[] = [];
  for (;;) {
    const text = scanner.plain();
    if (text !== "") parts.push({ kind: "text", bytes: text });
    if (scanner.peek() === "") return parts;
    parts.push(parseUse(scanner, 0));
  }
}

/** What stands in `${…}`, from its `$` to behind its `}`. */
function parseUse(scanner: Scanner, nesting: number): VariableUse {
  const start = scanner.at;
  const args: Part[] = [];
  const arg = (stops: string, escapes = false): void => {
    args.push(parseArg(scanner, { stops, escapes, nesting, start }));
  };
  const refuse = (why: string): never => refused(why, start);
  const done = (name: string, operator: string): VariableUse => {
    if (scanner.take("}", 1) === "") refuse("has no closing brace where one is expected");
    return { kind: "use", name, operator, args, at: start };
  };
  if (nesting > MAX_NESTING) refuse(`stands in more than ${MAX_NESTING} others`);
  scanner.at += 2;
  const length = scanner.take("#", 1);
  const name = scanner.name();
  if (name === "") refuse("begins with no name");
  if (length !== "") return done(name, length);
  switch (scanner.peek()) {
    case ":":
      return isDefault(scanner) ? defaulted(":") : slice();
    case "=":
      return defaulted("");
    case ",":
    case "^":
      return done(name, scanner.take(",^", 2));
    case "/":
      return replace();
    case "#":
      return trim("#");
    case "%":
      return trim("%");
    default:
      return done(name, "");
  }

  function defaulted(colon: string): VariableUse {
    const operator = scanner.take(":", colon.length) + scanner.take("=-?+", 1);
    while (scanner.peek() !== "}") arg("}");
    return done(name, operator);
  }

  function slice(): VariableUse {
    const operator = scanner.take(":", 1);
    // Flux's scanner looks ahead, and steps back by the width of what it saw.
    if (scanner.peek() > "\x7f") refuse("is cut at what is no number");
    arg(":}");
    // Any number of colons is one.
    if (scanner.take(":", Infinity) !== "") arg("}");
    return done(name, operator);
  }

  function replace(): VariableUse {
    const operator = scanner.take("/", 1) + scanner.take("/#%", 1);
    arg("/", true);
    // Any number of slashes is one.
    if (scanner.take("/", Infinity) === "") refuse("names nothing to replace by");
    if (scanner.peek() !== "}") arg("}", true);
    return done(name, operator);
  }

  function trim(sign: string): VariableUse {
    const operator = scanner.take(sign, 2);
    arg("}");
    return done(name, operator);
  }
}

function isDefault(scanner: Scanner): boolean {
  const next = scanner.text[scanner.at + 1] ?? "";
  return next !== "" && "=-?+".includes(next);
}

interface ArgOptions {
  readonly stops: string;
  readonly escapes: boolean;
  readonly nesting: number;
  readonly start: number;
}

/** One variable or some text, never both and never nothing: only a default is several of them. */
function parseArg(scanner: Scanner, { stops, escapes, nesting, start }: ArgOptions): Part {
  if (scanner.opens()) return parseUse(scanner, nesting + 1);
  const bytes = scanner.until(stops, escapes);
  return bytes === "" ? refused("lacks what its operator needs", start) : { kind: "text", bytes };
}

function refused(why: string, at: number): never {
  throw new SubstitutionRefused(`a variable ${why}`, at);
}

class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Empty at the end. */
  peek(): string {
    return this.text[this.at] ?? "";
  }

  opens(): boolean {
    return this.text.startsWith("${", this.at);
  }

  /** Text outside of all variables, up to the next one or the end: `$$` is a dollar that begins none. */
  plain(): string {
    const pieces: string[] = [];
    for (;;) {
      const dollar = this.text.indexOf("$", this.at);
      if (dollar < 0 || this.text[dollar + 1] === "{") {
        const end = dollar < 0 ? this.text.length : dollar;
        pieces.push(this.text.slice(this.at, end));
        this.at = end;
        return pieces.join("");
      }
      pieces.push(this.text.slice(this.at, dollar + 1));
      this.at = dollar + (this.text[dollar + 1] === "$" ? 2 : 1);
    }
  }

  /** As many of these characters as there are, up to so many. */
  take(set: string, most: number): string {
    const start = this.at;
    while (this.at - start < most && this.at < this.text.length && set.includes(this.peek())) this.at++;
    return this.text.slice(start, this.at);
  }

  /** Text up to one of these characters, a variable or the end. Escapes: `$$`, `\/` and `\\`. */
  until(stops: string, escapes: boolean): string {
    const pieces: string[] = [];
    let start = this.at;
    for (; this.at < this.text.length && !this.opens(); this.at++) {
      const next = this.text[this.at + 1];
      const char = this.peek();
      if (escapes && ((char === "$" && next === "$") || (char === "\\" && (next === "/" || next === "\\")))) {
        pieces.push(this.text.slice(start, this.at));
        start = ++this.at;
      } else if (stops.includes(char)) {
        break;
      }
    }
    pieces.push(this.text.slice(start, this.at));
    return pieces.join("");
  }

  /** Letters, digits and `_`, of any script: a name that no variable can have is one all the same. */
  name(): string {
    const start = this.at;
    while (this.at < this.text.length) {
      const { code, width } = runeAt(this.text, this.at);
      if (!/^[\p{L}\p{Nd}_]$/u.test(String.fromCodePoint(code))) break;
      this.at += width;
    }
    return fromBytes(this.text.slice(start, this.at)) ?? "";
  }
}
