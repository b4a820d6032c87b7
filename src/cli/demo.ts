/**
 * `npm run demo`: what holdfast is for, in one screen or two, without a cluster or GitHub. It runs the real commands on a
 * small platform repository and a recording of "its" cluster (fixtures/demo), and shows what they wrote.
 *
 * Arguments (for tests): the scenario's folder (with `repo/` and `live/`), and the folder to work in.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";

import { terminalText } from "../text/escape-terminal.ts";
import { createStyle } from "../text/style.ts";
import { PACKAGE_FOLDER } from "./version.ts";

const MARK = ".holdfast-demo";

const scenario = resolve(process.argv[2] ?? join(PACKAGE_FOLDER, "fixtures/demo"));
const work = resolve(process.argv[3] ?? "holdfast-demo");
const style = createStyle(process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "");
const repository = join(work, "repo");
const live = join(work, "live");
const out = join(work, "out");

prepare();
say(
  style.bold(
    "A platform repository, and a recording of the cluster that it describes. Since the last deployment somebody",
  ),
);
say(style.bold("scaled, patched, deleted and left things behind. What does holdfast make of it?"));
run(["scan", "--repo", shown(repository), "--live", shown(live)]);
run([
  "reconcile",
  "--repo",
  shown(repository),
  "--live",
  shown(live),
  "--out",
  shown(out),
  "--format",
  "json",
  "--report",
  `html=${shown(join(work, "report.html"))}`,
]);
showPullRequests();
showIssues();
next();

/** A fresh copy with a Git history, in a folder that only an earlier demo may have made. */
function prepare(): void {
  if (existsSync(work) && !existsSync(join(work, MARK))) {
    process.stderr.write(`holdfast: ${work} exists and is not a demo's: move it away, or name another folder\n`);
    process.exit(1);
  }
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, MARK), { recursive: true });
  cpSync(join(scenario, "repo"), repository, { recursive: true });
  cpSync(join(scenario, "live"), live, { recursive: true });
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git(
    "-c",
    "user.name=platform",
    "-c",
    "user.email=platform@acme.example",
    "commit",
    "--quiet",
    "--message=What runs in prod",
  );
}

function git(...args: readonly string[]): void {
  execFileSync("git", ["-C", repository, "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Runs the real command; its JSON is left out, since the folder that it writes is shown instead. */
function run(args: readonly string[]): void {
  say("");
  say(
    style.dim(
      `$ npm run -s holdfast -- ${args.filter((arg, at) => arg !== "--format" && args[at - 1] !== "--format").join(" ")}`,
    ),
  );
  const quiet = args.includes("--format");
  const colours = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
  const result = spawnSync(process.execPath, [join(import.meta.dirname, "holdfast.js"), ...args], {
    env: { ...process.env, ...colours, HOLDFAST_SECRET: "the demo's key, not a secret" },
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!quiet) process.stdout.write(`\n${result.stdout.toString()}`);
  const codes = quiet ? [0] : [0, 2, 3];
  if (result.status === null || !codes.includes(result.status)) process.exit(result.status ?? 1);
  say(style.dim(`exit code ${result.status}`));
}

function showPullRequests(): void {
  for (const branch of entries("pull-requests")) {
    const folder = join(out, "pull-requests", branch);
    say("");
    say(`${style.green("PULL REQUEST")}  ${style.bold(text(join(folder, "title.txt")))}`);
    say(style.dim(`  ${shown(folder)}/{title.txt,body.md,changes.patch}`));
    say("");
    for (const line of text(join(folder, "changes.patch")).split("\n")) say(`  ${paintPatch(line)}`);
  }
}

function paintPatch(line: string): string {
  const safe = terminalText(line);
  if (line.startsWith("+")) return style.green(safe);
  return line.startsWith("-") ? style.red(safe) : style.dim(safe);
}

function showIssues(): void {
  say("");
  for (const id of entries("issues")) {
    const folder = join(out, "issues", id);
    say(`${style.red("ISSUE")}  ${style.bold(text(join(folder, "title.txt")))}`);
    say(style.dim(`  ${shown(folder)}/body.md`));
  }
}

function next(): void {
  say("");
  say(`Files: ${shown(out)} (what would be opened), ${shown(join(work, "report.html"))} (the report as a page)`);
  say("Change anything in the demo's repo/ or live/ and run the commands above again: nothing is precomputed.");
  say("");
  say(style.bold("Next, on a cluster of your own (it only reads):"));
  say("  npm run -s holdfast -- scan --repo ~/your-iac-repository --context your-cluster");
  say("  npm run -s holdfast -- reconcile --repo ~/your-iac-repository --context your-cluster --out holdfast-out");
}

function entries(folder: string): readonly string[] {
  const path = join(out, folder);
  return existsSync(path) ? readdirSync(path).toSorted() : [];
}

function text(file: string): string {
  return readFileSync(file, "utf8").trimEnd();
}

function shown(path: string): string {
  return relative(process.cwd(), path) || ".";
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
