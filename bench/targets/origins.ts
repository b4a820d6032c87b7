// Fields of rendered objects, sampled: where holdfast says that each is written, and whether that is so.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FieldSource } from "../../src/core/drift.ts";
import { isFault } from "../../src/core/fault.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import { refKey } from "../../src/core/refs.ts";
import { readDesired } from "../../src/desired/desired.ts";
import type { DesiredInput } from "../../src/desired/desired.ts";
import { findFieldOrigins } from "../../src/desired/field-origins/find.ts";
import { openRenderers } from "../../src/desired/render/renderers.ts";
import type { Renderers } from "../../src/desired/render/renderers.ts";
import { openWorktree } from "../../src/desired/worktree.ts";
import type { WorkTree } from "../../src/desired/worktree.ts";
import { comparedAt, editedLine, leavesOf } from "../../test/cluster/origin-proof.ts";
import type { Leaf } from "../../test/cluster/origin-proof.ts";
import { CAPABILITIES, CONTEXT, byProgram, everyRoot } from "./measure.ts";
import type { Programs } from "./measure.ts";
import { sampler } from "./sample.ts";

type Verdict =
  | { readonly kind: "right"; readonly by: "program" | "holdfast" }
  | { readonly kind: "wrong"; readonly why: string }
  /** It is not clear which text of the line to change. */
  | { readonly kind: "unchecked" }
  /** No origin was told; `written`: the repository's files have the text somewhere. */
  | { readonly kind: "absent"; readonly written: boolean };

export interface SampledField {
  readonly repository: string;
  /** The target's path. */
  readonly path: string;
  readonly field: string;
  readonly source?: FieldSource;
  readonly verdict: Verdict;
}

interface Target {
  readonly path: string;
  readonly objects: readonly DesiredObject[];
  /** The one root that the target is, which its program renders by itself. */
  readonly renderer?: "kustomize" | "helm";
}

interface OriginsInput {
  readonly repository: string;
  readonly dir: string;
  readonly home: string;
  readonly programs: Programs;
}

export interface OriginsMeasure {
  readonly repositories: readonly Pick<OriginsInput, "repository" | "dir">[];
  readonly home: string;
  readonly programs: Programs;
  readonly count: number;
  readonly seed: number;
  readonly told: (field: SampledField) => void;
  /** How often something was rendered once more to find them, without what proves them. */
  readonly rendered?: (times: number) => void;
}

/** Of all the repositories together, so many fields. */
export async function measureOrigins(input: OriginsMeasure): Promise<readonly SampledField[]> {
  const benches: OriginsBench[] = [];
  try {
    for (const one of input.repositories)
      benches.push(await OriginsBench.open({ ...one, home: input.home, programs: input.programs }));
    const fields: SampledField[] = [];
    const chosen = sampled(
      benches.flatMap(({ targets }) => targets),
      input.count,
      input.seed,
    );
    for (const bench of benches) {
      for (const target of bench.targets) {
        const leaves = chosen.get(target) ?? [];
        if (leaves.length === 0) continue;
        const measured = await bench.measure(target, leaves, input.rendered);
        for (const field of measured) input.told(field);
        fields.push(...measured);
      }
    }
    return fields;
  } finally {
    for (const bench of benches) await bench.close();
  }
}

/** More than a pass has: all are looked for. */
const BUDGET = 10_000;

/** What could be asked about: each target's rendered objects. */
class OriginsBench {
  readonly #input: OriginsInput;
  readonly #tree: WorkTree;
  readonly #renderers: Renderers;
  readonly targets: readonly Target[];

  private constructor(
    input: OriginsInput,
    opened: { tree: WorkTree; renderers: Renderers; targets: readonly Target[] },
  ) {
    this.#input = input;
    this.#tree = opened.tree;
    this.#renderers = opened.renderers;
    this.targets = opened.targets;
  }

  static async open(input: OriginsInput): Promise<OriginsBench> {
    const tree = await openWorktree(input.dir);
    if (isFault(tree)) throw new Error(tree.message);
    const files = await tree.list("");
    if (isFault(files)) throw new Error(files.message);
    const { programs } = input;
    const renderers = openRenderers({
      environment: { HOLDFAST_KUSTOMIZE: programs.kustomize, HOLDFAST_HELM: programs.helm },
    });
    // What Flux deploys is one target, as it is for whoever runs it; elsewhere each root is one.
    const roots = await everyRoot(tree, files);
    const whole = await readDesired(inputOf(tree, renderers, ""));
    const flux = whole.roots.some(({ deployer }) => deployer?.kind === "flux-kustomization");
    const targets: Target[] = [];
    for (const path of flux ? [""] : new Set(roots.map((root) => root.path))) {
      const state = flux ? whole : await readDesired(inputOf(tree, renderers, path));
      const objects = state.objects.filter(({ origin }) => origin.layer !== "literal");
      const root = state.roots.length === 1 ? state.roots[0] : undefined;
      const single = root?.path === path && root.deployer === undefined ? root.renderer : "plain";
      const renderer = single === "kustomize" || single === "helm" ? { renderer: single } : {};
      if (objects.length > 0) targets.push({ path, objects, ...renderer });
    }
    return new OriginsBench(input, { tree, renderers, targets });
  }

  async close(): Promise<void> {
    await this.#renderers.close();
  }

  async measure(
    target: Target,
    leaves: readonly Leaf[],
    rendered: OriginsMeasure["rendered"],
  ): Promise<readonly SampledField[]> {
    const { repository } = this.#input;
    const asked = leaves.map(({ object, place }) => ({
      object,
      path: place.map((step) =>
        typeof step === "number" ? ({ kind: "index", index: step } as const) : ({ kind: "field", name: step } as const),
      ),
    }));
    const budget = { left: BUDGET };
    const found = await findFieldOrigins(inputOf(this.#tree, this.#renderers, target.path), asked, { budget });
    rendered?.(BUDGET - budget.left);
    const before = await this.#rendered(target);
    // Of a chart that makes up a password, say.
    const again = target.renderer === "helm" ? await this.#rendered(target) : before;
    const fields: SampledField[] = [];
    for (const [index, leaf] of leaves.entries()) {
      const origin = found[index];
      const common = {
        repository,
        path: target.path,
        field: `${leaf.object.ref.kind}/${leaf.object.ref.name} ${leaf.place.join(".")}`,
      };
      if (origin?.kind !== "found") {
        fields.push({ ...common, verdict: { kind: "absent", written: await this.#isWritten(target, leaf) } });
        continue;
      }
      fields.push({
        ...common,
        source: origin.source,
        verdict: await this.#verdict(target, leaf, origin.source, { before, again }),
      });
    }
    return fields;
  }

  async #verdict(
    target: Target,
    leaf: Leaf,
    source: FieldSource,
    { before, again }: Readonly<Record<"before" | "again", readonly DesiredObject[]>>,
  ): Promise<Verdict> {
    const bytes = await this.#tree.read(source.file);
    if (isFault(bytes)) return { kind: "wrong", why: bytes.message };
    const text = Buffer.from(bytes).toString("utf8");
    const edited = editedLine(text, source, leaf);
    if (edited === undefined) return { kind: "unchecked" };
    const file = join(this.#input.dir, source.file);
    writeFileSync(file, edited);
    try {
      const after = await this.#rendered(target);
      const { field, others: all } = comparedAt(leaf, before, after);
      const unsteady = new Set(before === again ? [] : comparedAt(leaf, before, again).others);
      const others = all.filter((other) => !unsteady.has(other));
      if (!field) return { kind: "wrong", why: `the field stays as it is (${others.length} others change)` };
      if (others.length !== source.feeds)
        return {
          kind: "wrong",
          why: `${others.length} other fields change, not ${source.feeds}: ${others.slice(0, 3).join(", ").replaceAll("\0", " ")}`,
        };
      return { kind: "right", by: target.renderer === undefined ? "holdfast" : "program" };
    } finally {
      writeFileSync(file, bytes);
    }
  }

  /** By the program itself where it can; what a deployer adds only holdfast adds, and reads the changed files from the disk. */
  async #rendered(target: Target): Promise<readonly DesiredObject[]> {
    const { renderer, path } = target;
    if (renderer !== undefined) {
      const all = (await byProgram(this.#input, { path, renderer })) ?? [];
      // Of kinds that no cluster has any more nothing is compared, and nothing counted.
      const kinds = new Set(target.objects.map(({ ref }) => `${ref.apiVersion} ${ref.kind}`));
      return renderer === "helm" ? all.filter(({ ref }) => kinds.has(`${ref.apiVersion} ${ref.kind}`)) : all;
    }
    return (await readDesired(inputOf(this.#tree, this.#renderers, path))).objects;
  }

  /** Whether any text file of the repository, for a deployer, or below the root's first folder has the value's text. */
  async #isWritten(target: Target, { value }: Leaf): Promise<boolean> {
    const text = String(value);
    if (text.startsWith("hmac-sha256:")) return true;
    const [top = ""] = target.path.split("/");
    const files = await this.#tree.list(target.renderer === undefined ? "" : top);
    for (const { path } of isFault(files) ? [] : files) {
      const bytes = await this.#tree.read(path);
      if (!isFault(bytes) && Buffer.from(bytes).includes(text)) return true;
    }
    return false;
  }
}

function inputOf(tree: WorkTree, renderers: Renderers, path: string): DesiredInput {
  return {
    tree,
    target: { name: "bench", path, exclude: [] },
    digester: CONTEXT.digester,
    isNamespaced: CONTEXT.isNamespaced,
    renderers,
    capabilities: CAPABILITIES,
  };
}

/** What an object is called differs never: it would be another object. */
function isAsked({ place, value }: Leaf): boolean {
  const shape = place.join(".");
  return value !== null && value !== "" && !/^(?:apiVersion|kind|metadata\.name|metadata\.namespace)$/.test(shape);
}

/** As many fields as asked for, the objects by chance and of each object a field by chance. */
function sampled(targets: readonly Target[], count: number, seed: number): ReadonlyMap<Target, readonly Leaf[]> {
  const random = sampler(seed);
  const objects = targets.flatMap((target) => target.objects.map((object) => ({ target, object })));
  const chosen = new Map<Target, Leaf[]>();
  const seen = new Set<string>();
  for (let tries = 0, found = 0; found < count && tries < count * 20; tries++) {
    const { target, object } = objects[random(objects.length)] as (typeof objects)[number];
    const leaves = leavesOf(object).filter(isAsked);
    const leaf = leaves[random(leaves.length)];
    const key = `${target.path}\0${refKey(object.ref)}\0${leaf?.place.join("\0")}`;
    if (leaf === undefined || seen.has(key)) continue;
    seen.add(key);
    chosen.set(target, [...(chosen.get(target) ?? []), leaf]);
    found += 1;
  }
  return chosen;
}
