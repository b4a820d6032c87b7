import { describe, expect, test } from "vitest";
import type { Value } from "../../../src/core/value.ts";
import type { LiveObject } from "../../../src/core/objects.ts";
import type { Fault } from "../../../src/core/fault.ts";
import { fits, mismatch } from "../../../src/desired/argo/template-match.ts";
import { readDesired } from "../../../src/desired/desired.ts";
import { readYaml } from "../../../src/yaml/read.ts";
import { digester, isNamespaced, RENDERING, treeOf } from "../repositories.ts";
import { applicationSet, REPOSITORY } from "./applications.ts";

const MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const FILES = {
  "set.yaml": applicationSet("set", "- clusters: {}", "'{{name}}-web'", "path: 'web/{{name}}'"),
  "web/prod/a.yaml": MAP,
  "other/a.yaml": MAP.replace("name: a", "name: forged"),
};

/** An object that lives in `argocd`. */
function live(kind: string, name: string, rest: Readonly<Record<string, Value>>, namespace = "argocd"): LiveObject {
  const apiVersion = "argoproj.io/v1alpha1";
  const metadata = { name, namespace, ...((rest["metadata"] ?? {}) as object) };
  return { ref: { apiVersion, kind, namespace, name }, value: { ...rest, apiVersion, kind, metadata }, managers: [] };
}

const OWNER = { apiVersion: "argoproj.io/v1alpha1", kind: "ApplicationSet", name: "set", uid: "1", controller: true };
const SET = live("ApplicationSet", "set", { metadata: { uid: "1" } });

function spec(more = "", source = "path: web/prod"): Value {
  const text = `project: default
destination: {server: https://kubernetes.default.svc, namespace: shop}
source: {repoURL: '${REPOSITORY}', ${source}}
${more}`;
  return readYaml(text, { file: "" }).documents[0]?.value ?? null;
}

function app(name: string, its: Value = spec(), metadata: Readonly<Record<string, Value>> = {}): LiveObject {
  return live("Application", name, { metadata: { ownerReferences: [OWNER], ...metadata }, spec: its });
}

async function read(objects: readonly LiveObject[] | Fault, files: Readonly<Record<string, string>> = FILES) {
  const { renderers, capabilities } = RENDERING;
  const target = { name: "t", path: "", exclude: [] };
  const argoObjects = (): Promise<readonly LiveObject[] | Fault> => Promise.resolve(objects);
  const tree = { ...treeOf(files), origin: () => Promise.resolve(REPOSITORY) };
  return await readDesired({ tree, target, digester, isNamespaced, renderers, capabilities, argoObjects });
}

async function told(objects: readonly LiveObject[] | Fault, files = FILES): Promise<readonly string[]> {
  const state = await read(objects, files);
  const maps = state.objects.filter(({ ref }) => ref.kind === "ConfigMap").map(({ ref }) => ref.name);
  return [...maps, ...state.faults.filter(({ code }) => code !== "not-deployed").map(({ message }) => message)];
}

describe("Applications that only Argo CD can compute are those of the cluster", () => {
  const NOT = "which is in the cluster and is not what the template in Git gives";
  const GENERATED = 'ApplicationSet/set in argocd generated "prod-web", ';

  test.each<readonly [string, readonly LiveObject[] | Fault, readonly string[]]>([
    ["one that the template gives", [SET, app("prod-web")], ["a"]],
    ["none", [SET], []],
    [
      "fields that are not asked, whatever they say",
      [SET, app("prod-web", spec("syncPolicy: {automated: {}}"))],
      ["a"],
    ],
    [
      "empty options as Argo CD writes them",
      [SET, app("prod-web", spec("", "path: web/prod, helm: {values: ''}"))],
      ["a"],
    ],
    ["one that nothing owns", [SET, app("prod-web", spec(), { ownerReferences: [] })], []],
    [
      "one of another ApplicationSet",
      [SET, app("prod-web", spec(), { ownerReferences: [{ ...OWNER, name: "x" }] })],
      [],
    ],
    [
      "one of an earlier one of the name",
      [SET, app("prod-web", spec(), { ownerReferences: [{ ...OWNER, uid: "0" }] })],
      [],
    ],
    [
      "one that is only referred to",
      [SET, app("prod-web", spec(), { ownerReferences: [{ ...OWNER, controller: false }] })],
      [],
    ],
    [
      "one in another namespace",
      [SET, live("Application", "prod-web", { ...app("x").value, metadata: { ownerReferences: [OWNER] } }, "x")],
      [],
    ],
    ["one that is being deleted", [SET, app("prod-web", spec(), { deletionTimestamp: "2026-01-01T00:00:00Z" })], []],
    [
      "another name",
      [SET, app("prod-api")],
      [
        'ApplicationSet/set in argocd generated "prod-api", which is in the cluster and is not what the template in Git gives (metadata.name)',
      ],
    ],
    ["another folder", [SET, app("prod-web", spec("", "path: other"))], [`${GENERATED}${NOT} (spec.source.path)`]],
    [
      "another project",
      [SET, app("prod-web", { ...(spec() as object), project: "x" })],
      [`${GENERATED}${NOT} (spec.project)`],
    ],
    [
      "another destination",
      [SET, app("prod-web", { ...(spec() as object), destination: { name: "in-cluster" } })],
      [`${GENERATED}${NOT} (spec.destination.server)`],
    ],
    [
      "a patch of its own",
      [SET, app("prod-web", spec("", "path: web/prod, kustomize: {patches: [{patch: x}]}"))],
      [`${GENERATED}${NOT} (spec.source)`],
    ],
    [
      "another source beside",
      [SET, app("prod-web", spec(`sources: [{repoURL: '${REPOSITORY}', path: other}]`))],
      [`${GENERATED}${NOT} (spec.sources)`],
    ],
    ["a spec that is none", [SET, app("prod-web", "x")], [`${GENERATED}${NOT} (spec.project)`]],
    [
      "a path out of the repository",
      [SET, app("prod-web", spec("", "path: web/../../x"))],
      ['Application/prod-web in argocd deploys "web/../../x", where the repository has no folder with files'],
    ],
    [
      "an ApplicationSet that is not there",
      [app("prod-web")],
      [
        "ApplicationSet/set in argocd generates Applications by clusters, which only Argo CD can tell, and it is not in the cluster",
      ],
    ],
    [
      "what cannot be read",
      {
        kind: "fault",
        code: "list-failed",
        about: "x",
        message: "it is forbidden",
        remedy: "ask",
        leavesUnknown: "declared",
      },
      [
        "ApplicationSet/set in argocd generates Applications by clusters, which only Argo CD can tell, and what it generated could not be read: it is forbidden",
      ],
    ],
  ])("%s", async (_what, objects, expected) => {
    expect(await told(objects)).toEqual(expected);
    // Whatever is not understood leaves unknown what it would deploy.
    const state = await read(objects);
    expect(state.complete).toBe(expected.every((one) => !one.includes(" ")));
  });

  test("what they ignore is what the template says as it stands, and no more", async () => {
    const written = FILES["set.yaml"].replace(
      "      project: default",
      "      project: default\n      ignoreDifferences: [{kind: ConfigMap, jsonPointers: [/data/a]}]",
    );
    const lives = app("prod-web", spec("ignoreDifferences: [{kind: '*', group: '*', jsonPointers: [/data]}]"));
    const state = await read([SET, lives], { ...FILES, "set.yaml": written });
    expect(state.generated?.map(({ value, origin }) => [origin.file, value["spec"]])).toEqual([
      ["set.yaml", { ...(spec() as object), ignoreDifferences: [{ kind: "ConfigMap", jsonPointers: ["/data/a"] }] }],
    ]);
    const open = await read([SET, lives], { ...FILES, "set.yaml": written.replace("/data/a", "'/{{name}}'") });
    expect(open.generated?.map(({ value }) => value["spec"])).toEqual([spec()]);
  });

  test("an ApplicationSet that Git suffices for is computed, whatever lives", async () => {
    const files = {
      ...FILES,
      "set.yaml": applicationSet("set", "- list: {elements: [{name: prod}]}", "'{{name}}-web'", "path: 'web/{{name}}'"),
    };
    expect(await told([SET, app("prod-web", spec("", "path: other"))], files)).toEqual(["a"]);
  });

  test("a generator of another repository, in a matrix as well", async () => {
    const generators =
      "- matrix: {generators: [{git: {repoURL: 'https://git.example.com/o/x', directories: [{path: '*'}]}}, {list: {elements: [{a: b}]}}]}";
    const files = { ...FILES, "set.yaml": applicationSet("set", generators, "'{{name}}-web'", "path: 'web/{{name}}'") };
    expect(await told([SET, app("prod-web")], files)).toEqual(["a"]);
  });

  test("a templatePatch may give anything", async () => {
    const files = {
      ...FILES,
      "set.yaml": FILES["set.yaml"].replace("  template:", "  templatePatch: 'spec: {}'\n  template:"),
    };
    expect(await told([SET, app("prod-web")], files)).toEqual([
      "ApplicationSet/set in argocd generates Applications by clusters, which only Argo CD can tell, and its templatePatch may give anything",
    ]);
  });
});

test.each<readonly [string, string, boolean]>([
  ["a", "a", true],
  ["a", "b", false],
  ["{{x}}", "", true],
  ["{{x}}", "any thing", true],
  ["{{x}}", "two\nlines", false],
  ["a-{{x}}-b", "a-1-b", true],
  ["a-{{x}}-b", "a--b", true],
  ["a-{{x}}-b", "a-b", false],
  ["a-{{x}}-b", "a-1-bc", false],
  ["a\n{{ x }}\nb", "a\n1\nb", true],
  ["a\n{{ x }}\nb", "a\n1\nextra: 2\nb", false],
  ["a\n{{ x }}\nb\n{{ z }}", "a\n1\nb\n2", true],
  ["a\n{{ x }}\nb\n{{ z }}", "a\n1\nextra: 2\nb\n2", false],
  ["{{.a}}/{{ .b }}/x", "1/2/x", true],
  ["{{.a}}/{{ .b }}/x", "1/x", false],
  ["a {{- .b -}} c", "a1c", true],
  ["a {{- .b -}} c", "a 1 c", true],
  ["a {{- .b }} c", "ab", false],
  ["{{ if .a }}x{{ else }}y{{ end }}", "y", true],
  ["{{ if .a }}x{{ else }}y{{ end }}", "y\nz", false],
  ["{{ open", "{{ open", true],
  ["{{ open", "x", false],
])("the template %j may have given %j: %s", (template, text, expected) => {
  expect(fits(template, text)).toBe(expected);
});

test.each<readonly [string, Value, Value, string | undefined]>([
  ["equal values", { a: [1, true, "x"] }, { a: [1, true, "x"] }, undefined],
  ["empty ones that are not written", { a: { b: "", c: [], d: {}, e: false, f: null } }, {}, undefined],
  ["not in a chart's values", { valuesObject: { a: false } }, { valuesObject: {} }, "spec.valuesObject.a"],
  ["a list with more", { a: [1] }, { a: [1, 2] }, "spec.a"],
  ["another number", { a: [1] }, { a: [2] }, "spec.a[0]"],
  ["a text for a number", { a: 1 }, { a: "1" }, "spec.a"],
  ["a map for a text", { a: "{{x}}" }, { a: { b: "c" } }, "spec.a"],
  ["something more", { a: 1 }, { a: 1, b: 2 }, "spec"],
  ["something less", { a: 1, b: 2 }, { a: 1 }, "spec.b"],
  ["names that are parameters", { "{{x}}": "y" }, { z: "y" }, "spec"],
  ["a name of objects' own", { a: 1 }, JSON.parse('{"a": 1, "__proto__": {"b": 2}}') as Value, "spec"],
])("%s", (_what, template, found, expected) => {
  expect(mismatch(template, found, "spec")).toBe(expected);
});
