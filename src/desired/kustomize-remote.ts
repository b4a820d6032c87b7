/** What kustomize would fetch. */

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

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
