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
import { groupOf, refKey } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Scalar, Value, ValueMap } from "../core/value.ts";
import type { LeftOutRule } from "../kinds/left-out.ts";
import { readJqPath } from "./jq-path.ts";

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
}

export interface ApplicationIgnores {
  /** The rules that hold for the object's file; kind and name are theirs to match, as those of any ignore rule. */
  rulesFor(desired: DesiredObject): readonly IgnoreRule[];
  readonly notUnderstood: readonly NotUnderstood[];
}

/**
 * `spec.ignoreDifferences` of the Argo CD Applications that Git declares. They hold for the objects whose files stand below
 * one of the Application's own paths, as far as the paths tell: which repository a source means is not looked at.
 * `positionOf` says where an Application stands, for the rules to name it. Globs in group and kind are read as far as `*` and `?`; JSON pointers, and those jq paths that `readJqPath` reads.
 */
export function applicationIgnores(
  applications: readonly DesiredObject[],
  positionOf: (application: DesiredObject) => SourcePosition,
): ApplicationIgnores {
  const read = applications.filter(isApplication).map((application) => readApplication(application));
  return {
    rulesFor: (desired) =>
      read
        .filter(({ application, paths }) => refKey(application.ref) !== refKey(desired.ref) && isBelow(paths, desired))
        .flatMap(({ application, ignores }) =>
          ignores.flatMap((ignore) => rulesOf(ignore, positionOf(application), desired)),
        ),
    notUnderstood: read.flatMap(({ notUnderstood }) => notUnderstood),
  };
}

interface ReadApplication {
  readonly application: DesiredObject;
  readonly paths: readonly string[];
  readonly ignores: readonly Ignore[];
  readonly notUnderstood: readonly NotUnderstood[];
}

/** One entry of `ignoreDifferences` (argo-cd `util/argo/normalizers/diff_normalizer.go`, Normalize). */
interface Ignore {
  /** Both are globs. */
  readonly group: string;
  readonly kind: string;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly fields: readonly { readonly text: string; readonly steps: readonly PatternStep[] }[];
  readonly managers: readonly string[];
}

function isApplication({ ref }: DesiredObject): boolean {
  return groupOf(ref.apiVersion) === "argoproj.io" && ref.kind === "Application";
}

function readApplication(application: DesiredObject): ReadApplication {
  const spec = fieldOf(application.value, "spec");
  const notUnderstood: NotUnderstood[] = [];
  const ignores = itemsOf(fieldOf(spec, "ignoreDifferences")).flatMap((item) => {
    const ignore = readIgnore(item, (expression) => notUnderstood.push({ application, expression }));
    return ignore === undefined ? [] : [ignore];
  });
  const sources = [fieldOf(spec, "source"), ...itemsOf(fieldOf(spec, "sources"))];
  const paths = sources.flatMap((source) => {
    const path = textOf(source, "chart") === undefined ? textOf(source, "path") : undefined;
    return path === undefined ? [] : [path.replace(/^(?:\.?\/)+|^\.$|\/+$/g, "")];
  });
  return { application, paths, ignores, notUnderstood };
}

function readIgnore(item: Value, tell: (expression: string) => void): Ignore | undefined {
  const [group, kind] = [textOf(item, "group") ?? "", textOf(item, "kind") ?? ""];
  const odd = [group, kind].find((glob) => /[[\]{}\\!]/.test(glob));
  if (odd !== undefined) {
    tell(odd);
    return undefined;
  }
  const read = (
    texts: readonly string[],
    reader: (text: string) => readonly PatternStep[] | undefined,
  ): Ignore["fields"] =>
    texts.flatMap((text) => {
      const steps = reader(text);
      if (steps !== undefined && steps.length > 0) return [{ text, steps }];
      tell(text);
      return [];
    });
  return {
    group,
    kind,
    name: nonEmpty(textOf(item, "name")),
    namespace: nonEmpty(textOf(item, "namespace")),
    fields: [
      ...read(textsOf(fieldOf(item, "jsonPointers")), readPointer),
      ...read(textsOf(fieldOf(item, "jqPathExpressions")), readJqPath),
    ],
    managers: textsOf(fieldOf(item, "managedFieldsManagers")),
  };
}

/** RFC 6901. Names with wildcards in them would mean more than they say. */
function readPointer(text: string): readonly PatternStep[] | undefined {
  if (!text.startsWith("/") || /[*?]/.test(text)) return undefined;
  return text
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((name) =>
      /^(?:0|[1-9]\d{0,8})$/.test(name) ? { kind: "number", number: Number(name) } : { kind: "field", name },
    );
}

function isBelow(paths: readonly string[], { origin }: DesiredObject): boolean {
  return paths.some((path) => path === "" || origin.file === path || origin.file.startsWith(`${path}/`));
}

function rulesOf(ignore: Ignore, position: SourcePosition, desired: DesiredObject): readonly IgnoreRule[] {
  const about = {
    kind: `${ignore.kind}.${ignore.group}`,
    ...(ignore.name === undefined ? {} : { name: ignore.name }),
    ...(ignore.namespace === undefined ? {} : { namespace: ignore.namespace }),
    position,
  };
  return [
    ...ignore.fields.map(({ text, steps }) => ({
      ...about,
      field: { text, steps: withKeys(steps, desired.value) },
    })),
    ...ignore.managers.map((manager) => ({ ...about, manager })),
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
