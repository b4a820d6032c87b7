/** Runs several sources at once, a bounded number of steps ahead of who reads them. */

/**
 * What the sources give, one source after the other. `width` sources are begun at once and each works one step ahead:
 * beside the step that is being read, each holds at most one more. Who stops reading stops them all.
 */
export async function* inOrder<T>(
  sources: readonly (() => AsyncGenerator<T, void, undefined>)[],
  width: number,
): AsyncGenerator<T, void, undefined> {
  const begun: Ahead<T>[] = [];
  let next = 0;
  try {
    for (let current = 0; current < sources.length; current++) {
      while (next < sources.length && next < current + width) {
        begun.push(begin((sources[next] as () => AsyncGenerator<T, void, undefined>)()));
        next++;
      }
      yield* stepsOf(begun[current] as Ahead<T>);
    }
  } finally {
    for (const ahead of begun) void ahead.generator.return().catch(() => undefined);
  }
}

interface Ahead<T> {
  readonly generator: AsyncGenerator<T, void, undefined>;
  pending: Promise<IteratorResult<T, void>>;
}

function begin<T>(generator: AsyncGenerator<T, void, undefined>): Ahead<T> {
  return { generator, pending: ask(generator) };
}

function ask<T>(generator: AsyncGenerator<T, void, undefined>): Promise<IteratorResult<T, void>> {
  const pending = generator.next();
  // A rejection is seen by whoever reads the step; where nobody does any more, it is of no consequence.
  pending.catch(() => undefined);
  return pending;
}

async function* stepsOf<T>(ahead: Ahead<T>): AsyncGenerator<T, void, undefined> {
  for (;;) {
    const step = await ahead.pending;
    if (step.done === true) return;
    ahead.pending = ask(ahead.generator);
    yield step.value;
  }
}
