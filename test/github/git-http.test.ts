import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FILES, installationToken, useBench } from "./bench.ts";

const run = promisify(execFile);
const bench = useBench();
const env = {
  ...process.env,
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
};
let folder: string;
let auth: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-clone-"));
  auth = withToken(await installationToken(bench));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function git(...args: readonly string[]): Promise<string> {
  return (await run("git", args, { env, cwd: folder })).stdout;
}

function withToken(token: string): string[] {
  const credentials = Buffer.from(`x-access-token:${token}`).toString("base64");
  return ["-c", `http.extraHeader=Authorization: Basic ${credentials}`];
}

function address(): string {
  return `${bench.github.url}/${bench.repo}.git`;
}

describe("git over HTTP", () => {
  it.each(["2", "0"])("clones by protocol %s the same commit and bytes", async (version) => {
    await git("-c", `protocol.version=${version}`, ...auth, "clone", "--quiet", address(), "copy");
    expect((await git("-C", "copy", "rev-parse", "HEAD")).trim()).toBe(bench.first);
    expect(readFileSync(join(folder, "copy/logo.bin"))).toEqual(FILES["logo.bin"]);
    expect(readFileSync(join(folder, "copy/apps/deep/er/api.yaml"), "utf8")).toBe(FILES["apps/deep/er/api.yaml"]);
    await git("-C", "copy", "fsck", "--strict");
  });

  it("clones without blobs, and fetches them and what was committed since", async () => {
    const { github, repo } = bench;
    await git(...auth, "clone", "--quiet", "--bare", "--filter=blob:none", address(), "copy");
    expect(await git("-C", "copy", "rev-list", "--objects", "--missing=print", "HEAD")).toMatch(/^\?/m);
    const pushed = await github.commit({ repository: repo, files: { "new.yaml": "a: 1\n" } });
    await git("-C", "copy", ...auth, "fetch", "--quiet", "origin", "+refs/heads/*:refs/heads/*");
    expect((await git("-C", "copy", "rev-parse", "main")).trim()).toBe(pushed);
    expect(await git("-C", "copy", ...auth, "show", "main:new.yaml")).toBe("a: 1\n");
    expect(github.writes()).toEqual([]);
  });

  it("shows nothing without a token, with a wrong one, or with one for another repository", async () => {
    const { github, count, first } = bench;
    await github.seedRepository({ name: `other-${count}`, files: FILES });
    const other = await installationToken(bench, { repositories: [`other-${count}`] });
    await expect(git("ls-remote", address())).rejects.toThrow(/could not read Username/);
    await expect(git(...withToken("ghs_wrong"), "ls-remote", address())).rejects.toThrow(/could not read/);
    await expect(git(...withToken(other), "ls-remote", address())).rejects.toThrow(/not found/);
    const blind = await installationToken(bench, { permissions: { issues: "write" } });
    await expect(git(...withToken(blind), "ls-remote", address())).rejects.toThrow(/403/);
    const seen = await git(...withToken(github.userToken("alice")), "ls-remote", address());
    expect(seen).toContain(`${first}\trefs/heads/main`);
  });

  it("takes no pushes", async () => {
    await git(...auth, "clone", "--quiet", address(), "copy");
    await expect(git("-C", "copy", ...auth, "push", "origin", "HEAD:refs/heads/pushed")).rejects.toThrow(/403/);
  });
});
