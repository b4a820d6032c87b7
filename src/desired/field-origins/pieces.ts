/** What of a file may be what a value of something rendered comes from: a whole scalar, or the part of one that holds it. */

import type { Scalar } from "../../core/value.ts";
import { baseName } from "../paths.ts";
import { KUSTOMIZATION_FILES } from "../kustomization.ts";
import { actionsOf } from "./actions.ts";
import type { Action } from "./actions.ts";
import { isWithinReach, writtenAt } from "./focus.ts";
import type { Focus } from "./focus.ts";
import { writtenRule } from "./rules.ts";
import type { WrittenScalar } from "./scalars.ts";

/** A stretch of a file that a dye can take the place of. */
export interface Piece {
  readonly file: string;
  /** `[start, end)` in the file's text. */
  readonly start: number;
  readonly end: number;
  /** What stands there, as it is read. */
  readonly text: string;
  readonly kind: "text" | "boolean";
  /** Put before and after the dye: quotes, a line's end, the colon of a tag that was not there. */
  readonly before: string;
  readonly after: string;
  /** A part of what the dye is read with: `:` of a tag that was not there. */
  readonly lead: string;
  /** Changing it may change more than values: it is only ever changed by itself. */
  readonly alone: boolean;
  /** Absent of what is no YAML. */
  readonly scalar?: WrittenScalar;
  readonly place: "yaml" | "template" | "line" | "file";
  /** It is written in Base64, as `data` of Secrets are. */
  readonly encoded?: true;
  /** It has the name of a variable in it, of which the value is put in by Flux. */
  readonly variable?: true;
  /** Lines that end the text: the dye has them behind it, too. */
  readonly ends?: string;
  /** What works the text out, in a template: `text` is what came of it. */
  readonly workedOut?: true;
  /** A word of a line that is written out as it comes out: it stands for all of the line. */
  readonly line?: true;
  /** Of a line: what the line gives a value to. */
  readonly key?: string;
}

export interface Wanted {
  readonly text: string;
  /** It names an image: its name is never changed, since kustomize finds images by it. */
  readonly image: boolean;
  /** Only a digest is known of the value: what gives it goes by its name. */
  readonly hidden?: { readonly key: string };
  /** The stretch of the value that is looked for; absent: all of it. */
  readonly focus?: Focus;
}

export function wantedOf(
  value: Scalar,
  { lastField, hidden, focus }: { readonly lastField: string; readonly hidden: boolean; readonly focus?: Focus },
): Wanted {
  return {
    text: String(value),
    image: lastField === "image",
    ...(hidden ? { hidden: { key: lastField } } : {}),
    ...(focus === undefined ? {} : { focus }),
  };
}

export function pieceOfScalar(scalar: WrittenScalar, wanted: Wanted): Piece | undefined {
  const { value } = scalar;
  if (value === null) return undefined;
  const rule = writtenRule(scalar);
  if (rule === "never") return undefined;
  const alone = rule === "alone";
  // kustomize takes off what ends a patch, and with it what ends the text that the patch ends with; a template, what ends a block.
  const own = `${wanted.text}\n` === value ? wanted.text : String(value);
  if (own.startsWith("ENC[")) return undefined;
  if (wanted.hidden !== undefined) return hiddenPiece(scalar, wanted.hidden.key);
  if (own === wanted.text || (own.length > 3 && Buffer.from(own).toString("base64") === wanted.text)) {
    if (typeof value === "boolean") return { ...whole(scalar, own), kind: "boolean", alone: true };
    if (wanted.image) return imagePiece(scalar, { offset: 0, text: own, alone, name: namesImage(wanted) });
    return {
      ...(own === wanted.text ? withEnd(whole(scalar, own)) : whole(scalar, own)),
      alone: alone || own === "",
      ...(isBooleanText(own) ? { kind: "boolean", alone: true } : {}),
    };
  }
  // Of a long text only what gives the line that differs; of a short one all that gives a part of it.
  const line = wanted.focus?.line;
  const within = line === undefined ? placeOf(wanted.text, own) : placeWithin(wanted.text, own, wanted.focus);
  if (typeof value === "boolean")
    return within === undefined || line === undefined
      ? undefined
      : { ...whole(scalar, own), kind: "boolean", alone: true };
  if (within !== undefined && (own.length > 1 || line !== undefined)) {
    return wanted.image && lastKey(scalar) === "image"
      ? imagePiece(scalar, { offset: 0, text: own, alone, name: namesImage(wanted) })
      : { ...whole(scalar, own), alone };
  }
  const holding = wanted.text.length < 2 ? afterSign(own, wanted.text) : placeOf(own, wanted.text);
  if (holding === undefined || scalar.textStart === undefined) return undefined;
  if (wanted.image) return imagePiece(scalar, { offset: holding, text: wanted.text, alone, name: namesImage(wanted) });
  return isBooleanText(wanted.text)
    ? { ...partly(scalar, holding, wanted.text), kind: "boolean", alone: true }
    : { ...partly(scalar, holding, wanted.text), alone };
}

/** The field in the object's own manifest, where it has a variable: with another text there, the field is that text. */
export function pieceOfVariable(scalar: WrittenScalar): Piece | undefined {
  const { value } = scalar;
  if (typeof value !== "string" || !value.includes("${") || writtenRule(scalar) === "never") return undefined;
  return { ...whole(scalar, value), alone: true, variable: true };
}

function isBooleanText(text: string): boolean {
  return text === "true" || text === "false";
}

function whole(scalar: WrittenScalar, text: string): Piece {
  const { file, start, end, textStart, value, style } = scalar;
  const common = { file, text, kind: "text", lead: "", alone: false, scalar, place: "yaml" } as const;
  if (textStart !== undefined && text !== "") {
    return { ...common, start: textStart, end: textStart + text.length, before: "", after: "" };
  }
  const quote = typeof value === "string" ? '"' : "";
  // A block ends with its last line.
  const after = style === "literal" || style === "folded" ? `${quote}\n` : quote;
  return { ...common, start, end, before: quote, after };
}

/** A dye ends as the text does: what puts it in may take lines off, or add one. */
function withEnd(piece: Piece): Piece {
  const ends = /\n*$/.exec(piece.text)?.[0] ?? "";
  if (ends === "" || piece.before !== '"') return piece;
  const after = `${ends.replaceAll("\n", "\\n")}${piece.after}`;
  return { ...piece, text: piece.text.slice(0, -ends.length), after, ends };
}

function partly(scalar: WrittenScalar, offset: number, text: string): Piece {
  const start = (scalar.textStart ?? scalar.start) + offset;
  return {
    file: scalar.file,
    start,
    end: start + text.length,
    text,
    kind: "text",
    before: "",
    after: "",
    lead: "",
    alone: false,
    scalar,
    place: "yaml",
  };
}

const IMAGE = /^([^\s@]+?)(?::([\w][\w.-]{0,127}))?(?:@sha256:([0-9a-f]{64}))?$/;

/** Whether the cluster has another image, and not only another tag of it. */
function namesImage({ text, focus }: Wanted): boolean {
  const [, name = "", tag, digest] = IMAGE.exec(text) ?? [];
  return focus !== undefined && (tag ?? digest) !== undefined && focus.end <= name.length;
}

interface WrittenImage {
  readonly offset: number;
  readonly text: string;
  readonly alone: boolean;
  /** It is the name that is looked for. */
  readonly name: boolean;
}

/** The digest, or the tag, or where a tag would stand; or the name, which is never changed together with something else. */
function imagePiece(scalar: WrittenScalar, { offset, text, alone, name: named }: WrittenImage): Piece | undefined {
  const found = IMAGE.exec(text);
  if (found === null || scalar.textStart === undefined) return undefined;
  const [, name = "", tag, digest] = found;
  if (named) return { ...partly(scalar, offset, name), alone: true };
  if (digest !== undefined) return { ...partly(scalar, offset + text.length - digest.length, digest), alone };
  if (tag !== undefined) return { ...partly(scalar, offset + name.length + 1, tag), alone };
  return { ...partly(scalar, offset + text.length, ""), lead: ":", alone };
}

function hiddenPiece(scalar: WrittenScalar, key: string): Piece | undefined {
  const own = String(scalar.value);
  if (isAlike(lastKey(scalar), key)) {
    const encoded = scalar.document.kind === "Secret" && scalar.path.at(-2) === "data";
    return { ...whole(scalar, own), alone: true, ...(encoded ? { encoded } : {}) };
  }
  const sign = own.indexOf("=");
  if (own.slice(0, sign) !== key || scalar.textStart === undefined || sign < 1) return undefined;
  return { ...partly(scalar, sign + 1, own.slice(sign + 1)), alone: true };
}

/** A template may call `adminPassword` what comes out as `admin-password`. */
function isAlike(written: string, key: string): boolean {
  return written === key || (plain(key) !== "" && plain(written) === plain(key));
}

function plain(text: string): string {
  return text.replaceAll(/[-_.]/g, "").toLowerCase();
}

function lastKey({ path }: WrittenScalar): string {
  const last = path.findLast((step) => typeof step === "string");
  return typeof last === "string" ? last : "";
}

/** Where the text holds the part as a word of its own; the last place. */
function placeOf(text: string, part: string): number | undefined {
  if (part === "" || part.length > text.length) return undefined;
  for (let at = text.lastIndexOf(part); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(part, at - 1)) {
    const before = text[at - 1] ?? " ";
    const behind = text[at + part.length] ?? " ";
    if (!/[A-Za-z0-9]/.test(before) && !/[A-Za-z0-9]/.test(behind)) return at;
  }
  return undefined;
}

/** Some place where the part, as a word of its own, gives what is looked for. */
function placeWithin(text: string, part: string, focus: Focus | undefined): number | undefined {
  if (part === "" || focus === undefined) return undefined;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    const [before, behind] = [text[at - 1] ?? " ", text[at + part.length] ?? " "];
    if (/[A-Za-z0-9]/.test(before) || /[A-Za-z0-9]/.test(behind)) continue;
    if (isWithinReach(focus, at, at + part.length, part)) return at;
  }
  return undefined;
}

function afterSign(text: string, value: string): number | undefined {
  const sign = text.indexOf("=");
  return sign > 0 && value !== "" && text.slice(sign + 1) === value ? sign + 1 : undefined;
}

/** A generator's file: the whole of it, or a line that gives the value to a name. */
export function piecesOfText(file: string, text: string, wanted: Wanted): readonly Piece[] {
  const common = { file, kind: "text", before: "", after: "", lead: "" } as const;
  const { hidden } = wanted;
  if (hidden !== undefined ? baseName(file) === hidden.key : text === wanted.text && text !== "") {
    const alone = hidden !== undefined || KUSTOMIZATION_FILES.some((name) => name === baseName(file));
    return [{ ...common, start: 0, end: text.length, text, alone, place: "file" }];
  }
  if (/\.(?:ya?ml|json|tgz|tpl)$/.test(file)) return [];
  const found: Piece[] = [];
  for (const match of text.matchAll(/^[ \t]*([A-Za-z_][\w.-]*)=(.*)$/gm)) {
    const [line, key = "", written = ""] = match;
    const value = written.replace(/\r$/, "");
    if (value === "" || (hidden === undefined ? value !== wanted.text : key !== hidden.key)) continue;
    const start = match.index + line.length - written.length;
    found.push({
      ...common,
      start,
      end: start + value.length,
      text: value,
      alone: hidden !== undefined,
      place: "line",
      key,
    });
    if (found.length >= MAX_LINES) break;
  }
  found.push(...piecesOfLines({ file, text, start: 0, place: "line" }, wanted));
  return found.map((one) => (isBooleanText(one.text) ? { ...one, kind: "boolean", alone: true } : one));
}

interface Lines {
  readonly file: string;
  readonly text: string;
  /** Of the text in the file. */
  readonly start: number;
  readonly place: Piece["place"];
  readonly scalar?: WrittenScalar;
}

/** Of a text of several lines: the words of lines that write the one out that differs. */
function piecesOfLines({ file, text, start, place, scalar }: Lines, { focus, hidden }: Wanted): readonly Piece[] {
  const line = focus?.line;
  if (line === undefined || line.insertion || hidden !== undefined || line.text === "") return [];
  const found: Piece[] = [];
  let at = start;
  for (const written of text.split("\n")) {
    const word = writtenAt(written, line);
    if (word !== undefined && found.length < MAX_LINES) {
      const own = written.slice(word.start, word.end);
      found.push({
        file,
        start: at + word.start,
        end: at + word.end,
        text: own,
        kind: isBooleanText(own) ? "boolean" : "text",
        before: "",
        after: "",
        lead: "",
        alone: isBooleanText(own),
        place,
        ...(written.trim() === line.text ? { line: true as const } : {}),
        ...(scalar === undefined ? {} : { scalar }),
      });
    }
    at += written.length + 1;
  }
  return found;
}

/** The same of a text that stands in YAML as a block, and is not the value itself. */
export function piecesOfBlock(text: string, scalar: WrittenScalar, wanted: Wanted): readonly Piece[] {
  if (scalar.style !== "literal" && scalar.style !== "folded") return [];
  const rule = writtenRule(scalar);
  if (rule === "never" || scalar.value === wanted.text || String(scalar.value).startsWith("ENC[")) return [];
  const { file, start, end } = scalar;
  const found = piecesOfLines({ file, text: text.slice(start, end), start, place: "yaml", scalar }, wanted);
  return found.map((one) => ({ ...one, alone: one.alone || rule === "alone" }));
}

const MAX_LINES = 50;

/** What a template writes outside of its actions, or in quotes within one. */
export function piecesOfTemplate(file: string, text: string, given: Wanted): readonly Piece[] {
  const { text: wanted, hidden, image, focus } = given;
  if (focus?.line !== undefined) return piecesOfLines({ file, text, start: 0, place: "template" }, given);
  const actions = actionsOf(text);
  if (hidden !== undefined) return hiddenIn(file, text, { key: hidden.key, actions });
  if (wanted === "" || wanted.includes("\n")) return [];
  const found: Piece[] = [];
  let next = 0;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    const before = text[at - 1] ?? "\n";
    const behind = text[end] ?? "\n";
    while ((actions[next]?.end ?? Infinity) <= at) next += 1;
    const inAction = (actions[next]?.start ?? Infinity) < end;
    const own = inAction ? before === '"' && behind === '"' : /[\s"':=]/.test(before) && /[\s"',;{]/.test(behind);
    // A key is none of the values; and a comment is read by nobody.
    const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
    if (!own || behind === ":" || /^(?:\s*#|(?:apiVersion|kind):)/.test(line)) continue;
    // It may be what an object is called, or is.
    const names = /(?:^|\s)(?:name|kind|apiVersion):\s*["']?$/.test(line);
    const boolean = isBooleanText(wanted);
    const common = {
      file,
      kind: boolean ? "boolean" : "text",
      before: "",
      after: "",
      lead: "",
      place: "template",
    } as const;
    const digits = /^-?\d+$/.test(wanted);
    // A number that stands in the midst of a template may be one of indentation.
    if (inAction && digits) continue;
    if (image && IMAGE.exec(wanted)?.[2] === undefined) continue;
    found.push({ ...common, start: at, end, text: wanted, alone: boolean || names });
    if (found.length >= MAX_LINES) break;
  }
  return found;
}

/** What a template writes out under the name that a secret value has. */
function hiddenIn(
  file: string,
  text: string,
  { key, actions }: { readonly key: string; readonly actions: readonly Action[] },
): readonly Piece[] {
  const found: Piece[] = [];
  let next = 0;
  for (const match of text.matchAll(/^[ \t]*(["']?)([\w.-]+)\1:[ \t]+(["']?)([^\s"'|>{&*][^\s"']*)\3[ \t]*$/gm)) {
    const [line, , name, quote = "", written = ""] = match;
    if (name !== key) continue;
    const start = match.index + line.trimEnd().length - quote.length - written.length;
    const end = start + written.length;
    while ((actions[next]?.end ?? Infinity) <= start) next += 1;
    if ((actions[next]?.start ?? Infinity) < end || found.length >= MAX_LINES) continue;
    const common = { file, kind: "text", before: "", after: "", lead: "", place: "template", encoded: true } as const;
    found.push({ ...common, start, end, text: written, alone: true });
  }
  return found;
}
