/** Programs that the operator lets be run of what repositories ask for, and which of them a kustomization asks for. */

import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Fault } from "../../core/fault.ts";
import type { SourceFile } from "../../core/stages.ts";
import { fileAt } from "../file-list.ts";
import { KUSTOMIZATION_FILES } from "../kustomization.ts";
import type { Kustomization } from "../kustomization.ts";
import type { KustomizeFunction } from "../kustomize-functions.ts";
import { FOLDER } from "../other-repositories.ts";
import { folderLinks, throughLinks } from "../links.ts";
import type { FolderLinks } from "../links.ts";
import { cleanPath, folderOf, isWithin, joinPath, shownFolder } from "../paths.ts";
import type { FoundKustomization } from "../roots.ts";

/** The operator's word, and nothing of a repository's. */
export interface ProgramGrants {
  /** Exec functions of kustomizations: paths of the repository, and absolute ones of this machine. */
  readonly functions: readonly string[];
  /** Argo CD's config management plugins by name: an absolute path, and arguments. */
  readonly plugins: ReadonlyMap<string, readonly string[]>;
}

export const NO_PROGRAMS: ProgramGrants = { functions: [], plugins: new Map() };

/** What a job runs, besides its renderer. */
export interface JobPrograms {
  /** Absolute paths of this machine. */
  readonly paths: readonly string[];
}

const KSOPS = "ksops";
const STANDARD_PATH = ["/usr/local/bin", "/usr/bin", "/bin"];

/** Where programs are looked up that are named by nothing but their name. */
export function searchPath({ paths }: JobPrograms): string {
  return [...new Set([...paths.map(dirname), ...STANDARD_PATH])].join(":");
}

/**
 * What the kustomizations run: all of it is granted; `undefined` where they run nothing. A fault for the first that may not be.
 * @param files all that there are
 * @param grants absent: their deployer runs none, whatever it is told
 */
export function programsOf(
  root: FoundKustomization,
  files: readonly SourceFile[],
  grants: ProgramGrants | undefined,
): JobPrograms | Fault | undefined {
  const asked = root.kustomizations.flatMap((one) => one.functions.map((asks) => ({ one, asks })));
  // Of others kustomize itself says that it runs none; in KSOPS' place something else is built, where it can be (`sops.ts`).
  if (asked.every(({ asks }) => asks.kind === "other" || asks.plugin === KSOPS)) return undefined;
  const paths = new Set<string>();
  for (const { one, asks } of asked) {
    const granted = asks.kind === "exec" ? grantedIn(one, asks.program, { files, grants }) : undefined;
    if (granted === undefined) return refused(root, one, { asks, files, grants });
    if (granted.startsWith("/")) paths.add(granted);
  }
  const links = folderLinks(files);
  const dark = root.kustomizations.find((one) => !one.whole || leadsElsewhere(one, root, { files, links }));
  if (dark !== undefined) return notWhole(root, dark);
  return { paths: [...paths] };
}

/** A program of another repository is none that the operator named. */
function grantedIn(
  { path }: Kustomization,
  program: string,
  { files, grants }: { readonly files: readonly SourceFile[]; readonly grants: ProgramGrants | undefined },
): string | undefined {
  if (isForeign(path)) return undefined;
  const named = isPath(program) ? namedFile(path, program, files) : undefined;
  return (grants?.functions ?? []).find((one) => {
    if (one.startsWith("/")) return program === one || (!program.includes("/") && basename(one) === program);
    return named?.kind === "file" && cleanPath(one) === named.path;
  });
}

/** Through a link to one that was not read. */
function leadsElsewhere(
  { references }: Kustomization,
  { kustomizations }: FoundKustomization,
  { files, links }: { readonly files: readonly SourceFile[]; readonly links: FolderLinks },
): boolean {
  return references.some((reference) => {
    const folder = throughLinks(reference, links);
    const known = kustomizations.some(({ path }) => path === folder);
    return !known && KUSTOMIZATION_FILES.some((name) => fileAt(files, joinPath(folder, name)) !== undefined);
  });
}

function isForeign(path: string): boolean {
  return isWithin(path, FOLDER);
}

/** Of the repository, and not of this machine. */
function isPath(program: string): boolean {
  return program.includes("/") && !program.startsWith("/");
}

type NamedFile =
  | { readonly kind: "file"; readonly path: string }
  /** `why` ends the sentence of what is run. */
  | { readonly kind: "none"; readonly why: string };

/**
 * What the system runs by that path: it follows links, and goes up from where they lead. Only what needs none of that is
 * the file that an operator who names its path has seen.
 */
function namedFile(folder: string, program: string, files: readonly SourceFile[]): NamedFile {
  const steps = program.split("/").filter((step) => step !== "" && step !== ".");
  const first = steps.findIndex((step) => step !== "..");
  if (steps.lastIndexOf("..") > first) return { kind: "none", why: "a path with .. after a name is never let run" };
  const path = cleanPath(`${folder}/${program}`.replace(/^\//, ""));
  if (path === undefined) return { kind: "none", why: "the operator lets no such program run" };
  if (isThroughLink(folder, files) || isThroughLink(path, files)) {
    return { kind: "none", why: "what is reached through a symbolic link is never let run" };
  }
  return fileAt(files, path)?.mode.startsWith("100") === true
    ? { kind: "file", path }
    : { kind: "none", why: "it is no file of the repository" };
}

function isThroughLink(path: string, files: readonly SourceFile[]): boolean {
  for (let current = path; current !== ""; current = folderOf(current)) {
    if (fileAt(files, current)?.mode === "120000") return true;
  }
  return false;
}

interface Refused {
  readonly asks: KustomizeFunction;
  readonly files: readonly SourceFile[];
  readonly grants: ProgramGrants | undefined;
}

function refused({ path }: FoundKustomization, one: Kustomization, ask: Refused): Fault {
  const { why, remedy } = wordsOf(one, ask);
  return {
    kind: "fault",
    code: "render-refused",
    about: path === "" ? "." : path,
    message: `${shownFolder(path)} needs the plugin ${ask.asks.plugin}${why}`,
    remedy: `${remedy}commit what the plugin makes, or list the folder under the target's exclude`,
    position: { file: one.file, line: 1 },
    leavesUnknown: "declared",
  };
}

/** What is let run is named: of what nobody could read, nobody knows what it names. */
function notWhole({ path }: FoundKustomization, { file }: Kustomization): Fault {
  return {
    kind: "fault",
    code: "render-refused",
    about: path === "" ? "." : path,
    message: `${shownFolder(path)} runs programs, and not all that configures its generators or transformers can be read before: it could name others`,
    remedy: "name files under generators and transformers in place of folders",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

interface Words {
  readonly why: string;
  /** Before the others; none where it is empty. */
  readonly remedy: string;
}

function wordsOf(one: Kustomization, { asks, files, grants }: Refused): Words {
  switch (asks.kind) {
    case "container":
      return { why: " in a container: holdfast starts no container engine", remedy: "" };
    case "other":
      return {
        why: ", which is none of kustomize's own: programs and Go libraries of its plugin folder are never run",
        remedy: "",
      };
    case "exec-with":
      return {
        why: `, which gives its program ${JSON.stringify(asks.more)}: only a path is let run, without arguments and variables`,
        remedy: "leave nothing but path under exec, ",
      };
    case "exec":
      return execWords(one, asks.program, { files, grants });
  }
}

function execWords(
  { path }: Kustomization,
  program: string,
  { files, grants }: { readonly files: readonly SourceFile[]; readonly grants: ProgramGrants | undefined },
): Words {
  const runs = `, which runs ${JSON.stringify(program.slice(0, 200))}`;
  if (isForeign(path)) return { why: `${runs} of another repository: none is run`, remedy: "" };
  if (grants === undefined) return { why: `${runs}: Flux runs no functions`, remedy: "" };
  const named = isPath(program) ? namedFile(path, program, files) : undefined;
  if (named?.kind === "none") {
    return { why: `${runs}: ${named.why}`, remedy: "write the path of a regular file of the repository, " };
  }
  // A name by itself would be granted as a file at the repository's root.
  const granted = named?.path ?? (program.startsWith("/") ? program : `/path/to/${program}`);
  return {
    why: `${runs}: the operator lets no such program run`,
    remedy: `have the operator let it run (--allow-exec ${granted.slice(0, 200)}, or exec in the server's configuration), `,
  };
}

/** What a program was when it ran: another one is another job. `undefined` where one is no file that may be run. */
export async function programMarks(paths: readonly string[]): Promise<readonly string[] | undefined> {
  try {
    return await Promise.all(
      paths.map(async (path) => {
        const real = await realpath(path);
        await access(real, constants.X_OK);
        const found = await stat(real);
        if (!found.isFile()) throw new Error("no file");
        return `${real} ${found.size} ${found.mtimeMs} ${found.ino}`;
      }),
    );
  } catch {
    return undefined;
  }
}

/** With what those that are links lead to, before them. */
export async function withTargets(paths: readonly string[]): Promise<readonly string[]> {
  const both = await Promise.all(paths.map(async (path) => [await realpath(path), path]));
  return [...new Set(both.flat())];
}
