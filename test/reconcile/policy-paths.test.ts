// What judges is not compared: files of policies.paths are no manifests, unless a target is about them.

import { expect, test } from "vitest";
import type { RepositoryConfig } from "../../src/config/repository.ts";
import { defaultRepositoryConfig } from "../../src/config/defaults.ts";
import type { SourceTree } from "../../src/core/stages.ts";
import { chosenTargets } from "../../src/reconcile/run-pass.ts";

const TREE: SourceTree = { revision: "worktree", list: async () => [], read: async () => new Uint8Array() };

function excludedOf(path: string, paths: readonly string[]): readonly string[] {
  const base = defaultRepositoryConfig();
  const config: RepositoryConfig = {
    ...base,
    policies: { ...base.policies, paths },
    targets: base.targets.map((target) => ({ ...target, path, exclude: ["own/"] })),
  };
  return chosenTargets({ config, targets: [], tree: TREE }).flatMap((target) => target.exclude);
}

test.each([
  ["the whole repository", "", ["policies/"], ["own/", "/policies"]],
  ["a folder beside them", "apps", ["./policies", "more/p.yaml"], ["own/", "/policies", "/more/p.yaml"]],
  ["their own folder", "policies", ["policies"], ["own/"]],
  ["a folder in them", "policies/shop", ["policies/"], ["own/"]],
  ["the whole repository as policies", "", ["./"], ["own/"]],
])("a target of %s", (_name, path, paths, expected) => {
  expect(excludedOf(path, paths)).toEqual(expected);
});
