import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import type { Backend } from "./backend.ts";

const run = promisify(execFile);

/** A file that differs between two trees; a side is undefined where the file is absent there. */
export interface ChangedFile {
  readonly path: string;
  readonly before: Buffer | undefined;
  readonly after: Buffer | undefined;
  /** Git's mode after the change (before it, for a removal), as "100644". */
  readonly mode: string;
}

interface Identity {
  readonly name: string;
  readonly email: string;
  readonly date: string;
}

interface CommitJson {
  readonly message: string;
  readonly tree: { readonly sha: string };
  readonly parents: readonly { readonly sha: string }[];
  readonly author: Identity;
  readonly committer: Identity;
}

interface TreeJson {
  readonly tree: readonly {
    readonly path: string;
    readonly mode: string;
    readonly type: string;
    readonly sha: string;
  }[];
}

interface RefJson {
  readonly ref: string;
  readonly object: { readonly sha: string; readonly type: string };
}

/**
 * A bare repository with the objects behind the emulator's refs. The emulator computes the hashes that git computes, so
 * an object copied under the same hash is the same object, and git itself can serve it, compare it and merge it.
 */
export class GitMirror {
  readonly #backend: Backend;
  readonly #fullName: string;
  readonly #folder: string;
  readonly #copied = new Set<string>();

  private constructor(backend: Backend, fullName: string, folder: string) {
    this.#backend = backend;
    this.#fullName = fullName;
    this.#folder = folder;
  }

  static async create(backend: Backend, fullName: string, folder: string): Promise<GitMirror> {
    mkdirSync(folder, { recursive: true });
    await run("git", ["init", "--quiet", "--bare", folder], { env: isolated() });
    const mirror = new GitMirror(backend, fullName, folder);
    // What GitHub allows: partial clones, and wants for any commit it has.
    for (const key of ["allowFilter", "allowAnySHA1InWant"]) await mirror.git("config", `uploadpack.${key}`, "true");
    return mirror;
  }

  /** Copies what is new behind the refs, and sets the refs. Returns ref → commit. */
  async sync(): Promise<ReadonlyMap<string, string>> {
    const refs = await this.refs();
    for (const sha of refs.values()) await this.#copyCommits(sha);
    const lines = [...refs].map(([ref, sha]) => `${sha} ${ref}\n`).sort();
    writeFileSync(join(this.#folder, "packed-refs"), lines.join(""));
    const { default_branch } = await this.#read<{ default_branch: string }>("");
    writeFileSync(join(this.#folder, "HEAD"), `ref: refs/heads/${default_branch}\n`);
    return refs;
  }

  async refs(): Promise<ReadonlyMap<string, string>> {
    const heads = await this.#read<RefJson[]>("/git/matching-refs/heads");
    const tags = await this.#read<RefJson[]>("/git/matching-refs/tags");
    return new Map([...heads, ...tags].map(({ ref, object }) => [ref, object.sha]));
  }

  async git(...args: readonly string[]): Promise<string> {
    return (await this.#bytes(args)).toString();
  }

  async isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    return (await this.git("merge-base", ancestor, descendant).catch(() => "")).trim() === ancestor;
  }

  /** A file's bytes at a commit, undefined where there is none. */
  async fileAt(commit: string, path: string): Promise<Buffer | undefined> {
    const listed = await this.git("ls-tree", "-z", commit, "--", path);
    const sha = /^\d+ blob ([0-9a-f]{40})/.exec(listed)?.[1];
    return sha === undefined ? undefined : this.#bytes(["cat-file", "blob", sha]);
  }

  async filesAt(commit: string): Promise<readonly string[]> {
    return (await this.git("ls-tree", "-r", "-z", "--name-only", commit)).split("\0").filter(Boolean);
  }

  /** What differs between two commits or trees, with bytes. */
  async diff(base: string, head: string): Promise<readonly ChangedFile[]> {
    const raw = await this.git("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", base, head);
    const parts = raw.split("\0").filter(Boolean);
    const files: ChangedFile[] = [];
    for (let index = 0; index + 1 < parts.length; index += 2) {
      const [before = "", after = "", shaBefore = "", shaAfter = ""] = (parts[index] ?? "").slice(1).split(" ");
      files.push({
        path: parts[index + 1] ?? "",
        before: before === "000000" ? undefined : await this.#bytes(["cat-file", "blob", shaBefore]),
        after: after === "000000" ? undefined : await this.#bytes(["cat-file", "blob", shaAfter]),
        mode: after === "000000" ? before : after,
      });
    }
    return files;
  }

  /** The tree of a three-way merge, undefined where the two conflict. */
  async mergedTree(base: string, head: string): Promise<string | undefined> {
    return this.git("merge-tree", "--write-tree", base, head).then(
      (output) => output.trim(),
      () => undefined,
    );
  }

  /** Runs `git upload-pack` over the copy, as GitHub's smart HTTP does. `protocol` is the Git-Protocol header. */
  uploadPack(options: { advertise: boolean; protocol: string | undefined; input: Buffer }): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const flags = ["upload-pack", "--stateless-rpc", ...(options.advertise ? ["--http-backend-info-refs"] : [])];
    const child = spawn("git", [...flags, this.#folder], {
      env: { ...isolated(), ...(options.protocol === undefined ? {} : { GIT_PROTOCOL: options.protocol }) },
      stdio: ["pipe", "pipe", "ignore"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat(chunks)));
    // upload-pack may end before it has read everything; what it wrote is the answer.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input);
    return promise;
  }

  async #bytes(args: readonly string[]): Promise<Buffer> {
    const options = { env: isolated(), encoding: "buffer" as const, maxBuffer: 512 * 1024 * 1024 };
    return (await run("git", ["-C", this.#folder, ...args], options)).stdout;
  }

  #read<T>(path: string): Promise<T> {
    return this.#backend.staff<T>("GET", `/repos/${this.#fullName}${path}`);
  }

  async #copyCommits(tip: string): Promise<void> {
    const waiting = [tip];
    for (let sha = waiting.pop(); sha !== undefined; sha = waiting.pop()) {
      if (this.#copied.has(sha)) continue;
      const commit = await this.#read<CommitJson>(`/git/commits/${sha}`);
      await this.#copyTree(commit.tree.sha);
      this.#write("commit", commitBytes(commit), sha);
      waiting.push(...commit.parents.map((parent) => parent.sha));
    }
  }

  async #copyTree(sha: string): Promise<void> {
    if (this.#copied.has(sha)) return;
    const { tree } = await this.#read<TreeJson>(`/git/trees/${sha}`);
    for (const entry of tree) {
      if (entry.type === "tree") await this.#copyTree(entry.sha);
      else if (entry.type === "blob") await this.#copyBlob(entry.sha);
    }
    this.#write("tree", treeBytes(tree), sha);
  }

  async #copyBlob(sha: string): Promise<void> {
    if (this.#copied.has(sha)) return;
    const { content } = await this.#read<{ content: string }>(`/git/blobs/${sha}`);
    this.#write("blob", Buffer.from(content, "base64"), sha);
  }

  /** Throws when the copy's hash is not the original's: the copy would not be the same object. */
  #write(type: string, content: Buffer, sha: string): void {
    const object = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
    const hash = createHash("sha1").update(object).digest("hex");
    if (hash !== sha) throw new Error(`stand-in: the copy of ${type} ${sha} hashes to ${hash}`);
    mkdirSync(join(this.#folder, "objects", sha.slice(0, 2)), { recursive: true });
    writeFileSync(join(this.#folder, "objects", sha.slice(0, 2), sha.slice(2)), deflateSync(object, { level: 1 }));
    this.#copied.add(sha);
  }
}

/** The caller's git settings must not reach the copy. */
function isolated(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  return { ...Object.fromEntries(inherited), GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
}

function commitBytes(commit: CommitJson): Buffer {
  const lines = [
    `tree ${commit.tree.sha}`,
    ...commit.parents.map(({ sha }) => `parent ${sha}`),
    `author ${identityLine(commit.author)}`,
    `committer ${identityLine(commit.committer)}`,
  ];
  const message = commit.message.endsWith("\n") ? commit.message : `${commit.message}\n`;
  return Buffer.from(`${lines.join("\n")}\n\n${message}`);
}

function identityLine({ name, email, date }: Identity): string {
  const zone = /([+-])(\d{2}):?(\d{2})$/.exec(date);
  return `${name} <${email}> ${Math.floor(Date.parse(date) / 1000)} ${zone ? `${zone[1]}${zone[2]}${zone[3]}` : "+0000"}`;
}

/** Git sorts a tree's entries by name in bytes, folders as if they ended in a slash. */
function sortKey(entry: { readonly path: string; readonly type: string }): Buffer {
  return Buffer.from(entry.type === "tree" ? `${entry.path}/` : entry.path);
}

function treeBytes(entries: TreeJson["tree"]): Buffer {
  const sorted = entries.toSorted((left, right) => Buffer.compare(sortKey(left), sortKey(right)));
  return Buffer.concat(
    sorted.flatMap(({ mode, path, sha }) => [
      Buffer.from(`${mode.replace(/^0+/, "")} ${path}\0`),
      Buffer.from(sha, "hex"),
    ]),
  );
}
