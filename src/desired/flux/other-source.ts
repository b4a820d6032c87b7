/** Another Git repository that a Flux source names, where the operator lets it be read. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import { fieldOf, textOf } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import type { MountedRepository, OtherRepositories, WantedRevision } from "../other-repositories.ts";
import { joinPath } from "../paths.ts";
import { sourceIgnored } from "./source-ignore.ts";
import { KustomizationFolders } from "../kustomization-folders.ts";

export interface OtherSource extends MountedRepository {
  readonly folders: KustomizationFolders;
}

/** @param spec of the GitRepository. `undefined` where the operator named no clone for it, or what it asks for is not followed. */
export async function otherSource(
  spec: Value | undefined,
  others: OtherRepositories | undefined,
): Promise<OtherSource | Fault | undefined> {
  const url = textOf(spec, "url");
  const revision = revisionOf(fieldOf(spec, "ref"));
  if (url === undefined || revision === "not-followed") return undefined;
  const mounted = await others?.open(url, revision);
  if (mounted === undefined || isFault(mounted)) return mounted;
  return { ...mounted, folders: new KustomizationFolders(mounted.tree, mounted.files) };
}

/** As {@link sourceIgnored} has it: patterns count from that repository's root. */
export async function ignoredIn(
  { prefix, tree, files }: OtherSource,
  own: string | undefined,
): Promise<(path: string) => boolean> {
  const inside = (path: string): string => path.slice(prefix.length + 1);
  const ignored = await sourceIgnored(
    { ...tree, read: (file) => tree.read(joinPath(prefix, file)) },
    files.map((file) => ({ ...file, path: inside(file.path) })),
    own,
  );
  return (path) => ignored(inside(path));
}

/** The most exact one goes first (source-controller `api/v1`, GitRepositoryRef). */
function revisionOf(reference: Value | undefined): WantedRevision | "not-followed" {
  const commit = textOf(reference, "commit");
  if (commit !== undefined) return { kind: "commit", name: commit };
  const name = /^refs\/(heads|tags)\/(.+)$/.exec(textOf(reference, "name") ?? "");
  if (name !== null) return { kind: name[1] === "tags" ? "tag" : "branch", name: name[2] ?? "" };
  if (fieldOf(reference, "name") !== undefined || fieldOf(reference, "semver") !== undefined) return "not-followed";
  const tag = textOf(reference, "tag");
  if (tag !== undefined) return { kind: "tag", name: tag };
  return { kind: "branch", name: textOf(reference, "branch") ?? "master" };
}
