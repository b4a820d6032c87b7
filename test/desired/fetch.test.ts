import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import { fetchRepository } from "../../src/desired/fetch.ts";
import type { FetchOptions } from "../../src/desired/fetch.ts";
import { readDesired } from "../../src/desired/desired.ts";
import { serveRepository } from "./git-server.ts";
import {
  RENDERING,
  commitAll,
  deployment,
  digester,
  git,
  isNamespaced,
  repositoryOf,
  temporaryFolder,
  write,
} from "./repositories.ts";

const TOKEN = "ghs_sesame0123456789";

async function fetched(options: FetchOptions) {
  const result = await fetchRepository(options);
  if (isFault(result)) throw new Error(`${result.code}: ${result.message}`);
  onTestFinished(() => result.tree.close());
  return result;
}

async function textOf(result: Awaited<ReturnType<typeof fetched>>, file: string): Promise<string> {
  const bytes = await result.tree.read(file);
  return isFault(bytes) ? bytes.code : Buffer.from(bytes).toString("utf8");
}

function cloneIn(cacheDir: string): string {
  const [name] = readdirSync(cacheDir);
  return join(cacheDir, name as string);
}

function filesBelow(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("fetching over HTTP", () => {
  test("reads the branch's head with the token, and what it declares in one request for all files", async () => {
    const dir = repositoryOf({ "apps/a.yaml": deployment("a"), "apps/b.yaml": deployment("b"), "image.png": "p" });
    const server = await serveRepository(dir, { token: TOKEN });
    const result = await fetched({ url: server.url, token: TOKEN, branch: "main", cacheDir: temporaryFolder() });
    expect(result.commit).toBe(git(dir, "rev-parse", "HEAD").trim());
    expect(result.tree.revision).toBe(result.commit);
    const before = server.requests.length;
    const target = { name: "apps", path: "apps", exclude: [] };
    const state = await readDesired({ tree: result.tree, target, digester, isNamespaced, ...RENDERING });
    expect(state.objects.map((object) => object.ref.name)).toEqual(["a", "b"]);
    expect(state.complete).toBe(true);
    // One fetch: its advertisement, its capabilities' refs, its pack.
    expect(server.requests.slice(before).filter((request) => request.startsWith("POST")).length).toBeLessThanOrEqual(2);
    const reading = server.requests.length;
    expect(await textOf(result, "apps/a.yaml")).toBe(deployment("a"));
    expect(server.requests.length).toBe(reading);
    expect(await textOf(result, "image.png")).toBe("p");
  });

  test("fetches no file before it is asked for one", async () => {
    const dir = repositoryOf({ "a.yaml": "a".repeat(5000) });
    const server = await serveRepository(dir);
    const cacheDir = temporaryFolder();
    await fetched({ url: server.url, branch: "main", cacheDir });
    const blob = git(dir, "rev-parse", "HEAD:a.yaml").trim();
    const missing = git(cloneIn(cacheDir), "rev-list", "--objects", "--missing=print", "--no-walk", "main");
    expect(missing).toContain(`?${blob}`);
  });

  test("works with a server that knows no partial clones", async () => {
    const dir = repositoryOf({ "a.yaml": "a", "dir/b.yaml": "b" });
    const server = await serveRepository(dir, { token: TOKEN, filter: false });
    const result = await fetched({ url: server.url, token: TOKEN, branch: "main", cacheDir: temporaryFolder() });
    expect(await textOf(result, "dir/b.yaml")).toBe("b");
  });

  test("stays at its commit while others push, and sees the push at the next pass", async () => {
    const dir = repositoryOf({ "a.yaml": "first" });
    const server = await serveRepository(dir);
    const options = { url: server.url, branch: "main", cacheDir: temporaryFolder() };
    const first = await fetched(options);
    write(dir, { "a.yaml": "second" });
    const head = commitAll(dir);
    const second = await fetched(options);
    expect(second.commit).toBe(head);
    expect(await textOf(first, "a.yaml")).toBe("first");
    expect(await textOf(second, "a.yaml")).toBe("second");
    expect(readdirSync(options.cacheDir)).toHaveLength(1);
  });

  test("sees a branch that was rewritten", async () => {
    const dir = repositoryOf({ "a.yaml": "first" });
    const server = await serveRepository(dir);
    const options = { url: server.url, branch: "main", cacheDir: temporaryFolder() };
    await fetched(options);
    write(dir, { "a.yaml": "amended" });
    git(dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--amend", "-a", "-m", "x");
    expect(await textOf(await fetched(options), "a.yaml")).toBe("amended");
  });

  test("puts the token into no argument, no URL and no file", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const commands: string[] = [];
    const server = await serveRepository(dir, {
      token: TOKEN,
      onRequest: () => commands.push(execFileSync("ps", ["-eww", "-o", "args"], { encoding: "utf8" })),
    });
    const cacheDir = temporaryFolder();
    const result = await fetched({ url: server.url, token: TOKEN, branch: "main", cacheDir });
    expect(await textOf(result, "a.yaml")).toBe("a");
    const basic = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");
    expect(commands.join("\n")).toContain("fetch");
    const files = filesBelow(cacheDir);
    expect(files.some((file) => file.endsWith("/config"))).toBe(true);
    for (const text of [...commands, ...files.map((file) => readFileSync(file, "latin1"))]) {
      expect(text.includes(TOKEN) || text.includes(basic)).toBe(false);
    }
  });
});

describe("a fetch that cannot be done", () => {
  test.each([undefined, "ghs_wrong"])("with token %s is refused without showing it", async (token) => {
    const server = await serveRepository(repositoryOf({ "a.yaml": "a" }), { token: TOKEN });
    const options = { url: server.url, branch: "main", cacheDir: temporaryFolder() };
    const fault = await fetchRepository(token === undefined ? options : { ...options, token });
    expect(fault).toMatchObject({ code: "unauthorized", about: server.url });
    expect(JSON.stringify(fault)).not.toContain("ghs_");
    expect(readdirSync(options.cacheDir)).toEqual([]);
  });

  test("of a branch that is not there is a fault", async () => {
    const server = await serveRepository(repositoryOf({ "a.yaml": "a" }));
    const cacheDir = temporaryFolder();
    expect(await fetchRepository({ url: server.url, branch: "absent", cacheDir })).toMatchObject({
      code: "revision-unknown",
    });
  });

  test("from a server that is down is a fault, and the clone is kept", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const cacheDir = temporaryFolder();
    const url = pathToFileURL(join(dir, ".git")).href;
    await fetched({ url, branch: "main", cacheDir });
    const clone = cloneIn(cacheDir);
    rmSync(dir, { recursive: true });
    expect(await fetchRepository({ url, branch: "main", cacheDir })).toMatchObject({ code: "git-failed" });
    expect(readdirSync(cacheDir)).toEqual([clone.slice(cacheDir.length + 1)]);
  });

  test.each([
    ["credentials in the URL", { url: "https://me:hunter2@example.com/r.git" }],
    ["a protocol that runs programs", { url: "ext::sh -c id" }],
    ["ssh", { url: "ssh://git@example.com/r.git" }],
    ["no URL", { url: "--upload-pack=id" }],
    ["a token in clear text over a network", { url: "http://example.com/r.git", token: TOKEN }],
    ["a token with a line break", { url: "https://example.com/r.git", token: "a\nb" }],
    ["a branch that is an option", { url: "https://example.com/r.git", branch: "--upload-pack=id" }],
    ["a branch that is a refspec", { url: "https://example.com/r.git", branch: "main:refs/heads/x" }],
    ["a branch with two dots", { url: "https://example.com/r.git", branch: "a..b" }],
  ])("for %s never starts git", async (_, options) => {
    const cacheDir = temporaryFolder();
    const fault = await fetchRepository({ branch: "main", cacheDir, ...options });
    expect(fault).toMatchObject({ code: "usage" });
    expect(JSON.stringify(fault)).not.toMatch(/hunter2|sesame/);
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  test("into a folder that cannot be made is a fault", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const url = pathToFileURL(dir).href;
    const cacheDir = join(dir, "a.yaml", "cache");
    expect(await fetchRepository({ url, branch: "main", cacheDir })).toMatchObject({ code: "output-unwritable" });
  });

  test("by an aborted pass is interrupted", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const signal = AbortSignal.abort();
    const options = { url: pathToFileURL(dir).href, branch: "main", cacheDir: temporaryFolder(), signal };
    expect(await fetchRepository(options)).toMatchObject({ code: "interrupted" });
  });
});

describe("a damaged clone", () => {
  const damages: readonly (readonly [string, (clone: string) => void])[] = [
    ["without HEAD", (clone) => rmSync(join(clone, "HEAD"))],
    ["with a broken config", (clone) => writeFileSync(join(clone, "config"), "[[[\n")],
    ["without its objects", (clone) => rmSync(join(clone, "objects"), { recursive: true })],
    [
      "with cut packs",
      (clone) => {
        for (const file of filesBelow(clone).filter((name) => name.endsWith(".pack"))) truncateSync(file, 20);
      },
    ],
    ["that is an empty folder", (clone) => rmSync(clone, { recursive: true })],
  ];
  test.each(damages)("%s is built anew", async (_, damage) => {
    const dir = repositoryOf({ "a.yaml": "a", "dir/b.yaml": "b" });
    const server = await serveRepository(dir);
    const options = { url: server.url, branch: "main", cacheDir: temporaryFolder() };
    (await fetched(options)).tree.close();
    damage(cloneIn(options.cacheDir));
    expect(await textOf(await fetched(options), "dir/b.yaml")).toBe("b");
  });

  test("whose files are gone is found out when they are read, and built anew at the next pass", async () => {
    const dir = repositoryOf({ "a.yaml": "a" });
    const options = { url: pathToFileURL(dir).href, branch: "main", cacheDir: temporaryFolder() };
    const first = await fetched(options);
    expect(await textOf(first, "a.yaml")).toBe("a");
    const second = await fetched(options);
    await second.tree.prefetch?.(["a.yaml"]);
    for (const file of filesBelow(cloneIn(options.cacheDir)).filter((name) => /\/objects\/(pack|..)\//.test(name)))
      rmSync(file);
    expect(await textOf(second, "a.yaml")).not.toBe("a");
    expect(await textOf(await fetched(options), "a.yaml")).toBe("a");
  });

  test("whose file is spoilt where no fetch notices it is built anew at the next pass", async () => {
    const text = "a".repeat(3000);
    const dir = repositoryOf({ "a.yaml": text });
    const server = await serveRepository(dir);
    const options = { url: server.url, branch: "main", cacheDir: temporaryFolder() };
    const first = await fetched(options);
    const clone = cloneIn(options.cacheDir);
    const before = filesBelow(join(clone, "objects"));
    expect(await textOf(first, "a.yaml")).toBe(text);
    for (const file of filesBelow(join(clone, "objects")).filter(
      (name) => !before.includes(name) && !name.endsWith(".idx"),
    )) {
      chmodSync(file, 0o644);
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0x55, Math.floor(bytes.length / 3)));
    }
    expect(await textOf(await fetched(options), "a.yaml")).toMatch(/^(?:git-failed|file-unreadable)$/);
    expect(await textOf(await fetched(options), "a.yaml")).toBe(text);
  });
});
