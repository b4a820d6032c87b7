/** The Applications that an ApplicationSet generates (argo-cd `applicationset/controllers/template`). */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import { fieldAt, fieldOf, isMap, textOf, withField } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { readYaml } from "../../yaml/read.ts";
import type { Renderers } from "../render/renderers.ts";
import { generate, MAX_PARAMS } from "./generators.ts";
import type { Generated, GeneratorContext } from "./generators.ts";
import { applicationOf, argoFault, listAt, quoted } from "./objects.ts";
import type { Application, ApplicationSet } from "./objects.ts";
import { filledBy } from "./params.ts";
import { mergePatch } from "./root.ts";
import type { Repository } from "./root.ts";
import { goTemplates, tagTemplates, textsIn, withTexts } from "./templates.ts";

export interface ApplicationSetInput {
  readonly set: ApplicationSet;
  readonly repository: Repository;
  readonly renderers: Renderers;
}

/** All of them, or why they are not known: where one cannot be generated, Argo CD changes none. */
export async function generatedApplications(input: ApplicationSetInput): Promise<readonly Application[] | Fault> {
  const { set, repository, renderers } = input;
  const goTemplate = fieldOf(set.spec, "goTemplate") === true;
  const templates = goTemplate ? goTemplates({ set, tree: repository.tree, renderers }) : tagTemplates(set);
  const context = { set, repository, templates, goTemplate };
  const applications = new Map<string, Application>();
  for (const generator of listAt(set.spec, "generators")) {
    const generated = await generate(generator, context);
    const found = isFault(generated) ? generated : await fromTemplate(generated, context);
    if (isFault(found)) return found;
    for (const one of found) {
      if (applications.has(one.ref.name)) {
        return argoFault(set, { what: `generates two Applications called ${quoted(one.ref.name)}` });
      }
      applications.set(one.ref.name, one);
    }
    if (applications.size > MAX_PARAMS)
      return argoFault(set, { what: `generates more than ${MAX_PARAMS} Applications` });
  }
  return [...applications.values()];
}

async function fromTemplate(
  { template, params }: Generated,
  context: GeneratorContext,
): Promise<readonly Application[] | Fault> {
  const { set, templates } = context;
  const base = fieldOf(set.spec, "template");
  const whole = filledBy(template, isMap(base) ? base : {});
  const patch = textOf(set.spec, "templatePatch") ?? "";
  const texts = [...textsIn(whole), patch];
  const replaced = await templates.replace(texts, params);
  if (isFault(replaced)) return replaced;
  const applications: Application[] = [];
  for (const results of replaced) {
    const filled = withTexts(whole, new Map(texts.map((text, index) => [text, results[index] ?? text])));
    const made = patched(set, filled as ValueMap, patch === "" ? "" : (results.at(-1) ?? ""));
    const application = isFault(made) ? made : named(set, made);
    if (isFault(application)) return application;
    applications.push(application);
  }
  return applications;
}

/** `templatePatch`; the project stays. */
function patched(set: ApplicationSet, template: ValueMap, patch: string): ValueMap | Fault {
  if (patch.trim() === "") return template;
  const value = readYaml(patch, { file: set.origin.file }).documents[0]?.value;
  if (value === undefined) return template;
  if (!isMap(value)) return argoFault(set, { what: "has a templatePatch that gives no map" });
  if ([...textsIn(value)].some((text) => text.startsWith("$patch") || text.startsWith("$setElementOrder"))) {
    return argoFault(set, { what: "has a templatePatch with directives" });
  }
  const merged = mergePatch(template, value);
  const spec = fieldOf(merged, "spec");
  const project = fieldAt(template, "spec", "project");
  return isMap(spec) ? withField(merged, "spec", withField(spec, "project", project)) : merged;
}

/** It lives where its ApplicationSet does. */
function named(set: ApplicationSet, template: ValueMap): Application | Fault {
  const name = textOf(fieldOf(template, "metadata"), "name") ?? "";
  if (!/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) {
    return argoFault(set, { what: `generates an Application with the name ${quoted(name)}, which is none` });
  }
  const { apiVersion, namespace } = set.ref;
  const value: ValueMap = { ...template, apiVersion, kind: "Application" } satisfies Record<string, Value>;
  const application = applicationOf({
    ref: { apiVersion, kind: "Application", ...(namespace === undefined ? {} : { namespace }), name },
    value,
    origin: set.origin,
  });
  return application ?? argoFault(set, { what: `generates ${quoted(name)}, which has no spec` });
}
