/** The root that a Flux Kustomization deploys: which files it is built from, and how. */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { SourceFile, SourceTree } from "../../core/stages.ts";
import { isMap } from "../../core/value.ts";
import type { ValueMap } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { printJson } from "../../yaml/json.ts";
import { readYaml } from "../../yaml/read.ts";
import { KUSTOMIZATION_FILES, kustomizationOf } from "../kustomization.ts";
import type { KustomizationFolders } from "../kustomization-folders.ts";
import type { Kustomization } from "../kustomization.ts";
import { unreadable } from "../file-faults.ts";
import { filesBelow, hasFilesBelow } from "../file-list.ts";
import { cleanPath, folderOf, isWithin, joinPath } from "../paths.ts";
import { askingForOrigins } from "../render/origins.ts";
import type { FoundKustomization } from "../roots.ts";
import type { FluxKustomization } from "./objects.ts";
import { overlaid } from "./overlay.ts";

export interface FluxRoot {
  readonly flux: FluxKustomization;
  readonly root: FoundKustomization;
  /** The kustomization that is built in the place of the folder's own. */
  readonly made: ReadonlyMap<string, Uint8Array>;
  /** See {@link RenderJob.noted}. */
  readonly noted: boolean;
}

export interface FluxRootInput {
  readonly tree: SourceTree;
  readonly files: readonly SourceFile[];
  readonly folders: KustomizationFolders;
  /** What the source hands on is without these. */
  readonly ignored?: (path: string) => boolean;
}

/** `undefined` where the folder holds no file of the repository; a fault where its kustomization cannot be read. */
export async function fluxRoot(
  flux: FluxKustomization & { readonly path: string },
  { tree, files, folders, ignored = () => false }: FluxRootInput,
): Promise<FluxRoot | Fault | undefined> {
  const { path } = flux;
  const below = filesBelow(files, path);
  if (below.length === 0) return undefined;
  const file = folders.fileIn(path);
  const own = file === undefined ? undefined : await valueOf(tree, file);
  if (isFault(own)) return own;
  // A source holds no links.
  const handed = (one: SourceFile): boolean => one.mode !== "120000" && !ignored(one.path);
  const resources = file === undefined ? resourcesOf(path, below.filter(handed), folders) : [];
  const value = overlaid({
    resources,
    spec: flux.spec,
    exists: (written) => {
      const found = cleanPath(joinPath(path, written));
      return found !== undefined && hasFilesBelow(files, found);
    },
    ...(own === undefined ? {} : { own }),
  });
  const built = file ?? joinPath(path, KUSTOMIZATION_FILES[0]);
  const start = await kustomizationOf(tree, { path, file: built, values: [value] });
  const { kustomizations, reached } = await reach(start, folders);
  const root: FoundKustomization = { renderer: "kustomize", path, file: file ?? flux.file, kustomizations, reached };
  const asking = askingForOrigins(value);
  return { flux, root, made: new Map([[built, Buffer.from(printJson(asking))]]), noted: asking !== value };
}

/** The first document; an empty one is a kustomization without anything. */
async function valueOf(tree: SourceTree, file: string): Promise<ValueMap | Fault> {
  const bytes = await tree.read(file);
  if (isFault(bytes)) return bytes;
  const text = decodeText(bytes);
  const { documents, faults } = readYaml(text ?? "", { file });
  const [fault] = faults;
  const value = documents[0]?.value ?? {};
  if (fault !== undefined && fault.leavesUnknown === "declared") return fault;
  return text !== undefined && isMap(value) ? value : unreadable(file, "it is no kustomization");
}

/** Every YAML file that stands in no kustomization's folder, and each of those folders. */
function resourcesOf(path: string, below: readonly SourceFile[], folders: KustomizationFolders): readonly string[] {
  const resources = new Set<string>();
  for (const { path: file } of below) {
    const holder = holderOf(path, file, folders);
    if (holder !== undefined) resources.add(relative(path, holder));
    else if (/\.ya?ml$/.test(file)) resources.add(relative(path, file));
  }
  return [...resources];
}

/** The outermost folder below `path` that has a kustomization and holds the file. */
function holderOf(path: string, file: string, folders: KustomizationFolders): string | undefined {
  let found: string | undefined;
  for (let folder = folderOf(file); folder !== path && isWithin(folder, path); folder = folderOf(folder)) {
    if (folders.fileIn(folder) !== undefined) found = folder;
    if (folder === "") break;
  }
  return found;
}

function relative(path: string, below: string): string {
  return `./${path === "" ? below : below.slice(path.length + 1)}`;
}

/** All that a kustomization reaches. */
export async function reach(
  start: Kustomization,
  folders: KustomizationFolders,
): Promise<Pick<FoundKustomization, "kustomizations" | "reached">> {
  const kustomizations = [start];
  const reached = new Set<string>();
  const waiting = [...start.references];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const next = path === start.path ? undefined : await folders.in(path);
    if (next === undefined) continue;
    kustomizations.push(next);
    waiting.push(...next.references);
  }
  return { kustomizations, reached };
}

/** Whether the root takes the file in. */
export function takesIn({ kustomizations, reached }: FoundKustomization, file: string): boolean {
  return reached.has(file) || kustomizations.some((one) => one.file === file);
}
