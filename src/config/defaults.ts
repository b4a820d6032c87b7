/** The repository config where there is no file: known without the schema that files are checked by. */

import type { RepositoryConfig } from "./repository.ts";

/** The packs that this version brings. */
export const SHIPPED_PACKS: readonly string[] = ["pss-baseline", "rbac-escalation", "exposure"];

/** The config of a repository that has no file: one target, the whole repository. */
export function defaultRepositoryConfig(): RepositoryConfig {
  return {
    version: 1,
    schedule: { kind: "every", milliseconds: 900_000 },
    targets: [{ name: "default", path: "", exclude: [], unmanaged: "report" }],
    holdOffMs: 600_000,
    ignore: [],
    deployers: [],
    policies: { packs: SHIPPED_PACKS, paths: [], failOn: "medium" },
    pullRequests: { group: "target", maxOpen: 10, perHour: 2, labels: ["drift"] },
    issues: { labels: ["drift", "security"], assignees: [] },
  };
}
