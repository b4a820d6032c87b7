/** What kustomize would fetch, and from where. */

import { cleanPath } from "./paths.ts";

/**
 * Whether kustomize takes it for the address of a repository or of a file on the network, and for no path
 * (`api/internal/git/repospec.go`, `NewRepoSpecFromURL`; `api/internal/loader`, `IsRemoteFile`). Older spellings, which
 * kustomize 5 does not know any more, are meant to be fetched, too.
 */
export function isRemote(written: string): boolean {
  if (/^https?:/i.test(written)) return true;
  if (/^(?:git|hg|s3|gcs|http|file)::|^gh:/i.test(written)) return true;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) return true;
  const [address, query] = splitOnce(written, "?");
  if (query !== undefined && /(?:^|&)(?:ref|version|timeout|submodules)=/.test(query)) return true;
  // Without a scheme only what has a user is an address, and GitHub without one.
  const host = /^[a-z][a-z0-9-]*@/i.exec(address)?.[0] ?? "";
  const rest = address.slice(host.length);
  const isGitHub = /^github\.com[/:]/i.test(rest);
  if (host === "" && !isGitHub) return false;
  const end = rest.search(/[/:]/);
  return end > 0 && isRepository(rest.slice(end + 1));
}

/** The owner and the name, or a mark of where the repository's own path ends. */
function isRepository(path: string): boolean {
  return /_git\/|\/\/|\.git/.test(path) || path.split("/").length >= 2;
}

/** What an address names of a Git repository. */
export interface Remote {
  /** A folder is cloned with its repository, a file is asked for by itself. */
  readonly kind: "folder" | "file";
  /** The repository's address, as Git takes it. */
  readonly url: string;
  /** Clean, from the repository's root. */
  readonly path: string;
  /** A tag, a branch or a commit; absent: whatever the repository's head is. */
  readonly revision?: string;
}

/**
 * What of which repository that is; `undefined` where kustomize 5 takes it for nothing of one, where it leaves the repository,
 * and where it is read in more than one way. Local repositories (`file:`) are none that a cluster's deployer has.
 */
export function remoteOf(written: string): Remote | undefined {
  if (written.length > 1000 || /[\s\p{Cc}\\]/u.test(written)) return undefined;
  const file = rawFile(written);
  if (file !== undefined) return file;
  if (/^https:\/\/(?:raw\.githubusercontent\.com|github\.com\/[^/]+\/[^/]+\/(?:raw|releases|archive))\//i.test(written))
    return undefined;
  const [address, query] = splitOnce(written.replace(/^git::/i, ""), "?");
  const asked = revisionIn(query);
  const parts = addressParts(address);
  const path = parts === undefined ? undefined : cleanPath(parts.path.replace(/^\//, ""));
  if (parts === undefined || path === undefined || asked === undefined) return undefined;
  return { kind: "folder", url: parts.url, path, ...asked };
}

/** A file of a repository at GitHub, as it is itself. */
function rawFile(written: string): Remote | undefined {
  const found =
    /^https:\/\/raw\.githubusercontent\.com\/([\w.-]+)\/([\w.-]+)\/([\w./@+-]+)$/i.exec(written) ??
    /^https:\/\/github\.com\/([\w.-]+)\/([\w.-]+)\/raw\/([\w./@+-]+)$/i.exec(written);
  if (found === null) return undefined;
  const [, owner = "", name = "", rest = ""] = found;
  // Where a branch has slashes in its name, nothing says which of them ends it: its first step is looked up, and is none.
  const [, revision = "", inside = ""] = /^((?:refs\/(?:heads|tags)\/)?[^/]+)\/(.+)$/.exec(rest) ?? [];
  const path = cleanPath(inside);
  if (path === undefined || path === "" || path !== inside) return undefined;
  return { kind: "file", url: `https://github.com/${owner}/${name}`, path, revision };
}

interface AddressParts {
  readonly url: string;
  /** As written. */
  readonly path: string;
}

/** The repository, and the path in it: as `extractHost` and `parsePathParts` part them. */
function addressParts(address: string): AddressParts | undefined {
  const scheme = /^(?:https?|ssh):\/\//i.exec(address)?.[0] ?? "";
  const user = /^[a-z][a-z0-9-]*@/i.exec(address.slice(scheme.length))?.[0] ?? "";
  const rest = address.slice(scheme.length + user.length);
  const isGitHub = /^github\.com[/:]/i.test(rest);
  if (scheme === "" && user === "" && !isGitHub) return undefined;
  const end = rest.search(scheme === "" ? /[/:]/ : /\//);
  // To git, what has neither a scheme nor a colon is a folder of the machine.
  if (end < 1 || (scheme === "" && !isGitHub && rest[end] !== ":")) return undefined;
  const host = isGitHub ? "https://github.com/" : `${scheme.toLowerCase()}${user}${rest.slice(0, end + 1)}`;
  const { repository, path } = partedPath(rest.slice(end + 1)) ?? {};
  if (repository === undefined || repository === "" || path === undefined) return undefined;
  return cleanPath(repository) === repository.replace(/\/+$/, "") ? { url: `${host}${repository}`, path } : undefined;
}

/** By the marks that kustomize goes by, in its order; else the first two steps are the repository. */
function partedPath(rest: string): { readonly repository: string; readonly path: string } | undefined {
  const azure = rest.indexOf("_git/");
  if (azure >= 0) {
    const [name = "", ...steps] = rest.slice(azure + "_git/".length).split("/");
    return { repository: `${rest.slice(0, azure)}_git/${name}`, path: steps.join("/") };
  }
  const double = rest.indexOf("//");
  if (double >= 0) return { repository: rest.slice(0, double), path: rest.slice(double + 2) };
  const suffix = rest.indexOf(".git");
  if (suffix >= 0) return { repository: rest.slice(0, suffix + 4), path: rest.slice(suffix + 4) };
  const [owner, name, ...steps] = rest.split("/");
  return owner === undefined || name === undefined
    ? undefined
    : { repository: `${owner}/${name}`, path: steps.join("/") };
}

/** `ref` goes before `version`. `undefined`: what Go does not read as a query at all is not guessed at. */
function revisionIn(query = ""): Pick<Remote, "revision"> | undefined {
  if (/;|%(?![0-9a-f]{2})/i.test(query)) return undefined;
  const values = new URLSearchParams(query);
  const ref = values.get("ref") ?? "";
  const revision = ref === "" ? (values.get("version") ?? "") : ref;
  return revision === "" ? {} : { revision };
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
