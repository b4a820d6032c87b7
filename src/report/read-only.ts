/** What a server dry run told nothing of, for a terminal. */

import type { Pass } from "../core/pass.ts";
import { formatRef } from "../core/refs.ts";
import { compareText } from "../core/value.ts";
import { terminalText } from "../text/escape-terminal.ts";
import type { Style } from "../text/style.ts";
import { plural } from "./words.ts";

/** Objects that are named of each cause. */
const NAMED = 5;

/**
 * What `--verbose` adds to the report of a server dry run: objects that were compared read-only after all, by cause, also
 * where that is no fault. Ends with a newline; `""` where there is none.
 */
export function readOnlyReport({ comparedReadOnly = [] }: Pass, style: Style): string {
  if (comparedReadOnly.length === 0) return "";
  const causes = Map.groupBy(comparedReadOnly, ({ why }) => why);
  const lines = [...causes]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([why, objects]) => {
      const names = objects.map(({ ref }) => formatRef(ref)).toSorted(compareText);
      return [
        `    ${plural(names.length, "object")}: ${terminalText(why)}`,
        ...names.slice(0, NAMED).map((name) => `      ${style.dim(terminalText(name))}`),
        ...(names.length > NAMED ? [style.dim(`      … and ${names.length - NAMED} more`)] : []),
      ];
    });
  const head = `${plural(comparedReadOnly.length, "object")} compared without a server dry run`;
  return `${[`${style.cyan("READ-ONLY")}  ${style.bold(head)}`, ...lines].join("\n")}\n`;
}
