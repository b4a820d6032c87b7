/** Colours for terminals, and none elsewhere. */

import { styleText } from "node:util";

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** Callers decide whether the stream is a terminal and whether `NO_COLOR` is set. */
export function createStyle(colours: boolean): Style {
  const paint =
    (format: "bold" | "dim" | "red" | "green" | "yellow" | "cyan") =>
    (text: string): string =>
      colours ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    cyan: paint("cyan"),
  };
}
