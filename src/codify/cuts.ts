/** Puts splices in order and carries them out. */

/** One replaced range of the file's text, and the changes that it serves. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly by: ReadonlySet<number>;
}

/**
 * In the text's order; what is inserted at one place becomes one splice, in the order in which it was asked for, and comes
 * before what is replaced from there on: so the splices can be carried out in any order from the end. `undefined` where
 * two of them overlap.
 */
export function orderCuts(cuts: readonly Cut[]): readonly Cut[] | undefined {
  const ordered = joinInsertions(
    cuts
      .filter((cut) => cut.start !== cut.end || cut.text !== "")
      .toSorted((a, b) => a.start - b.start || rank(a) - rank(b)),
  );
  const overlaps = ordered.some((cut, index) => index > 0 && (ordered[index - 1] as Cut).end > cut.start);
  return overlaps ? undefined : ordered;
}

/** Insertions first. */
function rank(cut: Cut): number {
  return cut.start === cut.end ? 0 : 1;
}

function joinInsertions(ordered: readonly Cut[]): readonly Cut[] {
  const joined: Cut[] = [];
  for (let from = 0; from < ordered.length;) {
    const first = ordered[from] as Cut;
    let end = from + 1;
    if (first.start === first.end) while (isInsertionAt(ordered[end], first.start)) end++;
    joined.push(end === from + 1 ? first : together(ordered.slice(from, end)));
    from = end;
  }
  return joined;
}

function isInsertionAt(cut: Cut | undefined, place: number): boolean {
  return cut !== undefined && cut.start === place && cut.end === place;
}

function together(cuts: readonly Cut[]): Cut {
  const [{ start, end }] = cuts as readonly [Cut, ...Cut[]];
  return { start, end, text: cuts.map(({ text }) => text).join(""), by: new Set(cuts.flatMap(({ by }) => [...by])) };
}

/** The text with ordered splices carried out. */
export function applyCuts(text: string, cuts: readonly Cut[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const cut of cuts) {
    parts.push(text.slice(from, cut.start), cut.text);
    from = cut.end;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

const LINE_BREAKS = /(?:\r?\n)+$/;

/** A text without a line break at its end stays so, also where its last lines are removed. Takes and gives ordered splices. */
export function keepUnended(text: string, cuts: readonly Cut[]): readonly Cut[] {
  if (text.endsWith("\n") || !applyCuts(text, cuts).endsWith("\n")) return cuts;
  const last = cuts.at(-1);
  if (last === undefined || last.end !== text.length) return cuts;
  const before = cuts.slice(0, -1);
  if (last.text !== "") return [...before, { ...last, text: last.text.replace(LINE_BREAKS, "") }];
  const previous = before.at(-1);
  if (previous !== undefined && previous.end === last.start && previous.text !== "") {
    return [...before.slice(0, -1), { ...previous, text: previous.text.replace(LINE_BREAKS, "") }, last];
  }
  const shorter = text.slice(0, last.start).replace(LINE_BREAKS, "").length;
  return previous !== undefined && previous.end > shorter ? cuts : [...before, { ...last, start: shorter }];
}

/** Whether the bytes outside the splices are the same before and after. */
export function untouchedOutside(before: string, after: string, cuts: readonly Cut[]): boolean {
  let from = 0;
  let at = 0;
  for (const cut of cuts) {
    const kept = cut.start - from;
    if (before.slice(from, cut.start) !== after.slice(at, at + kept)) return false;
    from = cut.end;
    at += kept + cut.text.length;
  }
  return before.slice(from) === after.slice(at);
}
