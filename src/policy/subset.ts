/** Finds the changes that may become what Git says, where not all of them may. */

type Subset = readonly number[];
type Allowed = (sets: readonly Subset[]) => Promise<readonly boolean[]>;

/** Changes that are looked at one by one; beyond that they are taken in their order. */
const ONE_BY_ONE = 100;

/**
 * A set of changes that is allowed as a whole and to which no other change can be added, as large as trying tells: all,
 * else all but one, else those that are allowed by themselves first and then whatever the others make allowed.
 * Every set that is answered was asked about as it is. Empty where not even Git alone is allowed.
 */
export async function largestCompliantSet(all: Subset, allowed: Allowed): Promise<Subset> {
  const [everything, nothing] = await allowed([all, []]);
  if (everything === true) return all;
  if (nothing !== true || all.length <= 1) return [];
  if (all.length > ONE_BY_ONE) return grow(all, allowed);
  const alone = await allowed(all.map((index) => [index]));
  const suspects = all.filter((_, position) => alone[position] !== true);
  // Of the changes that may be left out, one that is not allowed by itself is left out first.
  const candidates = [...suspects, ...all.filter((index) => !suspects.includes(index)).toReversed()];
  const without = candidates.map((left) => all.filter((index) => index !== left));
  const answers = await allowed(without);
  const best = without[answers.indexOf(true)];
  if (best !== undefined) return best;
  return grow([...all.filter((index) => !suspects.includes(index)), ...suspects], allowed);
}

/** Adds changes as long as some can be added; one that is refused may be allowed once others are there. */
async function grow(order: Subset, allowed: Allowed): Promise<Subset> {
  let chosen: Subset = [];
  for (let size = -1; size !== chosen.length;) {
    size = chosen.length;
    const have = new Set(chosen);
    chosen = await addAll(
      chosen,
      order.filter((index) => !have.has(index)),
      allowed,
    );
  }
  return chosen;
}

/** The set with as many of `more` as it takes, halving what is refused: a few bad changes among many cost few questions. */
async function addAll(chosen: Subset, more: Subset, allowed: Allowed): Promise<Subset> {
  if (more.length === 0) return chosen;
  const together = [...chosen, ...more].sort((a, b) => a - b);
  const [whole] = await allowed([together]);
  if (whole === true) return together;
  if (more.length === 1) return chosen;
  const middle = more.length >> 1;
  const first = await addAll(chosen, more.slice(0, middle), allowed);
  return addAll(first, more.slice(middle), allowed);
}
