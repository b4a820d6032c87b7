/**
 * Flux's post-build step over what kustomize printed (fluxcd `pkg/kustomize`, `kustomize_varsub.go`): each object is
 * substituted in as text, in the form in which kustomize prints it, and read again. So a value decides the type of what
 * it stands in, unless quotes do.
 */

import { fieldAt, fieldOf, isMap, textOf } from "../../core/value.ts";
import { splitDocuments } from "../../yaml/documents.ts";
import { readYaml } from "../../yaml/read.ts";
import { substitute } from "./substitute.ts";
import type { Substituted, Variable } from "./substitute.ts";
import { Work } from "./work.ts";

/** What one reference of `substituteFrom` came to; one that is optional and not there is loaded, and empty. */
export type LoadedVariables =
  | { readonly kind: "loaded"; readonly variables: ReadonlyMap<string, Variable> }
  /** It may hold any variable. */
  | { readonly kind: "unread" };

export interface PostBuild {
  /** `spec.postBuild.substitute`. */
  readonly inline: ReadonlyMap<string, string>;
  /** In the order of `spec.postBuild.substituteFrom`: later ones count before earlier ones, inline ones before all. */
  readonly from: readonly LoadedVariables[];
  /** `spec.postBuild.substituteStrategy` is `Always`: substitutes without any variable too. */
  readonly always: boolean;
  /** The controller's feature gate `StrictPostBuildSubstitutions`. */
  readonly strict?: boolean;
  /** See {@link SubstituteOptions.dye}; something that is no YAML but a word, wherever it stands. */
  readonly dye: string;
}

/** What any of these says of an object costs the whole Kustomization, as in the controller. */
export function postBuild(text: string, step: PostBuild): Substituted {
  const { named, others } = mergedVariables(step);
  if (named.size === 0 && others === "unset" && !step.always) return { kind: "done", text, unknown: [] };
  const options = { dye: step.dye, others, strict: step.strict ?? false, work: new Work() };
  const badName = [...named.keys()].find((name) => !/^[_A-Za-z][_A-Za-z0-9]*$/.test(name));
  const pieces: string[] = [];
  const unknown = new Set<string>();
  let end = 0;
  for (const piece of splitDocuments(text)) {
    const document = text.slice(piece.start, piece.end);
    const done = isExempt(document) ? unchanged(document) : withVariables(document);
    if (done.kind === "refused") return { kind: "refused", why: `${nameOf(document, piece.index)}: ${done.why}` };
    pieces.push(text.slice(end, piece.start), done.text);
    for (const name of done.unknown) unknown.add(name);
    end = piece.end;
  }
  return { kind: "done", text: pieces.join("") + text.slice(end), unknown: [...unknown] };

  function withVariables(document: string): Substituted {
    if (badName !== undefined) {
      return { kind: "refused", why: `no variable can have the name ${JSON.stringify(badName.slice(0, 200))}` };
    }
    const done = substitute(document, named, options);
    if (done.kind === "refused" || done.text === document || isObject(done.text)) return done;
    return { kind: "refused", why: "with its variables' values it is no YAML of an object" };
  }
}

function unchanged(text: string): Substituted {
  return { kind: "done", text, unknown: [] };
}

interface Merged {
  readonly named: ReadonlyMap<string, Variable>;
  readonly others: "unset" | "unknown";
}

function mergedVariables({ inline, from }: PostBuild): Merged {
  const named = new Map<string, Variable>();
  let others: Merged["others"] = "unset";
  for (const loaded of from) {
    if (loaded.kind === "unread") {
      // What was loaded before may be in this one as well, with another value.
      named.clear();
      others = "unknown";
      continue;
    }
    for (const [name, variable] of loaded.variables) named.set(name, withoutNewlines(variable));
  }
  for (const [name, value] of inline) named.set(name, withoutNewlines({ kind: "known", value }));
  return { named, others };
}

function withoutNewlines(variable: Variable): Variable {
  return variable.kind === "unknown" ? variable : { kind: "known", value: variable.value.replaceAll("\n", "") };
}

const SUBSTITUTE = "kustomize.toolkit.fluxcd.io/substitute";

/** By a label or an annotation of its own, as it stands before anything is substituted. */
function isExempt(document: string): boolean {
  if (!document.includes(SUBSTITUTE)) return false;
  const value = valueIn(document);
  return ["labels", "annotations"].some(
    (field) => fieldOf(fieldAt(value, "metadata", field), SUBSTITUTE) === "disabled",
  );
}

function isObject(document: string): boolean {
  return isMap(valueIn(document));
}

function valueIn(document: string): ReturnType<typeof fieldOf> {
  const { documents } = readYaml(document, { file: "" });
  return documents.length === 1 ? documents[0]?.value : undefined;
}

function nameOf(document: string, index: number): string {
  const value = valueIn(document);
  const name = textOf(fieldOf(value, "metadata"), "name");
  const kind = textOf(value, "kind");
  return name === undefined || kind === undefined ? `object ${index + 1}` : `${kind}/${name}`.slice(0, 200);
}
