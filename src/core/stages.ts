/** What stages are handed: the things that they must call and may not import. */

import type { Fault, SourcePosition } from "./fault.ts";
import type { DesiredObject, LiveObject, Origin } from "./objects.ts";
import type { FieldPath } from "./path.ts";
import type { KindRef, ObjectRef } from "./refs.ts";
import type { SchemaSource, ServedKind } from "./schema.ts";
import type { ValueMap } from "./value.ts";

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Told of long work; `done` and `total` count `what` (`files`, `objects` …). A total that is not known yet is absent. */
export interface Progress {
  (event: { readonly stage: string; readonly what: string; readonly done: number; readonly total?: number }): void;
}

/** One document tree at one revision. */
export interface SourceTree {
  /** `worktree`, or the full commit hash. */
  readonly revision: string;
  /** Repository-relative paths below `path` (`""` for all), in code-unit order, with sizes in bytes and Git's mode. */
  list(path: string): Promise<readonly SourceFile[] | Fault>;
  read(file: string): Promise<Uint8Array | Fault>;
  /** Brings files near that are about to be read, in one go. Absent where reading them one by one costs no more. */
  prefetch?(files: readonly string[]): Promise<Fault | undefined>;
  /** The address that the repository is known by, as its `origin` has it; absent where there is none. */
  origin?(): Promise<string | undefined>;
  /**
   * Whether a branch, a tag or a hash stands for the commit that is read, or the one that the working tree was checked out
   * from; `undefined` where the repository does not have it.
   */
  isAt?(name: string): Promise<boolean | undefined>;
  /** What the files were before; absent where nothing keeps that. A fault where it cannot be read. */
  history?(): Promise<SourceHistory | Fault>;
  /** The same files at a commit that they come from, by its full hash, their own included. A fault for every other one. */
  at?(commit: string): Promise<OlderTree | Fault>;
}

export interface OlderTree extends SourceTree {
  close(): void;
}

/** What was committed before the tree's revision, in a bounded window. Fetches and reads only what is asked for. */
export interface SourceHistory {
  /**
   * Newest first, along first parents: what the branch itself was, commit by commit, and no state that only ever stood on
   * a merged branch. Of a working tree the first one is what is not committed yet.
   */
  readonly commits: readonly HistoryCommit[];
  /** What lies before the oldest: nothing; more, beyond the window's limit; or what a shallow clone lacks. */
  readonly end: "beginning" | "window" | "shallow";
  /** Brings blobs near that are about to be read, in one go. */
  prefetch(blobs: readonly string[]): Promise<void>;
  /** A file's bytes, or `undefined` where they cannot be had, or are beyond the limits. */
  read(blob: string): Promise<Uint8Array | undefined>;
  /**
   * Whether holdfast wrote the commit, or the one that it merges: what it changed was live at the time. Of a commit that was
   * squashed or rebased the message is what tells; anybody who may commit can write the same.
   */
  codified(commit: HistoryCommit): Promise<boolean>;
  close(): void;
}

export interface HistoryCommit {
  /** The full hash, or `worktree`. */
  readonly id: string;
  /** The commit before it; absent at a beginning. */
  readonly parent?: string;
  /** When it was committed, in milliseconds since the epoch, as the commit says; absent of a working tree. */
  readonly time?: number;
  /** What it changed, by path: the blobs of either side, absent where the file is. Links and submodules are no files. */
  readonly files: ReadonlyMap<string, HistoryFile>;
}

export interface HistoryFile {
  readonly before?: string;
  readonly after?: string;
}

export interface SourceFile {
  readonly path: string;
  /** Absent where it cannot be known without fetching the file. */
  readonly size?: number;
  readonly mode: string;
  /** Of a symbolic link (mode `120000`): the repository's file that it leads to. Absent where it leads nowhere that may be read. */
  readonly target?: string;
  /** Of a symbolic link to a folder: the repository's folder that it leads to. It cannot be read as a file. */
  readonly folder?: string;
}

/** A directory that is rendered as one: plain manifests, a kustomization or a chart. */
export interface RenderRoot {
  readonly path: string;
  readonly renderer: "plain" | "kustomize" | "helm" | "plugin";
  /** Of a plugin, its name. */
  readonly version: string;
  /** The version that its charts were rendered for; absent where it has none. */
  readonly kubernetes?: string;
  /** The chart that was fetched for it: the folder is none of the repository's. */
  readonly chart?: RootChart;
  /** Other repositories that its kustomizations take files in from, by address; absent: none. */
  readonly bases?: readonly RootBase[];
  /** What deploys it, where Git says so. */
  readonly deployer?: RootDeployer;
}

/** A commit of another repository. */
export interface RootBase {
  /** An address without credentials. */
  readonly repository: string;
  /** What Git asks for; absent: the head. */
  readonly asked?: string;
  /** The one that was read. */
  readonly commit: string;
  /** It was asked for by a branch, or not at all: which commit of it was deployed is not known. */
  readonly moves: boolean;
}

export interface RootChart {
  readonly name: string;
  /** The one that was fetched. */
  readonly version: string;
  /** What Git asks for; absent: the newest. */
  readonly asked?: string;
  /** An address without credentials. */
  readonly repository: string;
  /** SHA-256 of the archive. */
  readonly digest: string;
}

/** An object of a deployer's own that says what it deploys. */
export interface RootDeployer {
  readonly kind: "flux-kustomization" | "flux-helm-release" | "argo-cd-application";
  readonly ref: ObjectRef;
  /** Where Git declares it. */
  readonly file: string;
  /** It deploys nothing until somebody lets it go on. */
  readonly suspended: boolean;
  /** As Git has it. */
  readonly spec: ValueMap;
}

/** One target's desired objects. */
export interface DesiredState {
  readonly revision: string;
  readonly roots: readonly RenderRoot[];
  readonly objects: readonly DesiredObject[];
  /**
   * Argo CD Applications that an ApplicationSet generates, with the origin of that one: Argo CD's own controller writes them,
   * so that they are nothing that Git declares, and what they ask for counts as Git's.
   */
  readonly generated?: readonly DesiredObject[];
  /** Argo CD projects in files that nothing deploys: applied by hand, they say when Applications are synced. */
  readonly projects?: readonly DesiredObject[];
  /** Hooks of charts: some of them are made and stay until they are made anew, and nothing is missing where they are not there. */
  readonly hooks?: readonly DesiredObject[];
  readonly faults: readonly Fault[];
  /** `false` where some root or file could not be read: nothing in the target's scope is then called unmanaged. */
  readonly complete: boolean;
}

/** What to read of a cluster. */
export interface LiveQuery {
  /** In the order in which they are read. */
  readonly kinds: readonly QueriedKind[];
  /** Namespaces to read namespaced kinds in; `all` for the whole cluster. */
  readonly namespaces: readonly string[] | "all";
  /** `--no-secrets`: Secrets are neither listed nor compared. */
  readonly secrets: boolean;
}

export interface QueriedKind extends KindRef {
  /** Git declares none of it: it is read for what is unmanaged, and its schema is not needed. */
  readonly undeclared?: true;
}

/** Live objects, page by page, so that none need be kept. */
export type LiveEvent =
  | { readonly kind: "objects"; readonly objects: readonly LiveObject[] }
  /** The kind was read to its end in this namespace (`undefined`: everywhere). Only then may absence be inferred. */
  | { readonly kind: "read"; readonly of: KindRef; readonly namespace?: string }
  /** The kind could not be read (wholly): its objects are unknown, whatever pages came before. */
  | { readonly kind: "unread"; readonly of: KindRef; readonly namespace?: string; readonly fault: Fault }
  /** Something fell short that makes no kind unread: digests under another key, say. */
  | { readonly kind: "fault"; readonly fault: Fault };

/** A cluster, or a snapshot of one. */
export interface LiveSource {
  readonly cluster: { readonly name: string; readonly version: string };
  /** The address that the API server is asked at; absent of a snapshot. It is in no report. */
  readonly server?: string;
  /** The kind as served (in any version: the declared one if served, else the preferred one), or `undefined`. */
  served(kind: KindRef): ServedKind | undefined;
  /** The cluster certainly serves no such kind in this version. Never of a snapshot: it holds what was asked for. */
  lacks(kind: KindRef): boolean;
  /** What can be listed, each kind once, in the version that the cluster prefers: of a snapshot what is in it. */
  readonly listable: readonly ServedKind[];
  /**
   * Schemas that the cluster itself gives (custom resources); consulted before the built-in data.
   * Those of a query's kinds are known before `read` gives the first objects of the kind.
   */
  readonly schemas: SchemaSource;
  read(query: LiveQuery): AsyncIterable<LiveEvent>;
  /** Only where it was asked for (`--mode server-dry-run`): everything else that a source does is reading. */
  readonly dryRun?: DryRunSource;
  /** `undefined` where the release is not there or cannot be read. Only to be asked where Secrets may be read. */
  readonly helmRelease?: (namespace: string, release: string) => Promise<HelmRelease | undefined>;
  /**
   * What stands in the object's `metadata` now; `absent` where it is not there, `undefined` where that cannot be told.
   * Absent of a snapshot: it has one time only.
   */
  readonly look?: (ref: ObjectRef) => Promise<{ readonly metadata: ValueMap } | "absent" | undefined>;
  /** The same of the whole object, as `read` would give it. Of a Secret it is never told. */
  readonly readAgain?: (ref: ObjectRef) => Promise<LiveObject | "absent" | undefined>;
  close(): Promise<void>;
}

/** What Helm noted of a release, in its release Secrets. It is cluster text: whoever may write Secrets may have written it. */
export interface HelmRelease {
  /** As last deployed; absent where it never was. */
  readonly deployed?: ReleaseRevision;
  /** Upgrades, and an installation, since then that did not come to their end; newest first. */
  readonly attempts: readonly ReleaseRevision[];
}

export interface ReleaseRevision {
  readonly revision: number;
  /** Helm's word: `deployed`, `failed`, `pending-upgrade` … */
  readonly status: string;
  /** Without hooks and what stands in `crds/`; Secrets' values are digests. */
  readonly objects: readonly ValueMap[];
}

/** Asks the cluster what would come of a write, which it then does not do. Nothing here ever rejects. */
export interface DryRunSource {
  /** The live object as server-side apply of what Git declares would leave it, forced, by this field manager. */
  applied(asked: {
    readonly desired: DesiredObject;
    readonly live: LiveObject;
    readonly manager: string;
  }): Promise<LiveObject | Unpredicted>;
  /** The live object as it would be were these of its fields taken away. */
  without(live: LiveObject, paths: readonly FieldPath[]): Promise<LiveObject | Unpredicted>;
}

/** The server does not tell what would come of it: the object is compared read-only. */
export interface Unpredicted {
  readonly kind: "unpredicted";
  /** The end of a sentence, equal for all objects of one cause. No value of the object's, no text of the server's. */
  readonly why: string;
  /** What to do about it, in the imperative. */
  readonly remedy: string;
  /** It is so by design, on every pass, and nobody can change it: no fault. */
  readonly byDesign?: true;
}

/** Finds lines over the very bytes that were read; a file that has changed since is a fault. */
export interface Locator {
  /** The position of the field, or of the nearest parent that is written; an empty path is the object's first line. */
  locate(origin: Origin, path: FieldPath): Promise<SourcePosition | Fault>;
}

/** Renders what the changed files reach, before and after, for the proof of an edit. */
export interface Renderer {
  render(changed: ReadonlyMap<string, string>): Promise<
    | {
        readonly before: readonly DesiredObject[];
        readonly after: readonly DesiredObject[];
        readonly roots: readonly RenderRoot[];
      }
    | Fault
  >;
}
