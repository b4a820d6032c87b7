/** A bound on what substitution may cost: patterns and replacements could make a small text into any amount of work. */

/** What is refused, and where; thrown within a substitution only. Holds no value of a variable. */
export class SubstitutionRefused extends Error {
  /** In bytes of the text, where it is known. */
  readonly at: number | undefined;

  constructor(why: string, at?: number) {
    super(why);
    this.at = at;
  }
}

/** Bytes written and comparisons made: enough for 10 MiB of manifests several times over, and less than some seconds. */
const MOST_WORK = 50_000_000;

export class Work {
  #left = MOST_WORK;

  /** Throws {@link SubstitutionRefused} where more is asked for than there is left. */
  spend(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0) throw new SubstitutionRefused("it makes more text, or takes longer, than holdfast allows");
  }
}
