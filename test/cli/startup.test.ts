// Each command loads what it needs, and no more: told by the packages that are loaded, since times differ by machine.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { holdfast, sidesOf, temporaryFolder } from "./run.ts";
import { repositoryOf } from "../desired/repositories.ts";
import { startFakeApi } from "../live/fake-api.ts";

const HOOK = pathToFileURL(join(import.meta.dirname, "loaded.ts")).href;

/** What only a server, a forge or a cluster needs. */
const HEAVY = /^(?:probot|@octokit\/.+|octokit.*|@probot\/.+|@kubernetes\/client-node|prom-client|pino|croner)$/;

async function packagesOf(args: readonly string[]): Promise<readonly string[]> {
  const file = join(temporaryFolder(), "loaded.txt");
  await holdfast(args, { env: { LOADED: file, NODE_OPTIONS: `--import ${HOOK}` } });
  const lines = readFileSync(file, "utf8").split("\n");
  return [...new Set(lines.filter((line) => line !== ""))].toSorted();
}

test.each([[["--help"]], [["scan", "--help"]], [["--version"]], [["frobnicate"]]])(
  "%j loads commander alone",
  async (args) => {
    expect(await packagesOf(args)).toEqual(["commander"]);
  },
);

test("a scan of a snapshot loads nothing of GitHub, of a server or of a cluster", async () => {
  const packages = await packagesOf(["scan", ...sidesOf("mixed-object")]);
  expect(packages).toContain("js-yaml");
  expect(packages.filter((name) => HEAVY.test(name))).toEqual([]);
});

test("a scan without drift loads no policy engine either", async () => {
  const repo = repositoryOf({
    "web.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shop"}}',
  });
  const packages = await packagesOf(["scan", "--repo", repo, "--live", "fixtures/object-missing/live"]);
  expect(packages.filter((name) => HEAVY.test(name) || name === "@marcbachmann/cel-js")).toEqual([]);
});

test("a scan of a cluster loads its client, and nothing of GitHub or of a server", async () => {
  const api = await startFakeApi();
  const packages = await packagesOf(["scan", "--repo", "fixtures/mixed-object/repo", "--kubeconfig", api.kubeconfig]);
  await api.close();
  expect(packages.filter((name) => HEAVY.test(name))).toEqual(["@kubernetes/client-node"]);
});
