/** The states between Git and live that a verdict is found among. */

import type { StateFinding } from "./findings.ts";

/** What Git would be with some of the changes, by their indexes. */
export type State = readonly number[];

/** What the policies find in a state, each compared with Git as it is. */
export type AskStates = (states: readonly State[]) => Promise<readonly (readonly StateFinding[])[]>;
