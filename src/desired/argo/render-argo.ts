/**
 * Renders what Argo CD deploys, beginning with the Applications that no other deploys: each may hold further ones, as it
 * renders them. One that fails costs itself, and what it would have led to.
 */

import { availableParallelism } from "node:os";
import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { compareRefs, formatRef, refKey } from "../../core/refs.ts";
import type { Locator, RenderRoot } from "../../core/stages.ts";
import { compareText, fieldOf } from "../../core/value.ts";
import { createLocator } from "../../yaml/locator.ts";
import type { DesiredInput } from "../desired.ts";
import { whereabouts } from "./destination.ts";
import type { FoundArgo } from "./find.ts";
import { applicationsOf } from "./live-applications.ts";
import { applicationOf, applicationSetOf, argoDeployer, argoFault, declaredKey, quoted } from "./objects.ts";
import type { Application, ApplicationSet, Declared, Source } from "./objects.ts";
import { managedNamespace, settledNamespaces } from "./managed-namespace.ts";
import { renderSource } from "./render-source.ts";
import type { RenderedSource } from "./render-source.ts";
import { shapeProblem } from "./shapes.ts";
import { argoRoot, isOwn, takesIn } from "./root.ts";
import type { ArgoRoot } from "./root.ts";

export interface RenderedArgo {
  readonly roots: readonly RenderRoot[];
  readonly objects: readonly DesiredObject[];
  /** As {@link DesiredState.generated} has them. */
  readonly generated: readonly DesiredObject[];
  readonly faults: readonly Fault[];
  readonly encrypted: number;
  /** Of charts. */
  readonly hooks: readonly DesiredObject[];
  /** Whether some Application takes the file in. */
  readonly deploys: (file: string) => boolean;
}

export async function renderArgo(input: DesiredInput, found: FoundArgo): Promise<RenderedArgo> {
  return await new ArgoPass(input, found).run();
}

/** Applications of Applications, and all of them: a chart may make another one of itself each time. */
const MAX_DEPTH = 16;
const MAX_APPLICATIONS = 10_000;

interface Waiting {
  readonly declared: Application | ApplicationSet;
  readonly depth: number;
}

class ArgoPass {
  readonly #input: DesiredInput;
  readonly #found: FoundArgo;
  readonly #objects = new Map<string, Map<string, DesiredObject>>();
  readonly #seen = new Set<string>();
  readonly #waiting: Waiting[] = [];
  readonly #followed = new Map<string, Declared>();
  readonly #generated: DesiredObject[] = [];
  readonly #built: ArgoRoot[] = [];
  #roots: readonly RenderRoot[] = [];
  readonly #faults: Fault[] = [];
  readonly #elsewhere = new Map<string, Application[]>();
  readonly #revisions = new Map<string, Application[]>();
  /** Those in the cluster that Argo CD runs in. */
  readonly #beside: Application[] = [];
  /** Some Application names the target's cluster. */
  #here = false;
  readonly #locator: Locator;
  readonly #hooks: DesiredObject[] = [];
  #encrypted = 0;

  constructor(input: DesiredInput, found: FoundArgo) {
    this.#locator = createLocator((file) => input.tree.read(file));
    this.#input = input;
    this.#found = found;
  }

  async run(): Promise<RenderedArgo> {
    for (const object of this.#found.entries) this.#expect(object, 0);
    const running = new Set<Promise<void>>();
    for (;;) {
      while (running.size < availableParallelism() && this.#waiting.length > 0) {
        const done = this.#follow(this.#waiting.shift() as Waiting).finally(() => running.delete(done));
        running.add(done);
      }
      if (running.size === 0) break;
      await Promise.race(running);
      this.#input.progress?.({ stage: "desired", what: "roots", done: this.#roots.length });
    }
    if (this.#here && this.#input.cluster?.withoutArgo === true) this.#withoutArgo();
    else this.#addEntries();
    const told = [...this.#found.faults, ...this.#faults].map((fault) => this.#located(fault));
    const faults = [...(await Promise.all(told)), ...(await this.#notes())];
    return {
      // Those that are rendered side by side end in any order.
      roots: this.#roots.toSorted((a, b) => compareText(a.path, b.path) || compareText(nameOf(a), nameOf(b))),
      objects: [...this.#objects]
        .toSorted(([a], [b]) => compareText(a, b))
        .flatMap(([, byApplication]) =>
          [...settledNamespaces(byApplication)].toSorted(([a], [b]) => compareText(a, b)).map(([, object]) => object),
        ),
      generated: this.#generated.toSorted((a, b) => compareRefs(a.ref, b.ref)),
      faults: faults.toSorted((a, b) => compareText(a.about, b.about)),
      encrypted: this.#encrypted,
      hooks: this.#hooks,
      deploys: (file) => this.#built.some((root) => takesIn(root, file)),
    };
  }

  #addEntries(): void {
    for (const object of this.#found.entries) {
      // One that its own folder holds is deployed as that renders it.
      const key = refKey(object.ref);
      if (!this.#objects.has(key)) this.#objects.set(key, new Map([["", object]]));
    }
  }

  /**
   * The Applications and what they deploy beside them are another cluster's: they were followed for those that they lead to.
   * Only where some of these name this cluster: one that is to have Argo CD, and does not yet, lacks all of it.
   */
  #withoutArgo(): void {
    const others = new Set(this.#beside.map(({ ref }) => refKey(ref)));
    for (const [key, byApplication] of this.#objects) {
      for (const [by, { deployer }] of byApplication) {
        if (deployer !== undefined && others.has(refKey(deployer))) byApplication.delete(by);
      }
      if (byApplication.size === 0) this.#objects.delete(key);
    }
    this.#roots = this.#roots.filter(({ deployer }) => deployer === undefined || !others.has(refKey(deployer.ref)));
    for (const application of this.#beside) noteUnder(this.#elsewhere, "in-cluster", application);
  }

  #expect(object: DesiredObject, depth: number): void {
    const declared = applicationOf(object) ?? applicationSetOf(object);
    if (declared !== undefined) this.#wait(declared, depth);
  }

  #wait(declared: Application | ApplicationSet, depth: number): void {
    const key = declaredKey(declared);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#followed.set(formatRef(declared.ref), declared);
    if (depth <= MAX_DEPTH && this.#seen.size <= MAX_APPLICATIONS) this.#waiting.push({ declared, depth });
    else
      this.#faults.push(argoFault(declared, { what: "is one of Applications that lead to more of them without end" }));
  }

  async #follow({ declared, depth }: Waiting): Promise<void> {
    if ("sources" in declared) return await this.#render(declared, depth);
    const { repository } = this.#found;
    const { applications, faults } = await applicationsOf(declared, repository, this.#input);
    this.#faults.push(...faults);
    for (const application of applications) {
      if (!this.#seen.has(declaredKey(application))) this.#generated.push(objectOf(application));
      this.#wait(application, depth + 1);
    }
  }

  /** What is said of an Application as a whole is said where it begins: a file may hold several. */
  async #located(fault: Fault): Promise<Fault> {
    const declared = this.#followed.get(fault.about);
    const { position } = fault;
    if (declared === undefined || position === undefined || position.file !== declared.origin.file) return fault;
    const found = await this.#locator.locate(declared.origin, []);
    return isFault(found) || position.line !== 1 ? fault : { ...fault, position: found };
  }

  async #render(application: Application, depth: number): Promise<void> {
    const odd = shapeProblem(application);
    if (odd !== undefined) return void this.#faults.push(argoFault(application, { what: odd, remedy: "mend it" }));
    const where = whereabouts(application.destination, this.#input.target.cluster, this.#input.cluster);
    if (where.kind === "invalid") return void this.#faults.push(argoFault(application, { what: where.why }));
    if (fieldOf(application.spec, "sourceHydrator") !== undefined) return void this.#faults.push(hydrated(application));
    if (application.sources.length === 0)
      return void this.#faults.push(argoFault(application, { what: "names no source" }));
    if (where.kind === "here") this.#here = true;
    if (where.kind === "beside") this.#beside.push(application);
    if (where.kind === "elsewhere") noteUnder(this.#elsewhere, where.cluster, application);
    const objects: DesiredObject[] = [];
    let whole = true;
    for (const source of application.sources) {
      const root = await argoRoot(application, source, this.#found.repository);
      if (root !== undefined && !isFault(root)) this.#built.push(root);
      if (where.kind === "elsewhere") continue;
      this.#noteRevision(application, source);
      if (root === undefined) continue;
      const { repository } = this.#found;
      const rendered = isFault(root) ? root : await renderSource({ input: this.#input, application, root, repository });
      if (isFault(rendered)) {
        whole = false;
        this.#faults.push(await this.#ofApplication(application, rendered));
      } else {
        objects.push(...rendered.objects);
        this.#take(application, rendered, depth);
      }
    }
    // What was not rendered may hold it.
    const made = whole && where.kind !== "elsewhere" ? managedNamespace(application, objects) : undefined;
    if (made !== undefined) this.#add(application, made);
  }

  /** What a renderer says names a folder, which several may deploy, each in its way. */
  async #ofApplication({ ref, origin }: Application, fault: Fault): Promise<Fault> {
    const name = formatRef(ref);
    if (fault.code === "renderer-missing" || fault.message.includes(name) || fault.about.includes(ref.name))
      return fault;
    const begins = await this.#locator.locate(origin, []);
    const position = fault.position ?? (isFault(begins) ? { file: origin.file, line: 1 } : begins);
    return { ...fault, message: `${name}: ${fault.message}`, position };
  }

  /** Of one Application the last declaration counts (gitops-engine `DeduplicateTargetObjects`). */
  #take(
    application: Application,
    { root, objects, faults, encrypted, hooks = [] }: RenderedSource,
    depth: number,
  ): void {
    this.#encrypted += encrypted;
    this.#hooks.push(...hooks);
    this.#faults.push(...faults);
    this.#roots = [...this.#roots, { ...root, deployer: argoDeployer(application) }];
    for (const object of objects) {
      this.#add(application, object);
      this.#expect(object, depth + 1);
    }
  }

  #add(application: Application, object: DesiredObject): void {
    const key = refKey(object.ref);
    const same = this.#objects.get(key) ?? new Map<string, DesiredObject>();
    same.set(declaredKey(application), { ...object, deployer: application.ref });
    this.#objects.set(key, same);
  }

  #noteRevision(application: Application, { repoURL, revision, chart }: Source): void {
    if (chart !== undefined || !isOwn(repoURL, this.#found.repository.origin)) return;
    if (revision !== undefined && revision !== "HEAD") noteUnder(this.#revisions, revision, application);
  }

  async #notes(): Promise<readonly Fault[]> {
    const notes = [...this.#elsewhere]
      .filter(([cluster]) => this.#input.target.otherClusters?.includes(cluster) !== true)
      .map(([cluster, applications]) => elsewhereNote(cluster, applications));
    for (const [revision, applications] of this.#revisions) {
      if ((await this.#input.tree.isAt?.(revision)) === false) notes.push(revisionNote(revision, applications));
    }
    return notes;
  }
}

function objectOf({ ref, spec, origin }: Application): DesiredObject {
  const { apiVersion, kind, namespace, name } = ref;
  return {
    ref,
    origin,
    value: { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, spec },
  };
}

function nameOf({ deployer }: RenderRoot): string {
  return deployer === undefined ? "" : formatRef(deployer.ref);
}

function noteUnder(notes: Map<string, Application[]>, key: string, application: Application): void {
  const known = notes.get(key);
  if (known === undefined) notes.set(key, [application]);
  else if (!known.includes(application)) known.push(application);
}

const SHOWN = 3;

function shown(applications: readonly Application[]): string {
  const names = applications.map(({ ref }) => formatRef(ref)).toSorted(compareText);
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return `${names.slice(0, SHOWN).join(", ")}${more}`;
}

function elsewhereNote(cluster: string, applications: readonly Application[]): Fault {
  return {
    kind: "fault",
    code: "deployer-unsupported",
    about: cluster.slice(0, 200),
    message: `${shown(applications)}: deployed to another cluster, ${quoted(cluster)}, and not compared`,
    remedy:
      "make a target of its own for that cluster, whose alias is the destination's name or is known by its address",
    leavesUnknown: "nothing",
  };
}

function revisionNote(revision: string, applications: readonly Application[]): Fault {
  return {
    kind: "fault",
    code: "deployer-unsupported",
    about: revision.slice(0, 200),
    message: `${shown(applications)}: Argo CD deploys ${quoted(revision)}, and what is read is another commit`,
    remedy: "read that revision (--revision), or take what differs for what waits to be deployed",
    leavesUnknown: "nothing",
  };
}

function hydrated(application: Application): Fault {
  return argoFault(application, {
    what: "deploys what its source hydrator writes to another branch",
    remedy: "make a target of that branch",
  });
}
