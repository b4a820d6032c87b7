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
import { cleanPath, isWithin, joinPath, shownFolder } from "../paths.ts";
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
    const granted = asks.kind === "exec" ? grantedIn(one, asks.program, grants) : undefined;
    if (granted === undefined) return refused(root, one, { asks, grants });
    if (granted.startsWith("/")) paths.add(granted);
  }
  const dark = root.kustomizations.find((one) => !one.whole || leadsElsewhere(one, root, files));
  if (dark !== undefined) return notWhole(root, dark);
  return { paths: [...paths] };
}

/** A program of another repository is none that the operator named. */
function grantedIn({ path }: Kustomization, program: string, grants: ProgramGrants | undefined): string | undefined {
  if (isForeign(path)) return undefined;
  return (grants?.functions ?? []).find((one) => {
    if (one.startsWith("/")) return program === one || (!program.includes("/") && basename(one) === program);
    return program.includes("/") && !program.startsWith("/") && cleanPath(one) === inRepository(path, program);
  });
}

/** Through a link to one that was not read. */
function leadsElsewhere(
  { references }: Kustomization,
  { kustomizations }: FoundKustomization,
  files: readonly SourceFile[],
): boolean {
  const links = folderLinks(files);
  return references.some((reference) => {
    const folder = throughLinks(reference, links);
    const known = kustomizations.some(({ path }) => path === folder);
    return !known && KUSTOMIZATION_FILES.some((name) => fileAt(files, joinPath(folder, name)) !== undefined);
  });
}

function isForeign(path: string): boolean {
  return isWithin(path, FOLDER);
}

function inRepository(folder: string, program: string): string | undefined {
  return cleanPath(`${folder}/${program}`.replace(/^\//, ""));
}

interface Refused {
  readonly asks: KustomizeFunction;
  readonly grants: ProgramGrants | undefined;
}

function refused({ path }: FoundKustomization, one: Kustomization, { asks, grants }: Refused): Fault {
  const { why, remedy } = wordsOf(one, asks, grants);
  return {
    kind: "fault",
    code: "render-refused",
    about: path === "" ? "." : path,
    message: `${shownFolder(path)} needs the plugin ${asks.plugin}${why}`,
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

function wordsOf(
  { path }: Kustomization,
  asks: KustomizeFunction,
  grants: ProgramGrants | undefined,
): { readonly why: string; readonly remedy: string } {
  switch (asks.kind) {
    case "container":
      return { why: " in a container: holdfast starts no container engine", remedy: "" };
    case "other":
      return {
        why: ", which is none of kustomize's own: programs and Go libraries of its plugin folder are never run",
        remedy: "",
      };
    case "exec": {
      const { program } = asks;
      const shown = JSON.stringify(program.slice(0, 200));
      if (isForeign(path)) return { why: `, which runs ${shown} of another repository: none is run`, remedy: "" };
      if (grants === undefined) return { why: `, which runs ${shown}: Flux runs no functions`, remedy: "" };
      const name = program.includes("/") && !program.startsWith("/") ? inRepository(path, program) : program;
      return {
        why: `, which runs ${shown}: the operator lets no such program run`,
        remedy:
          name === undefined
            ? ""
            : `have the operator let it run (--allow-exec ${name.slice(0, 200)}, or exec in the server's configuration), `,
      };
    }
  }
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
