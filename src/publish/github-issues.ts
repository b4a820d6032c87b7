/**
 * Opens, updates and reopens the issues of a pass. GitHub knows no key of an issue: what is to be created is looked for
 * before and after, and of several with one id the first one stays.
 */

import type { Publication, PublishedAction } from "../core/proposal.ts";
import { create, pause, read, write } from "./github-client.ts";
import type { Session } from "./github-client.ts";
import { ForgeError, mayHaveHappened } from "./github-faults.ts";
import { bodyWith, firstMarker, ownIssues, remarked } from "./github-items.ts";
import type { Issue, Own } from "./github-items.ts";
import { sameMarker } from "./marker.ts";
import type { Marker } from "./marker.ts";

export type IssuePublication = Extract<Publication, { kind: "issue" }>;

export interface IssueContext {
  readonly session: Session;
  readonly open: readonly Own<Issue>[];
  /** The closed ones, read once, where they are needed. */
  readonly closed: () => Promise<readonly Own<Issue>[]>;
}

/** What was done about the publication, or would be done in a dry run. */
export async function publishIssue(context: IssueContext, publication: IssuePublication): Promise<PublishedAction> {
  const { session } = context;
  const first = await onlyOne(session, withId(context.open, publication.id));
  if (first !== undefined) return update(session, publication, first);
  const closed = withId(await context.closed(), publication.id).findLast(({ marker }) => marker.closed !== "duplicate");
  // Lists lag: the newest are looked at again, by another request, before anything is created.
  const newest = await newestOf(session, publication.id);
  const late = newest.find(({ post }) => post.number > (closed?.post.number ?? 0));
  if (late !== undefined)
    return late.post.state === "open" ? update(session, publication, late) : again(session, publication, late);
  return closed === undefined ? open(session, publication) : again(session, publication, closed);
}

/** In the order of their numbers. */
function withId(issues: readonly Own<Issue>[], id: string): readonly Own<Issue>[] {
  return issues.filter(({ marker }) => marker.id === id).toSorted((a, b) => a.post.number - b.post.number);
}

async function newestOf(session: Session, id: string): Promise<readonly Own<Issue>[]> {
  const newest = { state: "all", sort: "created", direction: "desc", per_page: 100 };
  const posts = await read<readonly Issue[]>(session, "/issues", newest);
  return withId(ownIssues(session, posts), id).filter(({ marker }) => marker.closed !== "duplicate");
}

/** The first one; the others are closed. */
async function onlyOne(session: Session, issues: readonly Own<Issue>[]): Promise<Own<Issue> | undefined> {
  const [first, ...others] = issues;
  for (const other of session.dryRun ? [] : others) {
    const body = remarked(session, other, { closed: "duplicate" });
    await write(session, `PATCH /issues/${other.post.number}`, { state: "closed", state_reason: "duplicate", body });
  }
  return first;
}

async function open(session: Session, publication: IssuePublication): Promise<PublishedAction> {
  const { title, labels, assignees, id } = publication;
  const body = bodyWith(session, firstMarker(publication), publication.body);
  if (session.dryRun) return action(publication, "opened", "would open it");
  const request = { title, body, labels, ...(assignees.length === 0 ? {} : { assignees }) };
  const created = await createIssue(session, request, id);
  const first = await onlyOne(
    session,
    (await newestOf(session, id)).filter(({ post }) => post.state === "open"),
  );
  return action(publication, "opened", "the drift needs a decision", first?.post.html_url ?? created.html_url);
}

/** After no answer the issue may be there, and lists lag: it is looked for twice before it is asked for again. */
async function createIssue(session: Session, request: Readonly<Record<string, unknown>>, id: string): Promise<Issue> {
  try {
    return await create<Issue>(session, "/issues", request);
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    if (error.status === 422 && "assignees" in request) return createUnassigned(session, request, id);
    if (!mayHaveHappened(error)) throw error;
    for (let look = 1; look <= 2; look++) {
      await pause(session, session.pacing.retry * look);
      const found = (await newestOf(session, id)).find(({ post }) => post.state === "open");
      if (found !== undefined) return found.post;
    }
    return create<Issue>(session, "/issues", request);
  }
}

/** Somebody who may not be assigned is no reason to keep quiet about a violation. */
function createUnassigned(session: Session, request: Readonly<Record<string, unknown>>, id: string): Promise<Issue> {
  const { assignees: _left, ...rest } = request;
  session.log(`issue of ${id}: opened without assignees, GitHub does not take them`);
  return createIssue(session, rest, id);
}

async function update(session: Session, publication: IssuePublication, known: Own<Issue>): Promise<PublishedAction> {
  const { post, marker } = known;
  const same = marker.fingerprint === publication.fingerprint;
  const reopened = same && marker.reopened !== undefined ? { reopened: marker.reopened } : {};
  const wanted: Marker = { ...firstMarker(publication), ...reopened };
  if (sameMarker(marker, wanted)) return action(publication, "unchanged", "the drift still stands", post.html_url);
  if (!session.dryRun) {
    const body = bodyWith(session, wanted, publication.body);
    await write(session, `PATCH /issues/${post.number}`, { title: publication.title, body });
  }
  return action(publication, "updated", same ? "the drift still stands" : "the drift changed", post.html_url);
}

/** A closed one: reopened where holdfast closed it or the drift changed, and once where somebody closed it too early. */
async function again(session: Session, publication: IssuePublication, known: Own<Issue>): Promise<PublishedAction> {
  const { post, marker } = known;
  const bySomebody = marker.closed === undefined && marker.fingerprint === publication.fingerprint;
  const times = marker.reopened ?? 0;
  if (bySomebody && times > 0) {
    return action(
      publication,
      "left-alone",
      "closed by somebody again: it stays closed until the drift changes",
      post.html_url,
    );
  }
  if (!session.dryRun) {
    const wanted: Marker = { ...firstMarker(publication), ...(bySomebody ? { reopened: times + 1 } : {}) };
    const body = bodyWith(session, wanted, publication.body);
    const change = { state: "open", state_reason: "reopened", title: publication.title, body };
    await write(session, `PATCH /issues/${post.number}`, change);
  }
  return action(
    publication,
    "reopened",
    bySomebody ? "closed while the drift still stands" : "the drift is back",
    post.html_url,
  );
}

function action(
  { kind, id }: IssuePublication,
  did: PublishedAction["did"],
  reason: string,
  url?: string,
): PublishedAction {
  return { kind, id, did, reason, ...(url === undefined ? {} : { url }) };
}
