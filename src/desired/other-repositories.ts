/**
 * Other Git repositories that this one deploys from, where the operator says which local clone stands for which: read at the
 * commit that the clone has under the name, and shown below a folder that no repository of its own has.
 */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import type { SourceFile, SourceTree } from "../core/stages.ts";
import type { CommitTree } from "./commit-tree.ts";
import { unreadable } from "./file-faults.ts";
import { filesBelow, inListOrder } from "./file-list.ts";
import { sameRepository } from "./origin.ts";
import { isWithin, joinPath } from "./paths.ts";
import { openRevision } from "./revision.ts";

/** The operator's word: the clone stands for the address. */
export interface RepositoryGrant {
  readonly url: string;
  /** A folder of this machine. */
  readonly dir: string;
}

/** What a source asks for; absent: what the clone's `origin` has checked out by itself, or the clone. */
export type WantedRevision =
  | { readonly kind: "branch" | "tag" | "commit"; readonly name: string }
  /** Any of the three. */
  | { readonly kind: "name"; readonly name: string }
  /** Any of the three, as `git fetch` understands it: a tag goes before a branch, and a commit is named in full. */
  | { readonly kind: "fetched"; readonly name: string }
  | undefined;

export interface MountedRepository {
  /** The folder that its files are below. */
  readonly prefix: string;
  readonly tree: SourceTree;
  /** Below the prefix, in order. */
  readonly files: readonly SourceFile[];
  /** What was asked for is a branch, or the head: another commit, some other day. */
  readonly moves: boolean;
}

export interface OtherRepositories {
  /** `undefined` where the operator named no clone for it; a fault where the clone does not have the revision. */
  open(url: string, revision: WantedRevision): Promise<MountedRepository | Fault | undefined>;
  close(): void;
}

/** Where they are shown. */
export const FOLDER = ".holdfast-sources";

export function otherRepositories(grants: readonly RepositoryGrant[], signal?: AbortSignal): OtherRepositories {
  const opened = new Map<string, Promise<MountedRepository | Fault>>();
  const trees: CommitTree[] = [];
  return {
    close() {
      for (const tree of trees) tree.close();
    },
    async open(url, revision) {
      const grant = grants.find((one) => sameRepository(one.url, url));
      if (grant === undefined) return undefined;
      const key = JSON.stringify([grant.dir, revision ?? null]);
      const known = opened.get(key) ?? mount(grant, revision, { trees, ...(signal === undefined ? {} : { signal }) });
      opened.set(key, known);
      return await known;
    },
  };
}

async function mount(
  { url, dir }: RepositoryGrant,
  revision: WantedRevision,
  { trees, signal }: { readonly trees: CommitTree[]; readonly signal?: AbortSignal },
): Promise<MountedRepository | Fault> {
  let fault: Fault | undefined;
  for (const name of namesOf(revision)) {
    const tree = await openRevision(dir, name, signal === undefined ? {} : { signal });
    if (isFault(tree)) fault = tree;
    else {
      trees.push(tree);
      // Two revisions of one repository stand side by side.
      const prefix = joinPath(FOLDER, `${shownUrl(url)}-${tree.revision.slice(0, 12)}`);
      return await mounted(tree, prefix, !/^refs\/tags\/|^[0-9a-f]{7,64}$/.test(name));
    }
  }
  const asked = revision === undefined ? "its default branch" : JSON.stringify(revision.name.slice(0, 200));
  return {
    kind: "fault",
    code: "revision-unknown",
    about: url,
    message: `the clone that stands for ${url} has no ${asked}${fault?.code === "revision-unknown" ? "" : `: ${fault?.message ?? ""}`}`,
    remedy: "fetch it there, or name another clone with --source",
    leavesUnknown: "declared",
  };
}

/** As Git looks them up, a clone's own idea of a branch last: it may be behind. */
function namesOf(revision: WantedRevision): readonly string[] {
  if (revision === undefined) return ["refs/remotes/origin/HEAD", "HEAD"];
  const { kind, name } = revision;
  if (!/^\w[\w./@+-]{0,250}$/.test(name) || name.includes("..") || name.includes("@{")) return [];
  const branch = [`refs/remotes/origin/${name}`, `refs/heads/${name}`];
  const tag = [`refs/tags/${name}`];
  const commit = /^[0-9a-f]{7,64}$/.test(name) ? [name] : [];
  switch (kind) {
    case "branch":
      return branch;
    case "tag":
      return tag;
    case "commit":
      return commit;
    case "name":
      return [...branch, ...tag, ...commit];
    case "fetched": {
      const full = /^refs\/(heads|tags)\/(.+)$/.exec(name);
      if (full !== null) return namesOf({ kind: full[1] === "tags" ? "tag" : "branch", name: full[2] ?? "" });
      return [...tag, ...branch, ...(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name) ? [name] : [])];
    }
  }
}

/** `github.com/acme/base`. */
function shownUrl(url: string): string {
  const plain = url
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/^[^@/]*@/, "")
    .replace(/\.git\/?$/, "");
  return plain
    .replaceAll(/[^A-Za-z0-9._/-]+/g, "/")
    .replaceAll(/(?:^|\/)(?:\.*(?:\/|$))+/g, "/")
    .replaceAll(/^\/+|\/+$/g, "");
}

async function mounted(tree: SourceTree, prefix: string, moves: boolean): Promise<MountedRepository | Fault> {
  const listed = await tree.list("");
  if (isFault(listed)) return listed;
  const below = (path: string): string => joinPath(prefix, path);
  const files = inListOrder(
    listed.map((file) => ({
      ...file,
      path: below(file.path),
      ...(file.target === undefined ? {} : { target: below(file.target) }),
      ...(file.folder === undefined ? {} : { folder: below(file.folder) }),
    })),
  );
  const own = (path: string): string => path.slice(prefix.length + 1);
  return {
    prefix,
    files,
    moves,
    tree: {
      revision: tree.revision,
      list: (path) => Promise.resolve(filesBelow(files, path)),
      read: (file) =>
        isWithin(file, prefix) ? tree.read(own(file)) : Promise.resolve(unreadable(file, "it is not there")),
      prefetch: async (wanted) => await tree.prefetch?.(wanted.filter((one) => isWithin(one, prefix)).map(own)),
    },
  };
}

export interface WithMounted {
  readonly tree: SourceTree;
  readonly files: readonly SourceFile[];
}

/** A repository with others in it, and nothing of its own in their place. */
export function withMounted(
  tree: SourceTree,
  files: readonly SourceFile[],
  mounts: readonly MountedRepository[],
): WithMounted {
  return alsoMounted(
    tree,
    files.filter(({ path }) => !isWithin(path, FOLDER)),
    mounts,
  );
}

/** The same for what may have others in it already. */
export function alsoMounted(
  tree: SourceTree,
  files: readonly SourceFile[],
  several: readonly MountedRepository[],
): WithMounted {
  // A commit may have been asked for by several names.
  const mounts = [...new Map(several.map((one) => [one.prefix, one])).values()];
  const of = (file: string): SourceTree | undefined => mounts.find(({ prefix }) => isWithin(file, prefix))?.tree;
  const all = inListOrder([
    ...files.filter(({ path }) => of(path) === undefined),
    ...mounts.flatMap((one) => one.files),
  ]);
  return {
    files: all,
    tree: {
      revision: tree.revision,
      list: (path) => Promise.resolve(filesBelow(all, path)),
      read: (file) => (of(file) ?? tree).read(file),
      prefetch: async (wanted) => {
        const faults = await Promise.all([
          tree.prefetch?.(wanted.filter((file) => of(file) === undefined)),
          ...mounts.map((one) => one.tree.prefetch?.(wanted.filter((file) => of(file) === one.tree))),
        ]);
        return faults.find((fault) => fault !== undefined);
      },
    },
  };
}

/** What another repository declares begins, for this one, with the object that deploys it: no line of this one's is told, or edited. */
export function deployedBy(objects: readonly DesiredObject[], file: string): readonly DesiredObject[] {
  return objects.map((object) => {
    const { layer, root, hash } = object.origin;
    const rendered = layer === "literal" ? "kustomize" : layer;
    const at = root === undefined ? {} : { root };
    return { ...object, origin: { file, document: 0, items: [], layer: rendered, ...at, hash } };
  });
}
