/** What commander gives the commands, as `main.ts` declares it. */

import type { RepositoryGrant } from "../desired/other-repositories.ts";
import type { FailOn } from "./exit-codes.ts";
import type { ReportFormat } from "./report-writer.ts";

export interface SourceOptions {
  readonly repo: string;
  readonly revision?: string;
  readonly config?: string;
  readonly target: readonly string[];
  readonly secrets: boolean;
  readonly fetchCharts: readonly string[];
  readonly source: readonly RepositoryGrant[];
  readonly allowExec: readonly string[];
  readonly plugin: readonly PluginGrant[];
}

/** `--plugin NAME=COMMAND`. */
export interface PluginGrant {
  readonly name: string;
  readonly command: readonly string[];
}

export interface LiveOptions {
  readonly target: readonly string[];
  readonly live?: string;
  readonly mode?: "read-only" | "server-dry-run";
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
}

/** `--report FORMAT=FILE`. */
export interface ReportFile {
  readonly format: ReportFormat;
  readonly file: string;
}

export interface ScanOptions extends SourceOptions, LiveOptions {
  readonly format: ReportFormat;
  readonly report: readonly ReportFile[];
  readonly failOn: FailOn;
  readonly kubeVersion?: string;
}

export interface ExplainOptions extends ScanOptions {
  readonly namespace?: string;
}

export interface ReconcileOptions extends ScanOptions {
  readonly publish: "local" | "github";
  readonly out: string;
  readonly dryRun?: boolean;
  readonly github?: string;
  readonly base?: string;
}

export interface SnapshotOptions extends SourceOptions, LiveOptions {
  readonly out: string;
}
