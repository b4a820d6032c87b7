import { z } from "zod";
import { json } from "./backend.ts";
import type { Answer } from "./backend.ts";
import { issuedToken } from "./identities.ts";
import { lacksPermission, refusal } from "./refusals.ts";
import { visibleRepository } from "./repositories.ts";
import { forward, onBehalf, page } from "./stand.ts";
import type { ClientRequest, Stand } from "./stand.ts";

const tokenRequest = z.strictObject({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.int()).optional(),
  permissions: z.record(z.string(), z.enum(["read", "write"])).optional(),
});

/** Answers what is about the client itself: the App and its installations, the installation's token, the user. */
export async function answerAccount(stand: Stand, request: ClientRequest): Promise<Answer> {
  const { identity, path } = request;
  if (/^\/(app|orgs\/[^/]+\/installation|users\/[^/]+\/installation)(\/|$)/.test(path)) {
    if (identity.kind !== "app") throw refusal(401, "A JSON web token could not be decoded");
    return path.endsWith("/access_tokens") ? issueToken(stand, request, identity.slug) : forward(stand, request);
  }
  if (path === "/installation/repositories") return installedRepositories(stand, request);
  if (path === "/installation/token" && request.method === "DELETE") return revoke(stand, request);
  if (path === "/user" && identity.kind === "installation") throw lacksPermission("");
  if (path === "/user" && identity.kind !== "user") throw refusal(401, "Requires authentication");
  if (request.method === "GET") return forward(stand, request);
  throw refusal(501, `The stand-in does not know ${request.method} ${path}`);
}

async function issueToken(stand: Stand, request: ClientRequest, slug: string): Promise<Answer> {
  const asked = tokenRequest.safeParse(request.body.length === 0 ? {} : JSON.parse(request.body.toString()));
  if (!asked.success) throw refusal(422, `Invalid request.\n\n${asked.error.issues[0]?.message ?? ""}`);
  const path = request.path.replace(/\/access_tokens$/, "");
  const { account } = await onBehalf<{ account: { login: string } }>(stand, request.identity, { method: "GET", path });
  const answer = await forward(stand, request, asked.data);
  if (answer.status >= 300) return answer;
  const { token, installation } = issuedToken(answer, slug, account.login);
  stand.identities.addInstallationToken(token, installation);
  return answer;
}

async function installedRepositories(stand: Stand, request: ClientRequest): Promise<Answer> {
  const { identity } = request;
  if (identity.kind !== "installation")
    throw refusal(
      403,
      "You must authenticate with an installation access token in order to list repositories for an installation.",
    );
  const seen = [...stand.repositories].map((name) =>
    visibleRepository(stand, identity, name).then(
      (repo) => (repo.owner.login === identity.account ? [repo] : []),
      () => [],
    ),
  );
  const repositories = (await Promise.all(seen))
    .flat()
    .filter(({ id }) => identity.repositories === "all" || identity.repositories.has(id));
  const selection = identity.repositories === "all" ? "all" : "selected";
  return page(stand, request, repositories, (part) => ({
    total_count: repositories.length,
    repository_selection: selection,
    repositories: part,
  }));
}

function revoke(stand: Stand, request: ClientRequest): Answer {
  if (request.identity.kind !== "installation") throw refusal(401, "Requires authentication");
  stand.identities.forget(request.identity.authorization.replace(/^token /, ""));
  return json(204);
}
