/** `holdfast snapshot --out DIR`: the live objects that a scan would read, to scan offline later. */

import { isFault } from "../core/fault.ts";
import { openRenderers } from "../desired/render/renderers.ts";
import { writeSnapshot } from "../live/write-snapshot.ts";
import { chosenTargets } from "../reconcile/run-pass.ts";
import { scanQuery } from "../reconcile/scan.ts";
import { terminalText } from "../text/escape-terminal.ts";
import { EXIT } from "./exit-codes.ts";
import { failureOf } from "./failure.ts";
import { createProgress } from "./progress.ts";
import { grantedPrograms } from "./programs.ts";
import { fetchedCharts, renderCache } from "./render-cache.ts";
import { operatorDigester } from "./secret.ts";
import { openLive, openSource } from "./session.ts";
import type { SnapshotOptions } from "./options.ts";

/** 0 when everything that Git declares was read, 1 otherwise: what could not be read is said, and stands in the snapshot as unread. */
export async function snapshotCommand(raw: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number> {
  const options = raw as unknown as SnapshotOptions;
  const { tree, config } = await openSource(options);
  const digester = await operatorDigester(process.env);
  const progress = createProgress(process.stderr, options.quiet === true);
  const live = await openLive({ options: { ...options, live: "kube" }, config, digester, signal, progress });
  const renderers = openRenderers({
    environment: process.env,
    cache: renderCache(process.env),
    ...fetchedCharts(options.fetchCharts, process.env),
    repositories: options.source,
    ...grantedPrograms(options),
    signal,
  });
  try {
    const targets = chosenTargets({ config, targets: options.target, tree });
    const query = await scanQuery({
      targets,
      digester,
      live,
      renderers,
      progress: progress.report,
      secrets: options.secrets,
    });
    const written = await writeSnapshot({
      source: live,
      query,
      out: options.out,
      digestKey: digester.keyId,
      progress: progress.report,
      signal,
    });
    signal.throwIfAborted();
    if (isFault(written)) throw failureOf(written);
    progress.clear();
    for (const fault of written.faults)
      process.stderr.write(`holdfast: ${terminalText(fault.message)} (${terminalText(fault.remedy)})\n`);
    process.stderr.write(
      `holdfast: ${written.objects} objects in ${options.out}; scan it with: holdfast scan --live ${options.out}\n`,
    );
    const unknown = written.faults.some(({ leavesUnknown }) => leavesUnknown === "declared");
    return unknown ? EXIT.incomplete : EXIT.inSync;
  } finally {
    progress.clear();
    await Promise.all([live.close(), renderers.close()]);
  }
}
