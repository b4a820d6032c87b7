/**
 * Remote bases and files of a kustomization, where the operator lets their repositories be read: kustomize gets them as
 * folders of its workspace, and kustomizations that name these in the place of the addresses. It fetches nothing itself.
 */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { RootBase, SourceFile, SourceTree } from "../../core/stages.ts";
import { isList, isMap, setField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { printJson } from "../../yaml/json.ts";
import { readYaml } from "../../yaml/read.ts";
import { KustomizationFolders } from "../kustomization-folders.ts";
import { kustomizationOf } from "../kustomization.ts";
import type { Kustomization } from "../kustomization.ts";
import { fileAt } from "../file-list.ts";
import { remoteOf } from "../kustomize-remote.ts";
import type { Remote } from "../kustomize-remote.ts";
import { throughLinks } from "../links.ts";
import { withoutCredentials } from "../origin.ts";
import { alsoMounted } from "../other-repositories.ts";
import type { MountedRepository, OtherRepositories } from "../other-repositories.ts";
import { isWithin, joinPath, shownFolder } from "../paths.ts";
import type { FoundKustomization } from "../roots.ts";

export interface RemoteBasesInput {
  readonly tree: SourceTree;
  readonly files: readonly SourceFile[];
  /** In the place of what the tree has. */
  readonly made: ReadonlyMap<string, Uint8Array>;
  /** What reads other repositories; absent: nothing. */
  readonly others?: OtherRepositories;
}

export interface WithRemoteBases {
  /** With all that it takes in from there. */
  readonly root: FoundKustomization;
  readonly tree: SourceTree;
  readonly files: readonly SourceFile[];
  readonly made: ReadonlyMap<string, Uint8Array>;
  readonly bases: readonly RootBase[];
}

/** Addresses that one root takes in, each counted once: they may lead to others. */
const MAX_REMOTES = 100;

/** A fault where something else is needed than what is in the repository and in those that may be read. */
export async function withRemoteBases(
  root: FoundKustomization,
  input: RemoteBasesInput,
): Promise<WithRemoteBases | Fault> {
  if (root.kustomizations.every(({ outside }) => outside.length === 0)) return { ...input, root, bases: [] };
  return await new RemoteBases(root, input).run();
}

interface Mount {
  readonly mounted: MountedRepository;
  readonly folders: KustomizationFolders;
}

interface Waiting {
  readonly kustomization: Kustomization;
  /** Where it stands; absent: in the repository itself. */
  readonly mount?: Mount;
  /** The addresses that led to it. */
  readonly by: readonly string[];
}

/** Where kustomize finds it, as it is to be written. */
interface Found {
  readonly kind: "found";
  readonly written: string;
}

/** An address that nothing may be read from. */
interface Refused {
  readonly kind: "refused";
  /** The repository that a grant would have to name; absent: none could. */
  readonly url?: string;
}

class RemoteBases {
  readonly #root: FoundKustomization;
  readonly #input: RemoteBasesInput;
  readonly #mounts = new Map<string, Mount>();
  readonly #bases = new Map<string, RootBase>();
  readonly #waiting: Waiting[];
  readonly #kustomizations: Kustomization[];
  readonly #reached: Set<string>;
  readonly #made: Map<string, Uint8Array>;
  #remotes = 0;

  constructor(root: FoundKustomization, input: RemoteBasesInput) {
    this.#root = root;
    this.#input = input;
    this.#waiting = root.kustomizations.map((kustomization) => ({ kustomization, by: [] }));
    this.#kustomizations = [...root.kustomizations];
    this.#reached = new Set(root.reached);
    this.#made = new Map(input.made);
  }

  async run(): Promise<WithRemoteBases | Fault> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const fault = await this.#replace(next);
      if (fault !== undefined) return fault;
    }
    const mounts = [...this.#mounts.values()].map(({ mounted }) => mounted);
    const { tree, files } = alsoMounted(this.#input.tree, this.#input.files, mounts);
    return {
      root: { ...this.#root, kustomizations: this.#kustomizations, reached: this.#reached },
      tree,
      files,
      made: this.#made,
      bases: [...this.#bases.values()],
    };
  }

  /** Its addresses by folders and files that kustomize finds. */
  async #replace(waiting: Waiting): Promise<Fault | undefined> {
    const { kustomization } = waiting;
    if (kustomization.outside.length === 0) return undefined;
    const found = new Map<string, string>();
    const refused = new Map<string, Refused>();
    for (const written of kustomization.outside) {
      const one = await this.#find(written, waiting);
      if (isFault(one)) return one;
      if (one.kind === "found") found.set(written, one.written);
      else refused.set(written, one);
    }
    if (refused.size > 0) return this.#refused(kustomization, refused);
    return await this.#rewrite(waiting, found);
  }

  async #find(written: string, waiting: Waiting): Promise<Found | Refused | Fault> {
    const remote = remoteOf(written);
    if (remote === undefined) return { kind: "refused" };
    const { kustomization, by } = waiting;
    const { url, revision } = remote;
    const wanted = revision === undefined ? undefined : ({ kind: "fetched", name: revision } as const);
    const mounted = await this.#input.others?.open(url, wanted);
    if (mounted === undefined) return { kind: "refused", url: withoutCredentials(url) };
    if (isFault(mounted)) {
      return {
        ...this.#fault(kustomization, `takes in ${shown(written)}: ${mounted.message}`),
        remedy: mounted.remedy,
      };
    }
    this.#remotes += 1;
    if (this.#remotes > MAX_REMOTES) return this.#fault(kustomization, `takes in more than ${MAX_REMOTES} addresses`);
    // As kustomize's own loader has it (`errIfRepoCycle`).
    if (by.some((one) => one.startsWith(written)))
      return this.#fault(kustomization, `takes in ${shown(written)}, which leads back to itself`);
    this.#note(remote, mounted);
    const mount = this.#mounts.get(mounted.prefix) ?? mountOf(mounted);
    this.#mounts.set(mounted.prefix, mount);
    return remote.kind === "file"
      ? await this.#file(written, remote, { mount, kustomization })
      : await this.#folder(written, remote, { mount, waiting });
  }

  #note({ url, revision }: Remote, { tree, moves }: MountedRepository): void {
    const repository = withoutCredentials(url);
    const base = {
      repository,
      ...(revision === undefined ? {} : { asked: revision.slice(0, 250) }),
      commit: tree.revision,
      moves,
    };
    this.#bases.set(JSON.stringify(base), base);
  }

  /** A copy below the kustomization: kustomize takes files from there, and from nowhere else. */
  async #file(
    written: string,
    { path }: Remote,
    { mount, kustomization }: { readonly mount: Mount; readonly kustomization: Kustomization },
  ): Promise<Found | Fault> {
    const { mounted } = mount;
    const copy = joinPath(mounted.prefix, path);
    const file = fileAt(mounted.files, copy);
    // Of a link, what is served there is where it leads.
    if (file === undefined || file.mode === "120000" || file.mode === "160000")
      return this.#fault(kustomization, `takes in ${shown(written)}, and that repository has no such file`);
    const bytes = await mounted.tree.read(copy);
    if (isFault(bytes)) return bytes;
    this.#made.set(joinPath(kustomization.path, copy), bytes);
    return { kind: "found", written: copy };
  }

  async #folder(
    written: string,
    { path }: Remote,
    { mount, waiting }: { readonly mount: Mount; readonly waiting: Waiting },
  ): Promise<Found | Fault> {
    const { kustomization, by } = waiting;
    const folder = throughLinks(joinPath(mount.mounted.prefix, path), mount.folders.links);
    const start = await mount.folders.in(folder);
    if (start === undefined) {
      return this.#fault(kustomization, `takes in ${shown(written)}, and that repository has no kustomization there`);
    }
    this.#reached.add(folder);
    for (const one of await reachIn(start, mount)) {
      const out = leaving(one, mount);
      if (out !== undefined) {
        return this.#fault(
          kustomization,
          `takes in ${shown(written)}, which takes ${shown(out)} in from out of its own folder: kustomize lets no remote base do that`,
        );
      }
      for (const reference of one.references) this.#reached.add(reference);
      if (this.#kustomizations.includes(one)) continue;
      this.#kustomizations.push(one);
      this.#waiting.push({ kustomization: one, mount, by: [...by, written] });
    }
    return { kind: "found", written: relativePath(kustomization.path, folder) };
  }

  /** The same kustomization with these in the place of the addresses. */
  async #rewrite({ kustomization }: Waiting, found: ReadonlyMap<string, string>): Promise<Fault | undefined> {
    const { path, file } = kustomization;
    const mount = [...this.#mounts.values()].find(({ mounted }) => isWithin(file, mounted.prefix));
    const tree = mount?.mounted.tree ?? this.#input.tree;
    const bytes = this.#made.get(file) ?? (await tree.read(file));
    const own = isFault(bytes) ? undefined : onlyMap(bytes, file);
    if (own === undefined)
      return this.#fault(kustomization, "takes in remote bases, and is no one document that can be read as a whole");
    const value = replaced(own, found);
    const { outside } = await kustomizationOf(tree, { path, file, values: [value] });
    const [left] = outside;
    if (left !== undefined) {
      const places = "resources, components, bases, crds and patches";
      return this.#fault(
        kustomization,
        `takes in ${shown(left)} where holdfast hands nothing on: it does in ${places}`,
      );
    }
    this.#made.set(file, Buffer.from(printJson(value)));
    return undefined;
  }

  #refused({ file }: Kustomization, refused: ReadonlyMap<string, Refused>): Fault {
    const { path } = this.#root;
    const names = [...refused.keys()];
    const some = names.slice(0, 3).map(shown);
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    const [url] = [...refused.values()].flatMap((one) => one.url ?? []);
    const grant =
      url === undefined
        ? ""
        : `, have the operator name a clone of it (--source ${url}=DIR, or sources in the server's configuration)`;
    return {
      kind: "fault",
      code: "render-refused",
      about: path === "" ? "." : path,
      message: `${shownFolder(path)} needs what is not in the repository: ${some.join(", ")}${more}`,
      remedy: `copy it into the repository (kustomize localize)${grant}, or list the folder under the target's exclude`,
      position: { file: this.#placeOf(file), line: 1 },
      leavesUnknown: "declared",
    };
  }

  #fault({ file }: Kustomization, what: string): Fault {
    const { path } = this.#root;
    return {
      kind: "fault",
      code: "render-refused",
      about: path === "" ? "." : path,
      message: `${shownFolder(path)} ${what}`,
      remedy:
        "mend the address, copy it into the repository (kustomize localize), or list the folder under the target's exclude",
      position: { file: this.#placeOf(file), line: 1 },
      leavesUnknown: "declared",
    };
  }

  /** Files of other repositories are no place here. */
  #placeOf(file: string): string {
    return [...this.#mounts.keys()].some((prefix) => isWithin(file, prefix)) ? this.#root.file : file;
  }
}

function mountOf(mounted: MountedRepository): Mount {
  return { mounted, folders: new KustomizationFolders(mounted.tree, mounted.files) };
}

/** All that it takes in of its own repository, itself first; with links, what they lead to. */
async function reachIn(start: Kustomization, { folders }: Mount): Promise<readonly Kustomization[]> {
  const found = new Set([start]);
  for (const one of found) {
    for (const reference of one.references) {
      const next = await folders.in(reference);
      if (next !== undefined) found.add(next);
    }
  }
  return [...found];
}

/**
 * Of clones kustomize takes folders from within the clone, and files from within the folder that names them, whatever it is
 * told about others (`newLoaderAtGitClone`).
 */
function leaving({ path, references }: Kustomization, { mounted, folders }: Mount): string | undefined {
  const { prefix, files } = mounted;
  const out = references.find((reference) => {
    if (!isWithin(reference, prefix)) return true;
    const file = fileAt(files, throughLinks(reference, folders.links));
    return file !== undefined && file.folder === undefined && !isWithin(file.target ?? file.path, path);
  });
  return out === undefined || !isWithin(out, prefix) ? out : out.slice(prefix.length + 1);
}

function relativePath(from: string, to: string): string {
  return joinPath(from === "" ? "" : from.split("/").fill("..").join("/"), to);
}

function onlyMap(bytes: Uint8Array, file: string): ValueMap | undefined {
  const text = decodeText(bytes);
  if (text === undefined) return undefined;
  const { documents, faults } = readYaml(text, { file });
  const value = documents[0]?.value;
  return documents.length === 1 && faults.length === 0 && isMap(value) ? value : undefined;
}

/** Fields whose texts are folders or files, and those whose items have a path (kustomize takes their names in any case). */
const LISTS: ReadonlySet<string> = new Set(["resources", "bases", "components", "crds", "patchesstrategicmerge"]);
const WITH_PATHS: ReadonlySet<string> = new Set(["patches", "patchesjson6902"]);

function replaced(kustomization: ValueMap, found: ReadonlyMap<string, string>): ValueMap {
  const text = (value: Value): Value => (typeof value === "string" ? (found.get(value) ?? value) : value);
  const result: Record<string, Value> = {};
  for (const [name, value] of Object.entries(kustomization)) {
    const key = name.toLowerCase();
    let next = value;
    if (LISTS.has(key) && isList(value)) next = value.map(text);
    if (WITH_PATHS.has(key) && isList(value)) next = value.map((item) => withPath(item, text));
    setField(result, name, next);
  }
  return result;
}

function withPath(item: Value, text: (value: Value) => Value): Value {
  if (!isMap(item)) return item;
  const result: Record<string, Value> = {};
  for (const [name, value] of Object.entries(item)) setField(result, name, name === "path" ? text(value) : value);
  return result;
}

function shown(written: string): string {
  return JSON.stringify(withoutCredentials(written));
}
