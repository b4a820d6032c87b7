/** What a renderer's own words may not tell: it quotes what it stumbles over, and that may be a password. */

import { isList, isMap, MAX_DEPTH } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { readYaml } from "../../yaml/read.ts";
import { baseName } from "../paths.ts";

/** A value that is shorter is found in every word. */
const SHORTEST = 4;
/** Go's YAML reader shows so much of a value, and then dots. */
const SHOWN_OF_LONG = 7;
const MAX_VALUES = 100_000;
const WITHHELD = "[…]";

/**
 * Takes values out of the message: all that the files hold in places where secrets are (values of charts, what generators and
 * Secrets hold, patches), unless it is what something in the repository is called.
 */
export function withheld(message: string, files: ReadonlyMap<string, Uint8Array>): string {
  const { values, names } = collect(files);
  if (values.size > MAX_VALUES) return "what is not shown, since it may hold a value of so many";
  // What something is called stays whole, though a part of it may be a value, too.
  const kept: string[] = [];
  const hidden = message.replaceAll("\uE000", "").replaceAll(/[^\s"'`:,;()[\]{}<>=\uE000]+/g, (token) => {
    if (!token.split("/").every((step) => step === "" || names.has(step.toLowerCase()))) return token;
    kept.push(token);
    return "\uE000";
  });
  const lower = hidden.toLowerCase();
  const found = [...values].filter((value) => !names.has(value) && !value.includes("\uE000") && lower.includes(value));
  const pattern = found
    .toSorted((a, b) => b.length - a.length)
    .map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"))
    .join("|");
  const masked = found.length === 0 ? hidden : hidden.replaceAll(new RegExp(pattern, "gi"), WITHHELD);
  // A key or a certificate, or what is left of one.
  return masked.replaceAll("\uE000", () => kept.shift() ?? "").replaceAll(/[^\s/]{100,}/g, WITHHELD);
}

interface Collected {
  /** In lower case. */
  readonly values: Set<string>;
  readonly names: Set<string>;
}

function collect(files: ReadonlyMap<string, Uint8Array>): Collected {
  const collected: Collected = { values: new Set(), names: new Set([...WORDS, "..", "."]) };
  for (const [path, bytes] of files) {
    for (const step of path.split("/")) addName(collected, step);
    addName(collected, path);
    const text = decodeText(bytes);
    if (text === undefined || path.includes("/templates/")) continue;
    const chart = baseName(path) === "Chart.yaml";
    if (/\.(?:ya?ml|json)$/.test(path) || baseName(path) === "Kustomization") {
      const { documents, faults } = readYaml(text, { file: path });
      for (const { value } of documents) walk(collected, value, { named: chart, depth: 0 });
      if (faults.length > 0) addText(collected, text);
    } else {
      addText(collected, text);
    }
  }
  return collected;
}

/** Of the renderers' own messages. */
const WORDS = [
  "true false null none string number object array boolean integer values value line lines yaml json error errors invalid",
  "accumulating accumulation resources resource resolve from file files source sources loading pairs recursed path must with",
  "evalsymlink failure directory such lstat open read missing metadata name names kind unknown field found matches unique",
  "target component components security below cycle detected candidate root contains visited config trouble configuring",
  "builtin patch transformer generator base bases template templates execute executing function defined parse converting",
  "mapping allowed this context expected actual chart charts requires which incompatible kubernetes version dependency",
  "dependencies schema schemas meet specifications nil pointer evaluating interface calling include required helm kustomize",
  "that have into cannot unmarshal unmarshaling decoding type struct while does exist there stat more than",
].flatMap((words) => words.split(" "));

/** Where names and paths stand, and no secrets: these fields' values are what the message is about. */
const NAMING =
  /^(?:apiVersion|kind|name|namespace|resources|bases|components|generators|transformers|validators|crds|configurations|path|paths|files|envs|env|chartHome|valuesFile|additionalValuesFiles|releaseName|version|repo|repository|kubeVersion|appVersion|patchesStrategicMerge|op|image|newName|newTag|namePrefix|nameSuffix|fieldPath|fieldPaths|type)$/;

interface Place {
  /** Whether what stands here is what something is called. */
  readonly named: boolean;
  readonly depth: number;
}

function walk(collected: Collected, value: Value, { named, depth }: Place): void {
  if (collected.values.size > MAX_VALUES || depth > MAX_DEPTH) return;
  if (isList(value)) {
    for (const item of value) walk(collected, item, { named, depth: depth + 1 });
  } else if (isMap(value)) {
    for (const [key, item] of Object.entries(value)) {
      addName(collected, key);
      walk(collected, item, { named: NAMING.test(key) && !isMap(item), depth: depth + 1 });
    }
  } else if (typeof value === "string" && named && !value.includes("\n")) {
    for (const step of [value, ...value.split(/[/=]/)]) addName(collected, step);
  } else if (value !== null && typeof value !== "boolean") {
    addText(collected, String(value));
  }
}

function addName({ names }: Collected, name: string): void {
  names.add(name.toLowerCase());
}

/** The text, its lines and its words, as they are and in Base64. */
function addText({ values }: Collected, text: string): void {
  const parts = [text, text.trim(), ...text.split(/\r?\n/), ...text.split(/[\s"'`=:,;@()<>[\]{}\\]+/)];
  for (const part of parts) {
    const trimmed = part.trim();
    if (trimmed.length < SHORTEST || trimmed.length > 4096 || values.size > MAX_VALUES) continue;
    values.add(trimmed.toLowerCase());
    values.add(Buffer.from(trimmed).toString("base64").toLowerCase());
    if (trimmed.length > SHOWN_OF_LONG + 3) values.add(`${trimmed.slice(0, SHOWN_OF_LONG).toLowerCase()}...`);
  }
}
