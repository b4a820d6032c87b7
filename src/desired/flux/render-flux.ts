/**
 * Renders what Flux deploys, beginning with the Kustomizations that no other deploys: each may hold further ones, as it
 * renders them. One that fails costs itself, and what it would have led to.
 */

import { availableParallelism } from "node:os";
import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { formatRef, groupOf, refKey } from "../../core/refs.ts";
import type { RenderRoot, RootDeployer, SourceFile } from "../../core/stages.ts";
import { compareText, fieldAt, isMap, setField, textOf, withField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { UNKNOWN_VALUES } from "../../core/stand-ins.ts";
import type { DesiredInput } from "../desired.ts";
import { contextOf } from "../manifests.ts";
import { sameRepository, withoutCredentials } from "../origin.ts";
import { deployedBy } from "../other-repositories.ts";
import { isWithinAny, joinPath } from "../paths.ts";
import { kustomizeJob } from "../render/kustomize.ts";
import type { KustomizeJob } from "../render/kustomize.ts";
import { readRendered, renderedBy } from "../render/rendered.ts";
import type { Rendered } from "../render/renderers.ts";
import type { FoundFlux } from "./find.ts";
import { fluxKey, fluxKustomizationOf, SOURCE_GROUP, substituteReferences, textsIn } from "./objects.ts";
import type { FluxKustomization, FluxSource } from "./objects.ts";
import { postBuild } from "./post-build.ts";
import { renderRelease } from "./render-release.ts";
import type { ReleaseInput, RenderedRelease } from "./render-release.ts";
import { ignoredIn, otherSource } from "./other-source.ts";
import type { OtherSource } from "./other-source.ts";
import { fluxRoot, takesIn } from "./root.ts";
import type { FluxRoot } from "./root.ts";
import { sourceIgnored } from "./source-ignore.ts";
import { unknownSources, unknownWords, variablesOf, withReason } from "./variables.ts";
import type { UnknownVariables, VariableSource } from "./variables.ts";

export interface RenderedFlux {
  readonly roots: readonly RenderRoot[];
  readonly objects: readonly DesiredObject[];
  readonly faults: readonly Fault[];
  readonly encrypted: number;
  /** Of charts. */
  readonly hooks: readonly DesiredObject[];
  /** Whether something that Flux deploys takes the file in. */
  readonly deploys: (file: string) => boolean;
}

export async function renderFlux(
  input: DesiredInput,
  found: FoundFlux,
  all: readonly SourceFile[],
): Promise<RenderedFlux> {
  return await new FluxPass(input, found, all).run();
}

class FluxPass {
  readonly #input: DesiredInput;
  readonly #found: FoundFlux;
  readonly #all: readonly SourceFile[];
  readonly #files: ReadonlySet<string>;
  readonly #objects = new Map<string, DesiredObject[]>();
  readonly #seen = new Set<string>();
  readonly #waiting: FluxKustomization[] = [];
  /** References of `substituteFrom` that one was rendered without. */
  readonly #lacked = new Set<string>();
  readonly #built: FluxRoot[] = [];
  /** Folders of this repository. */
  readonly #charts = new Set<string>();
  readonly #roots: RenderRoot[] = [];
  readonly #faults: Fault[] = [];
  readonly #ignoring = new Map<string, Promise<(path: string) => boolean>>();
  readonly #hooks: DesiredObject[] = [];
  readonly #others = new Map<string, Promise<OtherSource | Fault | undefined>>();
  #encrypted = 0;
  #origin: Promise<string | undefined> | undefined;

  constructor(input: DesiredInput, found: FoundFlux, all: readonly SourceFile[]) {
    this.#input = input;
    this.#found = found;
    this.#all = all;
    this.#files = new Set(all.map(({ path }) => path));
  }

  async run(): Promise<RenderedFlux> {
    for (const group of this.#found.contested) this.#contest(group);
    for (const { flux } of this.#found.entries) this.#expect(flux);
    const running = new Set<Promise<void>>();
    for (;;) {
      for (let next = this.#next(running.size); next !== undefined; next = this.#next(running.size)) {
        const lacking = this.#lacking(next);
        const done = this.#render(next).finally(() => {
          running.delete(done);
          // It was rendered without, and so may be all others that wait for the same, side by side.
          for (const key of lacking) this.#lacked.add(key);
        });
        running.add(done);
      }
      if (running.size === 0) break;
      await Promise.race(running);
      this.#input.progress?.({ stage: "desired", what: "roots", done: this.#roots.length });
    }
    await this.#releases();
    for (const { object } of this.#found.entries) {
      // One that its own folder holds is deployed as that renders it.
      if (!this.#objects.has(refKey(object.ref))) this.#objects.set(refKey(object.ref), [object]);
    }
    return {
      // Those that are rendered side by side end in any order.
      roots: this.#roots.toSorted((a, b) => compareText(a.path, b.path)),
      objects: [...this.#objects].toSorted(([a], [b]) => compareText(a, b)).flatMap(([, objects]) => objects),
      faults: this.#faults.toSorted((a, b) => compareText(a.about, b.about)),
      encrypted: this.#encrypted,
      hooks: this.#hooks,
      deploys: (file) => this.#built.some(({ root }) => takesIn(root, file)) || isWithinAny(file, this.#charts),
    };
  }

  /** None of them is followed, wherever else it is declared. */
  #contest(group: readonly FluxKustomization[]): void {
    for (const flux of group) this.#seen.add(fluxKey(flux));
    this.#faults.push(contested(group));
  }

  #expect(flux: FluxKustomization): void {
    const key = fluxKey(flux);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#waiting.push(flux);
  }

  /** First those whose variables are at hand: others may still render the ConfigMap or the Secret that they come from. */
  #next(running: number): FluxKustomization | undefined {
    if (running >= availableParallelism()) return undefined;
    const ready = this.#waiting.findIndex((flux) => this.#lacking(flux).every((key) => this.#lacked.has(key)));
    if (ready < 0 && running > 0) return undefined;
    return this.#waiting.splice(Math.max(ready, 0), 1)[0];
  }

  /** What its variables come from and nothing that was rendered so far holds. */
  #lacking(flux: FluxKustomization): readonly string[] {
    return substituteReferences(flux.spec)
      .filter(({ kind, name }) => this.#objectOf(flux, kind, name) === undefined)
      .map(({ kind, name }) => `${kind}/${flux.ref.namespace ?? ""}/${name}`);
  }

  async #render(flux: FluxKustomization): Promise<void> {
    const refused = await this.#refusal(flux);
    if (refused !== undefined) return void this.#faults.push(refused);
    const other = await this.#otherSource(flux.source);
    if (isFault(other))
      return void this.#faults.push(elsewhere(flux, `deploys from another repository: ${other.message}`));
    const { tree, files, folders, prefix } = other ?? {
      tree: this.#input.tree,
      files: this.#all,
      folders: this.#found.folders,
      prefix: "",
    };
    const path = flux.path === undefined ? undefined : joinPath(prefix, flux.path);
    const ignored = await this.#ignored(flux.source, other);
    const options = { tree, files, folders, ignored };
    const root = path === undefined ? undefined : await fluxRoot({ ...flux, path }, options);
    if (root === undefined) return void this.#faults.push(noFolder(flux));
    if (isFault(root)) return void this.#faults.push(root);
    if (other === undefined) this.#built.push(root);
    const { others } = this.#input.renderers;
    const { made, noted } = root;
    const job = await kustomizeJob(root.root, {
      tree,
      files,
      made,
      noted,
      ...(others === undefined ? {} : { others }),
    });
    const args = isFault(job) ? [] : [...job.args, "--load-restrictor", restrictorOf(job)];
    const rendered = isFault(job) ? job : await this.#input.renderers.render({ ...job, args });
    const substituted = isFault(rendered) ? rendered : await this.#substituted(flux, rendered);
    if (isFault(substituted)) return void this.#faults.push(substituted);
    this.#take(root, substituted, other !== undefined);
  }

  #take({ flux, root, noted }: FluxRoot, { rendered, unknown }: Built, isOther: boolean): void {
    const namespace = flux.ref.namespace;
    const context = contextOf({ ...this.#input, target: namespace === undefined ? {} : { namespace } });
    const manifests = readRendered({ root, rendered, context, noted, isFile: (file) => this.#files.has(file) });
    this.#encrypted += manifests.encrypted;
    this.#faults.push(...manifests.faults.map((fault) => namedByUnknown(fault, flux)));
    this.#roots.push({ path: root.path, renderer: "kustomize", ...renderedBy(rendered), deployer: deployerOf(flux) });
    if (unknown !== undefined) this.#faults.push(...unknownVariables(flux, unknown, manifests.objects));
    const own = isOther ? deployedBy(manifests.objects, flux.file) : manifests.objects;
    const objects = unknown === undefined ? own : own.map((one) => withReason(one, rendered, unknown));
    for (const object of objects.map((one) => withCommonMetadata(one, flux.spec))) {
      this.#add({ ...object, deployer: flux.ref });
      const next = fluxKustomizationOf(object);
      if (next !== undefined) this.#expect(next);
    }
  }

  /** What HelmReleases deploy, once all of Git is known that their values may come from. */
  async #releases(): Promise<void> {
    const objects = [...this.#objects.values()].flat();
    const context: ReleaseInput = {
      input: this.#input,
      all: this.#all,
      objectOf: (kind, name, namespace) => this.#declared(kind, name, namespace),
      isOwn: async (source) => (await this.#otherRepository(source)) === undefined,
      otherSource: (source) => this.#otherSource(source),
    };
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < objects.length; index = next++) {
        const rendered = await renderRelease(objects[index] as DesiredObject, context);
        if (isFault(rendered)) this.#faults.push(rendered);
        else if (rendered !== undefined) this.#takeRelease(rendered);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  }

  #takeRelease({ release, root, chart, rendered }: RenderedRelease): void {
    const { ref, file, suspended, namespace, spec } = release;
    const context = contextOf({ ...this.#input, target: namespace === "" ? {} : { namespace } });
    const manifests = readRendered({ root, rendered, context, isFile: (path) => this.#files.has(path) });
    this.#encrypted += manifests.encrypted;
    this.#faults.push(...manifests.faults);
    this.#hooks.push(...(manifests.hooks ?? []));
    if (this.#files.has(root.file) && root.file === joinPath(root.path, "Chart.yaml")) this.#charts.add(root.path);
    const deployer = { kind: "flux-helm-release", ref, file, suspended, spec } as const;
    const fetched = chart === undefined ? {} : { chart };
    this.#roots.push({ path: root.path, renderer: "helm", ...renderedBy(rendered), ...fetched, deployer });
    for (const object of manifests.objects.map((one) => withCommonMetadata(one, spec))) {
      this.#add({ ...object, deployer: ref });
    }
  }

  #add(object: DesiredObject): void {
    const key = refKey(object.ref);
    this.#objects.set(key, [...(this.#objects.get(key) ?? []), object]);
  }

  /** Where a value is not known, what comes out is not the same for two stand-ins. */
  async #substituted(flux: FluxKustomization, rendered: Rendered): Promise<Built | Fault> {
    if (fieldAt(flux.spec, "postBuild") === undefined) return { rendered };
    const { liveKeys } = this.#input;
    const namespace = flux.ref.namespace ?? "";
    const sources: VariableSource[] = [];
    for (const reference of substituteReferences(flux.spec)) {
      const object = this.#objectOf(flux, reference.kind, reference.name);
      sources.push(await variablesOf({ reference, namespace, object, liveKeys }));
    }
    const step = {
      inline: textsIn(fieldAt(flux.spec, "postBuild", "substitute")),
      from: sources.map(({ loaded }) => loaded),
      always: fieldAt(flux.spec, "postBuild", "substituteStrategy") === "Always",
    };
    const first = postBuild(rendered.output.toString("utf8"), { ...step, dye: UNKNOWN_VALUES[0] });
    if (first.kind === "refused") return refusedSubstitution(flux, first.why);
    const output = Buffer.from(first.text);
    if (first.unknown.length === 0 && rendered.again === undefined) return { rendered: { ...rendered, output } };
    // What SOPS hides stands in what was rendered the second time.
    const second = postBuild((rendered.again ?? rendered.output).toString("utf8"), { ...step, dye: UNKNOWN_VALUES[1] });
    if (second.kind === "refused") return refusedSubstitution(flux, second.why);
    const names = first.unknown;
    const unknown = { names, sources: names.length === 0 ? [] : unknownSources(sources, names) };
    return {
      rendered: { ...rendered, output, again: Buffer.from(second.text) },
      ...(unknown.sources.length === 0 ? {} : { unknown }),
    };
  }

  /** What Git says of it, whatever deploys it. */
  #objectOf({ ref }: FluxKustomization, kind: string, name: string): DesiredObject | undefined {
    const namespace = ref.namespace === undefined ? {} : { namespace: ref.namespace };
    return this.#objects.get(refKey({ apiVersion: "v1", kind, name, ...namespace }))?.[0];
  }

  async #refusal(flux: FluxKustomization): Promise<Fault | undefined> {
    if (flux.remote) return elsewhere(flux, "deploys to another cluster (spec.kubeConfig)", "nothing");
    const { kind, name } = flux.source;
    if (kind !== "GitRepository") return elsewhere(flux, `deploys from ${kind}/${name}, which holdfast does not read`);
    const other = await this.#otherRepository(flux.source);
    return other === undefined || (await this.#otherSource(flux.source)) !== undefined
      ? undefined
      : elsewhere(flux, `deploys from another repository, ${withoutCredentials(other)}`);
  }

  /** Where a source is fetched from, if that is certainly not this repository. */
  async #otherRepository({ kind, name, namespace }: FluxSource): Promise<string | undefined> {
    const url = textOf(fieldAt(this.#declared(kind, name, namespace)?.value, "spec"), "url");
    this.#origin ??= this.#input.tree.origin?.() ?? Promise.resolve(undefined);
    const own = await this.#origin;
    return url === undefined || own === undefined || sameRepository(url, own) ? undefined : url;
  }

  /** By kind and name: ConfigMaps, Secrets, and Flux' sources, whatever version they are declared in. */
  #declared(kind: string, name: string, namespace: string): DesiredObject | undefined {
    const isIt = ({ ref }: DesiredObject): boolean =>
      ref.kind === kind &&
      ref.name === name &&
      (ref.namespace ?? "") === namespace &&
      ["", SOURCE_GROUP].includes(groupOf(ref.apiVersion));
    for (const [object] of this.#objects.values()) if (object !== undefined && isIt(object)) return object;
    // What is deployed from a source may be rendered before the source itself is.
    return this.#found.sources.find(isIt);
  }

  /** Where it is another repository that the operator lets be read. */
  async #otherSource(source: FluxSource): Promise<OtherSource | Fault | undefined> {
    if (source.kind !== "GitRepository" || (await this.#otherRepository(source)) === undefined) return undefined;
    const key = JSON.stringify(source);
    const spec = fieldAt(this.#declared(source.kind, source.name, source.namespace)?.value, "spec");
    const known = this.#others.get(key) ?? otherSource(spec, this.#input.renderers.others);
    this.#others.set(key, known);
    return await known;
  }

  #ignored({ kind, name, namespace }: FluxSource, other?: OtherSource): Promise<(path: string) => boolean> {
    const own = textOf(fieldAt(this.#declared(kind, name, namespace)?.value, "spec"), "ignore");
    if (other !== undefined) return ignoredIn(other, own);
    const known = this.#ignoring.get(own ?? "") ?? sourceIgnored(this.#input.tree, this.#all, own);
    this.#ignoring.set(own ?? "", known);
    return known;
  }
}

interface Built {
  readonly rendered: Rendered;
  /** Where some of it comes out. */
  readonly unknown?: UnknownVariables;
}

/** Said once of each Kustomization, where Git lacks what they come from, so that nobody takes silence for agreement. */
function unknownVariables(
  flux: FluxKustomization,
  unknown: UnknownVariables,
  objects: readonly DesiredObject[],
): readonly Fault[] {
  const words = unknownWords(unknown, objects);
  if (words === undefined) return [];
  const remedy = "commit what is no secret of it, or leave it: everything else is compared";
  return [{ ...fluxFault(flux, words, remedy, "nothing"), code: "variables-unknown" }];
}

/** A name that is not the same for two stand-ins comes from a value that Git does not have. */
function namedByUnknown(fault: Fault, flux: FluxKustomization): Fault {
  if (fault.code !== "render-unsteady") return fault;
  const what = "names objects by values that Git does not have: they are not compared";
  return fluxFault(flux, what, "name them by something that Git has", "declared");
}

function deployerOf({ ref, file, suspended, spec }: FluxKustomization): RootDeployer {
  return { kind: "flux-kustomization", ref, file, suspended, spec };
}

/**
 * kustomize-controller lets kustomizations take in files from anywhere in the repository. So does this, unless files that are
 * not looked into (of generators and transformers) could name files from anywhere on the machine.
 */
export function restrictorOf({ kustomizations }: Pick<KustomizeJob, "kustomizations">): string {
  return kustomizations.some(({ configured }) => configured) ? "LoadRestrictionsRootOnly" : "LoadRestrictionsNone";
}

/** fluxcd `pkg/ssa/utils`, SetCommonMetadata: over whatever the object says itself. */
function withCommonMetadata(object: DesiredObject, spec: ValueMap): DesiredObject {
  const labels = textsIn(fieldAt(spec, "commonMetadata", "labels"));
  const annotations = textsIn(fieldAt(spec, "commonMetadata", "annotations"));
  if (labels.size + annotations.size === 0) return object;
  const metadata = fieldAt(object.value, "metadata");
  const labelled = withTexts(isMap(metadata) ? metadata : {}, "labels", labels);
  return { ...object, value: withField(object.value, "metadata", withTexts(labelled, "annotations", annotations)) };
}

function withTexts(metadata: ValueMap, name: string, texts: ReadonlyMap<string, string>): ValueMap {
  if (texts.size === 0) return metadata;
  const own = fieldAt(metadata, name);
  const merged: Record<string, Value> = isMap(own) ? { ...own } : {};
  for (const [key, text] of texts) setField(merged, key, text);
  return withField(metadata, name, merged);
}

function contested(group: readonly FluxKustomization[]): Fault {
  const [first] = group as readonly [FluxKustomization];
  const name = formatRef(first.ref);
  const files = group.map(({ file }) => file).toSorted(compareText);
  const paths = group.flatMap(({ path }) => path ?? []).toSorted(compareText);
  return {
    kind: "fault",
    code: "duplicate-object",
    about: name,
    message: `${name} is declared ${group.length} times, differently, as clusters of one repository are: ${shown(files)}; nothing of them is compared`,
    remedy: `give each cluster a target of its own, by its path (${shown(paths)}), in .github/holdfast.yml`,
    position: { file: first.file, line: 1 },
    leavesUnknown: "declared",
  };
}

function elsewhere(flux: FluxKustomization, what: string, leavesUnknown: Fault["leavesUnknown"] = "declared"): Fault {
  return fluxFault(flux, what, "scan that one with its own repository and cluster", leavesUnknown);
}

function noFolder(flux: FluxKustomization): Fault {
  const written = textOf(flux.spec, "path") ?? "";
  const what = `deploys ${JSON.stringify(written.slice(0, 200))}, where the repository has no file`;
  return fluxFault(flux, what, "mend its spec.path", "declared");
}

function refusedSubstitution(flux: FluxKustomization, why: string): Fault {
  return fluxFault(
    flux,
    `substitutes variables in what it renders, and cannot: ${why}`,
    "mend its spec.postBuild, or what uses it",
    "declared",
  );
}

function fluxFault(
  flux: FluxKustomization,
  what: string,
  remedy: string,
  leavesUnknown: Fault["leavesUnknown"],
): Fault {
  const name = formatRef(flux.ref);
  return {
    kind: "fault",
    code: "deployer-unsupported",
    about: name,
    message: `${name} ${what}`,
    remedy,
    position: { file: flux.file, line: 1 },
    leavesUnknown,
  };
}

function shown(texts: readonly string[]): string {
  return texts.length > 10 ? `${texts.slice(0, 10).join(", ")} …` : texts.join(", ");
}
