// What a shallow clone cannot tell, on real runs.

import { join } from "node:path";
import { expect, test } from "vitest";
import { commitAll, git, repositoryOf, temporaryFolder, write } from "../desired/repositories.ts";
import { holdfast } from "./run.ts";

function config(name: string, value: string): string {
  return `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name}, namespace: shop }, data: { a: "${value}" } }\n`;
}

const LIST = "---\n{ apiVersion: v1, kind: ConfigMapList, items: [] }\n";
const DIFFERS = `${config("one", "1")}---\n${config("two", "1")}${LIST}`;
const SAME = `${config("one", "2")}---\n${config("two", "2")}${LIST}`;

async function scanned(depth: string, live: string) {
  const dir = repositoryOf({ "one.yaml": config("one", "1"), "two.yaml": config("two", "1") });
  write(dir, { "one.yaml": config("one", "2"), "two.yaml": config("two", "2") });
  commitAll(dir);
  const clone = join(temporaryFolder(), "clone");
  git(dir, "clone", "--quiet", ...(depth === "all" ? [] : ["--depth", depth]), `file://${dir}`, clone);
  const ran = await holdfast(["scan", "--repo", clone, "--live", "-"], { input: live });
  const notices = ran.stdout.split("\n").filter((line) => line.startsWith("NOTICE"));
  return { code: ran.code, notices };
}

test("a shallow clone that lacks what tells the direction is told once, and changes no exit code", async () => {
  const [shallow, whole] = [await scanned("1", DIFFERS), await scanned("all", DIFFERS)];
  expect(shallow.notices).toEqual([expect.stringMatching(/shallow.*, of ConfigMap\/one in shop and 1 more object$/)]);
  expect([shallow.code, whole.notices]).toEqual([whole.code, []]);
});

test("a shallow clone without a difference is as good as any", async () => {
  expect(await scanned("1", SAME)).toEqual({ code: 0, notices: [] });
});
