/** Where the App is installed. */

import type { Octokit } from "@octokit/rest";

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { AppCredentials } from "./credentials.ts";
import { appClient, asked, freshTokenClient, installationToken, toInstallation } from "./github-clients.ts";
import type { Installation } from "./github-clients.ts";
import type { GitHubAddresses } from "./github-addresses.ts";

export interface InstalledRepository {
  readonly owner: string;
  readonly name: string;
  readonly installation: Installation;
  /** Archived or disabled: it takes no writes. */
  readonly readOnly: boolean;
}

export interface InstalledOptions {
  readonly credentials: AppCredentials;
  readonly addresses: GitHubAddresses;
  /** Owners that are of interest, in lower case: only their installations are asked. */
  readonly owners: ReadonlySet<string>;
}

export interface Installed {
  readonly repositories: readonly InstalledRepository[];
  /** Of installations that could not be asked: what they have is not known, and has not gone. */
  readonly faults: readonly Fault[];
}

/** A fault where the installations could not be listed at all. */
export async function installedRepositories(options: InstalledOptions): Promise<Installed | Fault> {
  const client = appClient(options.credentials, options.addresses);
  const installations = await asked("the App", "the App's installations", () =>
    client.paginate("GET /app/installations", { per_page: 100 }),
  );
  if (isFault(installations)) return installations;
  const repositories: InstalledRepository[] = [];
  const faults: Fault[] = [];
  for (const data of installations) {
    const owner = data.account !== null && "login" in data.account ? data.account.login : "";
    if (!options.owners.has(owner.toLowerCase()) || (data.suspended_at ?? null) !== null) continue;
    const found = await repositoriesOf({
      client,
      addresses: options.addresses,
      owner,
      installation: toInstallation(data),
    });
    if (isFault(found)) faults.push(found);
    else repositories.push(...found);
  }
  return { repositories, faults };
}

interface OneInstallation {
  readonly client: Octokit;
  readonly addresses: GitHubAddresses;
  readonly owner: string;
  readonly installation: Installation;
}

async function repositoriesOf({
  client,
  addresses,
  owner,
  installation,
}: OneInstallation): Promise<readonly InstalledRepository[] | Fault> {
  return asked(owner, "the installation's repositories", async () => {
    const token = await installationToken(client, installation.id, { permissions: { metadata: "read" } });
    const own = freshTokenClient(token, addresses);
    const repositories = await own.paginate("GET /installation/repositories", { per_page: 100 });
    await own.request("DELETE /installation/token").catch(() => undefined);
    return repositories.map((repository): InstalledRepository => ({
      owner: repository.owner.login,
      name: repository.name,
      installation,
      readOnly: repository.archived || repository.disabled,
    }));
  });
}
