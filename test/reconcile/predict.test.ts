// What a server's prediction makes of a comparison: the prediction is given here, the cluster suite asks a real server.

import { describe, expect, it, test } from "vitest";
import type { LiveObject } from "../../src/core/objects.ts";
import { formatPath } from "../../src/core/path.ts";
import type { DryRunSource, Unpredicted } from "../../src/core/stages.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { compareObject, NO_CONTEXT } from "../../src/drift/compare.ts";
import type { Comparison } from "../../src/drift/compare.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { createPredictor } from "../../src/reconcile/predict.ts";
import type { Predictor } from "../../src/reconcile/predict.ts";
import { desiredOf, liveOf, told, yaml } from "../drift/objects.ts";

const NEVER: Unpredicted = { kind: "unpredicted", why: "it is a test", remedy: "Nothing." };

interface Case {
  /** Manifests in YAML: what Git declares, what the cluster has, what a server would make of it. */
  readonly git: string;
  readonly live: string;
  readonly predicted?: string | Unpredicted;
  /** What is left when the additions are taken away. */
  readonly bare?: string | Unpredicted | ((paths: readonly string[]) => string | Unpredicted);
  readonly managers?: readonly Value[];
  /** Managers that deploy, besides those that are known to. */
  readonly deployers?: readonly string[];
  /** Names of what may have mutated the object, and would put back what it added. */
  readonly mutators?: readonly string[];
  /** What reading found, where that is not to be what `compareObject` finds. */
  readonly found?: Comparison;
}

interface Outcome {
  readonly comparison: Comparison;
  readonly asked: readonly string[];
  readonly predictor: Predictor;
}

async function predicted(given: Case): Promise<Outcome> {
  const asked: string[] = [];
  const object = desiredOf(yaml(given.git));
  const value = yaml(given.live);
  const live = liveOf({
    ...value,
    metadata: { ...(value["metadata"] as ValueMap), managedFields: given.managers ?? [] },
  });
  const { apiVersion, kind } = object.ref;
  const schema = builtinSchemas.schemaOf(apiVersion, kind);
  const dryRun: DryRunSource = {
    applied: async ({ manager }) => {
      asked.push(`apply as ${manager}`);
      return answerOf(given.predicted);
    },
    without: async (_live, paths) => {
      asked.push(`without ${paths.map(formatPath).join(", ")}`);
      return answerOf(typeof given.bare === "function" ? given.bare(paths.map(formatPath)) : given.bare);
    },
  };
  const comparedWith =
    (mutators: readonly string[]) =>
    (desired: typeof object, other: LiveObject): Comparison =>
      compareObject({ desired, live: other, schema, context: { ...NO_CONTEXT, mutatorsOf: () => mutators } });
  const compare = comparedWith(given.mutators ?? []);
  const predictor = createPredictor({
    dryRun,
    compare,
    compareStrictly: comparedWith([]),
    deployers: given.deployers ?? [],
    progress: () => undefined,
    total: 1,
  });
  const comparison = given.found ?? compare(object, live);
  const [corrected] = await predictor.predict([{ object, live, schema, comparison }]);
  return { comparison: corrected as Comparison, asked, predictor };
}

function answerOf(given: string | Unpredicted | undefined): LiveObject | Unpredicted {
  if (given === undefined) return NEVER;
  return typeof given === "string" ? liveOf(yaml(given)) : given;
}

const map = (data: string, labels = "{}"): string =>
  `{apiVersion: v1, kind: ConfigMap, metadata: {name: web, labels: ${labels}}, data: ${data}}`;

function entry(manager: string, operation: string, day: number, subresource?: string): Value {
  return {
    manager,
    operation,
    time: `2026-01-0${day}T00:00:00Z`,
    fieldsV1: {},
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function owner(operation: string, manager = "kubectl"): Value {
  return { manager, operation, time: "2026-01-01T00:00:00Z", fieldsV1: { "f:data": { "f:b": {} } } };
}

function widget(list: string): string {
  return `{apiVersion: shop.example/v1, kind: Widget, metadata: {name: web}, spec: {list: ${list}}}`;
}

function service(spec: string): string {
  return `{apiVersion: v1, kind: Service, metadata: {name: web, labels: {a: b}}, spec: ${spec}}`;
}

function autoscaler(version: string): string {
  return `{apiVersion: autoscaling/${version}, kind: HorizontalPodAutoscaler, metadata: {name: web}}`;
}

function workload(spec: string): string {
  return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: ${spec}}}}`;
}

const NOTHING: Comparison = { changes: [], unknown: [], leftOut: [] };

const IDLE = { compare: () => NOTHING, deployers: [], progress: () => undefined };

describe("a difference that reading found", () => {
  test.each<readonly [string, Case, readonly string[], readonly string[]]>([
    [
      "stays where the server would change it",
      { git: map("{a: '1'}"), live: map("{a: '2'}"), predicted: map("{a: '1'}") },
      ["replace data.a"],
      [],
    ],
    [
      "stays where the server would change it to something else",
      { git: map("{a: '1'}"), live: map("{a: '2'}"), predicted: map("{a: '3'}") },
      ["replace data.a"],
      [],
    ],
    [
      "stays where the server would write what is gone",
      { git: map("{a: '1', b: x}"), live: map("{b: x}"), predicted: map("{a: '1', b: x}") },
      ["remove data.a"],
      [],
    ],
    [
      "is admission's where the server would leave it as it is",
      { git: map("{a: '1', b: x}"), live: map("{a: '2'}"), predicted: map("{a: '2'}") },
      [],
      ["replace data.a", "remove data.b"],
    ],
    [
      "stays an addition, which an apply leaves alone, where it is not put back",
      { git: map("{a: '1'}"), live: map("{a: '1', b: x}"), predicted: map("{a: '1', b: x}"), bare: map("{a: '1'}") },
      ["add data.b"],
      [],
    ],
    [
      "stays an addition where the server puts another value there",
      {
        git: map("{a: '1'}"),
        live: map("{a: '1', b: x}"),
        predicted: map("{a: '1', b: x}"),
        bare: map("{a: '1', b: y}"),
      },
      ["add data.b"],
      [],
    ],
    [
      "is no addition where the server puts it back",
      {
        git: map("{a: '1'}"),
        live: map("{a: '1', b: x}"),
        predicted: map("{a: '1', b: x}"),
        bare: map("{a: '1', b: x}"),
      },
      [],
      ["add data.b"],
    ],
    [
      "stays an addition where it cannot be taken away",
      { git: map("{a: '1'}"), live: map("{a: '1', b: x}"), predicted: map("{a: '1', b: x}") },
      ["add data.b"],
      [],
    ],
  ])("%s", async (_what, given, changes, leftOut) => {
    const { comparison } = await predicted(given);
    expect(told(comparison.changes)).toEqual(changes);
    expect(told(comparison.leftOut)).toEqual(leftOut);
    expect(comparison.leftOut.filter(({ reason, judged }) => reason !== "admission" || !judged)).toEqual([]);
  });

  it("stays where the whole of it may hide an addition, which an apply leaves alone", async () => {
    const { comparison } = await predicted({
      git: widget("[{name: a}]"),
      live: widget("[{name: a}, {name: b}]"),
      predicted: widget("[{name: a}, {name: b}]"),
    });
    expect(told(comparison.changes)).toEqual(["replace spec.list"]);
  });
});

describe("a difference that reading did not find", () => {
  test.each<readonly [string, Case, readonly string[]]>([
    [
      "is a change where Git declares the field",
      { git: map("{a: '1'}"), live: map("{a: '2'}"), predicted: map("{a: '1'}"), found: NOTHING },
      ["replace data.a"],
    ],
    [
      "is none where Git does not: what admission would add today, say",
      { git: map("{a: '1'}"), live: map("{a: '1'}"), predicted: map("{a: '1'}", "{new: x}"), found: NOTHING },
      [],
    ],
    [
      "is an addition where the deployer gives the field up",
      {
        git: map("{a: '1'}"),
        live: map("{a: '1', b: x}"),
        predicted: map("{a: '1'}"),
        managers: [owner("Apply")],
        found: NOTHING,
      },
      ["add data.b"],
    ],
    [
      "is what follows from other changes where somebody else owned the field",
      {
        git: map("{a: '1'}"),
        live: map("{a: '1', b: x}"),
        predicted: map("{a: '1'}"),
        managers: [owner("Update", "kubectl-edit")],
        found: NOTHING,
      },
      [],
    ],
    [
      "is the same where the deployer's name wrote it, but never applied it",
      {
        git: map("{a: '1'}"),
        live: map("{a: '1', b: x}"),
        predicted: map("{a: '1'}"),
        managers: [
          owner("Update"),
          { manager: "kubectl-client-side-apply", operation: "Update", time: "2026-01-02T00:00:00Z", fieldsV1: {} },
        ],
        found: NOTHING,
      },
      [],
    ],
    [
      "is none where reading explained it",
      {
        git: map("{a: '1'}"),
        live: map("{a: '2'}"),
        predicted: map("{a: '1'}"),
        found: {
          ...NOTHING,
          leftOut: [
            {
              path: [
                { kind: "field", name: "data" },
                { kind: "field", name: "a" },
              ],
              operation: "replace",
              direction: "unknown",
              reason: "controller",
              rule: "a rule",
              judged: false,
            },
          ],
        },
      },
      [],
    ],
  ])("%s", async (_what, given, changes) => {
    const { comparison } = await predicted(given);
    expect(told(comparison.changes)).toEqual(changes);
  });

  it("has what Git says, not what the server makes of it", async () => {
    const { comparison } = await predicted({
      git: map("{a: '1'}"),
      live: map("{a: '2'}"),
      predicted: map("{a: '1 and more'}"),
      found: NOTHING,
    });
    expect(comparison.changes).toMatchObject([{ desired: "1", live: "2" }]);
  });
});

describe("who applies", () => {
  test.each<readonly [string, readonly Value[], string]>([
    ["holdfast, where nobody deployed", [entry("kubectl-edit", "Update", 1)], "holdfast"],
    ["kubectl, where it applied on its own side", [entry("kubectl-client-side-apply", "Update", 1)], "kubectl"],
    ["who deployed last", [entry("helm", "Update", 1), entry("argocd-controller", "Apply", 2)], "argocd-controller"],
    ["not who wrote a status", [entry("helm", "Update", 1), entry("kapp", "Update", 2, "status")], "helm"],
    [
      "not who ran a tool by hand on what a controller deployed",
      [entry("argocd-controller", "Apply", 1), entry("kubectl-client-side-apply", "Update", 2)],
      "argocd-controller",
    ],
    ["whom the configuration names", [entry("our-pipeline", "Update", 2), entry("helm", "Update", 1)], "our-pipeline"],
    ["nobody whom it does not name", [entry("their-pipeline", "Update", 2)], "holdfast"],
  ])("is %s", async (_what, managers, manager) => {
    const deployers = ["our-pipeline"];
    const { asked } = await predicted({ git: map("{}"), live: map("{}"), predicted: map("{}"), managers, deployers });
    expect(asked).toEqual([`apply as ${manager}`]);
  });
});

describe("what nobody owns, where admission may have added it", () => {
  const deployed = [entry("kubectl-client-side-apply", "Update", 1)];
  const git = map("{a: '1'}");
  const live = map("{a: '1', b: x, c: y}");
  test.each<readonly [string, Case, readonly string[], readonly string[]]>([
    ["is admission's where it is put back", { git, live, bare: live }, [], ["add data.b", "add data.c"]],
    ["is an addition where it is not", { git, live, bare: git }, ["add data.b", "add data.c"], []],
    ["is told one by one", { git, live, bare: map("{a: '1', c: y}") }, ["add data.b"], ["add data.c"]],
    ["stays admission's where it cannot be taken away", { git, live, bare: NEVER }, [], ["add data.b", "add data.c"]],
    [
      "is tried one by one where not all can be taken away",
      { git, live, bare: (paths) => (paths.length === 1 && paths[0] === "data.c" ? map("{a: '1', b: x}") : NEVER) },
      ["add data.c"],
      ["add data.b"],
    ],
    [
      "is told by the keys of a map that Git does not have",
      {
        git: map("{}").replace("labels: {}", ""),
        live: map("{}", "{team: x, evil: y}"),
        bare: map("{}", "{team: x}"),
      },
      ["add metadata.labels"],
      ["add metadata.labels"],
    ],
    [
      "is not asked about of what the API server copies",
      { git: service("{}"), live: service("{a: b}") },
      [],
      ["add spec.a"],
    ],
  ])("%s", async (_what, given, changes, leftOut) => {
    const all = { ...given, predicted: given.live, managers: deployed, mutators: ["policy x"] };
    const { comparison } = await predicted(all);
    expect(told(comparison.changes)).toEqual(changes);
    expect(told(comparison.leftOut)).toEqual(leftOut);
  });

  it("has what was put back taken out of it", async () => {
    const { comparison } = await predicted({
      git: map("{}").replace("labels: {}", ""),
      live: map("{}", "{team: x, evil: y}"),
      predicted: map("{}", "{team: x, evil: y}"),
      bare: map("{}", "{team: x}"),
      managers: deployed,
      mutators: ["policy x"],
    });
    expect(comparison.changes).toMatchObject([{ live: { evil: "y" } }]);
  });
});

describe("what the API server keeps under two names", () => {
  it("is taken away under both, since it would come back from either", async () => {
    const live = workload("{serviceAccountName: x, serviceAccount: x}");
    const { asked, comparison } = await predicted({ git: workload("{}"), live, predicted: live, bare: workload("{}") });
    expect(asked.at(-1)).toBe("without spec.template.spec.serviceAccountName, spec.template.spec.serviceAccount");
    expect(told(comparison.changes)).toEqual(["add spec.template.spec.serviceAccountName"]);
  });
});

it("does not take away what the API server copies from the old object, such as a node port", async () => {
  const found: Comparison = {
    ...NOTHING,
    changes: [{ path: [{ kind: "field", name: "spec" }], operation: "add", direction: "unknown" }],
  };
  const { asked, comparison } = await predicted({
    git: service("{}"),
    live: service("{}"),
    predicted: service("{}"),
    found,
  });
  expect(asked).toEqual(["apply as holdfast"]);
  expect(comparison.changes).toHaveLength(1);
});

describe("where the server does not tell", () => {
  it("the comparison stays, and one fault says why for all objects of a cause", async () => {
    const objects = ["d", "c", "b", "a"].map((name) => desiredOf(yaml(map("{a: '1'}").replace("web", name))));
    const dryRun: DryRunSource = { applied: async () => NEVER, without: async () => NEVER };
    const predictor = createPredictor({ ...IDLE, dryRun, total: 4 });
    const compared = objects.map((object) => ({
      object,
      live: liveOf(object.value),
      schema: undefined,
      comparison: { ...NOTHING, unknown: [[]] },
    }));
    expect(await predictor.predict(compared)).toEqual(compared.map(({ comparison }) => comparison));
    expect(predictor.faults()).toEqual([
      {
        kind: "fault",
        code: "dry-run-failed",
        about: "ConfigMap/a, ConfigMap/b, ConfigMap/c and 1 more",
        message:
          "4 objects were compared read-only, without a server dry run: it is a test (ConfigMap/a, ConfigMap/b, ConfigMap/c and 1 more)",
        remedy: "Nothing.",
        leavesUnknown: "nothing",
      },
    ]);
    expect(predictor.readOnly()).toHaveLength(4);
  });

  it("by design, it is no fault, and said of the object all the same", async () => {
    const { predictor } = await predicted({
      git: map("{}"),
      live: map("{}"),
      predicted: { ...NEVER, byDesign: true },
    });
    expect(predictor.faults()).toEqual([]);
    expect(predictor.readOnly()).toMatchObject([{ ref: { name: "web" }, why: "it is a test" }]);
  });

  it("nor is it asked where the object was read in another version", async () => {
    const { asked, predictor } = await predicted({ git: autoscaler("v2"), live: autoscaler("v1") });
    expect(asked).toEqual([]);
    expect(predictor.readOnly()).toMatchObject([{ why: "they were read in another API version than Git declares" }]);
  });

  it("asks four objects at once, and keeps their order", async () => {
    let running = 0;
    let most = 0;
    const dryRun: DryRunSource = {
      applied: async ({ live }) => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        return live;
      },
      without: async () => NEVER,
    };
    const objects = Array.from({ length: 20 }, (_, index) => desiredOf(yaml(map("{}").replace("web", `w${index}`))));
    const predictor = createPredictor({ ...IDLE, dryRun, total: 20 });
    const comparisons = await predictor.predict(
      objects.map((object, index) => ({
        object,
        live: liveOf(object.value),
        schema: undefined,
        comparison: { ...NOTHING, unknown: [[{ kind: "index", index }]] },
      })),
    );
    expect(comparisons.map(({ unknown }) => unknown)).toEqual(objects.map((_, index) => [[{ kind: "index", index }]]));
    expect(most).toBe(4);
  });
});
