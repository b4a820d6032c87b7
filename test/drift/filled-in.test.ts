// What the server, its controllers and admission fill in beside what Git says, seen on a real API server; each with a hand's
// change in the same place, which is told.

import { expect, test } from "vitest";
import { formatPath } from "../../src/core/path.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import type { AdmissionContext, UnreadFact } from "../../src/kinds/left-out.ts";
import { compared, told, yaml } from "./objects.ts";

interface Case {
  readonly git: string;
  readonly live: string;
  /** managedFields: each manager with what it owns. */
  readonly by?: Readonly<Record<string, Value>>;
  readonly facts?: Partial<AdmissionContext>;
  readonly changes: readonly string[];
  readonly leftOut?: readonly string[];
}

const LIMITS = { limitsOf: () => [[{ type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: "100m" } }]] };

const CONTAINER = 'k:{"name":"a"}';

/** A Pod as kubectl applied it: its defaults are its own, with the empty maps in them. */
function applied(resources: Value): Value {
  return { "f:spec": { "f:containers": { [CONTAINER]: { ".": {}, "f:name": {}, "f:resources": resources } } } };
}

function pod(resources = ""): string {
  return `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a${resources}}]}}`;
}

const FILLED = pod(", resources: {limits: {cpu: 500m}, requests: {cpu: 100m}}");
const RESOURCES = 'spec.containers[name="a"].resources';

function token(data: string, annotation = ""): string {
  const name = "kubernetes.io/service-account.name: app";
  return `{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: t, annotations: {${name}${annotation}}}${data}}`;
}

const UID = ', kubernetes.io/service-account.uid: "1"';
const UID_OWNER = { "f:metadata": { "f:annotations": { "f:kubernetes.io/service-account.uid": {} } } };
const DATA_OWNER = { ".": {}, "f:token": {}, "f:ca.crt": {} };

function ingress(name = ""): string {
  return `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {defaultBackend: {service: {name: a, port: {number: 1}}}${name}}}`;
}

function claim(name = ""): string {
  return `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: i}, spec: {accessModes: [ReadWriteOnce]${name}}}`;
}

function service(targetPort: string, port = 80): string {
  return `{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: ${port}, protocol: TCP, targetPort: ${targetPort}}]}}`;
}

function volume(sources: string): string {
  return `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}], volumes: [{name: v, projected: {sources: ${sources}}}]}}`;
}

function image(name: string, policy = ""): string {
  return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{name: a, image: "${name}"${policy}}]}}}}`;
}

function deployment(replicas: number): string {
  return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: ${replicas}}}`;
}

function map(data: string): string {
  return `{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: ${data}}`;
}

function unread(...facts: readonly UnreadFact[]): Partial<AdmissionContext> {
  return { isUnread: (fact) => facts.includes(fact) };
}

const IN_TEMPLATE = 'spec.template.spec.containers[name="a"]';
const REPLICAS = { "f:spec": { "f:replicas": {} } };

test.each<readonly [string, Case]>([
  [
    "a LimitRange fills resources that Git leaves out, though who applied owns them, empty",
    {
      git: pod(),
      live: FILLED,
      by: { "kubectl-client-side-apply": applied({}) },
      facts: LIMITS,
      changes: [],
      leftOut: [`${RESOURCES}.limits.cpu`, `${RESOURCES}.requests.cpu`],
    },
  ],
  [
    "a limit that somebody set there",
    {
      git: pod(),
      live: FILLED,
      by: { "kubectl-create": applied({}), "kubectl-patch": applied({ "f:limits": { "f:cpu": {} } }) },
      facts: LIMITS,
      changes: [`add ${RESOURCES}`],
      leftOut: [`${RESOURCES}.requests.cpu`],
    },
  ],
  [
    "another number than the LimitRange's",
    {
      git: pod(),
      live: FILLED.replace("500m", "501m"),
      by: { helm: applied({}) },
      facts: LIMITS,
      changes: [`add ${RESOURCES}`],
      leftOut: [`${RESOURCES}.requests.cpu`],
    },
  ],
  [
    "the token controller fills a Secret of its type",
    {
      git: token(""),
      live: token(", data: {token: x, ca.crt: y}", UID),
      by: { "kube-controller-manager": { "f:data": DATA_OWNER, ...UID_OWNER } },
      changes: [],
      leftOut: ["data.token", 'data["ca.crt"]', 'metadata.annotations["kubernetes.io/service-account.uid"]'],
    },
  ],
  [
    "a token that somebody wrote, and a key of their own",
    {
      git: token(""),
      live: token(", data: {token: x, ca.crt: y, more: z}", UID),
      by: {
        "kube-controller-manager": { "f:data": { ".": {}, "f:ca.crt": {} }, ...UID_OWNER },
        "kubectl-patch": { "f:data": { "f:token": {}, "f:more": {} } },
      },
      changes: ["add data"],
      leftOut: ['data["ca.crt"]', 'metadata.annotations["kubernetes.io/service-account.uid"]'],
    },
  ],
  [
    "the same in a Secret of another type",
    {
      git: token("").replace("kubernetes.io/service-account-token", "Opaque"),
      live: token(", data: {token: x}").replace("kubernetes.io/service-account-token", "Opaque"),
      by: { "kube-controller-manager": { "f:data": DATA_OWNER } },
      changes: ["add data"],
    },
  ],
  [
    "an ingress class, where classes were not read",
    {
      git: ingress(),
      live: ingress(", ingressClassName: x"),
      facts: unread("ingress-classes"),
      changes: [],
      leftOut: ["spec.ingressClassName"],
    },
  ],
  [
    "an ingress class that somebody set, where classes were not read",
    {
      git: ingress(),
      live: ingress(", ingressClassName: x"),
      by: { "kubectl-patch": { "f:spec": { "f:ingressClassName": {} } } },
      facts: unread("ingress-classes"),
      changes: ["add spec.ingressClassName"],
    },
  ],
  [
    "an ingress class that is no default one, where classes were read",
    {
      git: ingress(),
      live: ingress(", ingressClassName: x"),
      facts: unread("storage-classes"),
      changes: ["add spec.ingressClassName"],
    },
  ],
  [
    "a storage class, where classes were not read",
    {
      git: claim(),
      live: claim(", storageClassName: x"),
      facts: unread("storage-classes"),
      changes: [],
      leftOut: ["spec.storageClassName"],
    },
  ],
  [
    "resources, where LimitRanges were not read",
    {
      git: pod(),
      live: FILLED,
      by: { helm: applied({}) },
      facts: unread("limit-ranges"),
      changes: [],
      leftOut: [`${RESOURCES}.limits.cpu`, `${RESOURCES}.requests.cpu`],
    },
  ],
  [
    "what nobody owns, where webhooks were not read",
    {
      git: map("{a: b}"),
      live: map("{a: b, c: d}"),
      by: { helm: { "f:data": { "f:a": {} } } },
      facts: unread("mutators"),
      changes: [],
      leftOut: ["data.c"],
    },
  ],
  [
    "replicas that the controller manager wrote, where autoscalers were not read",
    {
      git: deployment(1),
      live: deployment(3),
      by: { "kube-controller-manager": REPLICAS },
      facts: unread("autoscalers"),
      changes: [],
      leftOut: ["spec.replicas"],
    },
  ],
  [
    "replicas that somebody wrote, where autoscalers were not read",
    {
      git: deployment(1),
      live: deployment(3),
      by: { "kubectl-scale": REPLICAS },
      facts: unread("autoscalers"),
      changes: ["replace spec.replicas"],
    },
  ],
  [
    "null as a text is nothing at all, or an empty text",
    { git: map("{a: null, b: null}"), live: map('{a: ""}'), changes: [] },
  ],
  ["a text where Git has null", { git: map("{a: null}"), live: map("{a: x}"), changes: ["add data.a"] }],
  [
    "null as a quantity is none",
    { git: pod(", resources: {requests: {cpu: null}}"), live: pod(', resources: {requests: {cpu: "0"}}'), changes: [] },
  ],
  [
    "null as a Secret's value is no bytes",
    {
      git: "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: null, b: null}}",
      live: '{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: ""}}',
      changes: [],
    },
  ],
  ["a target port of nought is the port", { git: service("0"), live: service("80"), changes: [] }],
  [
    "a target port of nought that is another one now",
    { git: service("0"), live: service("8080"), changes: ['replace spec.ports[port=80,protocol="TCP"].targetPort'] },
  ],
  [
    "a volume source of a feature that is off",
    {
      git: volume("[{clusterTrustBundle: {path: a, signerName: b.c/d}}, {secret: {name: s}}]"),
      live: volume("[{}, {secret: {name: s}}]"),
      changes: [],
      leftOut: ['spec.volumes[name="v"].projected.sources[0].clusterTrustBundle'],
    },
  ],
  [
    "a volume source that is another one now",
    {
      git: volume("[{clusterTrustBundle: {path: a, signerName: b.c/d}}]"),
      live: volume("[{secret: {name: s}}]"),
      changes: ['replace spec.volumes[name="v"].projected.sources'],
    },
  ],
  [
    "an image was changed, and its pull policy is still the old one's",
    {
      git: image("app:1"),
      live: image("evil", ", imagePullPolicy: IfNotPresent"),
      changes: [`replace ${IN_TEMPLATE}.image`],
    },
  ],
  [
    "an image was changed, and its pull policy to what neither has",
    {
      git: image("app:1"),
      live: image("evil", ", imagePullPolicy: Never"),
      changes: [`replace ${IN_TEMPLATE}.image`, `add ${IN_TEMPLATE}.imagePullPolicy`],
    },
  ],
  [
    "a pull policy that the same image does not bring",
    {
      git: image("app"),
      live: image("app", ", imagePullPolicy: IfNotPresent"),
      changes: [`add ${IN_TEMPLATE}.imagePullPolicy`],
    },
  ],
])("%s", (_, { git, live, by = {}, facts = {}, changes, leftOut = [] }) => {
  const managedFields = Object.entries(by).map(([manager, fieldsV1]) => ({ manager, operation: "Update", fieldsV1 }));
  const value = yaml(live);
  const metadata = { ...(value["metadata"] as ValueMap), managedFields };
  const found = compared(yaml(git), { ...value, metadata }, facts);
  expect(told(found.changes)).toEqual(changes);
  expect(found.leftOut.map(({ path }) => formatPath(path)).toSorted()).toEqual(leftOut.toSorted());
});
