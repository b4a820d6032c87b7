// What one namespace of the large benchmark holds: a mix of kinds and sizes.

import type { Value, ValueMap } from "../../src/core/value.ts";
import { deployment } from "../deployments.ts";

export interface Made {
  /** `/apis/apps/v1` */
  readonly root: string;
  readonly resource: string;
  /** As Git declares it. */
  readonly object: ValueMap;
  /** By `kubectl apply`; else by Helm. */
  readonly applied: boolean;
}

const CORE = "/api/v1";
const RBAC = "/apis/rbac.authorization.k8s.io/v1";

/** Objects a namespace. */
const DEPLOYMENTS = 100;
const CONFIG_MAPS = 150;
const SECRETS = 80;
const SERVICES = 100;
const ACCOUNTS = 80;
const ROLES = 40;
const WIDGETS = 117;

/** 667 objects, what Git declares of a namespace: 30 of them are 20,010. */
export function declaredObjects(namespace: string): readonly Made[] {
  return [
    ...many(DEPLOYMENTS, (index) =>
      made("/apis/apps/v1", "deployments", inNamespace(deployment(`web-${index}`, false), namespace)),
    ),
    ...many(CONFIG_MAPS, (index) =>
      made(CORE, "configmaps", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: meta(namespace, `settings-${index}`),
        data: settings(index),
      }),
    ),
    ...many(SECRETS, (index) =>
      made(CORE, "secrets", {
        apiVersion: "v1",
        kind: "Secret",
        metadata: meta(namespace, `secret-${index}`),
        type: "Opaque",
        data: { password: base64(`password ${index}`), certificate: base64("c".repeat(1200)) },
      }),
    ),
    ...many(SERVICES, (index) => made(CORE, "services", service(namespace, `web-${index}`))),
    ...many(ACCOUNTS, (index) =>
      made(CORE, "serviceaccounts", {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: meta(namespace, index === 0 ? "web" : `web-${index}`),
      }),
    ),
    ...many(ROLES, (index) => made(RBAC, "roles", role(namespace, `reader-${index}`))),
    ...many(WIDGETS, (index) => made("/apis/example.com/v1", "widgets", widget(namespace, `widget-${index}`))),
  ];
}

/** What Git does not declare: Helm's notes of its releases, and two objects that somebody forgot. */
export function otherObjects(namespace: string): readonly Made[] {
  const releases = many(20, (index) => ({
    ...made(CORE, "secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        ...meta(namespace, `sh.helm.release.v1.app-${index}.v1`),
        labels: { owner: "helm", name: `app-${index}`, status: "deployed", version: "1" },
      },
      type: "helm.sh/release.v1",
      data: { release: base64("r".repeat(20_000)) },
    }),
    applied: false,
  }));
  const forgotten = many(2, (index) => ({
    ...made(CORE, "configmaps", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: meta(namespace, `forgotten-${index}`),
      data: { a: "b" },
    }),
    applied: false,
  }));
  return [...releases, ...forgotten];
}

/** From 0.2 to 100 kB: most are small, one in fifty is large. */
function settings(index: number): ValueMap {
  const entries = index % 50 === 0 ? 40 : index % 10 === 0 ? 8 : 2;
  const length = index % 50 === 0 ? 2400 : index % 10 === 0 ? 600 : 60;
  return Object.fromEntries(
    many(entries, (key) => [`key-${key}.conf`, `# ${key} of ${index}\n${"setting = value\n".repeat(length / 16)}`]),
  );
}

function service(namespace: string, name: string): ValueMap {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta(namespace, name),
    spec: {
      selector: { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop", tier: "front" },
      ports: [{ name: "http", port: 80, targetPort: 8080 }],
    },
  };
}

function role(namespace: string, name: string): ValueMap {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: meta(namespace, name),
    rules: [
      { apiGroups: ["", "apps"], resources: ["configmaps", "pods", "deployments"], verbs: ["get", "list", "watch"] },
    ],
  };
}

function widget(namespace: string, name: string): ValueMap {
  return {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: meta(namespace, name),
    spec: { size: 3, parts: many(12, (index) => ({ name: `part-${index}`, material: "steel", holes: [1, 2, 3] })) },
  };
}

export const CRD: ValueMap = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Widget", listKind: "WidgetList", plural: "widgets", singular: "widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: {
                  size: { type: "integer" },
                  colour: { type: "string", default: "red" },
                  parts: {
                    type: "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    items: {
                      type: "object",
                      required: ["name"],
                      properties: {
                        name: { type: "string" },
                        material: { type: "string" },
                        count: { type: "integer", default: 1 },
                        holes: { type: "array", items: { type: "integer" } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

function made(root: string, resource: string, object: ValueMap): Made {
  return { root, resource, object, applied: true };
}

function meta(namespace: string, name: string): ValueMap {
  return { name, namespace, labels: { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop" } };
}

function inNamespace(object: ValueMap, namespace: string): ValueMap {
  return { ...object, metadata: { ...(object["metadata"] as ValueMap), namespace } };
}

function base64(text: string): Value {
  return Buffer.from(text).toString("base64");
}

function many<T>(count: number, one: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => one(index));
}
