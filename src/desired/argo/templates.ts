/**
 * The two template languages of ApplicationSets (argo-cd `applicationset/utils`, Render.Replace): tags that stand for texts,
 * and Go templates. Go's are evaluated by Helm, whose engine has the same language and functions.
 */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { SourceTree } from "../../core/stages.ts";
import { fieldOf, isMap, setField, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { readYaml } from "../../yaml/read.ts";
import { folderOf } from "../paths.ts";
import type { Renderers } from "../render/renderers.ts";
import { argoFault, quoted, textsAt } from "./objects.ts";
import type { ApplicationSet } from "./objects.ts";
import { printJson } from "../../yaml/json.ts";

export interface Templates {
  /** For each set of parameters the texts, in their order. */
  replace(texts: readonly string[], params: readonly ValueMap[]): Promise<readonly (readonly string[])[] | Fault>;
  /** Whether all parameters that the text names are among these. */
  knows(text: string, params: ValueMap): boolean;
}

const MAX_TEXT = 1024 * 1024;
const MAX_TEMPLATE = 32 * 1024;

/** `{{name}}` is the parameter of that name, where it is a text; else it stays as it stands. */
export function tagTemplates(set: ApplicationSet): Templates {
  return {
    async replace(texts, params) {
      const replaced: (readonly string[])[] = [];
      for (const one of params) {
        const results = texts.map((text) => withTags(text, one));
        const bad = results.findIndex((result) => result === undefined);
        if (bad >= 0) return argoFault(set, { what: `has a template that is none: ${quoted(texts[bad] ?? "")}` });
        replaced.push(results.filter((result) => result !== undefined));
      }
      return replaced;
    },
    knows: () => true, // What is not known is left as it stands.
  };
}

/** `undefined` where a tag has no end, or the text grows beyond any use. */
function withTags(text: string, params: ValueMap): string | undefined {
  if (!isTagged(text)) return text;
  let result = "";
  let end = 0;
  for (let start = text.indexOf("{{"); start >= 0; start = text.indexOf("{{", end)) {
    const close = text.indexOf("}}", start + 2);
    if (close < 0) return undefined;
    const tag = text.slice(start + 2, close);
    const value = tag.trim() === "" ? undefined : textOf(params, tag.trim());
    result += text.slice(end, start) + (value ?? `{{${tag}}}`);
    if (result.length > MAX_TEXT) return undefined;
    end = close + 2;
  }
  return result + text.slice(end);
}

/** Both ends of a tag on one line: other texts are left alone. */
function isTagged(text: string): boolean {
  return text.split("\n").some((line) => {
    const start = line.indexOf("{{");
    return start >= 0 && line.includes("}}", start + 2);
  });
}

export interface GoTemplatesInput {
  readonly set: ApplicationSet;
  readonly tree: SourceTree;
  readonly renderers: Renderers;
}

export function goTemplates({ set, tree, renderers }: GoTemplatesInput): Templates {
  const strict = textsAt(set.spec, "goTemplateOptions").includes("missingkey=error");
  const refused = (what: string): Fault => argoFault(set, { what });
  return {
    async replace(texts, params) {
      const templates = texts.filter((text) => text.includes("{{"));
      if (templates.length === 0 || params.length === 0) return params.map(() => texts);
      if (templates.some((text) => text.length > MAX_TEMPLATE)) return refused("has a template that is too long");
      if (templates.some((text) => usesFunction(text, "slugify"))) return refused("uses slugify, which holdfast lacks");
      const rendered = await renderers.render({
        renderer: "helm",
        path: folderOf(set.origin.file),
        file: set.origin.file,
        tree,
        files: [],
        made: chartOf(templates, params),
        args: ["template", "--", "set", "set"],
        charts: false,
        foreseen: true,
        mayVary: "templates",
      });
      if (isFault(rendered)) return rendered.code === "render-failed" ? refused(failure(rendered)) : rendered;
      const { output, again } = rendered;
      if (again !== undefined && !again.equals(output))
        return refused("has templates that give something else each time");
      const evaluated = evaluatedIn(output, { sets: params.length, templates: templates.length });
      if (evaluated === undefined) return refused("has templates that give something that cannot be read");
      if (strict && evaluated.flat().some((text) => text.includes("<no value>"))) {
        return refused("has templates that name a parameter that its generators do not give");
      }
      return evaluated.map((results) => {
        let next = 0;
        return texts.map((text) => (text.includes("{{") ? (results[next++] as string) : text));
      });
    },
    knows: (text, params) =>
      text.length > MAX_TEMPLATE || rootFields(text).every((name) => Object.hasOwn(params, name)),
  };
}

/** Helm's own words, without what a made chart is called. */
function failure({ message }: Fault): string {
  const said = message.slice(message.indexOf("says: ") + 6);
  return `has templates that cannot be evaluated: ${said}`;
}

/** Each template is a file of its own: what one holds cannot end up in another. */
function chartOf(templates: readonly string[], params: readonly ValueMap[]): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, string>([
    ["set/Chart.yaml", "apiVersion: v2\nname: set\nversion: 0.0.0\n"],
    ["set/params.json", printJson(params)],
    ["set/templates/_normalize.tpl", NORMALIZE],
    ["set/templates/all.yaml", evaluator(templates.length)],
  ]);
  for (const [index, text] of templates.entries()) files.set(`set/templates/_${index}.tpl`, withNormalize(text));
  return new Map([...files].map(([path, text]) => [path, Buffer.from(text)]));
}

/** argo-cd `applicationset/utils`, SanitizeName. */
const NORMALIZE =
  '{{- define "holdfast.normalize" -}}{{ regexReplaceAll "[^-a-z0-9.]" (lower .) "-" | trunc 253 | trimAll "-." }}{{- end }}\n';

/** One ConfigMap with a text for each set of parameters: the JSON of what the templates gave. */
function evaluator(count: number): string {
  return `{{- $base := $.Template.BasePath }}
apiVersion: v1
kind: ConfigMap
metadata: {name: set}
data:
{{- range $i, $params := .Files.Get "params.json" | mustFromJson }}
{{- $texts := list }}
{{- range $n := until ${count} }}
{{- $texts = append $texts (include (printf "%s/_%d.tpl" $base $n) $params) }}
{{- end }}
  "{{ $i }}": {{ $texts | toJson | toJson }}
{{- end }}
`;
}

function evaluatedIn(
  output: Buffer,
  { sets, templates }: { readonly sets: number; readonly templates: number },
): readonly (readonly string[])[] | undefined {
  const data = fieldOf(readYaml(output.toString("utf8"), { file: "" }).documents[0]?.value, "data");
  const found: (readonly string[])[] = [];
  for (let index = 0; index < sets; index++) {
    const text = textOf(data, String(index));
    const texts = text === undefined ? undefined : (JSON.parse(text) as readonly string[]);
    if (texts?.length !== templates) return undefined;
    found.push(texts);
  }
  return found;
}

/** A text's parts: what stands outside of actions, quoted texts in actions, and the rest of them. */
function withActions(text: string, change: (code: string) => string): string {
  return text.replaceAll(/\{\{(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?!\}\})[^"`])*\}\}/g, (action) =>
    action.replaceAll(/"(?:[^"\\\n]|\\.)*"|`[^`]*`|[^"`]+/g, (part) => (/^["`]/.test(part) ? part : change(part))),
  );
}

function withNormalize(text: string): string {
  return withActions(text, (code) => code.replaceAll(/(?<![\w.$])normalize(?!\w)/g, 'include "holdfast.normalize"'));
}

function usesFunction(text: string, name: string): boolean {
  let used = false;
  withActions(text, (code) => {
    used ||= new RegExp(`(?<![\\w.$])${name}(?!\\w)`).test(code);
    return code;
  });
  return used;
}

/** The first names of what actions look up: `path` of `{{ .path.basename }}`. */
function rootFields(text: string): readonly string[] {
  const names = new Set<string>();
  withActions(text, (code) => {
    for (const [, name] of code.matchAll(/(?<![\w.)])\$?\.([A-Za-z_]\w*)/g)) if (name !== undefined) names.add(name);
    return code;
  });
  return [...names];
}

/** Every text in the value, keys of maps among them. */
export function textsIn(value: Value, found: Set<string> = new Set()): ReadonlySet<string> {
  if (typeof value === "string") found.add(value);
  else if (Array.isArray(value)) for (const one of value as readonly Value[]) textsIn(one, found);
  else if (isMap(value)) {
    for (const [key, one] of Object.entries(value)) {
      found.add(key);
      textsIn(one, found);
    }
  }
  return found;
}

/** The value with texts replaced, in keys of maps as well. */
export function withTexts(value: Value, texts: ReadonlyMap<string, string>): Value {
  if (typeof value === "string") return texts.get(value) ?? value;
  if (Array.isArray(value)) return (value as readonly Value[]).map((one) => withTexts(one, texts));
  if (!isMap(value)) return value;
  const replaced: Record<string, Value> = {};
  for (const [key, one] of Object.entries(value)) setField(replaced, texts.get(key) ?? key, withTexts(one, texts));
  return replaced;
}
