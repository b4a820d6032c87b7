import { json } from "./backend.ts";
import type { Answer } from "./backend.ts";
import { pullRequest, pullRequests } from "./pull-requests.ts";
import type { PullRequest } from "./pull-requests.ts";
import { refusal } from "./refusals.ts";
import { everyItem, forward, page } from "./stand.ts";
import type { ClientRequest, Repository, Stand } from "./stand.ts";

/** An issue as GitHub's REST API shows it; what no handler looks at passes through. */
export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly state: "open" | "closed";
  readonly state_reason: string | null;
  readonly user: { readonly login: string };
  readonly labels: readonly { readonly name: string }[];
  readonly created_at: string;
  readonly updated_at: string;
  readonly [field: string]: unknown;
}

/**
 * Answers `/repos/{owner}/{repo}/issues`. To GitHub each pull request is an issue too, in lists and by its number; to
 * the emulator it is not.
 */
export async function answerIssues(
  stand: Stand,
  request: ClientRequest,
  repo: Repository,
  rest: string,
): Promise<Answer> {
  if (!repo.has_issues && request.method !== "GET") throw refusal(410, "Issues has been disabled in this repository.");
  if (request.method === "GET" && rest === "") return listIssues(stand, request, repo);
  const number = Number(/^\/(\d+)$/.exec(rest)?.[1] ?? Number.NaN);
  if (!Number.isNaN(number) && (await isPull(stand, repo, number)))
    return answerPullAsIssue(stand, request, repo, number);
  return forward(stand, request, request.method === "PATCH" ? knownReason(request.body) : undefined);
}

async function listIssues(stand: Stand, request: ClientRequest, repo: Repository): Promise<Answer> {
  const query = new URLSearchParams(request.query);
  query.delete("page");
  query.delete("per_page");
  const issues = await everyItem<Issue>(stand, `/repos/${repo.full_name}/issues?${query.toString()}`);
  const state = query.get("state") ?? "open";
  const pulls = (await pullRequests(stand, repo.full_name, `state=${state}`)).filter((pull) => matches(pull, query));
  const key = query.get("sort") === "updated" ? "updated_at" : "created_at";
  const sign = query.get("direction") === "asc" ? 1 : -1;
  const all = [...issues, ...pulls.map(asIssue)].sort(
    (left, right) => sign * (left[key].localeCompare(right[key]) || left.number - right.number),
  );
  return page(stand, request, all);
}

function matches(pull: PullRequest, query: URLSearchParams): boolean {
  const wanted = (query.get("labels") ?? "").split(",").filter(Boolean);
  const creator = query.get("creator");
  const since = query.get("since");
  return (
    wanted.every((name) => pull.labels.some((label) => label.name === name)) &&
    (creator === null || pull.user.login === creator) &&
    (since === null || Date.parse(pull.updated_at) >= Date.parse(since)) &&
    !query.has("milestone") &&
    !query.has("assignee")
  );
}

function asIssue(pull: PullRequest): Issue {
  const { number, title, body, state, user, labels, created_at, updated_at, html_url, merged_at } = pull;
  const { closed_at, locked, assignees, node_id, id } = pull;
  const links = { html_url, merged_at, url: pull["url"] };
  const shared = { id, node_id, number, title, body, state, user, labels, created_at, updated_at, closed_at, locked };
  return { ...shared, assignees, state_reason: null, html_url, pull_request: links };
}

async function answerPullAsIssue(
  stand: Stand,
  request: ClientRequest,
  repo: Repository,
  number: number,
): Promise<Answer> {
  if (request.method === "PATCH") {
    const { labels, title, body, state } = JSON.parse(request.body.toString()) as Partial<Issue>;
    const pull = `/repos/${repo.full_name}/pulls/${number}`;
    const change = { title, body, state };
    const answer = await forward(stand, { ...request, path: pull }, change);
    if (answer.status >= 400) return answer;
    if (labels !== undefined)
      await forward(
        stand,
        { ...request, method: "PUT", path: `/repos/${repo.full_name}/issues/${number}/labels` },
        { labels },
      );
  }
  return json(200, asIssue(await pullRequest(stand, repo.full_name, number)));
}

async function isPull(stand: Stand, repo: Repository, number: number): Promise<boolean> {
  return (await stand.backend.lookUp(`/repos/${repo.full_name}/pulls/${number}`)) !== undefined;
}

/** The emulator does not know the reason "duplicate"; the nearest that it knows is kept instead. */
function knownReason(body: Buffer): unknown {
  const change = JSON.parse(body.toString()) as { state_reason?: string };
  return change.state_reason === "duplicate" ? { ...change, state_reason: "not_planned" } : change;
}
