import { describe, expect, test } from "vitest";
import { whereabouts } from "../../../src/desired/argo/destination.ts";
import type { ClusterIdentity, Whereabouts } from "../../../src/desired/argo/destination.ts";
import type { Destination } from "../../../src/desired/argo/objects.ts";
import { expanded } from "../../../src/desired/argo/environment.ts";
import { edited } from "../../../src/desired/argo/kustomize-options.ts";
import { applicationOf } from "../../../src/desired/argo/objects.ts";
import { printJson } from "../../../src/yaml/json.ts";
import { flattened, mergedOver, normalized, printed, selectorOf } from "../../../src/desired/argo/params.ts";
import type { Value, ValueMap } from "../../../src/core/value.ts";

const ENVIRONMENT = new Map([["ARGOCD_APP_NAME", "web"]]);

test.each([
  ["$ARGOCD_APP_NAME-x", "web-x"],
  ["${ARGOCD_APP_NAME}x", "webx"],
  ["$ARGOCD_APP_NAMEx", ""],
  ["$$ARGOCD_APP_NAME", "$ARGOCD_APP_NAME"],
  ["a$nope.b", "a.b"],
  ["5$", "5$"],
  ["a$-b", "ab"],
  ["$.x", "$.x"],
  ["${}", ""],
  ["${open", "open"],
  ["${", ""],
  ["a}${b", "a}b"],
])("%s becomes %s", (text, expected) => {
  expect(expanded(text, ENVIRONMENT)).toBe(expected);
});

const PROD = { name: "prod", server: "https://API.prod.example.com:443/" };

test.each<readonly [Partial<Destination>, string | undefined, ClusterIdentity | undefined, Whereabouts["kind"]]>([
  [{ server: "https://kubernetes.default.svc" }, undefined, undefined, "beside"],
  [{ server: "https://kubernetes.default.svc:443/" }, undefined, undefined, "beside"],
  [{ name: "in-cluster" }, "prod", undefined, "beside"],
  [{ name: "prod" }, "prod", undefined, "here"],
  [{ name: "prod" }, undefined, undefined, "elsewhere"],
  [{ name: "prod" }, undefined, PROD, "here"],
  [{ name: "prod" }, "dev", PROD, "elsewhere"],
  [{ name: "dev" }, "dev", PROD, "here"],
  [{ server: "https://1.2.3.4" }, "prod", undefined, "elsewhere"],
  [{ server: "https://api.prod.example.com" }, "prod", PROD, "here"],
  [{ server: "https://api.prod.example.com:6443" }, "prod", PROD, "elsewhere"],
  [{ server: "http://api.prod.example.com" }, "prod", PROD, "elsewhere"],
  [{ server: "https://api.prod.example.com/other" }, "prod", PROD, "elsewhere"],
  [{ server: "no address" }, "prod", PROD, "elsewhere"],
  [{ server: "" }, "prod", { name: "", server: "" }, "invalid"],
  [{ server: "https://1.2.3.4", name: "prod" }, "prod", undefined, "invalid"],
])("the destination %j of a target in %s of the cluster %j is %s", (destination, alias, identity, expected) => {
  expect(whereabouts({ server: "", name: "", namespace: "", ...destination }, alias, identity).kind).toBe(expected);
});

describe("a kustomization edited by an Application's options", () => {
  const CASES: Readonly<Record<string, readonly [ValueMap, ValueMap, ValueMap | string]>> = {
    "names over its own": [
      { namePrefix: "a-", resources: ["x"] },
      { namePrefix: "b-", nameSuffix: "" },
      { namePrefix: "b-", resources: ["x"] },
    ],
    "images by name, one field of which stays": [
      {
        images: [
          { name: "b", newName: "own", newTag: "1" },
          { name: "a", digest: "sha256:1" },
        ],
      },
      { images: ["b=*:2", "r:5000/c:3", "d=e@sha256:2"] },
      {
        images: [
          { name: "a", digest: "sha256:1" },
          { name: "b", newName: "own", newTag: "2" },
          { name: "d", newName: "e", digest: "sha256:2" },
          { name: "r:5000/c", newTag: "3" },
        ],
      },
    ],
    "labels into selectors": [
      { commonLabels: { a: "b" } },
      { commonLabels: { c: "$ARGOCD_APP_NAME" } },
      { commonLabels: { a: "b", c: "web" } },
    ],
    "labels beside selectors, joined to such labels": [
      { labels: [{ pairs: { x: "y" }, includeSelectors: true }, { pairs: { a: "b" } }] },
      { commonLabels: { c: "d" }, labelWithoutSelector: true },
      { labels: [{ pairs: { x: "y" }, includeSelectors: true }, { pairs: { a: "b", c: "d" } }] },
    ],
    "labels in templates as well": [
      {},
      { commonLabels: { c: "d" }, labelWithoutSelector: true, labelIncludeTemplates: true },
      { labels: [{ includeTemplates: true, pairs: { c: "d" } }] },
    ],
    "a label that is there, by force": [
      { commonLabels: { a: "b" } },
      { commonLabels: { a: "c" }, forceCommonLabels: true },
      { commonLabels: { a: "c" } },
    ],
    "a label that is there": [
      { commonLabels: { a: "b" } },
      { commonLabels: { a: "c" } },
      "a is in commonLabels of the kustomization already, and nothing forces it",
    ],
    "an annotation that is there": [
      { commonAnnotations: { a: "b" } },
      { commonAnnotations: { a: "c" } },
      "a is in commonAnnotations of the kustomization already, and nothing forces it",
    ],
    "replicas by name, a count in text": [
      { replicas: [{ name: "b", count: 1 }] },
      {
        replicas: [
          { name: "b", count: "3" },
          { name: "a", count: 2 },
        ],
      },
      {
        replicas: [
          { name: "a", count: 2 },
          { name: "b", count: 3 },
        ],
      },
    ],
    "a field called __proto__": [
      {},
      JSON.parse('{"commonLabels": {"__proto__": "x"}}') as ValueMap,
      JSON.parse('{"commonLabels": {"__proto__": "x"}}') as ValueMap,
    ],
  };

  test.each(Object.entries(CASES))("%s", (_name, [own, options, expected]) => {
    const result = edited(own, { options, environment: ENVIRONMENT, isFolder: () => true });
    expect(printJson(result.kind === "edited" ? result.value : result.why)).toBe(printJson(expected));
  });
});

test.each<readonly [Value, string]>([
  [1000000, "1e+06"],
  [100000, "100000"],
  [2.5, "2.5"],
  [0.00001, "1e-05"],
  [12345678901n, "1.2345678901e+10"],
  [true, "true"],
  [null, "<nil>"],
  ["x", "x"],
])("%s is printed as %s", (value, expected) => {
  expect(printed(value)).toBe(expected);
});

test("parameters are flat by dots", () => {
  expect([...flattened({ a: { b: [1, { c: "x" }] }, d: {} })]).toEqual([
    ["a.b.0", 1],
    ["a.b.1.c", "x"],
  ]);
});

test("nothing empty takes the place of something", () => {
  expect(mergedOver({ a: "x", b: { c: 1 } }, { a: "", b: { d: 2 }, e: "" })).toEqual({
    a: "x",
    b: { c: 1, d: 2 },
    e: "",
  });
});

test.each([
  ["Team_A/web", "team-a-web"],
  [".hidden-", "hidden"],
])("%s is normalised to %s", (name, expected) => {
  expect(normalized(name)).toBe(expected);
});

test.each<readonly [ValueMap, boolean]>([
  [{ matchLabels: { "a.b": "1" } }, true],
  [{ matchLabels: { "a.b": "2" } }, false],
  [
    {
      matchExpressions: [
        { key: "a.b", operator: "In", values: ["1"] },
        { key: "z", operator: "DoesNotExist" },
      ],
    },
    true,
  ],
  [{ matchExpressions: [{ key: "a.b", operator: "NotIn", values: ["1"] }] }, false],
  [{ matchExpressions: [{ key: "z", operator: "Exists" }] }, false],
])("the selector %j", (selector, expected) => {
  expect(selectorOf(selector)?.({ a: { b: 1 } })).toBe(expected);
});

test("a source without content in its options is found by what its folder holds", () => {
  const [source] =
    applicationOf({
      ref: { apiVersion: "argoproj.io/v1alpha1", kind: "Application", name: "a" },
      value: {
        spec: { source: { path: "x", helm: {}, kustomize: { images: [] }, directory: { exclude: "y" }, plugin: {} } },
      },
      origin: { file: "a.yaml", document: 0, items: [], layer: "literal", hash: "" },
    })?.sources ?? [];
  expect(Object.keys(source?.value ?? {})).toEqual(["path", "directory", "plugin"]);
});
