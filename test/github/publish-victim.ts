// A pass in a process of its own, for the tests that kill it: `node publish-victim.ts '{"url", "token", …}'`.
import { Octokit } from "@octokit/rest";
import { createGitHubForge } from "../../src/publish/github.ts";
import type { Publication } from "../../src/core/proposal.ts";
import { KEY, TARGET } from "./publishing.ts";

/** What the parent hands over. */
export interface VictimOrder {
  readonly url: string;
  readonly token: string;
  readonly owner: string;
  readonly repo: string;
  readonly commit: string;
  readonly publications: readonly Publication[];
}

const order = JSON.parse(process.argv[2] ?? "") as VictimOrder;
const forge = createGitHubForge({
  octokit: new Octokit({ baseUrl: order.url, auth: order.token }),
  owner: order.owner,
  repo: order.repo,
  base: { branch: "main", commit: order.commit },
  key: KEY,
  identity: { login: "holdfast[bot]" },
  limits: { maxOpen: 10, perHour: 10 },
  clock: { now: Date.now },
  pacing: { betweenWrites: 0, retry: 1 },
});
const { publications } = order;
const published = await forge.publish({ publications, targets: [TARGET], complete: true, dryRun: false });
console.log(JSON.stringify(published));
