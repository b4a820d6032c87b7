import { describe, expect, test } from "vitest";
import { applicationIgnores, declaredIgnore } from "../../src/drift/declared-ignores.ts";
import { rulesFor, valueFinder, withoutIgnored } from "../../src/drift/ignore.ts";
import { readJqPath } from "../../src/drift/jq-path.ts";
import { transientReason } from "../../src/drift/transient.ts";
import type { ApplicationIgnores } from "../../src/drift/declared-ignores.ts";
import { formatPath } from "../../src/core/path.ts";
import type { Change } from "../../src/core/drift.ts";
import type { PatternStep } from "../../src/core/field-pattern.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import type { FieldPath } from "../../src/core/path.ts";
import { desiredOf, yaml } from "./objects.ts";

function annotated(annotation: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, annotations: { ${annotation} } }`;
}

describe("a whole object that Git asks to ignore", () => {
  test.each([
    ["Flux is not to apply it", "kustomize.toolkit.fluxcd.io/ssa: Ignore", true],
    ["Flux is only to create it", "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent", true],
    ["in whatever letters", "kustomize.toolkit.fluxcd.io/ssa: ifnotpresent", true],
    ["Flux is to leave it alone", "kustomize.toolkit.fluxcd.io/reconcile: disabled", true],
    ["Flux is to merge it: a change stays one", "kustomize.toolkit.fluxcd.io/ssa: Merge", false],
    [
      "Argo CD's extraneous objects are those that Git lacks",
      "argocd.argoproj.io/compare-options: IgnoreExtraneous",
      false,
    ],
    ["how Argo CD compares", "argocd.argoproj.io/compare-options: ServerSideDiff=true", false],
    ["nothing", "team: a", false],
  ])("%s", (_, annotation, ignored) => {
    const rule = declaredIgnore(yaml(annotated(annotation)));
    expect(rule === undefined ? false : rule.reason === "ignored" && rule.judged).toBe(ignored);
  });
});

function application(ignore: string, source = "source: { path: apps/ }"): DesiredObject {
  return desiredOf(
    yaml(`
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: shop, namespace: argocd }
spec: { ${source}, ignoreDifferences: [${ignore}] }`),
  );
}

const WEB = yaml(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { template: { spec: { containers: [{ name: web }, { name: log }] } } }`);

function webAt(file: string): DesiredObject {
  const desired = desiredOf(WEB);
  return { ...desired, origin: { ...desired.origin, file } };
}

function f(...names: readonly string[]): FieldPath {
  return names.map((name) =>
    name.startsWith("#") ? { kind: "key", keys: { name: name.slice(1) } } : { kind: "field", name },
  );
}

function change(path: FieldPath, manager = "somebody"): Change {
  return {
    path,
    operation: "replace",
    desired: 1,
    live: 2,
    direction: "unknown",
    actor: { manager, operation: "Update" },
  };
}

function ignoresOf(app: DesiredObject): ApplicationIgnores {
  return applicationIgnores([app], () => ({ file: "argo/app.yaml", line: 3 }));
}

function isIgnored(app: DesiredObject, at: Change, file = "apps/web.yaml"): boolean {
  const desired = webAt(file);
  return withoutIgnored(at, rulesFor(ignoresOf(app).rulesFor(desired), desired.ref)).change === undefined;
}

const REPLICAS = "{ group: apps, kind: Deployment, jsonPointers: [/spec/replicas] }";
const IMAGE = (name: string): FieldPath => f("spec", "template", "spec", "containers", `#${name}`, "image");

describe("ignoreDifferences of an Application", () => {
  test.each([
    ["of what it deploys from elsewhere", "shop", "base/web.yaml", 1],
    ["not of what another deploys from its folder", "other", "apps/web.yaml", 0],
  ])("are asked %s", (_what, name, file, count) => {
    const app = application(REPLICAS);
    const deployed = { ...webAt(file), deployer: { ...app.ref, name } };
    expect(ignoresOf(app).rulesFor(deployed)).toHaveLength(count);
  });

  test.each([
    ["a pointer ignores its field", REPLICAS, f("spec", "replicas"), true],
    ["and what is below it", "{ group: apps, kind: Deployment, jsonPointers: [/spec] }", f("spec", "replicas"), true],
    ["and no other", REPLICAS, f("spec", "paused"), false],
    [
      "a pointer's escapes",
      "{ group: apps, kind: Deployment, jsonPointers: [/metadata/annotations/a~1b] }",
      f("metadata", "annotations", "a/b"),
      true,
    ],
    [
      "a pointer to an item that has a name",
      "{ group: apps, kind: Deployment, jsonPointers: [/spec/template/spec/containers/1/image] }",
      IMAGE("log"),
      true,
    ],
    [
      "is about that item alone",
      "{ group: apps, kind: Deployment, jsonPointers: [/spec/template/spec/containers/1/image] }",
      IMAGE("web"),
      false,
    ],
    [
      "another kind",
      "{ group: apps, kind: StatefulSet, jsonPointers: [/spec/replicas] }",
      f("spec", "replicas"),
      false,
    ],
    ["another group", "{ kind: Deployment, jsonPointers: [/spec/replicas] }", f("spec", "replicas"), false],
    ["any group and kind", '{ group: "*", kind: "*", jsonPointers: [/spec/replicas] }', f("spec", "replicas"), true],
    [
      "another name",
      "{ group: apps, kind: Deployment, name: api, jsonPointers: [/spec/replicas] }",
      f("spec", "replicas"),
      false,
    ],
    [
      "another namespace",
      "{ group: apps, kind: Deployment, namespace: other, jsonPointers: [/spec/replicas] }",
      f("spec", "replicas"),
      false,
    ],
    [
      "jq: a field",
      "{ group: apps, kind: Deployment, jqPathExpressions: [.spec.replicas] }",
      f("spec", "replicas"),
      true,
    ],
    [
      "jq: all items",
      '{ group: apps, kind: Deployment, jqPathExpressions: [".spec.template.spec.containers[].image"] }',
      IMAGE("web"),
      true,
    ],
    [
      "jq: a selected item",
      `{ group: apps, kind: Deployment, jqPathExpressions: ['.spec.template.spec.containers[] | select(.name == "web") | .image'] }`,
      IMAGE("web"),
      true,
    ],
    [
      "jq: and no other",
      `{ group: apps, kind: Deployment, jqPathExpressions: ['.spec.template.spec.containers[] | select(.name == "web") | .image'] }`,
      IMAGE("log"),
      false,
    ],
  ])("%s", (_, ignore, path, ignored) => {
    expect(isIgnored(application(ignore), change(path))).toBe(ignored);
  });

  test("what a manager wrote is ignored, and policies are asked", () => {
    const app = application("{ group: apps, kind: Deployment, managedFieldsManagers: [keda] }");
    expect(isIgnored(app, change(f("spec", "replicas"), "keda"))).toBe(true);
    expect(isIgnored(app, change(f("spec", "replicas"), "kubectl"))).toBe(false);
  });

  test.each([
    ["of the Application's path", "source: { path: apps }", "apps/a/web.yaml", true],
    ["of one of its paths", "sources: [{ path: other }, { path: ./apps }]", "apps/web.yaml", true],
    ["of the whole repository", "source: { path: . }", "web.yaml", true],
    ["beside its path", "source: { path: app }", "apps/web.yaml", false],
    ["of a chart that is not in Git", "source: { chart: web, path: apps }", "apps/web.yaml", false],
    ["without a path", "source: {}", "apps/web.yaml", false],
  ])("files %s", (_, source, file, ignored) => {
    expect(isIgnored(application(REPLICAS, source), change(f("spec", "replicas")), file)).toBe(ignored);
  });

  test("what cannot be read is told, and ignores nothing", () => {
    const app = application(
      `{ group: apps, kind: Deployment, jqPathExpressions: [".spec | del(.a)"], jsonPointers: ["spec/replicas", "/spec/*"] }, { group: "[a]", kind: Deployment, jsonPointers: [/spec] }`,
    );
    const [found = []] = ignoresOf(app).notUnderstood([webAt("apps/web.yaml")]);
    expect(found.map(({ expression, path }) => [expression, formatPath(path)])).toEqual([
      ["spec/replicas", "spec.ignoreDifferences[0].jsonPointers[0]"],
      ["/spec/*", "spec.ignoreDifferences[0].jsonPointers[1]"],
      [".spec | del(.a)", "spec.ignoreDifferences[0].jqPathExpressions[0]"],
      ["[a]", "spec.ignoreDifferences[1].group"],
    ]);
    expect(isIgnored(app, change(f("spec", "replicas")))).toBe(false);
  });

  test.each([
    ["of its kind and path", "{ group: apps, kind: Deployment, jqPathExpressions: [..] }", "apps/web.yaml", 1, 1],
    [
      "whatever its name",
      "{ group: apps, kind: Deployment, name: api, jqPathExpressions: [..] }",
      "apps/web.yaml",
      1,
      0,
    ],
    ["of no such kind", "{ kind: Service, jqPathExpressions: [..] }", "apps/web.yaml", 0, 0],
    ["of another path", "{ group: apps, kind: Deployment, jqPathExpressions: [..] }", "other/web.yaml", 0, 0],
    ["of what is understood", REPLICAS, "apps/web.yaml", 0, 0],
  ])("what cannot be read is told where Git declares an object %s", (_, ignore, file, told, ofObject) => {
    const ignores = ignoresOf(application(ignore));
    const web = webAt(file);
    expect([ignores.notUnderstood([web]).length, ignores.notUnderstoodFor(web).length]).toEqual([told, ofObject]);
  });

  test.each([
    ["its name", '.spec.ports[] | select(.name == "http") | .nodePort', true],
    ["another name", '.spec.ports[] | select(.name == "dns") | .nodePort', false],
    ["one of two names", '.spec.ports[] | select(.name == "dns" or .name == "http") | .nodePort', true],
    ["how its name begins", '.spec.ports[] | select(.name | startswith("ht")) | .nodePort', true],
    ["what it has to have", ".spec.ports[] | select(.nodePort != null) | .nodePort", true],
  ])("an item whose list has other keys is known by %s", (_, expression, ignored) => {
    const service = yaml(
      "{ apiVersion: v1, kind: Service, metadata: { name: web }, spec: { ports: [{ name: http, port: 80, protocol: TCP }] } }",
    );
    const app = application(`{ kind: Service, jqPathExpressions: ['${expression}'] }`, "source: { path: . }");
    const desired = desiredOf(service);
    const path: FieldPath = [
      ...f("spec", "ports"),
      { kind: "key", keys: { port: 80, protocol: "TCP" } },
      ...f("nodePort"),
    ];
    const rules = rulesFor(ignoresOf(app).rulesFor(desired), desired.ref);
    const { change: left } = withoutIgnored(change(path), rules, valueFinder(desired.value, {}));
    expect(left === undefined).toBe(ignored);
  });

  test("an object of another group that is called Application asks nothing", () => {
    const other = application(REPLICAS);
    const ref = { ...other.ref, apiVersion: "app.k8s.io/v1beta1" };
    expect(isIgnored({ ...other, ref }, change(f("spec", "replicas")))).toBe(false);
  });
});

/** As patterns are written in `ignore` rules. */
function shown(steps: readonly PatternStep[]): string {
  return steps
    .map((step) => {
      if (step.kind === "field") return `.${step.name}`;
      if (step.kind === "number") return `[${step.number}]`;
      return step.kind === "key" ? JSON.stringify(step.keys) : "[*]";
    })
    .join("");
}

describe("jq paths", () => {
  test.each([
    [".spec.replicas", ".spec.replicas"],
    ['.metadata.annotations["a.b/c"]', ".metadata.annotations.a.b/c"],
    ['.metadata.annotations."a.b/c"?', ".metadata.annotations.a.b/c"],
    ['.["metadata"].labels', ".metadata.labels"],
    [".spec.rules[0].host", ".spec.rules[0].host"],
    [".spec.rules[]?.host?", ".spec.rules[*].host"],
    [".spec | .replicas", ".spec.replicas"],
    [".spec.rules | .[] | .host", ".spec.rules[*].host"],
    [".webhooks[]?.clientConfig.caBundle", ".webhooks[*].clientConfig.caBundle"],
    [".a[] | select(.b == 3) | .c[]", '.a{"b":3}.c[*]'],
    [".a[] | select(.b == true).c", '.a{"b":true}.c'],
    ['.a[] | select(.b == "x, y | (z)") | .c', '.a{"b":"x, y | (z)"}.c'],
    ['.a[] | select(.b == "x" and .c == "y")', '.a{"b":"x","c":"y"}'],
    ['.a[] | select(.b == "x" or (.c == "y")) | .d', '.a{"b":"x"}.d, .a{"c":"y"}.d'],
    ['.a[] | select(.b | startswith("x")) | .c', '.a{"b":"x*"}.c'],
    ['.a[] | select(.b | endswith("x")) | .c', '.a{"b":"*x"}.c'],
    ['.a[] | select(.b | contains("x")) | .c', '.a{"b":"*x*"}.c'],
    ['.a[] | select(.b | test("^x-y")) | .c', '.a{"b":"x-y*"}.c'],
    [".spec.ports[] | select(.nodePort != null) | .nodePort", ".spec.ports[*].nodePort"],
    ['.a[] | select(has("b")) | .b.c', ".a[*].b.c"],
    ['.data["a"], .data["b"]', ".data.a, .data.b"],
    [
      '.spec.template.spec.initContainers[] | select(.name == "injected-init-container")',
      '.spec.template.spec.initContainers{"name":"injected-init-container"}',
    ],
  ])("%s is read", (text, paths) => {
    expect(readJqPath(text)?.map(shown).join(", ")).toBe(paths);
  });

  test.each([
    "",
    "spec.replicas",
    "..",
    ".spec..a",
    ".spec | keys",
    '.a[] | select(.b | test("x.*")) | .c',
    '.a | select(.b == "x")',
    '.a[] | select(.b == "x" or .c == "y" and .d == "z")',
    '.a[] | select(.b | startswith("x") or .c == "y")',
    '.a[] | select(.b == "x" and .b == "y")',
    '.a[] | select(.b == "x*")',
    '.a[] | select((.b | test("x$")) or .b == "y")',
    ".a[] | select(.b != null) | .c",
    ".a[] | select(.b != null)",
    ".a[] | select(.b.c == 1)",
    '.a["x*"]',
    '.a["\\u002a"]',
    ".a[1:2]",
    ".a[-1]",
    ".a, b",
    ".a,",
    '.a["x"',
    `.${"a".repeat(2000)}`,
    `.a[] | select(${'.b == "x" or '.repeat(50)}.c == 1) | .d[] | select(.e == 1 or .e == 2 or .e == 3)`,
  ])("%s is not", (text) => {
    expect(readJqPath(text)).toBeUndefined();
  });
});

function job(spec: string, apiVersion = "batch/v1"): string {
  return `apiVersion: ${apiVersion}\nkind: Job\nmetadata: { name: web }\nspec: { ${spec} }`;
}

describe("what comes and goes", () => {
  test.each([
    ["a Helm hook", annotated("helm.sh/hook: pre-install"), true],
    ["several hooks", annotated('helm.sh/hook: "crd-install, test"'), true],
    ["a CRD of Helm 2's hook", annotated("helm.sh/hook: crd-install"), false],
    ["an Argo CD hook", annotated("argocd.argoproj.io/hook: PreSync"), true],
    ["an empty hook", annotated('argocd.argoproj.io/hook: ""'), false],
    ["a generated name", "apiVersion: v1\nkind: Pod\nmetadata: { generateName: web- }", true],
    ["a name beside it", "apiVersion: v1\nkind: Pod\nmetadata: { generateName: web-, name: web }", false],
    ["a Job with a TTL", job("ttlSecondsAfterFinished: 0"), true],
    ["a Job without one", job("parallelism: 1"), false],
    ["a Job of another group", job("ttlSecondsAfterFinished: 0", "example.com/v1"), false],
  ])("%s", (_, text, transient) => {
    expect(transientReason(desiredOf(yaml(text))) !== undefined).toBe(transient);
  });
});
