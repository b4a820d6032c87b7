/** Names of repositories: `owner/name`, and what a clone's remote says. */

export interface RepositoryName {
  readonly owner: string;
  readonly name: string;
}

/** `undefined` where the text is no `owner/name` as GitHub allows it. */
export function parseRepositoryName(text: string): RepositoryName | undefined {
  const [, owner, name] = /^([A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})?)\/([A-Za-z0-9._-]{1,100})$/.exec(text) ?? [];
  if (owner === undefined || name === undefined || name === "." || name === "..") return undefined;
  return { owner, name };
}

/**
 * The repository that a remote's URL names on this server: `https://HOST/owner/name(.git)`, `ssh://git@HOST/…` or
 * `git@HOST:owner/name`. `undefined` for another host: a repository of the same name elsewhere is another one.
 */
export function repositoryOfRemote(url: string, server: string): RepositoryName | undefined {
  const [, scpHost, scpPath] = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(url) ?? [];
  const parsed = scpHost === undefined ? URL.parse(url) : null;
  // The port of SSH says nothing of the port of HTTPS.
  const host = scpHost ?? (parsed?.protocol === "ssh:" ? parsed.hostname : parsed?.host);
  const path = scpPath ?? parsed?.pathname;
  const home = new URL(server);
  if (path === undefined || (host !== home.host && host !== home.hostname)) return undefined;
  return parseRepositoryName(
    path
      .replace(/^\/+/, "")
      .replace(/\/+$/, "")
      .replace(/\.git$/, ""),
  );
}
