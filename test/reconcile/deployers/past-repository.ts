/** A repository of three commits, and what deployers say of them, for tests of what is really deployed. */

import type { DesiredObject, LiveObject } from "../../../src/core/objects.ts";
import type { ObjectRef } from "../../../src/core/refs.ts";
import { refKey } from "../../../src/core/refs.ts";
import type { HistoryCommit, OlderTree, RenderRoot, SourceTree } from "../../../src/core/stages.ts";
import type { ValueMap } from "../../../src/core/value.ts";
import { DeployedTruth } from "../../../src/reconcile/deployers/deployed-truth.ts";
import type { DeployedTarget } from "../../../src/reconcile/deployers/past-states.ts";

export const ONE = "1".repeat(40);
export const TWO = "2".repeat(40);
export const THREE = "3".repeat(40);
export const ELSEWHERE = "f".repeat(40);

export function live(ref: ObjectRef, status: ValueMap = {}, spec: ValueMap = { prune: true }): LiveObject {
  return { ref, value: { spec, status }, managers: [] };
}

export function config(name: string): ObjectRef {
  return { apiVersion: "v1", kind: "ConfigMap", name, namespace: "apps" };
}

export function declared(ref: ObjectRef, deployer: ObjectRef | undefined, data: string): DesiredObject {
  const origin = { file: "a.yaml", document: 0, items: [], layer: "kustomize", hash: "" } as const;
  return { ref, origin, value: { data: { a: data } }, ...(deployer === undefined ? {} : { deployer }) };
}

export type Commits = Readonly<Record<string, readonly DesiredObject[]>>;

const LINE: readonly HistoryCommit[] = [
  { id: THREE, parent: TWO, time: 3000, files: new Map() },
  { id: TWO, parent: ONE, time: 2000, files: new Map() },
  { id: ONE, time: 1000, files: new Map() },
];

/** A repository of three commits, newest last. */
export function truthOf(
  commits: Commits,
  deployers: readonly LiveObject[],
  {
    roots = {},
    readApplication,
    line = LINE,
  }: {
    readonly roots?: Readonly<Record<string, readonly RenderRoot[]>>;
    readonly readApplication?: DeployedTarget["readApplication"];
    readonly line?: readonly HistoryCommit[];
  } = {},
) {
  const read: string[] = [];
  const bare = { list: () => Promise.resolve([]), read: () => Promise.resolve(Buffer.from("")) };
  const tree: SourceTree = {
    ...bare,
    revision: THREE,
    history: () =>
      Promise.resolve({
        commits: line,
        end: "beginning",
        prefetch: () => Promise.resolve(),
        read: () => Promise.resolve(undefined),
        codified: () => Promise.resolve(false),
        close: () => {},
      }),
    at: (commit) =>
      Promise.resolve(
        commit in commits
          ? { ...bare, revision: commit, close: () => {} }
          : {
              kind: "fault",
              code: "revision-unknown",
              about: commit,
              message: "m",
              remedy: "r",
              leavesUnknown: "nothing",
            },
      ),
  };
  const target = {
    tree,
    state: { objects: commits[THREE] ?? [], roots: roots[THREE] ?? [] },
    ...(readApplication === undefined ? {} : { readApplication }),
    read: ({ revision }: SourceTree | OlderTree) => {
      read.push(revision.slice(0, 1));
      return Promise.resolve({
        revision,
        roots: roots[revision] ?? [],
        objects: commits[revision] ?? [],
        faults: [],
        complete: true,
      });
    },
  };
  const truth = new DeployedTruth({
    targets: new Map([["t", target]]),
    deployers: new Map(deployers.map((one) => [refKey(one.ref), one])),
  });
  return { truth, read };
}
