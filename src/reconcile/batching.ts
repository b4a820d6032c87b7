/** Asks policies about many objects at once: a question to another thread costs more than most answers. */

import type { AdmissionRequest, Evaluator, Violation } from "../core/admission.ts";

interface Waiting {
  readonly requests: readonly AdmissionRequest[];
  readonly resolve: (answers: readonly (readonly Violation[])[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Whatever is asked before the event loop comes round is asked in one go; each caller gets the answers to its own. */
export function batching(evaluator: Evaluator): Evaluator {
  let waiting: Waiting[] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    try {
      const answers = await evaluator.evaluate(batch.flatMap(({ requests }) => requests));
      let at = 0;
      for (const { requests, resolve } of batch) resolve(answers.slice(at, (at += requests.length)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  return {
    evaluate: async (requests) =>
      await new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(() => void flush());
        waiting.push({ requests, resolve, reject });
      }),
  };
}
