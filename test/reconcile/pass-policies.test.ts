import { resolve } from "node:path";
import { expect, test } from "vitest";
import type { Fault } from "../../src/core/fault.ts";
import type { SourceTree } from "../../src/core/stages.ts";
import { passPolicies } from "../../src/reconcile/pass-policies.ts";

const TOO_LARGE: Fault = {
  kind: "fault",
  code: "file-too-large",
  about: "policies/big.yaml",
  message: "policies/big.yaml is too large",
  remedy: "split the file",
  leavesUnknown: "declared",
};

const FILES = ["policies/big.yaml"].map((path) => ({ path, mode: "100644" }));

test.each<[string, Pick<SourceTree, "list" | "read">]>([
  ["a file that cannot be read", { list: async () => FILES, read: async () => TOO_LARGE }],
  ["a folder that cannot be listed", { list: async () => TOO_LARGE, read: async () => TOO_LARGE }],
  ["a folder that holds no policies", { list: async () => [], read: async () => TOO_LARGE }],
  ["a file that is no text", { list: async () => FILES, read: async () => Buffer.from([0xff, 0xff]) }],
])("%s among the policies keeps everything unpublished", async (_what, tree) => {
  const { faults } = await passPolicies({
    packageFolder: resolve(import.meta.dirname, "../.."),
    packs: [],
    paths: ["policies"],
    tree: { revision: "worktree", ...tree },
  });
  expect(faults.map(({ code }) => code)).toEqual(["policy-invalid"]);
});
