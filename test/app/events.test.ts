import { describe, expect, it } from "vitest";
import { rememberDeliveries, wishOf } from "../../src/app/events.ts";
import type { Wish } from "../../src/app/events.ts";

const LOGIN = "holdfast[bot]";
const repository = { full_name: "acme/shop", default_branch: "main" };
const person = { login: "alice" };
const PASS: Wish = { kind: "pass", repository: "acme/shop" };
const INSTALLATIONS: Wish = { kind: "installations" };

const EVENTS: readonly [string, string, unknown, Wish | undefined][] = [
  ["a push to the default branch", "push", { ref: "refs/heads/main", repository }, PASS],
  ["a push to another branch", "push", { ref: "refs/heads/holdfast/1", repository }, undefined],
  ["a push of a tag of the branch's name", "push", { ref: "refs/tags/main", repository }, undefined],
  ["a pull request that is closed", "pull_request", { action: "closed", repository, sender: person }, PASS],
  ["a pull request that is opened", "pull_request", { action: "opened", repository, sender: person }, undefined],
  ["an issue that is closed", "issues", { action: "closed", repository, sender: person }, PASS],
  ["an issue that is reopened", "issues", { action: "reopened", repository, sender: person }, PASS],
  [
    "an issue that holdfast itself closed",
    "issues",
    { action: "closed", repository, sender: { login: "Holdfast[bot]" } },
    undefined,
  ],
  ["an installation", "installation", { action: "created" }, INSTALLATIONS],
  ["repositories of an installation", "installation_repositories", { action: "added" }, INSTALLATIONS],
  ["a repository that is archived", "repository", { action: "archived", repository }, INSTALLATIONS],
  ["a star", "star", { action: "created", repository }, undefined],
  ["a push without anything", "push", {}, undefined],
  ["a push that is no object", "push", "refs/heads/main", undefined],
  [
    "a push whose fields are of other types",
    "push",
    { ref: ["refs/heads/main"], repository: { full_name: 5, default_branch: {} } },
    undefined,
  ],
  ["a push with inherited fields", "push", Object.create({ ref: "refs/heads/main", repository }), undefined],
];

describe("wishOf", () => {
  it.each(EVENTS)("%s", (_, name, payload, wish) => {
    expect(wishOf({ name, payload }, LOGIN)).toEqual(wish);
  });
});

describe("deliveries", () => {
  it("are new once, and again when many others came in between", () => {
    const seen = rememberDeliveries(3);
    expect(["a", "a", "b", "c", "a"].map((id) => seen.first(id))).toEqual([true, false, true, true, false]);
    expect(["d", "a", "a"].map((id) => seen.first(id))).toEqual([true, true, false]);
  });
});
