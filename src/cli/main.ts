/**
 * `cli` parses arguments, wires the effects and sets the exit code. Each command loads only what it needs: nothing of
 * GitHub to print a report, nothing of a cluster to check a configuration.
 */

import { Command, CommanderError, InvalidArgumentError, Option } from "commander";

import { DEFAULT_KUBE_VERSION, isKubeVersion } from "../core/kube-version.ts";
import { terminalText } from "../text/escape-terminal.ts";
import { EXIT } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { HELP } from "./help.ts";
import type { RepositoryGrant } from "../desired/other-repositories.ts";
import type { ReportFile } from "./options.ts";
import { collectExec, collectPlugin } from "./programs.ts";
import { version } from "./version.ts";

const EXAMPLES = `
Examples:
  holdfast scan                                    compare this repository with the cluster of the kubeconfig
  holdfast scan --repo infra --context prod --format json
  kubectl get deploy,svc -A -o yaml --show-managed-fields | holdfast scan --live -
  holdfast reconcile --out holdfast-out            write the pull requests and issues that would be opened to a folder
  holdfast explain Deployment/web -n shop          one object's whole chain

Exit codes of scan and explain, the first that applies: 130 interrupted, 3 violating drift, 1 the pass could not be
completed, 2 compliant drift, 0 no drift. reconcile: 0 everything was published, 1 otherwise, 130 interrupted.
Reports go to standard output, progress and problems to standard error.
`;

/** Runs one command line and sets the process's exit code. Never throws for anything that a user can cause. */
export async function main(args: readonly string[]): Promise<void> {
  const interruption = interruptible();
  try {
    await program(interruption.signal).parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = interruption.signal.aborted ? EXIT.interrupted : failWith(error, args.includes("--verbose"));
  }
}

/** The first Ctrl-C ends the pass in good order, the second one at once. */
function interruptible(): { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort(new Error("interrupted"));
    process.stderr.write("holdfast: interrupted, ending\n");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.stdout.on("error", endWithoutOutput);
  process.stderr.on("error", endWithoutOutput);
  return { signal: controller.signal };
}

/** `holdfast scan | head` closes standard output early: that is no failure. A full disk is. */
function endWithoutOutput(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`holdfast: cannot write the output: ${error.message}\n`);
  process.exit(EXIT.incomplete);
}

function failWith(error: unknown, verbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.incomplete;
  const lines =
    error instanceof Failure
      ? error.message
      : terminalText(`a bug in holdfast: ${error instanceof Error ? error.message : String(error)}`);
  for (const line of lines.split("\n")) process.stderr.write(`holdfast: ${line}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  return error instanceof Failure ? error.exitCode : EXIT.incomplete;
}

function program(signal: AbortSignal): Command {
  const root = new Command("holdfast")
    .description(
      "Finds what changed in a Kubernetes cluster and not in Git: pull requests for compliant drift, issues for violations.",
    )
    .version(version())
    .addHelpText("after", EXAMPLES)
    .configureOutput({ outputError: (text, write) => write(usageLine(text)) })
    .exitOverride();
  for (const add of [addScan, addReconcile, addServe, addExplain, addSnapshot, addTargets, addPolicy, addConfig])
    add(root, signal);
  return root;
}

/** Commander's `error: unknown option '--x'` and its guess at what was meant, as the one line that every failure is. */
function usageLine(text: string): string {
  const problem = text
    .replace(/^error: /, "")
    .trim()
    .replace(/\n+/g, " ");
  return `holdfast: ${terminalText(problem)} (holdfast --help shows what there is)\n`;
}

function addScan(root: Command, signal: AbortSignal): void {
  scanOptions(root.command("scan"))
    .description("compare, classify, report; changes nothing anywhere")
    .addHelpText("after", HELP.scan)
    .action(async (options: Record<string, unknown>) => {
      const { scanCommand } = await import("./scan-command.ts");
      process.exitCode = await scanCommand(options, signal);
    });
}

function addReconcile(root: Command, signal: AbortSignal): void {
  scanOptions(root.command("reconcile"))
    .description("one full pass: scan, then publish pull requests and issues")
    .addOption(
      new Option("--publish <where>", "where pull requests and issues go")
        .choices(["local", "github"])
        .default("local"),
    )
    .option("--out <dir>", "with --publish local: the folder", "holdfast-out")
    .option("--dry-run", "say what would be opened, changed or closed, and write nothing")
    .option("--github <owner/name>", "with --publish github: the repository (default: the origin remote's)")
    .option("--base <branch>", "with --publish github: the base branch (default: the repository's default branch)")
    .addHelpText("after", HELP.reconcile)
    .action(async (options: Record<string, unknown>) => {
      const { reconcileCommand } = await import("./reconcile-command.ts");
      process.exitCode = await reconcileCommand(options, signal);
    });
}

function addServe(root: Command, signal: AbortSignal): void {
  root
    .command("serve")
    .description("the GitHub App: webhooks, schedule, health, metrics")
    .option("--server-config <file>", "the operator's configuration (default: $HOLDFAST_CONFIG)")
    .option("--verbose", "more log lines")
    .addHelpText("after", HELP.serve)
    .action(async (options: Record<string, unknown>) => {
      const { serveCommand } = await import("./serve-command.ts");
      process.exitCode = await serveCommand(options, signal);
    });
}

function addExplain(root: Command, signal: AbortSignal): void {
  scanOptions(root.command("explain"))
    .argument("<kind/name>", "the object, for example Deployment/web")
    .option("-n, --namespace <namespace>", "its namespace")
    .description("one object's whole chain: origin, live, changes, actors, verdict, action")
    .addHelpText("after", HELP.explain)
    .action(async (object: string, options: Record<string, unknown>) => {
      const { explainCommand } = await import("./explain-command.ts");
      process.exitCode = await explainCommand(object, options, signal);
    });
}

function addSnapshot(root: Command, signal: AbortSignal): void {
  liveOptions(sourceOptions(root.command("snapshot")))
    .requiredOption("--out <dir>", "the folder to write")
    .description(
      "write the live objects that a scan would read to a folder (Secrets as digests), to scan offline later",
    )
    .addHelpText("after", HELP.snapshot)
    .action(async (options: Record<string, unknown>) => {
      const { snapshotCommand } = await import("./snapshot-command.ts");
      process.exitCode = await snapshotCommand(options, signal);
    });
}

function addTargets(root: Command, signal: AbortSignal): void {
  sourceOptions(root.command("targets"))
    .description("what was found to be deployed from this repository, how it is rendered, by whom it is deployed")
    .addOption(kubeVersionOption())
    .addOption(new Option("--format <format>", "on standard output").choices(["text", "json"]).default("text"))
    .option("--quiet", "no progress")
    .option("--verbose", "stack traces")
    .addHelpText("after", HELP.targets)
    .action(async (options: Record<string, unknown>) => {
      const { targetsCommand } = await import("./targets-command.ts");
      process.exitCode = await targetsCommand(options, signal);
    });
}

function addPolicy(root: Command): void {
  const policy = root.command("policy").description("packs and policies");
  policy
    .command("list")
    .description("the rules of the packs, with severity and controls")
    .addOption(new Option("--format <format>").choices(["text", "json"]).default("text"))
    .action(async (options: { readonly format: "text" | "json" }) => {
      const { policyListCommand } = await import("./policy-command.ts");
      process.exitCode = await policyListCommand(options.format);
    });
  policy
    .command("test")
    .argument("<path...>", "policy files or folders, with their .cases.yaml beside them")
    .description("run the policies' cases")
    .option("--verbose", "name every case")
    .addHelpText("after", HELP.policyTest)
    .action(async (paths: readonly string[], options: { readonly verbose?: boolean }) => {
      const { policyTestCommand } = await import("./policy-command.ts");
      process.exitCode = await policyTestCommand(paths, options.verbose === true);
    });
}

function addConfig(root: Command): void {
  root
    .command("config")
    .description("the configuration files")
    .command("check")
    .description("validate them, with file:line:column for each problem")
    .option("--repo <dir>", "the IaC repository", ".")
    .option("--config <file>", "the repository configuration (default: .github/holdfast.yml in the repository)")
    .option("--server-config <file>", "the server configuration, checked too")
    .addHelpText("after", HELP.configCheck)
    .action(async (options: Record<string, unknown>) => {
      const { configCheckCommand } = await import("./config-command.ts");
      process.exitCode = await configCheckCommand(options);
    });
}

function sourceOptions(command: Command): Command {
  return command
    .option("--repo <dir>", "the IaC repository", ".")
    .option("--revision <rev>", "the commit to read (default: the working tree as it is)")
    .option("--config <file>", "the repository configuration (default: .github/holdfast.yml in the repository)")
    .option("--target <name>", "only this target (repeatable)", collect, [])
    .option(
      "--fetch-charts <address>",
      "fetch charts from this chart repository or registry and what is below it, or public (repeatable)",
      collect,
      [],
    )
    .option(
      "--source <url=dir>",
      "read the Git repository at this address from a clone of it, where something deploys from it or takes it in as a remote base (repeatable)",
      collectSource,
      [],
    )
    .option(
      "--allow-exec <program>",
      "run this program, by its path in the repository or on this machine, where kustomizations have it for a function (repeatable)",
      collectExec,
      [],
    )
    .option(
      "--plugin <name=command>",
      "run this command in the place of Argo CD's config management plugin of that name (repeatable)",
      collectPlugin,
      [],
    )
    .option("--no-secrets", "neither list nor compare Secrets");
}

function liveOptions(command: Command): Command {
  return command
    .option("--context <name>", "the kubeconfig's context")
    .option("--kubeconfig <file>", "the kubeconfig file")
    .option("--quiet", "no progress")
    .option("--verbose", "what was left out, by rule, behind a report as text; stack traces")
    .option("--no-color", "no colours (NO_COLOR is honoured, too)");
}

function scanOptions(command: Command): Command {
  return liveOptions(sourceOptions(command))
    .option(
      "--live <where>",
      "kube, or a file, a folder or - (standard input) of live objects as kubectl get prints them",
      "kube",
    )
    .addOption(
      new Option("--format <format>", "on standard output")
        .choices(["text", "json", "markdown", "html"])
        .argParser(parseFormat)
        .default("text"),
    )
    .option("--report <format=file>", "a further report in a file (repeatable)", collectReport, [])
    .addOption(
      new Option("--fail-on <result>", "which result makes the exit code non-zero")
        .choices(["violating", "drift", "none"])
        .default("drift"),
    )
    .addOption(
      new Option(
        "--mode <mode>",
        "how objects are compared; server-dry-run needs the right to patch, and changes nothing",
      )
        .choices(["read-only", "server-dry-run"])
        .argParser(parseMode)
        .default("read-only"),
    )
    .addOption(kubeVersionOption());
}

function kubeVersionOption(): Option {
  const fallback = `default: what the cluster or its snapshot says, else ${DEFAULT_KUBE_VERSION}`;
  return new Option("--kube-version <version>", `the Kubernetes that charts are rendered for (${fallback})`).argParser(
    parseKubeVersion,
  );
}

/** What the contract names and this version cannot do yet. */
const FORMATS_TO_COME: ReadonlySet<string> = new Set(["sarif", "openreports", "ocsf"]);

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function collectSource(value: string, before: readonly RepositoryGrant[]): readonly RepositoryGrant[] {
  const equals = value.lastIndexOf("=");
  const [url, dir] = [value.slice(0, equals), value.slice(equals + 1)];
  if (equals < 1 || dir === "") throw new InvalidArgumentError("Write URL=DIR.");
  return [...before, { url, dir }];
}

function collectReport(value: string, before: readonly ReportFile[]): readonly ReportFile[] {
  const equals = value.indexOf("=");
  const file = value.slice(equals + 1);
  if (equals < 1 || file === "") throw new InvalidArgumentError("Write FORMAT=FILE.");
  return [...before, { format: parseFormat(value.slice(0, equals)), file }];
}

function parseFormat(value: string): ReportFile["format"] {
  if (value === "text" || value === "json" || value === "markdown" || value === "html") return value;
  throw new InvalidArgumentError(
    `${FORMATS_TO_COME.has(value) ? "This version cannot do that yet. " : ""}Write text, json, markdown or html.`,
  );
}

function parseKubeVersion(value: string): string {
  if (isKubeVersion(value)) return value;
  throw new InvalidArgumentError("Write it as v1.33.0.");
}

function parseMode(value: string): string {
  if (value === "read-only" || value === "server-dry-run") return value;
  throw new InvalidArgumentError("Write read-only or server-dry-run.");
}
