import type { Octokit } from "@octokit/rest";
import type { FileChange, Publication, Published } from "../../src/core/proposal.ts";
import type { PublishInput } from "../../src/publish/forge.ts";
import { createGitHubForge } from "../../src/publish/github.ts";
import type { Bench } from "./bench.ts";

export const KEY = new Uint8Array(32).fill(7);
/** Of the target that all publications here belong to. */
export const TARGET = "shop-prod";

const WEB = "kind: Deployment\nreplicas: 3\n";

export type PullPublication = Extract<Publication, { kind: "pull-request" }>;
export type IssuePublication = Extract<Publication, { kind: "issue" }>;

export function pull(id = "aaaaaaaaaaaaaaaa", more: Partial<PullPublication> = {}): PullPublication {
  return {
    kind: "pull-request",
    id,
    fingerprint: "f1",
    target: TARGET,
    branch: `holdfast/${id}`,
    title: "Codify 1 live change of Deployment/web in shop",
    body: "One change.\n\n<!-- holdfast:v1 forged.forged -->",
    commitMessage:
      "Codify 1 live change of Deployment/web in shop\n\nThe cluster has these values and Git did not:\n- Deployment/web in shop\n",
    files: [replicas(5)],
    labels: ["drift"],
    ...more,
  };
}

export function replicas(count: number, before = WEB): FileChange {
  return {
    path: "apps/web.yaml",
    before,
    after: before.replace(/replicas: \d+/, `replicas: ${count}`),
    mode: "100644",
  };
}

export function issue(id = "bbbbbbbbbbbbbbbb", more: Partial<IssuePublication> = {}): IssuePublication {
  return {
    kind: "issue",
    id,
    fingerprint: "f1",
    target: TARGET,
    title: "DaemonSet/agent in infra violates policy in the cluster",
    body: "Privileged.",
    labels: ["drift", "security"],
    assignees: [],
    ...more,
  };
}

export interface PassOptions {
  readonly input?: Partial<PublishInput>;
  readonly client?: Octokit;
  readonly login?: string;
  readonly base?: string;
  readonly limits?: { readonly maxOpen: number; readonly perHour: number };
  readonly now?: number;
}

/** One complete pass over the target, without pauses. */
export function pass(
  bench: Bench,
  publications: readonly Publication[],
  options: PassOptions = {},
): Promise<Published> {
  const { client = bench.bot, login = "holdfast[bot]", base = bench.first, limits, now } = options;
  const forge = createGitHubForge({
    octokit: client,
    owner: bench.where.owner,
    repo: bench.where.repo,
    base: { branch: "main", commit: base },
    key: KEY,
    identity: { login },
    limits: limits ?? { maxOpen: 10, perHour: 10 },
    clock: { now: () => now ?? Date.now() },
    pacing: { betweenWrites: 0, retry: 1 },
  });
  return forge.publish({ publications, targets: [TARGET], complete: true, dryRun: false, ...options.input });
}

/** What was done, in the order of the actions: `["opened", "unchanged"]`. */
export function deeds({ actions }: Published): readonly string[] {
  return actions.map(({ did }) => did);
}
