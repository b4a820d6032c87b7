import type { Publication } from "../../src/core/proposal.ts";
import type { PublishInput } from "../../src/publish/forge.ts";

export const PULL: Publication = {
  kind: "pull-request",
  id: "aaaaaaaaaaaaaaaa",
  fingerprint: "f1",
  target: "shop-prod",
  branch: "holdfast/aaaaaaaaaaaaaaaa",
  title: "Codify 1 live change of Deployment/web in shop",
  body: "One change.",
  commitMessage: "Codify 1 live change",
  files: [{ path: "apps/web.yaml", before: "replicas: 3\n", after: "replicas: 5\n", mode: "100644" }],
  labels: ["drift"],
};

export const ISSUE: Publication = {
  kind: "issue",
  id: "bbbbbbbbbbbbbbbb",
  fingerprint: "f1",
  target: "shop-prod",
  title: "DaemonSet/agent in infra violates policy in the cluster",
  body: "Privileged.",
  labels: ["drift"],
  assignees: [],
};

export function inputOf(publications: readonly Publication[], more: Partial<PublishInput> = {}): PublishInput {
  return { publications, targets: ["shop-prod"], complete: true, dryRun: false, ...more };
}
