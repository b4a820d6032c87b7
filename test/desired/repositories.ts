import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Fault } from "../../src/core/fault.ts";
import type { RenderJob } from "../../src/desired/render/renderers.ts";
import { createDigester } from "../../src/text/digest.ts";
import type { SourceFile, SourceTree } from "../../src/core/stages.ts";
import { unreadable } from "../../src/desired/file-faults.ts";
import { isWithin } from "../../src/desired/paths.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import type { KindRef } from "../../src/core/refs.ts";

export const digester = createDigester(Buffer.from("a key for tests"));

export function isNamespaced(kind: KindRef): boolean | undefined {
  return builtinKind(kind)?.namespaced;
}

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A repository with one commit of these files. */
export function repositoryOf(files: Readonly<Record<string, string>>): string {
  const dir = temporaryFolder();
  git(dir, "init", "--quiet", "--initial-branch=main");
  write(dir, files);
  commitAll(dir);
  return dir;
}

export function write(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

/** `committed`: when, as Git takes it; now by default. */
export function commitAll(dir: string, message = "test", committed?: string): string {
  git(dir, "add", "--all");
  const author = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
  const time = committed === undefined ? {} : { GIT_COMMITTER_DATE: committed };
  runGit(dir, [...author, "commit", "--quiet", "--allow-empty", "-m", message], time);
  return git(dir, "rev-parse", "HEAD").trim();
}

export function git(dir: string, ...args: readonly string[]): string {
  return runGit(dir, args);
}

function runGit(dir: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  return execFileSync("git", args, {
    cwd: dir,
    encoding: "utf8",
    env: { ...env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", ...more },
  });
}

/** Nothing can be rendered: the tests that render have the real programs. */
export const RENDERING = {
  renderers: {
    render: ({ path, renderer }: RenderJob) => Promise.resolve(unrendered(path === "" ? "." : path, renderer)),
    close: () => Promise.resolve(),
  },
  capabilities: { kubeVersion: "v1.36.3", apiVersions: ["v1", "apps/v1"] },
};

function unrendered(about: string, renderer: string): Fault {
  const message = `not rendered by ${renderer}`;
  return { kind: "fault", code: "render-failed", about, message, remedy: "none", leavesUnknown: "declared" };
}

/** A tree in memory, for what does not concern git. */
export function treeOf(files: Readonly<Record<string, string | Uint8Array>>): SourceTree {
  const bytes = new Map(
    Object.entries(files).map(([path, data]) => [path, typeof data === "string" ? Buffer.from(data) : data]),
  );
  const listed: SourceFile[] = [...bytes].map(([path, data]) => ({ path, size: data.length, mode: "100644" }));
  return {
    revision: "worktree",
    list: async (path) =>
      listed.filter((file) => isWithin(file.path, path)).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    read: async (file) => bytes.get(file) ?? unreadable(file, "no such file"),
  };
}

export function deployment(name: string, more = ""): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\n${more}spec:\n  replicas: 3\n`;
}
