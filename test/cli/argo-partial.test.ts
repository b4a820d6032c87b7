// Syncs of some objects that Argo CD forgot, on real runs: a repository with times of its own, and clusters as they were left.

import { describe, expect, test } from "vitest";
import { commitAll, git, repositoryOf, write } from "../desired/repositories.ts";
import { application, config, deployed, scanned, syncedPartly, text } from "./argo-deployed.ts";

/** Minutes of an hour long ago. */
function at(minute: number): string {
  return `2026-01-01T10:${minute}:00Z`;
}

type Data = Readonly<Record<string, string>>;

/**
 * Everything was synced at the first commit, some objects at the second, `other` alone at the third: of the second sync
 * nothing tells. Then Git moved on.
 */
function twicePartly() {
  const dir = repositoryOf({ "README.md": "" });
  const commit = (minute: number, configs: Readonly<Record<string, Data>>): string => {
    git(dir, "rm", "-rqf", ".");
    const files = Object.entries(configs).map(([name, data]) => [`apps/${name}.yaml`, config(name, data)] as const);
    write(dir, text({ "app.yaml": application("apps"), ...Object.fromEntries(files) }));
    return commitAll(dir, "test", at(minute));
  };
  const first = commit(10, { other: { a: "1" }, web: { x: "1", y: "1", z: "1" } });
  commit(20, { other: { a: "1" }, web: { x: "2", y: "2", z: "1" }, new: { a: "1" }, brief: { a: "1" } });
  const third = commit(30, { other: { a: "2" }, web: { x: "2", y: "2", z: "1" }, new: { a: "1" }, brief: { a: "1" } });
  commit(40, { other: { a: "2" }, web: { x: "3", y: "2", z: "1" }, new: { a: "2" } });
  const app = syncedPartly("apps", { whole: first, at: at(11), last: third });
  return { dir, live: [app, deployed("other", { a: "2" }, [], at(31))] };
}

describe("what a sync of some objects deployed that Argo CD forgot", () => {
  const NEW = deployed("new", { a: "1" }, [], at(21));
  const LEFT = ["new pending: data.a git-ahead", "web pending: data.x git-ahead"];
  const web = (data: Data, byHand: readonly string[], minute: number): object =>
    deployed("web", { y: "2", z: "1", ...data }, byHand, at(minute));

  test.each<readonly [string, readonly object[], readonly string[]]>([
    ["waits for the commit that came since", [web({ x: "2" }, [], 21), NEW], LEFT],
    [
      "waits to be pruned, where it came to be by it and Git took it out since",
      [web({ x: "2" }, [], 21), NEW, deployed("brief", { a: "1" }, [], at(21))],
      [LEFT[0] as string, LEFT[1] as string, "brief pending"],
    ],
    [
      "is what a change by hand is one of",
      [web({ x: "2", y: "9" }, ["y"], 21), NEW],
      [LEFT[0] as string, "web drifted: data.x git-ahead, data.y live-changed"],
    ],
    [
      "is not what Git never had, whoever it calls itself",
      [web({ x: "2", z: "9" }, [], 21), NEW],
      [LEFT[0] as string, "web drifted: data.x git-ahead, data.z live-changed"],
    ],
    [
      "is not what Git had before",
      [web({ x: "2", y: "1" }, ["y"], 21), NEW],
      [LEFT[0] as string, "web drifted: data.x git-ahead, data.y live-changed"],
    ],
    [
      "may be what Argo CD took for the newest commit a while after Git had moved on, which proves nothing",
      [web({ x: "2" }, [], 42), NEW],
      [LEFT[0] as string, "web pending: data.x git-ahead?"],
    ],
    [
      "is not what was written long after Git moved on",
      [web({ x: "2" }, [], 50), NEW],
      [LEFT[0] as string, "web drifted: data.x both-changed"],
    ],
  ])("%s", async (_what, objects, expected) => {
    const { dir, live } = twicePartly();
    expect((await scanned(dir, [...live, ...objects])).told.toSorted()).toEqual(expected.toSorted());
  });
});
