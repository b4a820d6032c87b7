/** The forge that is GitHub. GitHub is the state: everything that a pass must know of earlier ones is read from there. */

import type { Fault } from "../core/fault.ts";
import type { Publication, Published, PublishedAction } from "../core/proposal.ts";
import type { Clock } from "../core/stages.ts";
import type { Forge, PublishInput } from "./forge.ts";
import type { PullPublication } from "./github-branch.ts";
import { lookUp } from "./github-client.ts";
import type { GitHubClient, Pacing, Session } from "./github-client.ts";
import { faultOf, ForgeError, readOnly } from "./github-faults.ts";
import { publishIssue } from "./github-issues.ts";
import type { IssuePublication } from "./github-issues.ts";
import { closedIssues, openIssues, openPulls } from "./github-items.ts";
import type { Own, Post } from "./github-items.ts";
import { budgetOf, publishPull } from "./github-pull-requests.ts";
import { removeSettledBranches, settle } from "./github-settle.ts";

export interface GitHubForgeOptions {
  /** Must not repeat a POST by itself (Probot's does unless told not to): a repeated one opens two issues. */
  readonly octokit: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  /** What the pass compared: pull requests start from this commit and ask for this branch. */
  readonly base: { readonly branch: string; readonly commit: string };
  /** Signs markers and commits. Under another key nothing is known again that was opened under this one. */
  readonly key: Uint8Array;
  /** Whom the client acts as: `holdfast[bot]`, `github-actions[bot]` or a user. */
  readonly identity: { readonly login: string };
  readonly limits: { readonly maxOpen: number; readonly perHour: number };
  readonly clock: Clock;
  /** One line each: what fell short and is no fault. */
  readonly log?: (message: string) => void;
  readonly pacing?: Pacing;
}

const PACING: Pacing = { betweenWrites: 1000, retry: 1000 };

/**
 * Idempotent: killed after any write and run again, it ends with one pull request and one issue for each publication.
 * Two forges must not publish to one repository at once; where they do, duplicates are closed by the next pass.
 */
export function createGitHubForge(options: GitHubForgeOptions): Forge {
  const { octokit: client, owner, repo, base, key, identity, clock, limits, pacing = PACING, log = ignore } = options;
  return {
    publish: async (input) => {
      const { dryRun, signal } = input;
      const lastWrite = { at: Number.NEGATIVE_INFINITY };
      const session: Session = {
        client,
        owner,
        repo,
        base,
        key,
        identity,
        clock,
        pacing,
        log,
        dryRun,
        signal,
        lastWrite,
      };
      return publish(session, input, limits);
    },
  };
}

/** Collects what was done and what failed; a failure of the whole pass ends it. */
interface Ledger {
  readonly actions: PublishedAction[];
  readonly faults: Fault[];
}

async function publish(
  session: Session,
  input: PublishInput,
  limits: GitHubForgeOptions["limits"],
): Promise<Published> {
  const ledger: Ledger = { actions: [], faults: [] };
  const about = `${session.owner}/${session.repo}`;
  try {
    await refuseReadOnly(session);
    await kindOf(ledger, about, () => publishPulls(session, input, { ledger, limits }));
    await kindOf(ledger, about, () => publishIssues(session, input, ledger));
  } catch (error) {
    ledger.faults.push(faultOf(expected(error), about));
  }
  return ledger;
}

interface RepositoryState {
  readonly archived?: boolean;
  readonly disabled?: boolean;
}

async function refuseReadOnly(session: Session): Promise<void> {
  const repository = await lookUp<RepositoryState>(session, "");
  if (repository?.archived === true) throw new ForgeError(readOnly("archived"));
  if (repository?.disabled === true) throw new ForgeError(readOnly("disabled"));
  if (repository !== undefined) return;
  const remedy = "check the name, and that the App is installed there or the token may read it";
  throw new ForgeError({ scope: "pass", message: "GitHub shows these credentials no such repository", remedy });
}

async function publishPulls(
  session: Session,
  input: PublishInput,
  { ledger, limits }: { readonly ledger: Ledger; readonly limits: GitHubForgeOptions["limits"] },
): Promise<void> {
  const publications = input.publications.filter(isPull);
  const open = await openPulls(session);
  const context = { session, open, budget: await budgetOf(session, open, limits) };
  await each(ledger, publications, (publication) => publishPull(context, publication));
  if (!input.complete) return;
  await each(ledger, goneOf(input, open), (own) => settle(session, own));
  const keep = new Set([...publications.map(({ branch }) => branch), ...open.map(({ post }) => post.head.ref)]);
  await removeSettledBranches(session, { keep, targets: input.targets });
}

async function publishIssues(session: Session, input: PublishInput, ledger: Ledger): Promise<void> {
  const open = await openIssues(session);
  let reading: ReturnType<typeof closedIssues> | undefined;
  const closed = () => (reading ??= closedIssues(session));
  await each(ledger, input.publications.filter(isIssue), (one) => publishIssue({ session, open, closed }, one));
  if (input.complete) await each(ledger, goneOf(input, open), (own) => settle(session, own));
}

/** Open, of a target that the pass looked at, and proposed no longer. */
function goneOf<P extends Post>(input: PublishInput, open: readonly Own<P>[]): readonly Own<P>[] {
  return open.filter(({ marker }) => {
    const proposed = input.publications.some(({ kind, id }) => kind === marker.kind && id === marker.id);
    return !proposed && input.targets.includes(marker.target) && input.unseen?.has(marker.id) !== true;
  });
}

/** One failure costs one item, unless it says that the others would fail too. */
async function each<T extends { readonly id: string } | Own<Post>>(
  ledger: Ledger,
  items: readonly T[],
  work: (item: T) => Promise<PublishedAction>,
): Promise<void> {
  for (const item of items) {
    try {
      ledger.actions.push(await work(item));
    } catch (error) {
      const failure = expected(error);
      if (failure.scope !== "item") throw failure;
      ledger.faults.push(faultOf(failure, "id" in item ? item.id : `#${item.post.number}`));
    }
  }
}

/** A failure of one kind (a missing permission, issues that are disabled) leaves the other kind as it is. */
async function kindOf(ledger: Ledger, about: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const failure = expected(error);
    if (failure.scope === "pass") throw failure;
    ledger.faults.push(faultOf(failure, about));
  }
}

function expected(error: unknown): ForgeError {
  if (error instanceof ForgeError) return error;
  throw error;
}

function isPull(publication: Publication): publication is PullPublication {
  return publication.kind === "pull-request";
}

function isIssue(publication: Publication): publication is IssuePublication {
  return publication.kind === "issue";
}

function ignore(): void {}
