import { gunzipSync } from "node:zlib";
import type { Answer } from "./backend.ts";
import { refusal } from "./refusals.ts";
import { visibleRepository } from "./repositories.ts";
import { mirrorOf } from "./stand.ts";
import type { ClientRequest, Repository, Stand } from "./stand.ts";

const GIT_PATH = /^\/([^/]+\/[^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

export function isGitRequest(path: string): boolean {
  return GIT_PATH.test(path);
}

/**
 * Git over HTTP from the same state: the objects behind the refs are copied into a bare repository, and git answers from
 * it. To fetch needs `contents: read`; pushing is refused, since holdfast never does.
 */
export async function answerGit(stand: Stand, request: ClientRequest): Promise<Answer> {
  const [, fullName = "", action = ""] = GIT_PATH.exec(request.path) ?? [];
  const pushes = action === "git-receive-pack" || request.query.get("service") === "git-receive-pack";
  const repo = await readable(stand, request, fullName);
  if (pushes) throw refusal(403, `Permission to ${fullName}.git denied to ${request.identity.login}.`);
  const mirror = await mirrorOf(stand, repo.full_name);
  const advertise = action === "info/refs";
  // A fetch is two requests or more; only the first may see new refs, or the second would not know what was promised.
  if (advertise) await mirror.sync();
  const body = await mirror.uploadPack({
    advertise,
    protocol: request.headers["git-protocol"],
    input: request.headers["content-encoding"] === "gzip" ? gunzipSync(request.body) : request.body,
  });
  const preamble = request.headers["git-protocol"]?.includes("version=2") ? "" : "001e# service=git-upload-pack\n0000";
  return {
    status: 200,
    headers: {
      "content-type": `application/x-git-upload-pack-${advertise ? "advertisement" : "result"}`,
      "cache-control": "no-cache",
    },
    body: advertise ? Buffer.concat([Buffer.from(preamble), body]) : body,
  };
}

/** Without credentials GitHub asks git for them, whether the repository exists or not. */
async function readable(stand: Stand, request: ClientRequest, fullName: string): Promise<Repository> {
  const { identity } = request;
  const repo = await visibleRepository(stand, identity, fullName).catch((error: unknown) => {
    if (identity.kind !== "anonymous") throw error;
    throw refusal(401, "Repository not found", { "www-authenticate": 'Basic realm="GitHub"' });
  });
  if (repo.private && identity.kind === "installation" && identity.permissions["contents"] === undefined)
    throw refusal(403, `Write access to repository not granted.`);
  return repo;
}
