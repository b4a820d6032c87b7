/** What a kustomization asks to be run: generators, transformers and validators that are not kustomize's own. */

import { fieldAt, fieldOf, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { readYaml } from "../yaml/read.ts";

/** By the kind of its configuration, as kustomize names it. */
export type KustomizeFunction =
  /** A program, as written: a path from the kustomization's folder, an absolute one, or a name to be looked up. */
  | { readonly kind: "exec"; readonly plugin: string; readonly program: string }
  /** A program that is given more than its path: `more` is the name of that. */
  | { readonly kind: "exec-with"; readonly plugin: string; readonly more: string }
  | { readonly kind: "container"; readonly plugin: string; readonly image: string }
  /** A program or a Go library in kustomize's own plugin folder, or what nobody can read. */
  | { readonly kind: "other"; readonly plugin: string };

/** As kustomize tells it (`api/internal/plugins/loader`, kyaml `runtimeutil.GetFunctionSpec`); `undefined` for its own. */
export function functionOf(config: Value): KustomizeFunction | undefined {
  if (!isMap(config) || textOf(config, "apiVersion") === "builtin") return undefined;
  const plugin = (textOf(config, "kind") ?? "").slice(0, 200);
  const spec = specOf(config);
  if (!isMap(spec)) return { kind: "other", plugin };
  const image = textOf(fieldOf(spec, "container"), "image");
  if (image !== undefined) return { kind: "container", plugin, image };
  const exec = fieldOf(spec, "exec");
  const program = textOf(exec, "path") ?? "";
  // Go takes the names of fields in any case: what is not written as it is meant is not guessed at.
  const known = Object.keys(spec).every((name) => name === "exec" || name === "deferFailure");
  if (!known || !isMap(exec)) return { kind: "other", plugin };
  // A variable is enough to have another program run in its place (`BASH_ENV`, `LD_PRELOAD`), and so may an argument be.
  const more = Object.keys(exec).find((name) => name !== "path");
  if (more !== undefined) return { kind: "exec-with", plugin, more: more.slice(0, 200) };
  return program === "" ? { kind: "other", plugin } : { kind: "exec", plugin, program };
}

function specOf(config: Value): Value | undefined {
  const annotations = fieldAt(config, "metadata", "annotations");
  for (const key of ["config.kubernetes.io/function", "config.k8s.io/function"]) {
    const text = textOf(annotations, key) ?? "";
    if (text !== "") return onlyValue(text);
  }
  const written = fieldAt(config, "metadata", "configFn");
  if (written !== undefined && written !== null) return written;
  const image = textOf(annotations, "config.kubernetes.io/container") ?? "";
  return image === "" ? undefined : { container: { image } };
}

function onlyValue(text: string): Value | undefined {
  const { documents, faults } = readYaml(text, { file: "" });
  return documents.length === 1 && faults.length === 0 ? documents[0]?.value : undefined;
}
