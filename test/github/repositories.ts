import { json, parsed } from "./backend.ts";
import type { Answer } from "./backend.ts";
import { closingOrphans, answerPulls } from "./pull-requests.ts";
import { answerIssues } from "./issues.ts";
import type { Identity } from "./identities.ts";
import { archived, lacksPermission, notFound, refusal, validationFailed } from "./refusals.ts";
import { ruleFor } from "./requests.ts";
import { forward, mirrorOf } from "./stand.ts";
import type { ClientRequest, Repository, Stand } from "./stand.ts";

/** GitHub's limits, in characters. */
const LONGEST_BODY = 65_536;
const LONGEST_TITLE = 256;

/** Answers everything below `/repos/{owner}/{repo}`, after refusing what GitHub refuses whatever the handler. */
export async function answerRepository(stand: Stand, request: ClientRequest): Promise<Answer> {
  const [, fullName = "", rest = ""] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(request.path) ?? [];
  if (rest === "/installation") return installationOf(stand, request);
  const repo = await visibleRepository(stand, request.identity, fullName);
  const reads = request.method === "GET" || request.method === "HEAD";
  const rule = ruleFor(reads ? "GET" : request.method, request.path);
  if (reads) assertReadable(request.identity, repo, rule?.permissions ?? ["metadata"]);
  else {
    if (!rule)
      throw refusal(501, `The stand-in has no rule for ${request.method} ${request.path}: add it to requests.ts`);
    await assertWritable(stand, request.identity, repo, rule.permissions);
    if (rule.body) assertBody(rule.body, request.body);
    refuseLongTexts(request);
  }
  return markSigned(stand, request, await dispatch(stand, request, repo, rest));
}

/** The repository, or GitHub's 404 where the client may not know that it exists. */
export async function visibleRepository(stand: Stand, identity: Identity, fullName: string): Promise<Repository> {
  const repo = await stand.backend.lookUp<Repository>(`/repos/${fullName}`);
  if (!repo || (repo.private && !(await maySee(stand, identity, repo)))) throw notFound();
  return repo;
}

/** Refuses writes without credentials (401), without permission or to an archived repository (403). */
export async function assertWritable(
  stand: Stand,
  identity: Identity,
  repo: Repository,
  permissions: readonly string[],
): Promise<void> {
  if (identity.kind === "anonymous" || identity.kind === "app") throw refusal(401, "Requires authentication");
  if (identity.kind === "installation") {
    const reaches = installationReaches(identity, repo);
    if (!reaches || !permissions.some((name) => identity.permissions[name] === "write"))
      throw lacksPermission(permissions.map((name) => `${name}=write`).join("; "));
  } else {
    if (!identity.scopes.includes("repo") && !(identity.scopes.includes("public_repo") && !repo.private))
      throw notFound();
    const open = permissions.includes("issues");
    if (!open && !(await mayPush(stand, identity.login, repo)))
      throw refusal(403, "Must have push access to repository");
  }
  if (repo.archived) throw archived();
}

function assertReadable(identity: Identity, repo: Repository, permissions: readonly string[]): void {
  if (identity.kind !== "installation" || !repo.private) return;
  if (!permissions.some((name) => identity.permissions[name] !== undefined))
    throw lacksPermission(permissions.map((name) => `${name}=read`).join("; "));
}

async function maySee(stand: Stand, identity: Identity, repo: Repository): Promise<boolean> {
  switch (identity.kind) {
    case "anonymous":
    case "app":
      return false;
    case "installation":
      return installationReaches(identity, repo);
    case "user":
      return identity.scopes.includes("repo") && (await roleOf(stand, identity.login, repo)) !== undefined;
  }
}

function installationReaches(identity: Identity & { kind: "installation" }, repo: Repository): boolean {
  if (identity.account !== repo.owner.login) return false;
  return identity.repositories === "all" || identity.repositories.has(repo.id);
}

async function mayPush(stand: Stand, login: string, repo: Repository): Promise<boolean> {
  return ["admin", "maintain", "push"].includes((await roleOf(stand, login, repo)) ?? "");
}

async function roleOf(stand: Stand, login: string, repo: Repository): Promise<string | undefined> {
  const path = `/repos/${repo.full_name}/collaborators/${encodeURIComponent(login)}/permission`;
  return (await stand.backend.lookUp<{ permission: string }>(path))?.permission;
}

function assertBody(
  schema: { safeParse(value: unknown): { error?: { issues: readonly { path: PropertyKey[]; message: string }[] } } },
  body: Buffer,
): void {
  const [issue] = schema.safeParse(jsonIn(body)).error?.issues ?? [];
  if (issue) throw refusal(422, `Invalid request.\n\nFor 'properties/${issue.path.join("/")}', ${issue.message}.`);
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.length === 0 ? "{}" : body.toString());
  } catch {
    throw refusal(400, "Problems parsing JSON");
  }
}

function refuseLongTexts(request: ClientRequest): void {
  const texts = jsonIn(request.body) as { title?: unknown; body?: unknown };
  const resource = request.path.endsWith("/comments") ? "IssueComment" : "Issue";
  const limits = [
    ["title", texts.title, LONGEST_TITLE],
    ["body", texts.body, LONGEST_BODY],
  ] as const;
  for (const [field, text, limit] of limits) {
    if (typeof text === "string" && text.length > limit)
      throw validationFailed({
        resource,
        code: "custom",
        field,
        message: `${field} is too long (maximum is ${limit} characters)`,
      });
  }
  const creates = request.method === "POST" && /\/(pulls|issues)$/.test(request.path);
  if (creates && String(texts.title).trim() === "")
    throw validationFailed({ resource: "Issue", code: "missing_field", field: "title" });
}

function dispatch(stand: Stand, request: ClientRequest, repo: Repository, rest: string): Promise<Answer> {
  const [, area = "", inner = ""] = /^\/([^/]+)(.*)$/.exec(rest) ?? [];
  if (area === "pulls") return answerPulls(stand, request, repo, inner);
  if (area === "issues") return answerIssues(stand, request, repo, inner);
  if (area === "code-scanning") return answerSarif(stand, request);
  if (area === "git" && inner.startsWith("/refs")) return answerRefs(stand, request, repo, inner);
  if (area === "git" && inner.startsWith("/blobs/")) return answerBlob(stand, request);
  if (area === "collaborators" && inner.endsWith("/permission")) return answerPermission(stand, request, repo);
  return forward(stand, request);
}

async function answerRefs(stand: Stand, request: ClientRequest, repo: Repository, inner: string): Promise<Answer> {
  const refs = await (await mirrorOf(stand, repo.full_name)).refs();
  const existing = `refs/${decodeURIComponent(inner.slice("/refs/".length))}`;
  if (request.method === "POST") refuseClashingRef(jsonIn(request.body) as { ref: string }, refs);
  else if (!refs.has(existing)) throw refusal(422, "Reference does not exist");
  const answer =
    request.method === "DELETE"
      ? await closingOrphans(stand, repo.full_name, existing.slice("refs/heads/".length), () => forward(stand, request))
      : await forward(stand, request);
  return inGitHubsWords(answer);
}

/** Git keeps refs as files: one cannot be a folder of another. */
function refuseClashingRef({ ref }: { ref: string }, refs: ReadonlyMap<string, string>): void {
  if (refs.has(ref)) throw refusal(422, "Reference already exists");
  const clash = [...refs.keys()].some((other) => other.startsWith(`${ref}/`) || ref.startsWith(`${other}/`));
  if (clash) throw refusal(422, "Reference cannot be created: it clashes with another ref");
}

const WORDS: Readonly<Record<string, string>> = {
  "Invalid sha": "Object does not exist",
  "Update is not a fast-forward": "Update is not a fast forward",
};

function inGitHubsWords(answer: Answer): Answer {
  if (answer.status !== 422) return answer;
  const body = parsed(answer) as { message: string };
  return json(422, { ...body, message: WORDS[body.message] ?? body.message, status: "422" });
}

async function answerBlob(stand: Stand, request: ClientRequest): Promise<Answer> {
  const answer = await forward(stand, request);
  if (answer.status !== 200 || !/application\/vnd\.github\.(v3\.)?raw/.test(request.headers["accept"] ?? ""))
    return answer;
  const { content } = parsed(answer) as { content: string };
  return {
    status: 200,
    headers: { "content-type": "application/vnd.github.raw" },
    body: Buffer.from(content, "base64"),
  };
}

/** GitHub speaks of read and write here, and says "none" of a user without access; the emulator does neither. */
async function answerPermission(stand: Stand, request: ClientRequest, repo: Repository): Promise<Answer> {
  const login = decodeURIComponent(/\/collaborators\/([^/]+)\/permission$/.exec(request.path)?.[1] ?? "");
  const user = await stand.backend.lookUp(`/users/${encodeURIComponent(login)}`);
  if (user === undefined) throw notFound();
  const role = await roleOf(stand, login, repo);
  const permissions: Readonly<Record<string, string>> = {
    push: "write",
    maintain: "write",
    triage: "read",
    pull: "read",
  };
  const permission = role === undefined ? (repo.private ? "none" : "read") : (permissions[role] ?? role);
  return json(200, { permission, role_name: role ?? permission, user });
}

async function answerSarif(stand: Stand, request: ClientRequest): Promise<Answer> {
  if (request.method === "GET")
    return json(200, { processing_status: "complete", analyses_url: `${stand.url}${request.path}` });
  stand.sarifs.push(jsonIn(request.body));
  const id = `sarif-${stand.sarifs.length}`;
  return json(202, { id, url: `${stand.url}${request.path}/${id}` });
}

async function installationOf(stand: Stand, request: ClientRequest): Promise<Answer> {
  if (request.identity.kind !== "app") throw refusal(401, "A JSON web token could not be decoded");
  const answer = await forward(stand, request);
  if (answer.status === 200 && (parsed(answer) as { app_slug: string }).app_slug !== request.identity.slug)
    throw notFound();
  return answer;
}

/** Adds the signatures that GitHub gives: to its own commits, and to those of Apps that name no author. */
function markSigned(stand: Stand, request: ClientRequest, answer: Answer): Answer {
  if (
    answer.status >= 300 ||
    !answer.headers["content-type"]?.includes("json") ||
    !/\/(commits|compare|contents|pulls)/.test(request.path)
  )
    return answer;
  const value = parsed(answer);
  const made =
    request.method === "POST" && request.path.endsWith("/git/commits") && request.identity.kind === "installation";
  const named = made && /"(author|committer)"/.test(request.body.toString());
  if (made && !named) stand.signed.add((value as { sha: string }).sha);
  sign(stand, value, undefined);
  return json(answer.status, value, withoutType(answer.headers));
}

function sign(stand: Stand, value: unknown, sha: string | undefined): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) return value.forEach((item) => sign(stand, item, undefined));
  const record = value as Record<string, unknown>;
  const own = typeof record["sha"] === "string" ? record["sha"] : sha;
  if ("verification" in record && own !== undefined && stand.signed.has(own))
    record["verification"] = {
      verified: true,
      reason: "valid",
      signature: "stand-in",
      payload: "stand-in",
      verified_at: null,
    };
  for (const field of ["commit", "commits", "base_commit", "merge_base_commit"]) sign(stand, record[field], own);
}

function withoutType(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { "content-type": _, ...rest } = headers;
  return rest;
}
