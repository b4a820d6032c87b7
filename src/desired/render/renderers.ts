/**
 * Renders kustomizations and charts with the real programs. A root is rendered once for all targets that ask for the same of
 * it: what comes out is kept by what went in (files, arguments, the program's version).
 */

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { RootBase, SourceFile, SourceTree } from "../../core/stages.ts";
import { redactText } from "../../text/redact.ts";
import { capabilityArgs } from "./capability-args.ts";
import { findBinary } from "./binaries.ts";
import type { RendererBinary, RendererName } from "./binaries.ts";
import { MAX_MESSAGE, networkIsolation, RENDERER_LIMITS, runRenderer } from "./process.ts";
import type { RendererEnd, RendererLimits } from "./process.ts";
import { looksUp, mayVary } from "./helm.ts";
import type { Capabilities } from "./helm.ts";
import { writeHelmCommand } from "./helm-command.ts";
import { withheld } from "./withheld.ts";
import { standIns } from "./sops.ts";
import type { StandIns } from "./sops.ts";
import { programMarks, searchPath, withTargets } from "./programs.ts";
import type { JobPrograms, ProgramGrants } from "./programs.ts";
import { canSandbox, sandboxed } from "./sandbox.ts";
import { openWorkspace, readFiles } from "./workspace.ts";
import type { RenderCache } from "./cache.ts";
import type { ChartSource } from "../charts/charts.ts";
import { openCharts } from "../charts/open-charts.ts";
import type { ChartsInput } from "../charts/open-charts.ts";
import { otherRepositories } from "../other-repositories.ts";
import type { OtherRepositories, RepositoryGrant } from "../other-repositories.ts";
import { shownFolder } from "../paths.ts";

/** What is rendered, and how: equal jobs give equal output. */
export interface RenderJob {
  /** A program that stands for a plugin is named in `command`. */
  readonly renderer: RendererName | "plugin";
  /** An absolute path of this machine, before the arguments: the operator's, for a plugin. */
  readonly command?: string;
  /** Programs that it runs, as the operator lets it: never where they could see more than their files. */
  readonly programs?: JobPrograms;
  /** Where it starts, of its files. Default: at their root. */
  readonly cwd?: string;
  /** Over the environment that every program has. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The root's folder, as faults name it; `""` is the repository itself. */
  readonly path: string;
  /** Where it begins to be read: faults point there. */
  readonly file: string;
  readonly tree: SourceTree;
  /** All that it may read. */
  readonly files: readonly SourceFile[];
  /** Files that are made for it, by path in its folder of files; they take the place of what the tree has there. */
  readonly made?: ReadonlyMap<string, Uint8Array>;
  /** Charts that were fetched for it, file by file, where the renderer looks for them. */
  readonly fetched?: ReadonlyMap<string, Uint8Array>;
  /** Of the program; paths in them are relative to the folder of files. */
  readonly args: readonly string[];
  /** Whether it inflates charts: kustomize is then told where helm is. */
  readonly charts: boolean;
  /** Whether all that it may ask for is known. What is not is never rendered where it could reach a network. */
  readonly foreseen: boolean;
  /** Of the cluster, for the charts that are rendered; absent: none are. */
  readonly capabilities?: Capabilities;
  /** Other repositories that files of it come from; absent: none. */
  readonly bases?: readonly RootBase[];
  /** kustomize was asked to note where objects come from: what it adds for that is no part of them. */
  readonly noted?: boolean;
  /** Of a chart: what its release is called, which need not be deployed by that name. */
  readonly release?: string;
  /** Whether the output might not be the same the next time, as templates' functions go, or anyhow: it is then rendered twice. */
  readonly mayVary: "never" | "templates" | "always";
}

export interface Rendered {
  readonly output: Buffer;
  /** The output of a second time, where the job asked for one. */
  readonly again?: Buffer;
  /** Of the program. */
  readonly version: string;
  /** The Kubernetes that its charts were rendered for. */
  readonly kubernetes?: string;
  /** It read files that SOPS encrypted: what is not the same of both comes from what is hidden there. */
  readonly hidden?: true;
  /** A template asks the cluster for what is there, and was told that it is empty. */
  readonly looksUp?: true;
  /** As the job has them. */
  readonly bases?: readonly RootBase[];
}

export interface Renderers {
  /** Faults: `renderer-missing`, `render-failed`, and those of the files. */
  render(job: RenderJob): Promise<Rendered | Fault>;
  /** Charts that no repository holds; absent where the operator lets none be fetched. */
  readonly charts?: ChartSource;
  /** Other repositories that what is rendered may come from; absent: none. */
  readonly others?: OtherRepositories;
  /** What the operator lets be run; absent: nothing. */
  readonly programs?: ProgramGrants;
  close(): Promise<void>;
}

export interface RenderersInput {
  /** The operator's: PATH, and where programs are. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits?: Partial<RendererLimits>;
  readonly cache?: RenderCache;
  /** What charts may be fetched; absent: none. */
  readonly charts?: ChartsInput;
  /** What other repositories may be read, and where they are; absent: none. */
  readonly repositories?: readonly RepositoryGrant[];
  /** What programs repositories may have run; absent: none. */
  readonly programs?: ProgramGrants;
  /** What starts a program without a network; empty: nothing does. Default: see {@link networkIsolation}. */
  readonly isolation?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Of all files of one root. */
const MAX_FILES_BYTES = 256 * 1024 * 1024;

/** Of programs that a repository chooses. */
const MAX_PROCESSES = 1024;

export function openRenderers(input: RenderersInput): Renderers {
  return new Programs(input);
}

class Programs implements Renderers {
  readonly others?: OtherRepositories;
  readonly #input: RenderersInput;
  readonly #limits: RendererLimits;
  readonly charts?: ChartSource;
  readonly programs?: ProgramGrants;
  readonly #binaries = new Map<RendererName, Promise<RendererBinary | Fault>>();
  readonly #rendered = new Map<string, Promise<Rendered | Fault>>();
  #folder: Promise<string> | undefined;
  #isolation: readonly string[] | undefined;
  #sandbox: Promise<string | undefined> | undefined;
  #homes = 0;

  constructor(input: RenderersInput) {
    this.#input = input;
    this.#limits = { ...RENDERER_LIMITS, ...input.limits };
    const { charts, environment, programs, repositories, signal } = input;
    if (programs !== undefined) this.programs = programs;
    if (repositories !== undefined) this.others = otherRepositories(repositories, signal);
    if (charts === undefined) return;
    this.charts = openCharts({
      ...charts,
      environment,
      helm: () => this.#binary("helm"),
      folder: () => this.#root(),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async render(job: RenderJob): Promise<Rendered | Fault> {
    try {
      return await this.#render(job);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A path that is too long, a file where a folder must be, a disk that is full. Anything else is a bug.
      if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error;
      return unwritable(job, code);
    }
  }

  async #render(job: RenderJob): Promise<Rendered | Fault> {
    const marks = await this.#marksOf(job);
    if (isFault(marks)) return marks;
    const { renderer } = job;
    const binary = renderer === "plugin" ? { path: job.command ?? "", version: "" } : await this.#binary(renderer);
    if (isFault(binary)) return binary;
    if (!job.foreseen && this.#isolated().length === 0) return unforeseen(job);
    const read = await readFiles(job.tree, job.files, MAX_FILES_BYTES);
    if (isFault(read)) return read;
    const helm = job.charts ? await this.#binary("helm") : undefined;
    if (isFault(helm)) return helm;
    const bytes = new Map([...read.bytes, ...(job.fetched ?? []), ...(job.made ?? [])]);
    const hidden = standIns(bytes);
    const binaries = [binary, ...(helm === undefined ? [] : [helm])];
    const key = keyOf(job, { binaries, marks, files: read.hash, hidden: [...hidden.values()].flat() });
    const { links } = read;
    const twice = hidden.size > 0 || job.mayVary === "always" || (job.mayVary === "templates" && mayVary(bytes));
    const known = this.#rendered.get(key) ?? this.#cached({ job, binary, helm, twice, bytes, hidden, links, key });
    this.#rendered.set(key, known);
    const rendered = await known;
    if (isFault(rendered)) return rendered;
    const asks = job.renderer === "helm" && looksUp(bytes);
    return {
      ...rendered,
      ...(job.capabilities === undefined ? {} : { kubernetes: job.capabilities.kubeVersion }),
      ...(hidden.size === 0 ? {} : { hidden: true }),
      ...(job.bases === undefined ? {} : { bases: job.bases }),
      ...(asks ? { looksUp: true } : {}),
    };
  }

  /** What tells the programs that run from others of their names; a fault where they may not run here, or are not there. */
  async #marksOf(job: RenderJob): Promise<readonly string[] | Fault> {
    if (job.programs === undefined) return [];
    if ((await this.#sandboxed()) === undefined) return unsandboxed(job);
    return (await programMarks(job.programs.paths)) ?? programMissing(job);
  }

  #sandboxed(): Promise<string | undefined> {
    const none = this.#input.isolation?.length === 0;
    this.#sandbox ??= this.#home().then((mountPoint) => (!none && canSandbox(mountPoint) ? mountPoint : undefined));
    return this.#sandbox;
  }

  async close(): Promise<void> {
    this.others?.close();
    await this.#input.cache?.trim();
    const folder = await this.#folder;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  #binary(name: RendererName): Promise<RendererBinary | Fault> {
    const known = this.#binaries.get(name) ?? this.#findBinary(name);
    this.#binaries.set(name, known);
    return known;
  }

  async #findBinary(name: RendererName): Promise<RendererBinary | Fault> {
    const home = await this.#home();
    const { environment } = this.#input;
    return await findBinary({ name, environment, home, limits: this.#limits, isolation: this.#isolated() });
  }

  async #cached(work: Work): Promise<Rendered | Fault> {
    const kept = await this.#input.cache?.get(work.key);
    if (kept !== undefined) return { ...kept, version: work.binary.version };
    const rendered = await this.#run(work);
    if (!isFault(rendered)) await this.#input.cache?.put(work.key, rendered);
    return rendered;
  }

  async #run(work: Work): Promise<Rendered | Fault> {
    const { job, binary, twice, hidden } = work;
    const root = await this.#root();
    // What SOPS hides stands in other files the second time.
    const ends: Ended[] = await this.#in({ root, work, which: 0, times: twice && hidden.size === 0 ? 2 : 1 });
    if (hidden.size > 0 && ends[0]?.end.kind === "done") {
      ends.push(...(await this.#in({ root, work, which: 1, times: 1 })));
    }
    const outputs: Buffer[] = [];
    for (const { end, folder } of ends) {
      if (end.kind === "done") outputs.push(end.output);
      else return renderFault(job, end, (text) => withheld(withoutFolders(text, folder, root), work.bytes));
    }
    const [output, again] = outputs as [Buffer, Buffer?];
    return { output, version: binary.version, ...(again === undefined ? {} : { again }) };
  }

  /** In a folder of files with the first or the second stand-ins, until one time fails. */
  async #in({ root, work, which, times }: RunIn): Promise<Ended[]> {
    const { links, hidden, key } = work;
    const bytes = new Map([...work.bytes, ...[...hidden].map(([path, both]) => [path, both[which]] as const)]);
    const workspace = await openWorkspace(root, { bytes, links, hash: key, ...executablesOf(work.job) });
    const { folder } = workspace;
    const ends: Ended[] = [];
    try {
      while (ends.length < times && ends.every(({ end }) => end.kind === "done")) {
        ends.push({ end: await this.#once(work, folder), folder });
      }
      return ends;
    } finally {
      await workspace.remove();
    }
  }

  async #once({ job, binary, helm }: Work, folder: string): Promise<RendererEnd> {
    const home = await this.#home();
    const { signal } = this.#input;
    const args = helm === undefined ? job.args : [...job.args, ...(await helmArgs(job, helm, home))];
    const cwd = join(folder, job.cwd ?? "");
    const used = [binary.path, ...(helm === undefined ? [] : [helm.path])];
    const isolation = await this.#isolationOf(job, { cwd, copied: [folder, home], used });
    const variables = { ...job.variables, ...(job.programs === undefined ? {} : { PATH: searchPath(job.programs) }) };
    return await runRenderer({
      binary: binary.path,
      args,
      cwd,
      home,
      limits: job.programs === undefined ? this.#limits : { processes: MAX_PROCESSES, ...this.#limits },
      isolation,
      variables,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** {@link #marksOf} has seen to it that there is a sandbox. */
  async #isolationOf({ programs }: RenderJob, { cwd, copied, used }: Isolated): Promise<readonly string[]> {
    if (programs === undefined) return this.#isolated();
    const mountPoint = (await this.#sandboxed()) ?? "";
    return sandboxed({ mountPoint, copied, cwd, programs: await withTargets([...used, ...programs.paths]) });
  }

  #isolated(): readonly string[] {
    this.#isolation ??= this.#input.isolation ?? networkIsolation();
    return this.#isolation;
  }

  #root(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), "holdfast-render-"));
    return this.#folder;
  }

  async #home(): Promise<string> {
    this.#homes += 1;
    const name = `home-${this.#homes}`;
    const home = join(await this.#root(), name);
    await mkdir(home, { mode: 0o700 });
    return home;
  }
}

interface Work {
  readonly job: RenderJob;
  readonly binary: RendererBinary;
  readonly helm: RendererBinary | undefined;
  readonly twice: boolean;
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  readonly hidden: StandIns;
  readonly links: ReadonlyMap<string, string>;
  readonly key: string;
}

interface RunIn {
  readonly root: string;
  readonly work: Work;
  readonly which: 0 | 1;
  readonly times: number;
}

interface Isolated {
  readonly cwd: string;
  readonly copied: readonly string[];
  /** Programs. */
  readonly used: readonly string[];
}

/** Git's word for it, of files that a program may be among. */
function executablesOf({ programs, files }: RenderJob): { readonly executables?: ReadonlySet<string> } {
  if (programs === undefined) return {};
  return { executables: new Set(files.flatMap(({ mode, path }) => (mode === "100755" ? [path] : []))) };
}

interface Ended {
  readonly end: RendererEnd;
  readonly folder: string;
}

/** kustomize calls helm by a command of holdfast's own, in the folder that is its home for this once. */
async function helmArgs({ capabilities }: RenderJob, helm: RendererBinary, home: string): Promise<readonly string[]> {
  const command = join(home, "helm");
  await writeHelmCommand(command, {
    helm: helm.path,
    capabilities: capabilities === undefined ? [] : capabilityArgs(capabilities),
  });
  return ["--enable-helm", "--helm-command", command];
}

interface KeyParts {
  readonly binaries: readonly RendererBinary[];
  readonly marks: readonly string[];
  readonly files: string;
  readonly hidden: readonly Uint8Array[];
}

function keyOf(job: RenderJob, { binaries, marks, files, hidden }: KeyParts): string {
  const { args, made, fetched, charts, capabilities, programs } = job;
  const versions = binaries.map(({ version }) => version);
  const hash = createHash("sha256").update(JSON.stringify([versions, args, charts && capabilities, files]));
  if (programs !== undefined) {
    const { command, cwd, variables } = job;
    const executables = [...(executablesOf(job).executables ?? [])];
    hash.update(JSON.stringify([command, cwd, variables, programs.paths, marks, executables]));
  }
  for (const bytes of hidden) hash.update(`${bytes.length} `).update(bytes);
  for (const [path, content] of [...(fetched ?? []), ...(made ?? [])])
    hash.update(`${path.length} ${path} ${content.length} `).update(content);
  return hash.digest("hex");
}

function renderFault(
  job: RenderJob,
  end: Exclude<RendererEnd, { kind: "done" }>,
  clean: (text: string) => string,
): Fault {
  const { path, renderer, file } = job;
  const shown = shownFolder(path);
  if (end.kind === "failed" && PLUGINS_OFF.test(end.message)) return pluginRefused(job, end.message);
  const { message, remedy } = wordsOf(end, renderer === "plugin" ? "the plugin" : renderer, clean);
  return {
    kind: "fault",
    code: end.kind === "interrupted" ? "interrupted" : "render-failed",
    about: path === "" ? "." : path,
    message: `${shown} cannot be rendered: ${message}`,
    remedy,
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

function unwritable({ path, file }: RenderJob, code: string): Fault {
  const shown = shownFolder(path);
  return {
    kind: "fault",
    code: "render-failed",
    about: path === "" ? "." : path,
    message: `${shown} cannot be rendered: its files cannot be written to a temporary folder (${code})`,
    remedy: "see to it that the temporary folder has room, and the paths are no longer than the system takes",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

function unsandboxed({ path, file }: RenderJob): Fault {
  return {
    kind: "fault",
    code: "render-refused",
    about: path === "" ? "." : path,
    message: `${shownFolder(path)} needs a program to be run, and the system lets none be run without the network and the rest of this machine's files`,
    remedy:
      "run holdfast where `unshare --user --map-root-user --mount --net --pid` works (a container needs to be allowed it), or list the folder under the target's exclude",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

function programMissing({ path, file, programs }: RenderJob): Fault {
  const which = (programs?.paths ?? []).join(", ");
  return {
    kind: "fault",
    code: "renderer-missing",
    about: path === "" ? "." : path,
    message: `${which}, which the operator lets be run, is no program of this machine`,
    remedy: "install it, or mend --allow-exec, --plugin or the server's configuration",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

function unforeseen({ path, file }: RenderJob): Fault {
  const shown = shownFolder(path);
  return {
    kind: "fault",
    code: "render-refused",
    about: path === "" ? "." : path,
    message: `${shown} is not rendered: what configures its generators or transformers cannot be read before, and could ask for anything on the network`,
    remedy:
      "name files under generators and transformers in place of folders, or run holdfast where `unshare --user --net` works",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

/** In kustomize's words (`api/types/errors.go`, `NewErrOnlyBuiltinPluginsAllowed`). */
const PLUGINS_OFF = /external plugins disabled; unable to load external plugin '([^'\s]{1,200})'/;

function pluginRefused({ path, file }: RenderJob, message: string): Fault {
  const plugin = PLUGINS_OFF.exec(message)?.[1] ?? "";
  const shown = shownFolder(path);
  return {
    kind: "fault",
    code: "render-refused",
    about: path === "" ? "." : path,
    message: `${shown} needs the plugin ${plugin}: holdfast runs no plugins, functions or containers of a repository`,
    remedy: "commit what the plugin makes, or list the folder under the target's exclude",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}

interface Words {
  readonly message: string;
  readonly remedy: string;
}

function wordsOf(
  end: Exclude<RendererEnd, { kind: "done" }>,
  renderer: string,
  clean: (text: string) => string,
): Words {
  const look = "mend it, or list it under the target's exclude";
  switch (end.kind) {
    case "failed":
      return { message: `${renderer} says: ${saidBy(end.message, clean)}`, remedy: look };
    case "too-long":
      return { message: `${renderer} took too long, and was ended`, remedy: look };
    case "too-much-output":
      return { message: `${renderer} printed more than the limit, and was ended`, remedy: look };
    case "killed":
      return { message: `${renderer} was ended by ${end.by}: it may have used too much memory`, remedy: look };
    case "not-started":
      return { message: `${renderer} could not be started (${end.reason})`, remedy: `see to it that ${renderer} runs` };
    case "interrupted":
      return { message: "it was interrupted", remedy: "run it again" };
  }
}

const MAX_SAID = 480;

/** What was cut may end in a part of a value, which nobody could tell from a word. */
function wholeWords(message: string): string {
  return message.length < MAX_MESSAGE ? message : message.replace(/\S+$/, "");
}

/** Paths as the repository has them; the home of one run is nobody's business. */
function withoutFolders(text: string, folder: string, root: string): string {
  return text
    .replaceAll(`${folder}/`, "")
    .replaceAll(folder, "the repository's root")
    .split(`${root}/`)
    .map((part, index) => (index === 0 ? part : part.replace(/^home-\d+\/?/, "")))
    .join("");
}

/** The program's own words on one line, with paths as the repository has them. What looks like a secret is taken out. */
function saidBy(message: string, clean: (text: string) => string): string {
  const own = clean(wholeWords(message))
    .replace(/^Error: /, "")
    .replace(/\s*Use --debug flag to render out invalid YAML\s*$/, "")
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim();
  const text = redactText(own);
  if (text === "") return "nothing";
  // What it was at comes first, and why last, with everything between them.
  return text.length > MAX_SAID ? `${text.slice(0, MAX_SAID / 4)} … ${text.slice(-MAX_SAID)}` : text;
}
