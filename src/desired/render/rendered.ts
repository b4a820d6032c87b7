/** What a renderer printed, as desired objects: each with the file that it comes from, as far as the renderer says. */

import type { Fault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { refKey } from "../../core/refs.ts";
import type { RenderRoot } from "../../core/stages.ts";
import { equalValues, fieldAt, isMap } from "../../core/value.ts";
import { unhashedKey } from "../../kinds/hashed-names.ts";
import { decodeText } from "../../yaml/content.ts";
import { readManifests } from "../manifests.ts";
import type { ManifestContext, Manifests } from "../manifests.ts";
import type { FoundPlugin, FoundRoot } from "../roots.ts";
import { withoutNote } from "./origins.ts";
import type { NotedObject } from "./origins.ts";
import type { Rendered } from "./renderers.ts";
import { FOLDER } from "../other-repositories.ts";
import { shownFolder } from "../paths.ts";

export interface RenderedInput {
  readonly root: FoundRoot | FoundPlugin;
  readonly rendered: Rendered;
  readonly context: ManifestContext;
  /** The repository's files: an origin is one of them. */
  readonly isFile: (path: string) => boolean;
  /** See {@link RenderJob.noted}. */
  readonly noted?: boolean;
}

/** What a root is told to be made by. */
export function renderedBy({
  version,
  kubernetes,
  bases,
}: Rendered): Pick<RenderRoot, "version" | "kubernetes" | "bases"> {
  return {
    version,
    ...(kubernetes === undefined ? {} : { kubernetes }),
    ...(bases === undefined ? {} : { bases }),
  };
}

/**
 * The objects that are there to stay: Helm's hooks are not (they are made anew, or made and deleted, by each upgrade), nor is
 * what has another name each time.
 */
export function readRendered(input: RenderedInput): Manifests {
  const manifests = readTimes(input);
  const { looksUp, bases = [] } = input.rendered;
  const moves = bases.some((base) => base.moves);
  if (looksUp !== true && !moves) return manifests;
  const known = { ...(looksUp === true ? { looksUp } : {}), ...(moves ? { moves } : {}) } as const;
  return { ...manifests, objects: manifests.objects.map((object) => ({ ...object, ...known })) };
}

function readTimes(input: RenderedInput): Manifests {
  const { root, rendered } = input;
  const first = readOutput(input, rendered.output);
  if (rendered.again === undefined) return first;
  const second = readOutput(input, rendered.again).objects;
  const again = new Map(second.map((object) => [refKey(object.ref), object.value]));
  const hashed = new Set(rendered.hidden === true ? second.flatMap(({ ref }) => unhashedKey(ref) ?? []) : []);
  const objects = first.objects.flatMap((object): readonly DesiredObject[] => {
    const other = again.get(refKey(object.ref));
    if (other !== undefined) return [equalValues(other, object.value) ? object : { ...object, again: other }];
    return hashed.has(unhashedKey(object.ref) ?? "") ? [{ ...object, unnamed: true }] : [];
  });
  const passing = first.objects.length - objects.length;
  const hidden = rendered.hidden === true ? objects.filter((one) => one.again !== undefined || one.unnamed) : [];
  return {
    ...first,
    objects,
    faults: [...first.faults, ...(passing === 0 ? [] : [unsteady(root, passing)])],
    encrypted: first.encrypted + hidden.length,
  };
}

function readOutput({ root, context, isFile: isOwn, noted, rendered }: RenderedInput, output: Buffer): Manifests {
  // A repository may hold a folder of that name, which is not what was read.
  const isFile =
    rendered.bases === undefined ? isOwn : (path: string): boolean => isOwn(path) && !path.split("/").includes(FOLDER);
  const text = decodeText(output);
  if (text === undefined) return { objects: [], faults: [notText(root)], encrypted: 0 };
  const parts = root.renderer === "helm" ? sourcesOf(text) : [{ text, source: undefined }];
  const read = parts.map(({ text: part, source }) => {
    const file = fileOf(root, source, isFile);
    return { file, manifests: readManifests(file, Buffer.from(part), context) };
  });
  const objects = read.flatMap(({ file, manifests }) =>
    manifests.objects.map((one) => {
      const found: NotedObject = noted === true ? withoutNote(one, root.path) : { object: one };
      const own = found.file !== undefined && isFile(found.file) ? found.file : file;
      return placedIn(root, own, found.object);
    }),
  );
  const hooks = objects.filter(isHook);
  return {
    objects: objects.filter((object) => !isHook(object)),
    ...(hooks.length === 0 ? {} : { hooks }),
    faults: read.flatMap(({ file, manifests }) => manifests.faults.map((fault) => placed(root, file, fault))),
    encrypted: read.reduce((sum, { manifests }) => sum + manifests.encrypted, 0),
  };
}

interface Part {
  readonly text: string;
  /** As Helm names it: `chart/templates/web.yaml`. */
  readonly source: string | undefined;
}

/** Helm begins each document with `---` and a comment that names its template; what a post-renderer printed has none. */
function sourcesOf(text: string): readonly Part[] {
  const starts = [...text.matchAll(/^---\n# Source: (.*)$/gm)];
  const head = text.slice(0, starts[0]?.index ?? text.length);
  const parts = starts.map((match, index) => ({
    text: text.slice(match.index, starts[index + 1]?.index ?? text.length),
    source: match[1],
  }));
  return head.trim() === "" ? parts : [{ text: head, source: undefined }, ...parts];
}

/** The template where it is a file of the repository (it is none in a packed chart), else where the root begins. */
function fileOf(root: RenderedInput["root"], source: string | undefined, isFile: (path: string) => boolean): string {
  // The first step is the chart's name, which its folder need not have.
  const within = source?.split("/").slice(1).join("/");
  const file = within === undefined ? root.file : root.path === "" ? within : `${root.path}/${within}`;
  return isFile(file) ? file : root.file;
}

function placedIn({ renderer, path }: RenderedInput["root"], file: string, object: DesiredObject): DesiredObject {
  const { hash } = object.origin;
  return { ...object, origin: { file, document: 0, items: [], layer: renderer, root: path, hash } };
}

/** Helm's mark (helm `pkg/release/hook.go`); Argo CD's hooks are told by the comparison. */
function isHook({ value }: DesiredObject): boolean {
  const annotations = fieldAt(value, "metadata", "annotations");
  return isMap(annotations) && Object.hasOwn(annotations, "helm.sh/hook");
}

/** A line of what was printed is no line of any file. */
function placed({ renderer }: RenderedInput["root"], file: string, fault: Fault): Fault {
  return { ...fault, message: `as ${renderer} renders it: ${fault.message}`, position: { file, line: 1 } };
}

function notText(root: RenderedInput["root"]): Fault {
  return {
    kind: "fault",
    code: "render-failed",
    about: root.path === "" ? "." : root.path,
    message: `${shownFolder(root.path)} is rendered to something that is not UTF-8`,
    remedy: "mend it, or list it under the target's exclude",
    position: { file: root.file, line: 1 },
    leavesUnknown: "declared",
  };
}

function unsteady(root: RenderedInput["root"], count: number): Fault {
  const objects = count === 1 ? "object has another name" : "objects have other names";
  return {
    kind: "fault",
    code: "render-unsteady",
    about: root.path === "" ? "." : root.path,
    message: `${count} ${objects} each time that ${shownFolder(root.path)} is rendered: not compared`,
    remedy: "give them names that stay, or leave it",
    position: { file: root.file, line: 1 },
    leavesUnknown: "nothing",
  };
}
