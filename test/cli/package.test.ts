// What `npm pack` yields, installed where nothing of this project is: it finds its workers, packs and data files there.

import { execFileSync, spawnSync } from "node:child_process";
import type { SpawnSyncReturns } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { environment, ROOT } from "./run.ts";
import { temporaryFolderOfFile } from "./temporary.ts";

const folder = temporaryFolderOfFile();
const installed = join(folder, "app/node_modules/holdfast");

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let packed: Packed;

beforeAll(() => {
  const printed = npm(ROOT, "pack", "--json", "--pack-destination", folder);
  // The build's own lines come before.
  [packed] = JSON.parse(printed.slice(printed.indexOf("[\n"))) as [Packed];
  mkdirSync(join(folder, "app"));
  writeFileSync(join(folder, "app/package.json"), '{ "private": true }');
  const tarball = join(folder, packed.filename);
  npm(join(folder, "app"), "install", tarball, "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts");
}, 180_000);

function npm(cwd: string, ...args: readonly string[]): string {
  // Without what the test run's own npm has put into the environment, but with the user's settings.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD|NODE_OPTIONS)/i.test(name)),
  );
  return execFileSync("npm", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function run(args: readonly string[], node = process.execPath): SpawnSyncReturns<string> {
  const entry = join(folder, "app/node_modules/.bin/holdfast");
  return spawnSync(node, [entry, ...args], { cwd: folder, env: environment(), encoding: "utf8" });
}

test("the package holds the program, its policies, the App's manifest, README and licence, and nothing else", () => {
  const tops = new Set(packed.files.map(({ path }) => path.split("/")[0]));
  expect(tops).toEqual(new Set(["LICENSE", "README.md", "app.yml", "config", "dist", "package.json"]));
  expect(packed.files.filter(({ path }) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).toEqual([]);
});

test("it brings no Node of its own to its users", () => {
  const names = readdirSync(join(folder, "app/node_modules"));
  expect(names).toContain("commander");
  expect(names.filter((name) => /^node-(?:bin-)?(?:linux|darwin)|^node$|^holdfast-runtime$/.test(name))).toEqual([]);
});

test("it says its version", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly version: string };
  expect(run(["--version"]).stdout).toBe(`${version}\n`);
});

test("it scans a snapshot with policies, as the checkout does", () => {
  const args = ["scan", "--repo", join(ROOT, "fixtures/demo/repo"), "--live", join(ROOT, "fixtures/demo/live")];
  const ran = run(args);
  expect(ran.status).toBe(3);
  expect(ran.stdout).toContain("critical pss-baseline/privileged");
  const checkout = spawnSync(process.execPath, [join(ROOT, "src/cli/holdfast.js"), ...args], {
    env: environment(),
    encoding: "utf8",
  });
  expect(ran.stdout).toBe(checkout.stdout);
});

test("it writes proposals to a folder", () => {
  const sides = ["--repo", join(ROOT, "fixtures/demo/repo"), "--live", join(ROOT, "fixtures/demo/live")];
  expect(run(["reconcile", ...sides, "--out", "out", "--quiet"]).status).toBe(0);
  expect(readdirSync(join(folder, "out/issues"))).toHaveLength(4);
});

test("it finds the packs and their cases", () => {
  expect(run(["policy", "list"]).stdout).toContain("pss-baseline/privileged");
  expect(run(["policy", "test", join(installed, "config/policies")]).status).toBe(0);
});

test("it is a plugin of kubectl's, too", () => {
  expect(existsSync(join(folder, "app/node_modules/.bin/kubectl-holdfast"))).toBe(true);
});

test("under too old a Node it ends with one line", () => {
  // The entry alone decides, before anything else is loaded: another version is put in its place.
  const old = join(folder, "old-node.mjs");
  writeFileSync(old, 'Object.defineProperty(process.versions, "node", { value: "20.19.0" });\n');
  const ran = spawnSync(process.execPath, ["--import", old, join(installed, "dist/cli/holdfast.js"), "--version"], {
    env: environment(),
    encoding: "utf8",
  });
  expect([ran.status, ran.stdout, ran.stderr]).toEqual([
    1,
    "",
    "holdfast: needs Node 22.20 or newer, and this is 20.19.0\n",
  ]);
});

const OLD_NODE = oldNode();

test.skipIf(OLD_NODE === undefined)(`under the system's own Node (${OLD_NODE?.version ?? "new enough"}), too`, () => {
  const ran = run(["--version"], OLD_NODE?.path);
  expect([ran.status, ran.stdout, ran.stderr]).toEqual([
    1,
    "",
    expect.stringMatching(/^holdfast: needs Node [^\n]*\n$/),
  ]);
});

/** A Node on the PATH that is too old for holdfast. */
function oldNode(): { readonly path: string; readonly version: string } | undefined {
  for (const path of (process.env["PATH"] ?? "").split(":").map((part) => join(part, "node"))) {
    if (!existsSync(path)) continue;
    const version = spawnSync(path, ["--version"], { encoding: "utf8" }).stdout.trim();
    const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
    if (major > 0 && (major < 22 || (major === 22 && minor < 20))) return { path, version };
  }
  return undefined;
}
