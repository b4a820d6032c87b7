import { describe, expect, it } from "vitest";
import { parseRepositoryName, repositoryOfRemote } from "../../src/app/repository-name.ts";

describe("names of repositories", () => {
  it.each(["acme/platform", "a/.github", "acme-x/a_b.c-d"])("takes %s", (text) => {
    expect(parseRepositoryName(text)).toEqual({ owner: text.split("/")[0], name: text.split("/")[1] });
  });

  it.each(["acme", "acme/", "/platform", "acme/..", "acme/.", "a/b/c", "-a/b", "acme/plat form", "acme/a%2f", ""])(
    "refuses %j",
    (text) => {
      expect(parseRepositoryName(text)).toBeUndefined();
    },
  );

  it.each([
    "https://github.com/acme/platform",
    "https://github.com/acme/platform.git",
    "https://github.com/acme/platform/",
    "https://x-access-token:secret@github.com/acme/platform.git",
    "git@github.com:acme/platform.git",
    "ssh://git@github.com/acme/platform.git",
    "ssh://git@github.com:22/acme/platform.git",
  ])("reads the remote %s", (url) => {
    expect(repositoryOfRemote(url, "https://github.com")).toEqual({ owner: "acme", name: "platform" });
  });

  it.each([
    "https://gitlab.com/acme/platform.git",
    "git@gitlab.com:acme/platform.git",
    "https://github.com.evil.example/acme/platform",
    "/srv/git/platform.git",
    "https://github.com/acme/deep/platform",
    "C:\\repositories\\platform",
  ])("takes the remote %s for none of this server", (url) => {
    expect(repositoryOfRemote(url, "https://github.com")).toBeUndefined();
  });
});
