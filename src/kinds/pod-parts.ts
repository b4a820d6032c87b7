/**
 * What a Pod runs and may do, part by part, so that a Pod can be compared with the template that it is said to be made
 * from. What the scheduler, admission plugins of Kubernetes and the workloads' controllers write into every Pod is no part
 * (kubernetes `plugin/pkg/admission`, `pkg/controller`): it gives nothing that the template does not.
 */

import type { LiveObject } from "../core/objects.ts";
import { kindKey } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, setField, textOf, withField } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";

export interface PodPart {
  /** `containers/web/image`, `hostNetwork`, `volumes/data`. */
  readonly key: string;
  readonly value: Value;
}

/** Where the object has a Pod, or what one is made from: a field path to what has `metadata` and `spec`. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  "\0Pod": [],
  "\0ReplicationController": ["spec", "template"],
  "apps\0ControllerRevision": ["data", "spec", "template"],
  "apps\0DaemonSet": ["spec", "template"],
  "apps\0Deployment": ["spec", "template"],
  "apps\0ReplicaSet": ["spec", "template"],
  "apps\0StatefulSet": ["spec", "template"],
  "batch\0CronJob": ["spec", "jobTemplate", "spec", "template"],
  "batch\0Job": ["spec", "template"],
};

const CONTAINERS = ["containers", "initContainers", "ephemeralContainers"] as const;

/** Defaults of a LimitRange, of the API server and of `AlwaysPullImages`. */
const NO_PARTS_OF_CONTAINERS: ReadonlySet<string> = new Set([
  "imagePullPolicy",
  "name",
  "resources",
  "terminationMessagePath",
  "terminationMessagePolicy",
]);

const NO_PARTS: ReadonlySet<string> = new Set([
  ...CONTAINERS,
  "volumes",
  // The scheduler, DaemonSets and admission by node.
  "affinity",
  "nodeName",
  "nodeSelector",
  "schedulerName",
  "schedulingGates",
  "tolerations",
  "topologySpreadConstraints",
  // Priority, RuntimeClass and ServiceAccount admission.
  "imagePullSecrets",
  "overhead",
  "preemptionPolicy",
  "priority",
  "priorityClassName",
  "serviceAccount",
  // StatefulSets, Jobs, resource claims, and defaults.
  "activeDeadlineSeconds",
  "dnsPolicy",
  "enableServiceLinks",
  "hostname",
  "resourceClaims",
  "restartPolicy",
  "subdomain",
  "terminationGracePeriodSeconds",
]);

/** What a Pod gives up by saying `false`, and has where it says nothing. */
const GIVEN_UP: ReadonlySet<string> = new Set(["automountServiceAccountToken", "hostUsers"]);

/** Annotations of older versions that loosen what confines a container. */
const CONFINES = /^(?:container\.apparmor\.security\.beta|(?:container\.)?seccomp\.security\.alpha)\.kubernetes\.io\//;

/** kubernetes `plugin/pkg/admission/serviceaccount`. */
const TOKEN_VOLUME = /^kube-api-access-[a-z0-9]{5}$/;
const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The Pod of a Pod, or the template in it; `undefined` where the kind or the object has none. */
export function podOf({ ref, value }: Pick<LiveObject, "ref" | "value">): ValueMap | undefined {
  const path = pathOf(ref);
  const pod = path === undefined ? undefined : fieldAt(value, ...path);
  return isMap(pod) && isMap(fieldOf(pod, "spec")) ? pod : undefined;
}

function pathOf(ref: LiveObject["ref"]): readonly string[] | undefined {
  const key = kindKey(ref);
  return Object.hasOwn(TEMPLATES, key) ? TEMPLATES[key] : undefined;
}

/** Every part that is not empty. */
export function podParts(pod: ValueMap): readonly PodPart[] {
  const spec = fieldOf(pod, "spec");
  const tokens = new Set(itemsOf(spec, "volumes").filter(isTokenVolume).map(nameOf));
  const parts: PodPart[] = [];
  const add = (key: string, value: Value): void => {
    if (!isEmpty(value)) parts.push({ key, value });
  };
  for (const [name, value] of Object.entries(mapOf(spec))) {
    if (NO_PARTS.has(name) || (name === "serviceAccountName" && value === "default")) continue;
    if (GIVEN_UP.has(name) && value === false) parts.push({ key: name, value });
    else add(name, value);
  }
  for (const [name, value] of Object.entries(mapOf(fieldAt(pod, "metadata", "annotations")))) {
    if (CONFINES.test(name)) add(`annotations/${name}`, value);
  }
  for (const volume of itemsOf(spec, "volumes")) {
    if (!isGiven(volume)) add(`volumes/${nameOf(volume)}`, volume);
  }
  for (const list of CONTAINERS) {
    for (const container of itemsOf(spec, list)) {
      for (const [name, value] of Object.entries(mapOf(container))) {
        if (NO_PARTS_OF_CONTAINERS.has(name)) continue;
        add(`${list}/${nameOf(container)}/${name}`, name === "volumeMounts" ? withoutTokens(value, tokens) : value);
      }
    }
  }
  return parts;
}

/**
 * The object with only those parts of its Pod that hold, and with all that is no part. A container of which nothing holds
 * is left out.
 */
export function withParts(object: LiveObject, holds: (key: string) => boolean): LiveObject {
  const [path, pod] = [pathOf(object.ref), podOf(object)];
  if (path === undefined || pod === undefined) return object;
  const spec: Record<string, Value> = {};
  for (const [name, value] of Object.entries(mapOf(fieldOf(pod, "spec")))) {
    if (NO_PARTS.has(name) ? name !== "volumes" && !isContainers(name) : isEmpty(value) || holds(name)) {
      setField(spec, name, value);
    }
  }
  const podSpec = fieldOf(pod, "spec");
  spec["volumes"] = itemsOf(podSpec, "volumes").filter((one) => isGiven(one) || holds(`volumes/${nameOf(one)}`));
  for (const list of CONTAINERS) {
    if (fieldOf(podSpec, list) === undefined) continue;
    spec[list] = itemsOf(podSpec, list).flatMap((one) => containerWith(one, `${list}/${nameOf(one)}`, holds));
  }
  return { ...object, value: replaced(object.value, path, { ...pod, spec }) };
}

function containerWith(container: Value, place: string, holds: (key: string) => boolean): readonly Value[] {
  const entries = Object.entries(mapOf(container));
  const kept = entries.filter(([name]) => NO_PARTS_OF_CONTAINERS.has(name) || holds(`${place}/${name}`));
  if (!kept.some(([name]) => !NO_PARTS_OF_CONTAINERS.has(name))) return [];
  const copy: Record<string, Value> = {};
  for (const [name, value] of kept) setField(copy, name, value);
  return [copy];
}

function replaced(value: ValueMap, path: readonly string[], pod: ValueMap): ValueMap {
  const [name, ...rest] = path;
  if (name === undefined) return pod;
  const inner = fieldOf(value, name);
  return withField(value, name, replaced(isMap(inner) ? inner : {}, rest, pod));
}

function isContainers(name: string): boolean {
  return CONTAINERS.some((list) => list === name);
}

/** A claim is looked at itself, and the token is what the account has anyway. */
function isGiven(volume: Value): boolean {
  return isTokenVolume(volume) || fieldOf(volume, "persistentVolumeClaim") !== undefined;
}

function isTokenVolume(volume: Value): boolean {
  return TOKEN_VOLUME.test(nameOf(volume)) && fieldOf(volume, "projected") !== undefined;
}

function withoutTokens(mounts: Value, tokens: ReadonlySet<string>): Value {
  if (!isList(mounts)) return mounts;
  return mounts.filter((mount) => !(tokens.has(nameOf(mount)) && textOf(mount, "mountPath") === TOKEN_PATH));
}

function nameOf(item: Value): string {
  return textOf(item, "name") ?? "";
}

function itemsOf(value: Value | undefined, name: string): readonly Value[] {
  const items = fieldOf(value, name);
  return isList(items) ? items : [];
}

function mapOf(value: Value | undefined): ValueMap {
  return isMap(value) ? value : {};
}

function isEmpty(value: Value): boolean {
  if (value === null || value === false || value === "") return true;
  return isList(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0;
}
