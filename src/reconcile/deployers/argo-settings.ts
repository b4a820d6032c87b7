/**
 * What Argo CD's own settings say of what its Applications deploy: the ConfigMap `argocd-cm`, where Git declares it, in whatever
 * target (argo-cd `util/settings/settings.go`). The one in the cluster is not asked: whoever can change it could have
 * differences ignored.
 */

import type { Fault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import { fields } from "../../core/path.ts";
import { formatRef, groupOf, kindKey, refKey } from "../../core/refs.ts";
import type { KindRef, ObjectRef } from "../../core/refs.ts";
import { compareText, fieldAt, fieldOf, isList, isMap, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { compileGlob } from "../../desired/argo/globs.ts";
import type { DefaultIgnores } from "../../drift/declared-ignores.ts";
import { readYaml } from "../../yaml/read.ts";
import { unfollowedOptions } from "./build-options.ts";
import type { Declared } from "../compare-live.ts";

export interface ArgoSettings {
  /** What is ignored of all that Applications deploy. */
  readonly ignores: readonly DefaultIgnores[];
  /** Whether Argo CD leaves the object alone, whatever an Application says (`resource.exclusions`, `resource.inclusions`). */
  excludes(object: DesiredObject): boolean;
  readonly faults: readonly Fault[];
}

export interface SettingsInput {
  readonly declared: readonly Declared[];
  /** Applications, for their destinations. */
  readonly generated: readonly Declared[];
  /** Of the cluster that is compared. */
  readonly server?: string;
}

export function argoSettings({ declared, generated, server }: SettingsInput): ArgoSettings {
  const read = declared.filter(({ object }) => isSettings(object)).map(({ object }) => readSettings(object));
  const applications = new Map(
    [...declared, ...generated]
      .filter(({ object: { ref } }) => ref.kind === "Application")
      .map(({ object }) => [refKey(object.ref), object]),
  );
  const only = read.length === 1 ? read[0] : undefined;
  // Where Applications stand in other namespaces than Argo CD's, one ConfigMap is all that tells whose they are.
  const settingsOf = (application: ObjectRef): Settings | undefined =>
    read.find(({ object }) => object.ref.namespace === application.namespace) ?? only;
  return {
    ignores: read.map(({ object, items, labels }) => ({
      object,
      items,
      labels,
      holdsFor: (application) => settingsOf(application)?.object === object,
    })),
    excludes: ({ ref, deployer }) => {
      if (deployer?.kind !== "Application") return false;
      const address = addressOf(applications.get(refKey(deployer)), server);
      return isExcluded(ref, address, settingsOf(deployer));
    },
    faults: read.flatMap(({ faults }) => faults),
  };
}

/** Settings that are read are labelled (partOfArgoCDSelector). */
function isSettings({ ref, value }: DesiredObject): boolean {
  if (ref.apiVersion !== "v1" || ref.kind !== "ConfigMap" || ref.name !== "argocd-cm") return false;
  return textOf(fieldAt(value, "metadata", "labels"), "app.kubernetes.io/part-of") === "argocd";
}

interface Settings {
  readonly object: DesiredObject;
  readonly items: DefaultIgnores["items"];
  readonly labels: readonly string[];
  readonly inclusions: readonly Filter[];
  readonly exclusions: readonly Filter[];
  readonly faults: readonly Fault[];
}

function readSettings(object: DesiredObject): Settings {
  const data = fieldOf(object.value, "data");
  const faults: Fault[] = [];
  const yamlOf = (key: string, text: string): Value | undefined => {
    const { documents, faults: bad } = readYaml(text, { file: object.origin.file });
    if (bad.length === 0) return documents[0]?.value;
    faults.push(badSetting(object, key));
    return undefined;
  };
  const filters = (key: string): readonly Filter[] => {
    const text = textOf(data, key) ?? "";
    const value = text === "" ? [] : (yamlOf(key, text) ?? []);
    if (isList(value)) return value.map(filterOf);
    faults.push(badSetting(object, key));
    return [];
  };
  const label = textOf(data, "application.instanceLabelKey") ?? "";
  const marked = textOf(data, "application.resourceTrackingMethod") !== "annotation" && label !== "";
  return {
    object,
    items: ignoresIn(isMap(data) ? data : {}, yamlOf),
    labels: marked ? [label] : [],
    inclusions: filters("resource.inclusions"),
    exclusions: filters("resource.exclusions"),
    faults: [...faults, ...optionFaults(object)],
  };
}

const BUILD_OPTIONS = "kustomize.buildOptions";

/** For all versions of kustomize, or for one. */
function optionFaults(object: DesiredObject): readonly Fault[] {
  const { ref, origin, value } = object;
  const data = fieldOf(value, "data");
  return Object.entries(isMap(data) ? data : {}).flatMap(([key, text]) => {
    if (typeof text !== "string" || !(key === BUILD_OPTIONS || key.startsWith(`${BUILD_OPTIONS}.`))) return [];
    return unfollowedOptions(text).map(({ option, known }): Fault => {
      const shown = JSON.stringify(option.slice(0, 60));
      const about = `${key.slice(0, 100)} of ${formatRef(ref)}`;
      return {
        kind: "fault",
        code: "deployer-unsupported",
        about: formatRef(ref),
        message: known
          ? `${about} has ${shown}, which is not followed: what comes of it in the cluster is told as a difference`
          : `${about} has ${shown}, which kustomize does not know: Argo CD may build no kustomization with it`,
        remedy: known ? "ask for the same in the kustomizations" : "mend it",
        position: { file: origin.file, line: 1 },
        leavesUnknown: "nothing",
      };
    });
  });
}

const CUSTOMIZATIONS = "resource.customizations";
const SPLIT = `${CUSTOMIZATIONS}.ignoreDifferences.`;

const IGNORES = ["jsonPointers", "jqPathExpressions", "managedFieldsManagers"] as const;

/** By kind, in keys of their own, and in one map of all kinds (GetResourceOverrides). */
function ignoresIn(data: ValueMap, yamlOf: (key: string, text: string) => Value | undefined): DefaultIgnores["items"] {
  const items: { item: ValueMap; path: ReturnType<typeof fields> }[] = [];
  const add = (key: string, about: string, text: string): void => {
    const value = yamlOf(key, text);
    const asked = IGNORES.flatMap((name) => {
      const list = fieldOf(value, name);
      return list === undefined ? [] : [[name, list] as const];
    });
    items.push({ item: { ...Object.fromEntries(asked), ...groupKind(about) }, path: fields("data", key) });
  };
  for (const [key, text] of Object.entries(data)) {
    if (typeof text !== "string") continue;
    if (key.startsWith(SPLIT)) {
      const about = key.slice(SPLIT.length);
      if (/^[^_]*(?:_[^_]*)?$/.test(about)) add(key, about === "all" ? "*/*" : about.replace("_", "/"), text);
    } else if (key === CUSTOMIZATIONS) {
      const all = yamlOf(key, text);
      for (const [about, override] of Object.entries(isMap(all) ? all : {})) {
        const ignores = textOf(override, "ignoreDifferences") ?? "";
        if (ignores !== "") add(key, about, ignores);
      }
    }
  }
  return items;
}

/** `apps/Deployment`, `ConfigMap`. */
function groupKind(about: string): { readonly group: string; readonly kind: string } {
  const slash = about.indexOf("/");
  return { group: slash < 0 ? "" : about.slice(0, slash), kind: about.slice(slash + 1) };
}

interface Filter {
  readonly groups: readonly string[];
  readonly kinds: readonly string[];
  readonly clusters: readonly string[];
}

function filterOf(value: Value): Filter {
  const texts = (name: string): readonly string[] => {
    const list = fieldOf(value, name);
    return isList(list) ? list.filter((one) => typeof one === "string") : [];
  };
  return { groups: texts("apiGroups"), kinds: texts("kinds"), clusters: texts("clusters") };
}

/** What Argo CD never looks at, whatever its settings say (`util/settings/resources_filter.go`). */
const NEVER: readonly Filter[] = [
  { groups: ["events.k8s.io", "metrics.k8s.io"], kinds: [], clusters: [] },
  { groups: [""], kinds: ["Event"], clusters: [] },
  { groups: ["coordination.k8s.io"], kinds: ["Lease"], clusters: [] },
];

/** IsExcludedResource: exclusions go before inclusions, and where something is included, only that is. */
function isExcluded(ref: ObjectRef, address: string | undefined, settings: Settings | undefined): boolean {
  const { exclusions, inclusions } = settings ?? { exclusions: [], inclusions: [] };
  const matches = (filter: Filter): boolean => isKindOf(ref, filter) && isAt(address, filter);
  if ([...NEVER, ...exclusions].some(matches)) return true;
  if (inclusions.some(matches)) return false;
  return inclusions.some((filter) => isAt(address, filter));
}

function isKindOf({ apiVersion, kind }: KindRef, { groups, kinds }: Filter): boolean {
  const group = groupOf(apiVersion);
  const inGroup = groups.length === 0 || groups.some((pattern) => isLike(pattern, group));
  return inGroup && (kinds.length === 0 || kinds.some((one) => one === "*" || one === kind));
}

/** An address that is not known is no cluster that is named. */
function isAt(address: string | undefined, { clusters }: Filter): boolean {
  return clusters.length === 0 || clusters.some((pattern) => pattern === "*" || isLike(pattern, address));
}

function isLike(pattern: string, text: string | undefined): boolean {
  return text !== undefined && compileGlob(pattern, "gobwas")?.(text) === true;
}

/** The destination's, as Argo CD knows it. */
function addressOf(application: DesiredObject | undefined, own: string | undefined): string | undefined {
  const destination = fieldAt(application?.value, "spec", "destination");
  const server = textOf(destination, "server") ?? "";
  if (server !== "") return server;
  return textOf(destination, "name") === "in-cluster" ? "https://kubernetes.default.svc" : own;
}

function badSetting({ ref, origin }: DesiredObject, key: string): Fault {
  return {
    kind: "fault",
    code: "deployer-unsupported",
    about: formatRef(ref),
    message: `${key.slice(0, 200)} of ${formatRef(ref)} is none that Argo CD takes, and is left out of account`,
    remedy: "mend it: Argo CD refuses to work with it",
    position: { file: origin.file, line: 1 },
    leavesUnknown: "nothing",
  };
}

/** Said once for each kind. */
export function excludedFaults(objects: readonly DesiredObject[]): readonly Fault[] {
  const kinds = Map.groupBy(objects, ({ ref }) => kindKey(ref));
  return [...kinds.values()]
    .flatMap((group): readonly Fault[] => {
      const [first] = group;
      if (first === undefined) return [];
      const { apiVersion, kind } = first.ref;
      const count = group.length === 1 ? "one object" : `${group.length} objects`;
      return [
        {
          kind: "fault",
          code: "not-deployed",
          about: kind,
          message: `Argo CD's settings exclude ${kind} (${apiVersion}): ${count} of its Applications (${formatRef(first.ref)}) ${group.length === 1 ? "is" : "are"} not deployed, and not compared`,
          remedy: "leave it, or mend resource.exclusions and resource.inclusions of argocd-cm",
          position: { file: first.origin.file, line: 1 },
          leavesUnknown: "nothing",
        },
      ];
    })
    .toSorted((a, b) => compareText(a.about, b.about));
}
