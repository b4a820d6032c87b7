/** What is never edited, whatever the change: places outside the repository's manifests, secrets, templates. */

import type { Change } from "../core/drift.ts";
import type { Origin } from "../core/objects.ts";
import type { ObjectRef } from "../core/refs.ts";
import { groupOf } from "../core/refs.ts";
import { valueAt } from "../core/path.ts";
import { equalValues, isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { childOf } from "../yaml/source-find.ts";
import { visitNodes } from "../yaml/source-node.ts";
import type { SourceNode } from "../yaml/source-node.ts";
import type { ParsedDocument, SourceDocument, SourceText } from "../yaml/source.ts";
import { refused } from "./refuse.ts";
import type { Refused } from "./refuse.ts";

/** `mode` is Git's. */
export function refuseFile(origin: Origin, mode: string): Refused | undefined {
  const { file } = origin;
  const parts = file.split("/");
  if (origin.layer !== "literal")
    return refused("generated", `the object is made by ${origin.layer === "argo-cd" ? "Argo CD" : origin.layer}`);
  if (file === "" || /^[/~]|^[A-Za-z]:|[\\\p{Cc}]/u.test(file) || parts.some((part) => part === ".." || part === "")) {
    return refused("outside-repository", "the path leaves the repository");
  }
  const lower = parts.map((part) => part.toLowerCase());
  if (lower.includes(".git") || lower[0] === ".github") return refused("protected-path", `${parts[0]} is never edited`);
  if (mode === "120000") return refused("outside-repository", "the file is a symbolic link");
  return mode === "100644" || mode === "100755" ? undefined : refused("unsupported", "the file is no ordinary file");
}

/** Digests that stand for secret values (`text/digest.ts`). */
const DIGEST = /^hmac-sha256:/;

export function refuseChange(change: Change, ref: ObjectRef): Refused | undefined {
  const [first] = change.path;
  const ofSecret = ref.kind === "Secret" && groupOf(ref.apiVersion) === "";
  const inData = first === undefined || (first.kind === "field" && ["data", "stringData"].includes(first.name));
  if (change.sensitive === true || (ofSecret && inData) || holdsDigest(change.live)) {
    return refused("secret", "secret values are never written to Git");
  }
  const names = change.path.flatMap((step) => (step.kind === "field" ? [step.name] : []));
  if (change.operation !== "remove" && !(isWritable(names) && isWritable(change.live))) {
    return refused("unsupported", "the live value holds what YAML cannot write");
  }
  return undefined;
}

/**
 * Of what a renderer built, and a file has all the same: where it put in something else than the file has (a variable, a
 * patch, a label), the place to change is another.
 */
export function refuseRendered({ path, desired }: Change, origin: Origin, written: Value): Refused | undefined {
  if (origin.root === undefined || equalValues(valueAt(written, path), desired)) return undefined;
  return refused(
    "generated",
    "what is deployed there is not what the file has: variables, patches or the like make it",
  );
}

/** Told before any edit is tried, so that it costs no other change's edit. */
function isWritable(value: Value | undefined): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value === "number") return Number.isFinite(value);
  if (isList(value)) return value.every(isWritable);
  return !isMap(value) || Object.keys(value).every((key) => key.isWellFormed() && isWritable(value[key]));
}

function holdsDigest(value: Value | undefined): boolean {
  if (typeof value === "string") return DIGEST.test(value);
  if (isList(value)) return value.some(holdsDigest);
  return isMap(value) && Object.keys(value).some((key) => holdsDigest(value[key]));
}

export function refuseDocument(source: SourceText, document: SourceDocument): Refused | undefined {
  const parsed = document.parse();
  const text = source.text.slice(document.start, document.end);
  const template = templateOffset(text, document.start, parsed);
  if (template !== undefined) return refused("template", "the document is a template", template);
  if (text.includes("ENC[AES256_GCM,") || childOf(parsed.root, "sops") !== undefined) {
    return refused("encrypted", "the document is encrypted with SOPS", document.start);
  }
  const [problem] = parsed.problems;
  if (problem === undefined) return undefined;
  return refused(
    problem.code === "duplicate-key" ? "duplicate-key" : "not-round-trip",
    problem.message,
    problem.offset,
  );
}

/** Offset of a `{{` that stands in no quoted or block scalar: there it is only text. */
function templateOffset(text: string, base: number, { root }: ParsedDocument): number | undefined {
  if (!text.includes("{{")) return undefined;
  const quoted = root === undefined ? [] : quotedPlaces(root);
  for (const { index } of text.matchAll(/\{\{/g)) {
    const offset = base + index;
    if (!quoted.some(([start, end]) => start < offset && offset < end)) return offset;
  }
  return undefined;
}

function quotedPlaces(root: SourceNode): readonly (readonly [number, number])[] {
  const places: (readonly [number, number])[] = [];
  visitNodes(root, (node) => {
    if (node.kind === "scalar" && node.style !== "plain") places.push([node.start, node.end]);
    if (node.kind !== "map") return;
    for (const { keyStyle, keyStart, keyEnd } of node.entries)
      if (keyStyle !== "plain") places.push([keyStart, keyEnd]);
  });
  return places;
}
