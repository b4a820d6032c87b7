/** Opens and updates the pull requests of a pass. */

import type { PublishedAction } from "../core/proposal.ts";
import { bringBranch, branchState } from "./github-branch.ts";
import type { BranchState, PullPublication } from "./github-branch.ts";
import { create, pause, read, readAll, write } from "./github-client.ts";
import type { Session } from "./github-client.ts";
import { ForgeError, mayHaveHappened } from "./github-faults.ts";
import { bodyWith, firstMarker, isBySelf, ownOf, remarked } from "./github-items.ts";
import type { Own, Pull } from "./github-items.ts";
import { sameMarker } from "./marker.ts";
import type { Marker } from "./marker.ts";

/** How many pull requests may still be opened; counted down as they are. */
export interface Budget {
  open: number;
  hour: number;
  readonly maxOpen: number;
  readonly perHour: number;
}

export interface PullContext {
  readonly session: Session;
  readonly open: readonly Own<Pull>[];
  readonly budget: Budget;
}

const HOUR = 3_600_000;

export async function budgetOf(
  session: Session,
  open: readonly Own<Pull>[],
  limits: { readonly maxOpen: number; readonly perHour: number },
): Promise<Budget> {
  const newest = await newestPulls(session);
  const since = session.clock.now() - HOUR;
  const recent = newest.filter(({ post }) => Date.parse(post.created_at) > since).length;
  return { open: limits.maxOpen - open.length, hour: limits.perHour - recent, ...limits };
}

/** What was done about the publication, or would be done in a dry run. */
export async function publishPull(context: PullContext, publication: PullPublication): Promise<PublishedAction> {
  const { session } = context;
  const known = context.open.find(({ marker }) => marker.id === publication.id);
  const state = await branchState(session, publication);
  if (known !== undefined) return updatePull(session, publication, { known, state });
  const earlier = await pullsOfBranch(session, publication.branch);
  const standing = earlier.find((pull) => pull.state === "open");
  if (standing !== undefined) return adopt(session, publication, { standing, state });
  const reason = whyNot(session, publication, { earlier, state });
  if (reason !== undefined) return action(publication, "left-alone", reason.why, reason.url);
  const wait = waitFor(context.budget);
  if (wait !== undefined) return action(publication, "waiting", wait);
  context.budget.open -= 1;
  context.budget.hour -= 1;
  return openPull(session, publication, state);
}

/** Closed ones and merged ones too, newest first. */
export function pullsOfBranch(session: Session, branch: string): Promise<readonly Pull[]> {
  return readAll<Pull>(session, "/pulls", { state: "all", head: `${session.owner}:${branch}` });
}

async function newestPulls(session: Session): Promise<readonly Own<Pull>[]> {
  const newest = { state: "all", sort: "created", direction: "desc", per_page: 100 };
  return ownOf(session, "pull-request", await read<readonly Pull[]>(session, "/pulls", newest));
}

interface Refused {
  readonly why: string;
  readonly url?: string;
}

function whyNot(
  session: Session,
  publication: PullPublication,
  { earlier, state }: { readonly earlier: readonly Pull[]; readonly state: BranchState },
): Refused | undefined {
  const declined = ownOf(session, "pull-request", earlier).find(
    ({ post, marker }) =>
      post.merged_at === null && marker.closed === undefined && marker.fingerprint === publication.fingerprint,
  );
  if (declined !== undefined) {
    return { why: "closed by somebody: nothing is opened until the drift changes", url: declined.post.html_url };
  }
  if (state.kind !== "foreign") return undefined;
  return {
    why: `${publication.branch} has a commit that holdfast did not make: remove the branch to have it proposed`,
  };
}

function waitFor({ open, hour, maxOpen, perHour }: Budget): string | undefined {
  if (open <= 0) return `waits: ${maxOpen} pull requests are open (pullRequests.maxOpen)`;
  if (hour <= 0) return `waits: ${perHour} pull requests were opened within an hour (pullRequests.perHour)`;
  return undefined;
}

async function openPull(session: Session, publication: PullPublication, state: BranchState): Promise<PublishedAction> {
  const { branch, title, labels } = publication;
  const body = bodyWith(session, firstMarker(publication), publication.body);
  if (session.dryRun) return action(publication, "opened", `would open it from ${branch}`);
  await bringBranch(session, publication, { state, open: false });
  const pull = await createPull(session, { title, body, head: branch, base: session.base.branch });
  await label(session, pull.number, labels);
  return action(publication, "opened", `from ${branch}`, pull.html_url);
}

interface NewPull {
  readonly title: string;
  readonly body: string;
  readonly head: string;
  readonly base: string;
}

/** GitHub keeps one open pull request for a branch: after no answer, or a refusal, it is looked for. */
async function createPull(session: Session, request: NewPull): Promise<Pull> {
  const parameters = { ...request };
  try {
    return await create<Pull>(session, "/pulls", parameters);
  } catch (error) {
    if (!(error instanceof ForgeError) || (error.status !== 422 && !mayHaveHappened(error))) throw error;
    const found = await foundPull(session, request.head);
    if (found !== undefined) return found;
    if (error.status === 422) throw error;
    return create<Pull>(session, "/pulls", parameters);
  }
}

/** Lists lag: what is not there at once may be there soon. */
async function foundPull(session: Session, branch: string): Promise<Pull | undefined> {
  for (let look = 1; look <= 3; look++) {
    await pause(session, session.pacing.retry * look);
    const pulls = await pullsOfBranch(session, branch);
    const found = pulls.find((pull) => pull.state === "open" && isBySelf(session, pull));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An open pull request from the branch that was not in the list, or whose marker is lost: ours if holdfast opened it. */
async function adopt(
  session: Session,
  publication: PullPublication,
  { standing, state }: { readonly standing: Pull; readonly state: BranchState },
): Promise<PublishedAction> {
  if (!isBySelf(session, standing)) {
    return action(
      publication,
      "left-alone",
      "somebody else's pull request is open from this branch",
      standing.html_url,
    );
  }
  const lost: Marker = { ...firstMarker(publication), words: "" };
  const [known = { post: standing, marker: lost }] = ownOf(session, "pull-request", [standing]);
  return updatePull(session, publication, { known, state });
}

async function updatePull(
  session: Session,
  publication: PullPublication,
  { known, state }: { readonly known: Own<Pull>; readonly state: BranchState },
): Promise<PublishedAction> {
  const { post, marker } = known;
  const paused = state.kind === "foreign";
  // What a person has taken over goes on saying what is on the branch.
  const wanted: Marker = paused ? { ...marker, paused, clean: 0 } : firstMarker(publication);
  const pushes = !paused && !(state.kind === "own" && state.same);
  const says = !sameMarker(marker, wanted);
  const unlabelled = isUnlabelled(post, publication.labels);
  const did = pushes || says || unlabelled ? "updated" : "unchanged";
  if (did === "updated" && !session.dryRun) {
    if (pushes) await bringBranch(session, publication, { state, open: true });
    if (says) {
      const words = paused
        ? { body: remarked(session, known, wanted) }
        : { title: publication.title, body: bodyWith(session, wanted, publication.body) };
      await write(session, `PATCH /pulls/${post.number}`, words);
    }
    if (unlabelled) await label(session, post.number, publication.labels);
  }
  if (paused)
    return action(
      publication,
      did === "updated" ? did : "left-alone",
      "somebody else's commit is on the branch",
      post.html_url,
    );
  return action(publication, did, pushes ? "the drift changed" : "says what the cluster has", post.html_url);
}

/** Nobody has touched it since it was opened, and it has no label: the process ended in between. */
function isUnlabelled(post: Pull, labels: readonly string[]): boolean {
  const touched = Date.parse(post.updated_at) - Date.parse(post.created_at) > 2000;
  return labels.length > 0 && post.labels.length === 0 && !touched;
}

/** Labels are for people: without them everything goes on. GitHub makes those that do not exist. */
async function label(session: Session, number: number, labels: readonly string[]): Promise<void> {
  if (labels.length === 0) return;
  try {
    await write(session, `POST /issues/${number}/labels`, { labels });
  } catch (error) {
    if (!(error instanceof ForgeError) || error.scope === "pass") throw error;
    session.log(`labels of #${number}: ${error.message}`);
  }
}

function action(
  { kind, id }: PullPublication,
  did: PublishedAction["did"],
  reason: string,
  url?: string,
): PublishedAction {
  return { kind, id, did, reason, ...(url === undefined ? {} : { url }) };
}
