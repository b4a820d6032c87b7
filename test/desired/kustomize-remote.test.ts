// Which folder or file of which repository an address names: expected values are those of kustomize's own parser
// (`api/internal/git/repospec_test.go` has many of them).

import { describe, expect, test } from "vitest";
import { isRemote, remoteOf } from "../../src/desired/kustomize-remote.ts";

const GITHUB = "https://github.com/o/r";

describe("an address names", () => {
  test.each([
    ["https://github.com/o/r//a/b?ref=v1", GITHUB, "a/b", "v1"],
    ["https://github.com/o/r/a/b?ref=v1", GITHUB, "a/b", "v1"],
    ["github.com/o/r//a?ref=v1", GITHUB, "a", "v1"],
    ["GitHub.com/o/r", GITHUB, "", undefined],
    ["github.com:o/r/a", GITHUB, "a", undefined],
    ["git@github.com:o/r.git//a", `${GITHUB}.git`, "a", undefined],
    ["git@github.com/o/r/a", GITHUB, "a", undefined],
    ["ssh://git@github.com/o/r.git/a?version=main", `${GITHUB}.git`, "a", "main"],
    ["https://github.com/o/r.git?ref=a%2Fb&timeout=90s", `${GITHUB}.git`, "", "a/b"],
    ["https://github.com/o/r?version=v1&ref=v2", GITHUB, "", "v2"],
    ["https://github.com/o/r?ref=unclear", GITHUB, "", "unclear"],
    ["https://github.com/o/r?ref=&submodules=false", GITHUB, "", undefined],
    ["git::https://git.example.com/o/r//a?ref=v1", "https://git.example.com/o/r", "a", "v1"],
    ["git@git.example.com:o/r.git//a", "git@git.example.com:o/r.git", "a", undefined],
    ["ssh://git@git.example.com:7999/o/r.git//a", "ssh://git@git.example.com:7999/o/r.git", "a", undefined],
    ["https://dev.azure.com/o/p/_git/r/a/b?ref=v1", "https://dev.azure.com/o/p/_git/r", "a/b", "v1"],
    ["https://gitlab.com/group/sub/r//a", "https://gitlab.com/group/sub/r", "a", undefined],
    ["https://github.com/o/r//a/../b/./c?ref=-x", GITHUB, "b/c", "-x"],
  ])("a folder: %s", (written, url, path, revision) => {
    expect(isRemote(written)).toBe(true);
    expect(remoteOf(written)).toEqual({ kind: "folder", url, path, ...(revision === undefined ? {} : { revision }) });
  });

  test.each([
    ["https://raw.githubusercontent.com/o/r/v1/a/b.yaml", "a/b.yaml", "v1"],
    ["https://raw.githubusercontent.com/o/r/refs/heads/main/b.yaml", "b.yaml", "refs/heads/main"],
    ["https://github.com/o/r/raw/v1/b.yaml", "b.yaml", "v1"],
    ["https://github.com/o/r/raw/refs/tags/v1/b.yaml", "b.yaml", "refs/tags/v1"],
  ])("a file: %s", (written, path, revision) => {
    expect(remoteOf(written)).toEqual({ kind: "file", url: GITHUB, path, revision });
  });

  test.each([
    "https://github.com/o/r//../..",
    "https://github.com/o/r//a/../../b",
    "https://github.com/o/r/../../../x",
    "https://github.com/o",
    "https://github.com/../r//x",
    "https://github.com/o/r/releases/download/v1/x.yaml",
    "https://github.com/o/r/archive/v1.tar.gz",
    "https://raw.githubusercontent.com/o/r/v1/x.yaml?token=abc",
    "https://raw.githubusercontent.com/o/r/v1/../../x.yaml",
    "https://raw.githubusercontent.com/o/r/v1/a%2fb.yaml",
    "https://raw.githubusercontent.com/o/r/v1",
    "https://github.com/o/r?ref=a;b",
    "https://github.com/o/r?ref=%zz",
    "https://github.com/o/r//.git/hooks",
    "https://github.com/o/r//a\nb",
    "https://github.com/o/r//a\\..\\b",
    "user@host.xz/path/to/repo.git",
    "file:///srv/repo",
    "gh:o/r",
    "s3::https://s3.amazonaws.com/b/x",
    "../base?ref=main",
    `https://github.com/o/r//${"a".repeat(1000)}`,
  ])("nothing that may be read: %s", (written) => {
    expect(remoteOf(written)).toBeUndefined();
  });
});
