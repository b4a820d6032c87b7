/** The diff that a body repeats: for people to read, so that nothing may come along that did not change. */

import type { FileChange, PullRequestProposal } from "../core/proposal.ts";
import { replacedLines, unifiedPatch } from "../text/patch.ts";
import { sensitiveText } from "../text/redact.ts";

export interface ShownDiff {
  /** `""` where no file's can be shown. */
  readonly patch: string;
  /** Files of which it is left out. */
  readonly hidden: readonly string[];
}

/**
 * Without the lines around. A line may hold more than the field that changed: a list or map written on one line, or a whole
 * file of JSON with the Secrets in it. The diff of a file with such a line is left out.
 */
export function shownDiff({ files, edits }: Pick<PullRequestProposal, "files" | "edits">): ShownDiff {
  const changed = files.filter(({ before, after }) => before !== after);
  const shown = changed.filter((file) => rests(file, edits).every(isHarmless));
  return {
    patch: unifiedPatch(shown, 0),
    hidden: changed.filter((file) => !shown.includes(file)).map(({ path }) => path),
  };
}

/** What stands on the replaced lines besides what was cut out of them. */
function rests({ path, before, after }: FileChange, edits: PullRequestProposal["edits"]): readonly string[] {
  const cuts = edits.filter((edit) => edit.file === path).flatMap((edit) => edit.splices);
  return replacedLines(before, after).map(({ start, end }) => {
    let rest = "";
    let from = start;
    for (const cut of cuts.filter((one) => one.end > start && one.start < end).toSorted((a, b) => a.start - b.start)) {
      rest += before.slice(from, Math.max(cut.start, from));
      from = Math.max(from, cut.end);
    }
    return rest + before.slice(from, Math.max(end, from));
  });
}

const LONGEST_REST = 300;
/** One list of scalars, in which something changed: `verbs: [get, list]`. */
const ONE_LIST = /^(?:- )*(?:["']?[\w./-]*["']?\s*:\s*)?\[[^{}:]*$/;
/** What an item is known by, and no secret: `- { name: LOG_LEVEL, value: … }`. */
const NAMING = /^["']?(?:containerPort|key|kind|name|namespace|port|protocol)["']?\s*:\s*["']?[\w./-]*["']?$/;
/** The field that changed, its value cut out, or what stands before a bracket. */
const CUT = /^(?:- *)*(?:["']?[\w./-]*["']?\s*:)?$/;

/** A key, dashes, a comment: two values stand on one line only within brackets, with a comma between them. */
function isHarmless(rest: string): boolean {
  if (rest.length > LONGEST_REST || sensitiveText(rest)) return false;
  const text = rest.trim().replace(/,$/, "");
  if (!/[{}[\],]/.test(text) || ONE_LIST.test(text)) return true;
  return text.split(/[{}[\],]/).every((part) => NAMING.test(part.trim()) || CUT.test(part.trim()));
}
