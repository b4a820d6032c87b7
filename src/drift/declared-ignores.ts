/**
 * What Git itself asks deployers to leave alone. Only what Git declares counts: on the live side anybody could ask.
 *
 * Annotations that are not taken for a wish to ignore: Argo CD's `compare-options: IgnoreExtraneous` is about objects that
 * Git does not declare (docs/user-guide/compare-options.md), `ServerSideDiff` about how to compare; Flux's `ssa: Merge` and
 * `Override` are about how to apply, and what somebody changed stays a change.
 */

import type { PatternStep } from "../core/field-pattern.ts";
import type { SourcePosition } from "../core/fault.ts";
import type { IgnoreRule } from "../core/ignore.ts";
import type { DesiredObject } from "../core/objects.ts";
import { fields, formatPath } from "../core/path.ts";
import type { FieldPath } from "../core/path.ts";
import { pointerSteps } from "../core/pointer.ts";
import { groupOf, kindKey, refKey } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";
import type { LeftOutRule } from "../kinds/left-out.ts";
import { isAbout } from "./ignore.ts";
import { readJqPath } from "./jq-path.ts";
import type { JqPaths } from "./jq-path.ts";

/** Why Git wants no change of the whole object to count; policies are asked about what changed all the same. */
export function declaredIgnore(desired: ValueMap): LeftOutRule | undefined {
  const annotations = fieldAt(desired, "metadata", "annotations");
  const found = ASKS.find(({ name, value }) => textOf(annotations, name)?.toLowerCase() === value.toLowerCase());
  if (found === undefined) return undefined;
  return { reason: "ignored", rule: `${found.says} (${found.name}: ${found.value})`, judged: true };
}

/** fluxcd/kustomize-controller docs/spec/v1/kustomizations.md, "Controlling the apply behavior of resources". */
const ASKS = [
  { name: "kustomize.toolkit.fluxcd.io/ssa", value: "Ignore", says: "Git tells Flux not to apply the object" },
  {
    name: "kustomize.toolkit.fluxcd.io/ssa",
    value: "IfNotPresent",
    says: "Git tells Flux only to create the object",
  },
  {
    name: "kustomize.toolkit.fluxcd.io/reconcile",
    value: "disabled",
    says: "Git tells Flux to leave the object alone",
  },
] as const;

/** An expression of an Application that is honoured nowhere, because it cannot be read here. */
export interface NotUnderstood {
  readonly application: DesiredObject;
  readonly expression: string;
  /** Where the Application has it. */
  readonly path: FieldPath;
}

/** What Argo CD's settings, where Git declares them, ignore of all that some Applications deploy. */
export interface DefaultIgnores {
  /** Where it stands. */
  readonly object: DesiredObject;
  /** As an item of `ignoreDifferences`, and where the object has it. */
  readonly items: readonly { readonly item: ValueMap; readonly path: FieldPath }[];
  /** Labels by which Argo CD marks what it deploys: ignored where it wrote them. */
  readonly labels: readonly string[];
  readonly holdsFor: (application: ObjectRef) => boolean;
}

export interface ApplicationIgnores {
  /** The rules that hold for the object's file; kind and name are theirs to match, as those of any ignore rule. */
  rulesFor(desired: DesiredObject): readonly IgnoreRule[];
  /** What is asked for the object and not honoured. */
  notUnderstoodFor(desired: DesiredObject): readonly NotUnderstood[];
  /** The Applications that ask for anything that is not honoured of objects that are declared below their paths. */
  notUnderstood(declared: readonly DesiredObject[]): readonly (readonly NotUnderstood[])[];
}

/**
 * `spec.ignoreDifferences` of the Argo CD Applications that Git declares. They hold for the objects whose files stand below
 * one of the Application's own paths, as far as the paths tell: which repository a source means is not looked at.
 * `positionOf` says where an Application stands, for the rules to name it. Globs in group and kind are read as far as `*` and `?`; JSON pointers, and those jq paths that `readJqPath` reads.
 */
export function applicationIgnores(
  applications: readonly DesiredObject[],
  positionOf: (application: DesiredObject) => SourcePosition,
  defaults: readonly DefaultIgnores[] = [],
): ApplicationIgnores {
  const read = [
    ...applications.filter(isApplication).map((application) => readApplication(application)),
    ...defaults.map(readDefaults),
  ];
  const odd = read.filter(({ ignores }) => ignores.some(({ notUnderstood }) => notUnderstood.length > 0));
  return {
    rulesFor: (desired) =>
      read
        .filter((one) => asks(one, desired))
        .flatMap(({ application, ignores }) =>
          ignores.flatMap((ignore) => rulesOf(ignore, positionOf(application), desired)),
        ),
    notUnderstoodFor: (desired) => odd.filter((one) => asks(one, desired)).flatMap((one) => oddFor(one, desired)),
    notUnderstood: (declared) => (odd.length === 0 ? [] : notUnderstoodOf(odd, declared)),
  };
}

function asks({ application, paths, holdsFor }: ReadApplication, desired: DesiredObject): boolean {
  const { deployer } = desired;
  if (holdsFor !== undefined) return deployer?.kind === "Application" && holdsFor(deployer);
  const own = refKey(application.ref);
  // Where Git says which Application deploys the object, its file tells nothing: it may be another one's base.
  if (deployer?.kind === "Application") return own === refKey(deployer) && own !== refKey(desired.ref);
  return own !== refKey(desired.ref) && isBelow(paths, desired);
}

function oddFor({ ignores }: ReadApplication, { ref }: DesiredObject): readonly NotUnderstood[] {
  return ignores.flatMap(({ about, notUnderstood }) =>
    notUnderstood.length > 0 && (about === undefined || isAbout(about, ref)) ? notUnderstood : [],
  );
}

/** By kind and path: whether an object of that name is declared is left to who asks about it. */
function notUnderstoodOf(
  odd: readonly ReadApplication[],
  declared: readonly DesiredObject[],
): readonly (readonly NotUnderstood[])[] {
  const files = new Set(declared.flatMap(({ origin }) => withFolders(origin.file)));
  const kinds = [...new Map(declared.map((one) => [kindKey(one.ref), one])).values()];
  return odd
    .filter(({ paths }) => paths.some((path) => files.has(path)))
    .map(({ ignores }) =>
      ignores.flatMap(({ about, notUnderstood }) =>
        notUnderstood.length > 0 && (about === undefined || kinds.some(({ ref }) => isAbout({ kind: about.kind }, ref)))
          ? notUnderstood
          : [],
      ),
    )
    .filter((found) => found.length > 0);
}

/** The file, the folders that it is in, and the repository. */
function withFolders(file: string): readonly string[] {
  const names = file.split("/");
  return names.map((_name, index) => names.slice(0, index).join("/")).concat(file);
}

interface ReadApplication {
  readonly application: DesiredObject;
  readonly paths: readonly string[];
  readonly ignores: readonly Ignore[];
  /** Of settings: whose objects they are about, wherever those stand. */
  readonly holdsFor?: DefaultIgnores["holdsFor"];
}

type About = Pick<IgnoreRule, "name" | "namespace"> & Required<Pick<IgnoreRule, "kind">>;

/** One entry of `ignoreDifferences` (argo-cd `util/argo/normalizers/diff_normalizer.go`, Normalize). */
interface Ignore {
  /** Absent where it cannot be read, which leaves nothing but what is not understood. */
  readonly about: About | undefined;
  readonly fields: readonly { readonly text: string; readonly steps: readonly PatternStep[] }[];
  readonly managers: readonly string[];
  /** Fields that count as ignored where this manager wrote them. */
  readonly marks?: readonly { readonly path: FieldPath; readonly manager: string }[];
  readonly notUnderstood: readonly NotUnderstood[];
}

function isApplication({ ref }: DesiredObject): boolean {
  return groupOf(ref.apiVersion) === "argoproj.io" && ref.kind === "Application";
}

function readApplication(application: DesiredObject): ReadApplication {
  const spec = fieldOf(application.value, "spec");
  const ignores = itemsOf(fieldOf(spec, "ignoreDifferences")).map((item, index) => {
    const { odd, ...ignore } = readIgnore(item);
    const at: FieldPath = [...fields("spec", "ignoreDifferences"), { kind: "index", index }];
    const notUnderstood = odd.map(({ expression, path }) => ({ application, expression, path: [...at, ...path] }));
    return { ...ignore, notUnderstood };
  });
  const sources = [fieldOf(spec, "source"), ...itemsOf(fieldOf(spec, "sources"))];
  const paths = sources.flatMap((source) => {
    const path = textOf(source, "chart") === undefined ? textOf(source, "path") : undefined;
    return path === undefined ? [] : [path.replace(/^(?:\.?\/)+|^\.$|\/+$/g, "")];
  });
  return { application, paths, ignores };
}

function readDefaults({ object, items, labels, holdsFor }: DefaultIgnores): ReadApplication {
  const ignores = items.map(({ item, path }): Ignore => {
    const { odd, ...ignore } = readIgnore(item);
    return { ...ignore, notUnderstood: odd.map(({ expression }) => ({ application: object, expression, path })) };
  });
  return { application: object, paths: [""], ignores: [...ignores, ...labels.map(labelIgnore)], holdsFor };
}

/** Argo CD labels the Pods of workloads as well (`util/kube/kube.go`, SetAppInstanceLabel). */
function labelIgnore(label: string): Ignore {
  const places = [["metadata"], ["spec", "template", "metadata"]].map((names) => fields(...names, "labels", label));
  return {
    about: { kind: "*.*" },
    fields: [],
    managers: [],
    marks: places.flatMap((path) => [...ARGO_MANAGERS].map((manager) => ({ path, manager }))),
    notUnderstood: [],
  };
}

/** argo-cd `common/common.go`, ArgoCDSSAManager; client-side applies carry the binary's name. */
const ARGO_MANAGERS = ["argocd-controller", "argocd-application-controller"] as const;

type Odd = Pick<NotUnderstood, "expression" | "path">;

function readIgnore(item: Value): Omit<Ignore, "notUnderstood"> & { readonly odd: readonly Odd[] } {
  const [group, kind] = [textOf(item, "group") ?? "", textOf(item, "kind") ?? ""];
  const glob = Object.entries({ group, kind }).find(([, text]) => /[[\]{}\\!]/.test(text));
  if (glob !== undefined)
    return { about: undefined, fields: [], managers: [], odd: [{ expression: glob[1], path: fields(glob[0]) }] };
  const [name, namespace] = [nonEmpty(textOf(item, "name")), nonEmpty(textOf(item, "namespace"))];
  const odd: Odd[] = [];
  const read = (list: string, reader: (text: string) => JqPaths | undefined): Ignore["fields"] =>
    itemsOf(fieldOf(item, list)).flatMap((text, index) => {
      if (typeof text !== "string") return [];
      const paths = reader(text);
      if (paths?.every((steps) => steps.length > 0) === true) return paths.map((steps) => ({ text, steps }));
      odd.push({ expression: text, path: [...fields(list), { kind: "index", index }] });
      return [];
    });
  return {
    about: {
      kind: `${kind}.${group}`,
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
    },
    fields: [...read("jsonPointers", readPointer), ...read("jqPathExpressions", readJqPath)],
    managers: textsOf(fieldOf(item, "managedFieldsManagers")),
    odd,
  };
}

/** RFC 6901. Names with wildcards in them would mean more than they say. */
function readPointer(text: string): JqPaths | undefined {
  if (!text.startsWith("/") || /[*?]/.test(text)) return undefined;
  const steps = pointerSteps(text).map((name): PatternStep =>
    /^(?:0|[1-9]\d{0,8})$/.test(name) ? { kind: "number", number: Number(name) } : { kind: "field", name },
  );
  return [steps];
}

function isBelow(paths: readonly string[], { origin }: DesiredObject): boolean {
  return paths.some((path) => path === "" || origin.file === path || origin.file.startsWith(`${path}/`));
}

function rulesOf(ignore: Ignore, position: SourcePosition, desired: DesiredObject): readonly IgnoreRule[] {
  if (ignore.about === undefined) return [];
  const about = { ...ignore.about, position };
  return [
    ...ignore.fields.map(({ text, steps }) => ({
      ...about,
      field: { text, steps: withKeys(steps, desired.value) },
    })),
    ...ignore.managers.map((manager) => ({ ...about, manager })),
    ...(ignore.marks ?? []).map(({ path, manager }) => ({
      ...about,
      field: { text: formatPath(path), steps: path.flatMap((step) => (step.kind === "field" ? [step] : [])) },
      manager,
    })),
  ];
}

/** Positions mean Git's items here; those that have a name are compared by it. */
function withKeys(steps: readonly PatternStep[], desired: Value): readonly PatternStep[] {
  let value: Value | undefined = desired;
  return steps.map((step) => {
    const inside: Value | undefined = value;
    value = stepInto(inside, step);
    if (step.kind !== "number") return step;
    if (isMap(inside)) return { kind: "field", name: String(step.number) };
    const name: Scalar | undefined = textOf(value, "name");
    return name === undefined ? step : { kind: "key", keys: { name } };
  });
}

function stepInto(value: Value | undefined, step: PatternStep): Value | undefined {
  switch (step.kind) {
    case "field":
      return fieldOf(value, step.name);
    case "number":
      return isList(value) ? value[step.number] : fieldOf(value, String(step.number));
    case "key":
      return itemsOf(value).find((item) =>
        Object.entries(step.keys).every(([name, wanted]) => fieldOf(item, name) === wanted),
      );
    default:
      return undefined;
  }
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}

function textsOf(value: Value | undefined): readonly string[] {
  return itemsOf(value).filter((item) => typeof item === "string");
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
