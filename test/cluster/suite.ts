// How a suite that needs the cluster opens: it runs, or says why it does not.

import { describe } from "vitest";
import { CLUSTER_BINARIES, whyUnavailable } from "./binaries.ts";
import type { BinaryName } from "./binaries.ts";

/**
 * `describe`, where the cluster can be had or built. Elsewhere the suite is skipped, with the reason in its name and on
 * standard error; with CI set it runs all the same, and fails, because a check that nobody made must not look green.
 *
 * @param lacking what else it needs that is not here.
 */
export function describeOnCluster(
  name: string,
  tests: () => void,
  binaries: readonly BinaryName[] = CLUSTER_BINARIES,
  lacking?: string,
): void {
  const reason = process.env["CI"] ? undefined : (lacking ?? whyUnavailable(binaries));
  if (reason !== undefined) process.stderr.write(`skipped: ${name}: ${reason}\n`);
  const title = reason === undefined ? name : `${name} (skipped: ${reason})`;
  // oxlint-disable-next-line vitest/valid-title, vitest/valid-describe-callback -- both are the caller's
  describe.skipIf(reason !== undefined)(title, tests);
}
