/** `holdfast targets`: what is deployed from this repository. Asks no cluster. */

import { kubeVersionOf } from "../core/kube-version.ts";
import { openRenderers } from "../desired/render/renderers.ts";
import { foundTargets } from "../reconcile/found-targets.ts";
import { chosenTargets, unknownTarget } from "../reconcile/run-pass.ts";
import { targetsJson, targetsText } from "../report/targets.ts";
import { EXIT } from "./exit-codes.ts";
import type { SourceOptions } from "./options.ts";
import { createProgress } from "./progress.ts";
import { grantedPrograms } from "./programs.ts";
import { fetchedCharts, renderCache } from "./render-cache.ts";
import { printReport } from "./report-writer.ts";
import { operatorDigester } from "./secret.ts";
import { openSource } from "./session.ts";

interface TargetsOptions extends SourceOptions {
  readonly format: "text" | "json";
  readonly kubeVersion?: string;
  readonly quiet?: boolean;
}

/** 0 when all that was found was understood, 1 otherwise. */
export async function targetsCommand(raw: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number> {
  const options = raw as unknown as TargetsOptions;
  const { tree, config } = await openSource(options, unknownTarget);
  const digester = await operatorDigester(process.env);
  const progress = createProgress(process.stderr, options.quiet === true);
  const renderers = openRenderers({
    environment: process.env,
    cache: renderCache(process.env),
    ...fetchedCharts(options.fetchCharts, process.env),
    repositories: options.source,
    ...grantedPrograms(options),
    signal,
  });
  try {
    const found = await foundTargets({
      targets: chosenTargets({ config, targets: options.target, tree }),
      digester,
      renderers,
      kubeVersion: kubeVersionOf(options.kubeVersion),
      progress: progress.report,
      now: Date.now(),
    });
    signal.throwIfAborted();
    progress.clear();
    await printReport(options.format === "json" ? targetsJson(found) : targetsText(found));
    return found.every(({ state }) => state.complete) ? EXIT.inSync : EXIT.incomplete;
  } finally {
    progress.clear();
    await renderers.close();
  }
}
