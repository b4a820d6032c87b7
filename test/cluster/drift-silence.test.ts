// No false alarm: a part of the public corpus, applied in each way to a fresh cluster, has no drift. All of it:
// `npm run bench:drift`.

import { describe, expect, test } from "vitest";
import { readCorpus, readSilent, whyNoCorpus } from "../../bench/drift/corpus.ts";
import { measureSilence } from "../../bench/drift/silence.ts";
import { WAYS } from "../../bench/drift/ways.ts";
import { describeOnCluster } from "./suite.ts";

/** Of the corpus's files, one in so many. */
const EVERY = 12;

describeOnCluster("freshly applied manifests have no drift", () => {
  const reason = whyNoCorpus();
  if (reason !== undefined) process.stderr.write(`skipped: the corpus in silence: ${reason}\n`);
  describe.skipIf(reason !== undefined)(`the corpus${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
    test.for(WAYS)("by %s", async (way) => {
      const { alarms, unknown, applied, inSync, faults } = await measureSilence(
        [...readSilent(), ...readCorpus(EVERY)],
        way,
      );
      expect(alarms).toEqual([]);
      expect(unknown).toBe(0);
      expect(faults).toEqual([]);
      expect(inSync).toBe(applied);
      expect(applied).toBeGreaterThan(20);
    });
  });
});
