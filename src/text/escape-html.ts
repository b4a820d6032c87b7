/** Text in HTML. */

import { visibleLines } from "./visible.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
  "=": "&#61;",
};

/** Text between tags (never within `script` or `style`). Line ends stay. */
export function htmlText(text: string): string {
  return visibleLines(text).replace(/[&<>"'`=]/g, (char) => ENTITIES[char] as string);
}

/** The value of an attribute, with the quotes around it: `title=${htmlAttribute(name)}`. No URL: it does not look at schemes. */
export function htmlAttribute(text: string): string {
  return `"${htmlText(text).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;")}"`;
}
