/** Says which change each finding is about. */

import type { StateFinding } from "./findings.ts";
import type { AskStates, State } from "./states.ts";

export interface Attributed {
  /** What is found in the object as it is live, and what a change left out would bring. */
  readonly findings: readonly StateFinding[];
  readonly ofChange: ReadonlyMap<number, readonly StateFinding[]>;
}

interface AttributeInput {
  readonly all: State;
  readonly compliant: State;
  readonly ask: AskStates;
  readonly blocks: (state: State, finding: StateFinding) => boolean;
}

/** Changes that are asked about one by one; of more than that, each is given all findings. */
const ONE_BY_ONE = 100;

/**
 * A finding is a change's own where that change alone has it, or where a change left out would bring it to the
 * compliant ones. What only several changes together bring is said of each of them.
 */
export async function attribute({ all, compliant, ask, blocks }: AttributeInput): Promise<Attributed> {
  const [live = [], kept = []] = await ask([all, compliant]);
  if (compliant.length === all.length && live.every(({ finding }) => finding.status === "pre-existing")) {
    return { findings: live, ofChange: new Map() };
  }
  const alone = all.length > ONE_BY_ONE ? [] : await ask(all.map((index) => [index]));
  const left = all.filter((index) => !compliant.includes(index));
  const added = left.length > ONE_BY_ONE ? [] : await ask(left.map((index) => withIndex(compliant, index)));
  const keptKeys = new Set(kept.map(identity));
  const own = new Map<number, readonly StateFinding[]>();
  for (const [position, index] of all.entries()) {
    const state = withIndex(compliant, index);
    const brought = (added[left.indexOf(index)] ?? []).filter(
      (finding) => !keptKeys.has(identity(finding)) || blocks(state, finding),
    );
    own.set(
      index,
      [...(alone[position] ?? []), ...brought].filter((finding) => isOwn(finding, blocks([index], finding))),
    );
  }
  return { findings: [...live, ...[...own.values()].flat()], ofChange: shareRest(live, own, blocks) };
}

function withIndex(state: State, index: number): State {
  return [...state.filter((other) => other !== index), index].sort((a, b) => a - b);
}

/** What was there before is nobody's, unless the change is blamed for it. */
function isOwn({ finding }: StateFinding, blamed: boolean): boolean {
  return finding.status !== "pre-existing" || blamed;
}

function shareRest(
  live: readonly StateFinding[],
  own: ReadonlyMap<number, readonly StateFinding[]>,
  blocks: AttributeInput["blocks"],
): ReadonlyMap<number, readonly StateFinding[]> {
  const attributed = new Set([...own.values()].flat().map(identity));
  const rest = live.filter((finding) => !attributed.has(identity(finding)));
  return new Map(
    [...own].map(([index, findings]) => [
      index,
      [...findings, ...rest.filter((finding) => isOwn(finding, blocks([index], finding)))],
    ]),
  );
}

function identity({ key, finding }: StateFinding): string {
  return `${finding.status} ${key}`;
}
