/** Text on a terminal: no escape sequence, no bidirectional trick, no line that it did not have. */

import { visibleLine } from "./visible.ts";

/** One line. Colours are put around it, never before. */
export function terminalText(text: string): string {
  return visibleLine(text);
}
