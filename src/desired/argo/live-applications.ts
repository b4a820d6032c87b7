/**
 * Applications of an ApplicationSet that only Argo CD can compute, as they live in the cluster. That is cluster text, and
 * whoever may write Applications may write it: what counts are objects that the ApplicationSet owns, as far as its template
 * in Git allows what they say. All else of them is Git's: what they ignore, and where they stand.
 */

import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import type { LiveObject } from "../../core/objects.ts";
import { groupOf } from "../../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import type { DesiredInput } from "../desired.ts";
import { generatedApplications } from "./application-set.ts";
import { MAX_PARAMS } from "./generators.ts";
import { applicationOf, ARGO_GROUP, argoFault, listAt, quoted } from "./objects.ts";
import type { Application, ApplicationSet } from "./objects.ts";
import { filledBy } from "./params.ts";
import { isOwn } from "./root.ts";
import type { Repository } from "./root.ts";
import { fits, mismatch } from "./template-match.ts";
import { textsIn } from "./templates.ts";

/** The Applications and ApplicationSets that live in a namespace; a fault where they are not all known. */
export type ArgoObjects = (namespace: string) => Promise<readonly LiveObject[] | Fault>;

export interface SetApplications {
  readonly applications: readonly Application[];
  readonly faults: readonly Fault[];
}

/** Computed from Git where Git suffices, whatever lives: Argo CD writes them back to that. */
export async function applicationsOf(
  set: ApplicationSet,
  repository: Repository,
  { renderers, argoObjects }: Pick<DesiredInput, "renderers" | "argoObjects">,
): Promise<SetApplications> {
  const why = argoObjects === undefined ? undefined : onlyArgoKnows(set, repository);
  if (argoObjects === undefined || why === undefined) {
    const generated = await generatedApplications({ set, repository, renderers });
    return isFault(generated) ? failed(generated) : { applications: generated, faults: [] };
  }
  const objects = await argoObjects(set.ref.namespace ?? "");
  if (!isFault(objects)) return inCluster(set, why, objects);
  const what = `${why}, which only Argo CD can tell, and what it generated could not be read: ${objects.message}`;
  return failed(argoFault(set, { what, remedy: objects.remedy }));
}

function failed(fault: Fault): SetApplications {
  return { applications: [], faults: [fault] };
}

const ONLY_ARGO = ["clusters", "clusterDecisionResource", "scmProvider", "pullRequest", "plugin"] as const;

const MAX_NESTED = 8;

/** What it asks that does not stand in this repository, as the end of a sentence. */
function onlyArgoKnows({ spec }: ApplicationSet, { origin }: Repository): string | undefined {
  const walk = (generators: readonly Value[], depth: number): string | undefined => {
    for (const generator of generators) {
      const kind = ONLY_ARGO.find((one) => isMap(fieldOf(generator, one)));
      if (kind !== undefined) return `generates Applications by ${kind}`;
      const url = textOf(fieldOf(generator, "git"), "repoURL");
      if (url !== undefined && !url.includes("{{") && !isOwn(url, origin)) return "reads another repository";
      for (const nested of depth < MAX_NESTED ? ["matrix", "merge"] : []) {
        const found = walk(listAt(generator, nested, "generators"), depth + 1);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
  return walk(listAt(spec, "generators"), 0);
}

function inCluster(set: ApplicationSet, why: string, objects: readonly LiveObject[]): SetApplications {
  const { namespace, name } = set.ref;
  const refused = (what: string, remedy: string): SetApplications =>
    failed(argoFault(set, { what: `${why}, which only Argo CD can tell, and ${what}`, remedy }));
  const itself = objects.find(({ ref }) => isArgo(ref, "ApplicationSet") && sameName(ref, namespace, name));
  if (itself === undefined) return refused("it is not in the cluster", "let Argo CD deploy it first");
  const patch = textOf(set.spec, "templatePatch") ?? "";
  if (patch.trim() !== "") {
    return refused("its templatePatch may give anything", "write what differs as parameters of its template");
  }
  const uid = textOf(fieldOf(itself.value, "metadata"), "uid");
  const owned = objects.filter(
    (object) => isArgo(object.ref, "Application") && isOwned(object, { namespace, name, uid }),
  );
  if (owned.length > MAX_PARAMS) return refused(`it owns more than ${MAX_PARAMS} Applications`, "split it");
  const taken = owned.map((object) => taking(set, object));
  return { applications: taken.flatMap((one) => (isFault(one) ? [] : [one])), faults: taken.filter(isFault) };
}

function isArgo({ apiVersion, kind }: LiveObject["ref"], wanted: string): boolean {
  return kind === wanted && groupOf(apiVersion) === ARGO_GROUP;
}

function sameName(ref: LiveObject["ref"], namespace: string | undefined, name: string): boolean {
  return ref.namespace === namespace && ref.name === name;
}

interface Owner {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string | undefined;
}

/** By its controller, in its own namespace (argo-cd `applicationset_controller.go`, createOrUpdateInCluster), and not on its way out. */
function isOwned({ ref, value }: LiveObject, { namespace, name, uid }: Owner): boolean {
  const metadata = fieldOf(value, "metadata");
  if (ref.namespace !== namespace || fieldOf(metadata, "deletionTimestamp") !== undefined) return false;
  return listAt(metadata, "ownerReferences").some(
    (owner) =>
      fieldOf(owner, "controller") === true &&
      textOf(owner, "kind") === "ApplicationSet" &&
      groupOf(textOf(owner, "apiVersion") ?? "") === ARGO_GROUP &&
      textOf(owner, "name") === name &&
      textOf(owner, "uid") === uid,
  );
}

/** What of it says what is deployed, from where, how, and to where. */
const TAKEN = ["project", "source", "sources", "sourceHydrator", "destination"] as const;

function taking(set: ApplicationSet, live: LiveObject): Application | Fault {
  const spec = fieldOf(live.value, "spec");
  const templates = templatesOf(set);
  const problems = templates.map((template) => problemOf(template, live.ref.name, spec));
  const at = problems.indexOf(undefined);
  const template = templates[at];
  if (template === undefined) {
    const what = `generated ${quoted(live.ref.name)}, which is in the cluster and is not what the template in Git gives (${problems[0] ?? "metadata.name"})`;
    const remedy = "wait until Argo CD has taken over the ApplicationSet, or see who changed the Application";
    return argoFault(set, { what, remedy });
  }
  const taken: Record<string, Value> = {};
  for (const name of TAKEN) {
    const value = fieldOf(spec, name);
    if (value !== undefined) taken[name] = value;
  }
  const ignores = fieldAt(template, "spec", "ignoreDifferences");
  // Only what Git says as it stands: a parameter could ask to ignore anything.
  const literal = isList(ignores) && ![...textsIn(ignores)].some((text) => text.includes("{{"));
  if (literal) taken["ignoreDifferences"] = ignores;
  const { apiVersion, namespace } = set.ref;
  const { name } = live.ref;
  const ref = { apiVersion, kind: "Application", ...(namespace === undefined ? {} : { namespace }), name };
  const application = applicationOf({ ref, value: { spec: taken }, origin: set.origin });
  return application ?? argoFault(set, { what: `generates ${quoted(name)}, which has no spec` });
}

/** One for each generator: it may have a template over the set's own. */
function templatesOf({ spec }: ApplicationSet): readonly ValueMap[] {
  const written = fieldOf(spec, "template");
  const base = isMap(written) ? written : {};
  return listAt(spec, "generators").map((generator) => {
    const own = isMap(generator) ? Object.values(generator).map((one) => fieldOf(one, "template")) : [];
    const over = own.find(isMap);
    return over === undefined ? base : filledBy(over, base);
  });
}

function problemOf(template: ValueMap, name: string, spec: Value | undefined): string | undefined {
  if (!fits(textOf(fieldOf(template, "metadata"), "name") ?? "", name)) return "metadata.name";
  for (const field of TAKEN) {
    const wanted = fieldAt(template, "spec", field);
    const found = fieldOf(spec, field);
    const isDefault = field === "project" && (wanted === undefined || wanted === "") && found === "default";
    const problem = isDefault ? undefined : mismatch(wanted, found, `spec.${field}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
