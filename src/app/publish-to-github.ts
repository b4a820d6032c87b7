/** The end of a pass over a repository of GitHub: publishes it, by a token that may do that and no more. */

import type { RepositoryConfig } from "../config/repository.ts";
import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { Pass } from "../core/pass.ts";
import type { Published } from "../core/proposal.ts";
import type { Clock } from "../core/stages.ts";
import type { Forge } from "../publish/forge.ts";
import { createGitHubForge } from "../publish/github.ts";
import { publishPass } from "../reconcile/publish-pass.ts";
import { markerKey } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";
import { openAccess } from "./github-clients.ts";
import type { Installation, RepositoryAccess } from "./github-clients.ts";
import type { GitHubAddresses } from "./github-addresses.ts";
import type { OpenRepository } from "./github-repository.ts";

export interface PublishToGitHub {
  readonly pass: Pass;
  readonly config: RepositoryConfig;
  readonly repository: Pick<OpenRepository, "owner" | "name" | "base">;
  readonly credentials: Credentials;
  readonly addresses: GitHubAddresses;
  readonly installation?: Installation;
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly log: (message: string) => void;
  readonly signal?: AbortSignal;
  /** What stands before the forge: a hold-off, say. */
  readonly before?: (forge: Forge) => Forge;
}

export interface PublishedAs extends Published {
  /** Whom GitHub shows as the author; `""` where nothing was to be published. */
  readonly as: string;
}

/** In `mode: report` GitHub is not asked for anything. */
export async function publishToGitHub(input: PublishToGitHub): Promise<PublishedAs> {
  if (input.config.mode === "report") return { actions: [], faults: [], as: "" };
  const { credentials, addresses, installation, repository, dryRun } = input;
  const { owner, name } = repository;
  const access = await openAccess({
    credentials,
    addresses,
    owner,
    name,
    write: !dryRun,
    ...(installation === undefined ? {} : { installation }),
  });
  if (isFault(access)) return failed(access);
  try {
    return await publishWith(input, access);
  } finally {
    await access.close();
  }
}

async function publishWith(input: PublishToGitHub, access: RepositoryAccess): Promise<PublishedAs> {
  const login = await access.login();
  if (isFault(login)) return failed(login);
  const { pass, config, repository, credentials, dryRun, clock, log, signal } = input;
  const { maxOpen, perHour } = config.pullRequests;
  const forge = createGitHubForge({
    octokit: access.client,
    owner: repository.owner,
    repo: repository.name,
    base: repository.base,
    key: markerKey(credentials.key),
    identity: { login },
    limits: { maxOpen, perHour },
    clock,
    log,
  });
  const published = await publishPass({
    pass,
    config,
    forge: input.before?.(forge) ?? forge,
    dryRun,
    ...(signal === undefined ? {} : { signal }),
  });
  return { ...published, as: login };
}

function failed(fault: Fault): PublishedAs {
  return { actions: [], faults: [fault], as: "" };
}
