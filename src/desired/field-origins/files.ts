/** The files that a field's value may come from, each read and looked through once. */

import { isFault } from "../../core/fault.ts";
import type { SourceTree } from "../../core/stages.ts";
import { decodeText } from "../../yaml/content.ts";
import { lineStarts, positionOf } from "../../yaml/locator.ts";
import { pieceOfScalar, piecesOfBlock, piecesOfTemplate, piecesOfText } from "./pieces.ts";
import type { Piece, Wanted } from "./pieces.ts";
import { scalarsOf } from "./scalars.ts";
import type { WrittenScalar } from "./scalars.ts";
import { templateLines } from "./template-lines.ts";
import type { TemplateLine } from "./template-lines.ts";

/** Larger ones are data. */
const MAX_TEXT = 1024 * 1024;

export class SourceTexts {
  readonly #tree: SourceTree;
  readonly #texts = new Map<string, Promise<string | undefined>>();
  readonly #scalars = new Map<string, readonly WrittenScalar[]>();
  readonly #lines = new Map<string, readonly number[]>();
  readonly #templates = new Map<string, readonly TemplateLine[]>();

  constructor(tree: SourceTree) {
    this.#tree = tree;
  }

  /** `undefined` of what is no text, or too much of it. */
  text(file: string): Promise<string | undefined> {
    const known = this.#texts.get(file) ?? this.#read(file);
    this.#texts.set(file, known);
    return known;
  }

  async #read(file: string): Promise<string | undefined> {
    const bytes = await this.#tree.read(file);
    return isFault(bytes) || bytes.length > MAX_TEXT ? undefined : decodeText(bytes);
  }

  /** What in the file may give the value; nothing else of it is kept. */
  async pieces(file: string, wanted: Wanted, template: boolean): Promise<readonly Piece[]> {
    const text = await this.text(file);
    if (text === undefined) return [];
    if (template) return piecesOfTemplate(file, text, wanted);
    return [
      ...piecesOfText(file, text, wanted),
      ...this.scalars(file, text).flatMap((scalar) => [
        ...piecesOfBlock(text, scalar, wanted),
        ...listOf(pieceOfScalar(scalar, wanted)),
      ]),
    ];
  }

  scalars(file: string, text: string): readonly WrittenScalar[] {
    const known = this.#scalars.get(file) ?? scalarsOf(file, text);
    this.#scalars.set(file, known);
    return known;
  }

  /** Of a template: none where it is no text. */
  async templateLines(file: string): Promise<readonly TemplateLine[]> {
    const known = this.#templates.get(file) ?? templateLines((await this.text(file)) ?? "");
    this.#templates.set(file, known);
    return known;
  }

  async line(file: string, offset: number): Promise<number> {
    const lines = this.#lines.get(file) ?? lineStarts((await this.text(file)) ?? "");
    this.#lines.set(file, lines);
    return positionOf(lines, file, offset).line;
  }
}

function listOf(piece: Piece | undefined): readonly Piece[] {
  return piece === undefined ? [] : [piece];
}
