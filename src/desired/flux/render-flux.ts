/**
 * Renders what Flux deploys, beginning with the Kustomizations that no other deploys: each may hold further ones, as it
 * renders them. One that fails costs itself, and what it would have led to.
 */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { formatRef, groupOf, refKey } from "../../core/refs.ts";
import type { RenderRoot, RootDeployer, SourceFile } from "../../core/stages.ts";
import { fieldAt, isMap, setField, textOf, withField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import type { DesiredInput } from "../desired.ts";
import { contextOf } from "../manifests.ts";
import { sameRepository } from "../origin.ts";
import { kustomizeJob } from "../render/kustomize.ts";
import { readRendered } from "../render/rendered.ts";
import type { Rendered } from "../render/renderers.ts";
import type { FoundFlux } from "./find.ts";
import { fluxKey, fluxKustomizationOf, substituteReferences, textsIn } from "./objects.ts";
import type { FluxKustomization } from "./objects.ts";
import { fluxRoot, takesIn } from "./root.ts";
import type { FluxRoot } from "./root.ts";

export interface RenderedFlux {
  readonly roots: readonly RenderRoot[];
  readonly objects: readonly DesiredObject[];
  readonly faults: readonly Fault[];
  readonly encrypted: number;
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
  readonly #built: FluxRoot[] = [];
  readonly #roots: RenderRoot[] = [];
  readonly #faults: Fault[] = [];
  #encrypted = 0;
  #origin: Promise<string | undefined> | undefined;

  constructor(input: DesiredInput, found: FoundFlux, all: readonly SourceFile[]) {
    this.#input = input;
    this.#found = found;
    this.#all = all;
    this.#files = new Set(all.map(({ path }) => path));
  }

  async run(): Promise<RenderedFlux> {
    for (const { flux } of this.#found.entries) this.#expect(flux);
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      await this.#render(next);
      this.#input.progress?.({ stage: "desired", what: "roots", done: this.#roots.length });
    }
    for (const { object } of this.#found.entries) {
      // One that its own folder holds is deployed as that renders it.
      if (!this.#objects.has(refKey(object.ref))) this.#objects.set(refKey(object.ref), [object]);
    }
    return {
      roots: this.#roots,
      objects: [...this.#objects.values()].flat(),
      faults: this.#faults,
      encrypted: this.#encrypted,
      deploys: (file) => this.#built.some(({ root }) => takesIn(root, file)),
    };
  }

  #expect(flux: FluxKustomization): void {
    const key = fluxKey(flux);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#waiting.push(flux);
  }

  /** First those whose variables are at hand: others may still render the ConfigMap that they come from. */
  #next(): FluxKustomization | undefined {
    const ready = this.#waiting.findIndex((flux) =>
      substituteReferences(flux.spec).every(({ kind, name }) => kind !== "ConfigMap" || this.#dataOf(flux, kind, name)),
    );
    return this.#waiting.splice(Math.max(ready, 0), 1)[0];
  }

  async #render(flux: FluxKustomization): Promise<void> {
    const refused = await this.#refusal(flux);
    if (refused !== undefined) return void this.#faults.push(refused);
    const { path } = flux;
    const options = { tree: this.#input.tree, files: this.#all, folders: this.#found.folders };
    const root = path === undefined ? undefined : await fluxRoot({ ...flux, path }, options);
    if (root === undefined) return void this.#faults.push(noFolder(flux));
    this.#built.push(root);
    const job = kustomizeJob(root.root, this.#input.tree, this.#all);
    const args = isFault(job) ? [] : [...job.args, "--load-restrictor", restrictorOf(root)];
    const rendered = isFault(job) ? job : await this.#input.renderers.render({ ...job, made: root.made, args });
    const substituted = isFault(rendered) ? rendered : this.#substituted(flux, rendered);
    if (isFault(substituted)) return void this.#faults.push(substituted);
    this.#take(root, substituted);
  }

  #take({ flux, root }: FluxRoot, rendered: Rendered): void {
    const namespace = flux.ref.namespace;
    const context = contextOf({ ...this.#input, target: namespace === undefined ? {} : { namespace } });
    const manifests = readRendered({ root, rendered, context, isFile: (file) => this.#files.has(file) });
    this.#encrypted += manifests.encrypted;
    this.#faults.push(...manifests.faults);
    this.#roots.push({ path: root.path, renderer: "kustomize", version: rendered.version, deployer: deployerOf(flux) });
    for (const object of manifests.objects.map((one) => withCommonMetadata(one, flux.spec))) {
      const key = refKey(object.ref);
      this.#objects.set(key, [...(this.#objects.get(key) ?? []), object]);
      const next = fluxKustomizationOf(object);
      if (next !== undefined) this.#expect(next);
    }
  }

  #substituted(flux: FluxKustomization, rendered: Rendered): Rendered | Fault {
    return fieldAt(flux.spec, "postBuild") === undefined ? rendered : refusedSubstitution(flux, "not yet");
  }

  /** What Git says of a ConfigMap, whatever deploys it. Of Secrets holdfast has digests: nobody's values. */
  #dataOf({ ref }: FluxKustomization, kind: string, name: string): ReadonlyMap<string, string> | undefined {
    if (kind !== "ConfigMap") return undefined;
    const key = refKey({
      apiVersion: "v1",
      kind,
      name,
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
    });
    const [object] = this.#objects.get(key) ?? [];
    return object === undefined ? undefined : textsIn(fieldAt(object.value, "data"));
  }

  async #refusal(flux: FluxKustomization): Promise<Fault | undefined> {
    if (flux.remote) return elsewhere(flux, "deploys to another cluster (spec.kubeConfig)", "nothing");
    const { kind, name, namespace } = flux.source;
    if (kind !== "GitRepository") return elsewhere(flux, `deploys from ${kind}/${name}, which holdfast does not read`);
    const source = this.#sourceOf(kind, name, namespace);
    const url = textOf(fieldAt(source?.value, "spec"), "url");
    this.#origin ??= this.#input.tree.origin?.() ?? Promise.resolve(undefined);
    const own = await this.#origin;
    if (url === undefined || own === undefined || sameRepository(url, own)) return undefined;
    return elsewhere(flux, `deploys from another repository, ${withoutUser(url)}`);
  }

  #sourceOf(kind: string, name: string, namespace: string): DesiredObject | undefined {
    const known = [...this.#objects.values()].flat();
    return known.find(
      ({ ref }) =>
        ref.kind === kind &&
        groupOf(ref.apiVersion) === "source.toolkit.fluxcd.io" &&
        ref.name === name &&
        (ref.namespace ?? "") === namespace,
    );
  }
}

function deployerOf({ ref, file, suspended }: FluxKustomization): RootDeployer {
  return { kind: "flux-kustomization", ref, file, suspended };
}

/**
 * kustomize-controller lets kustomizations take in files from anywhere in the repository. So does this, unless files that are
 * not looked into (of generators and transformers) could name files from anywhere on the machine.
 */
function restrictorOf({ root }: FluxRoot): string {
  return root.kustomizations.some(({ configured }) => configured) ? "LoadRestrictionsRootOnly" : "LoadRestrictionsNone";
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

function withoutUser(address: string): string {
  return address.slice(0, 200).replace(/\/\/[^/@]*@/, "//");
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
