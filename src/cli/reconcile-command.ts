/** `holdfast reconcile`: one pass, published to a folder or to GitHub. */

import { relative } from "node:path";

import type { Fault } from "../core/fault.ts";
import type { Pass } from "../core/pass.ts";
import type { Published, PublishedAction } from "../core/proposal.ts";
import { formatRef } from "../core/refs.ts";
import { createLocalForge } from "../publish/local.ts";
import { publishPass, withPublished } from "../reconcile/publish-pass.ts";
import { htmlReport } from "../report/html.ts";
import { jsonReport } from "../report/json.ts";
import { terminalText } from "../text/escape-terminal.ts";
import { EXIT, leavesUnknown } from "./exit-codes.ts";
import { failureOf } from "./failure.ts";
import { makeFolder, printReport, renderReport, shownReport, writeReport } from "./report-writer.ts";
import type { ReconcileOptions } from "./options.ts";
import { passOf, wantsColour } from "./session.ts";

/** 0 when everything was published (or waits for a stated limit), 1 otherwise. */
export async function reconcileCommand(raw: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<number> {
  const options = raw as unknown as ReconcileOptions;
  const outcome = options.publish === "github" ? await toGitHub(options, signal) : await toFolder(options, signal);
  const { pass, published } = outcome;
  const shown = withPublished(pass, published);
  for (const { format, file } of options.report) await writeReport(file, renderReport(shown, format, false));
  await printReport(shownReport(shown, options, wantsColour(options, process.stdout)));
  printActions(outcome, options);
  return !leavesUnknown(pass) && published.faults.length === 0 ? EXIT.inSync : EXIT.incomplete;
}

interface Outcome {
  readonly pass: Pass;
  readonly published: Published;
  /** `mode: report`. */
  readonly reportsOnly: boolean;
}

async function toFolder(options: ReconcileOptions, signal: AbortSignal): Promise<Outcome> {
  const { pass, config } = await passOf(options, signal);
  const writes = options.dryRun !== true && config.mode !== "report";
  const unwritable = writes
    ? await makeFolder(options.out).then(() => undefined, unwritableOut(options.out))
    : undefined;
  const reportsOnly = config.mode === "report";
  if (unwritable !== undefined) return { pass, published: { actions: [], faults: [unwritable] }, reportsOnly };
  const forge = createLocalForge({
    out: options.out,
    reports: (published) => {
      const shown = withPublished(pass, published);
      return [
        { name: "report.json", text: jsonReport(shown) },
        { name: "report.html", text: htmlReport(shown) },
      ];
    },
  });
  const published = await publishPass({ pass, config, forge, dryRun: options.dryRun === true, signal });
  signal.throwIfAborted();
  return { pass, published, reportsOnly };
}

function unwritableOut(out: string): (error: unknown) => Fault {
  return (error) => ({
    kind: "fault",
    code: "output-unwritable",
    about: out,
    message: `${out} cannot be made: ${error instanceof Error ? error.message : String(error)}`,
    remedy: "name a folder that can be written with --out",
    leavesUnknown: "nothing",
  });
}

async function toGitHub(options: ReconcileOptions, signal: AbortSignal): Promise<Outcome> {
  const { reconcileGitHub } = await import("./reconcile-github.ts");
  const outcome = await reconcileGitHub(options, signal);
  if ("kind" in outcome) throw failureOf(outcome);
  return outcome;
}

/** What was done, on standard error: standard output has the report alone. */
function printActions({ pass, published, reportsOnly }: Outcome, options: ReconcileOptions): void {
  if (options.quiet === true) return;
  if (published.actions.length === 0 && reportsOnly) {
    process.stderr.write("holdfast: nothing is opened, changed or closed: the configuration says mode: report\n");
  }
  const would = options.dryRun === true ? "would be " : "";
  for (const action of published.actions) {
    if (action.did === "unchanged") continue;
    const what = `${action.kind === "pull-request" ? "pull request" : "issue"}${aboutWords(pass, action)}`;
    const did =
      action.did === "waiting" || action.did === "left-alone" ? action.did.replace("-", " ") : `${would}${action.did}`;
    const where = action.url === undefined ? "" : ` ${relativeUrl(action.url)}`;
    const why = would !== "" && (action.did === "opened" || action.did === "updated") ? "" : `: ${action.reason}`;
    process.stderr.write(`holdfast: ${terminalText(what)} ${did}${terminalText(why)}${terminalText(where)}\n`);
  }
}

/** Which object an issue is about; what is closed is no longer in the pass. */
function aboutWords(pass: Pass, action: PublishedAction): string {
  const result = pass.results.find((one) => action.kind === "issue" && one.id === action.id);
  return result === undefined ? "" : ` about ${formatRef(result.drift.ref)}`;
}

function relativeUrl(url: string): string {
  return url.startsWith("/") ? relative(process.cwd(), url) : url;
}
