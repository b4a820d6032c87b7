// What several targets of one repository and one cluster mean to each other.

import { expect, test } from "vitest";
import { holdfast } from "./run.ts";
import { repositoryOf } from "../desired/repositories.ts";

const CONFIG = "targets:\n- { name: a, path: a }\n- { name: b, path: b }\n";

function configMap(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: shop }\ndata: { a: "1" }\n`;
}

async function states(files: Readonly<Record<string, string>>, live: readonly string[], ...args: readonly string[]) {
  const repo = repositoryOf({ ".github/holdfast.yml": CONFIG, ...files });
  const input = live.map(configMap).join("---\n");
  const ran = await holdfast(["scan", "--repo", repo, "--live", "-", "--format", "json", ...args], { input });
  const report = JSON.parse(ran.stdout) as {
    readonly drifts: readonly { readonly state: string; readonly object: { readonly name: string } }[];
  };
  return report.drifts.map(({ state, object }) => `${state} ${object.name}`);
}

test("what two targets declare is unknown, and not unmanaged", async () => {
  const files = {
    "a/twice.yaml": configMap("twice"),
    "b/twice.yaml": configMap("twice"),
    "a/one.yaml": configMap("one"),
  };
  expect(await states(files, ["twice", "one", "stranger"])).toEqual(["unmanaged stranger"]);
});

test("what a target declares that is not looked at is not unmanaged", async () => {
  const files = { "a/one.yaml": configMap("one"), "b/two.yaml": configMap("two") };
  expect(await states(files, ["one", "two", "stranger"], "--target", "a")).toEqual(["unmanaged stranger"]);
});

test("nothing is unmanaged where a target that is not looked at could not be read", async () => {
  const files = { "a/one.yaml": configMap("one"), "b/two.yaml": "apiVersion: v1\nkind: [" };
  expect(await states(files, ["one", "two", "stranger"], "--target", "a")).toEqual([]);
});
