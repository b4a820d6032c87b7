import { describe, expect, test } from "vitest";
import type { DesiredObject, LiveObject } from "../../../src/core/objects.ts";
import type { ObjectRef } from "../../../src/core/refs.ts";
import type { RenderRoot } from "../../../src/core/stages.ts";
import type { ValueMap } from "../../../src/core/value.ts";
import { argoSyncOf } from "../../../src/reconcile/deployers/argo-sync.ts";
import { syncFault } from "../../../src/reconcile/deployers/sync-status.ts";
import { config, declared, ELSEWHERE, live, ONE, THREE, truthOf, TWO } from "./past-repository.ts";
import type { Commits } from "./past-repository.ts";

const REPO = "https://git.example/acme/fleet.git";
const OTHER = "https://git.example/acme/charts.git";
const SOURCE = { repoURL: REPO, path: "apps" };
const isOwn = (repoURL: string): boolean => repoURL === REPO;

function app(name: string, namespace = "argocd"): ObjectRef {
  return { apiVersion: "argoproj.io/v1alpha1", kind: "Application", name, namespace };
}

const A = app("a");
const SYNC = { operation: { sync: {} } };
const RESULT = (revision: string, resources: readonly ValueMap[] = []): ValueMap => ({
  revision,
  source: SOURCE,
  resources,
});
const ITEM = { group: "", kind: "ConfigMap", namespace: "apps", name: "a" };
const ANOTHER = { ...ITEM, name: "b" };
const HISTORY = [
  { revision: ELSEWHERE, source: SOURCE },
  { revision: ONE, source: SOURCE },
];

function toldOf(status: ValueMap, spec: ValueMap = { source: SOURCE }): string {
  const { applied, attempted } = argoSyncOf({ spec, status }, config("a"), isOwn);
  const word = (one: typeof applied): string => (one.kind === "commit" ? one.commit.slice(0, 1) : one.kind);
  return word(applied) === word(attempted) ? word(applied) : `${word(applied)}, perhaps ${word(attempted)}`;
}

describe("what an Application says that it deployed of an object", () => {
  test("is not told where it keeps no history, and something else was synced last", () => {
    const status = {
      operationState: { operation: { sync: { resources: [ANOTHER] } }, phase: "Succeeded", syncResult: RESULT(TWO) },
    };
    expect(toldOf(status, { source: SOURCE, revisionHistoryLimit: 0 })).toBe("untold");
    expect(toldOf(status)).toBe("nothing");
    expect(toldOf({}, { source: SOURCE, revisionHistoryLimit: 0 })).toBe("nothing");
  });

  test.each<readonly [string, ValueMap, string]>([
    ["is nothing, where it was never synced", {}, "nothing"],
    ["is nothing, where Argo CD only compared", { sync: { revision: TWO, status: "OutOfSync" } }, "nothing"],
    ["is its last sync", { operationState: { ...SYNC, phase: "Succeeded", syncResult: RESULT(TWO) } }, "2"],
    ["is the last of its history", { history: HISTORY }, "1"],
    [
      "is the last sync and not what was compared since",
      { sync: { revision: THREE }, operationState: { ...SYNC, phase: "Succeeded", syncResult: RESULT(TWO) } },
      "2",
    ],
    [
      "may be what is being synced",
      { history: HISTORY, operationState: { ...SYNC, phase: "Running", syncResult: RESULT(TWO) } },
      "1, perhaps 2",
    ],
    [
      "may be what a sync that failed left",
      { history: HISTORY, operationState: { ...SYNC, phase: "Failed", syncResult: RESULT(TWO) } },
      "1, perhaps 2",
    ],
    [
      "is what a sync that failed did of it",
      {
        history: HISTORY,
        operationState: {
          ...SYNC,
          phase: "Failed",
          syncResult: RESULT(TWO, [
            { ...ANOTHER, status: "SyncFailed" },
            { ...ITEM, status: "Synced" },
          ]),
        },
      },
      "2",
    ],
    [
      "may be what a sync that failed refused of it",
      {
        history: HISTORY,
        operationState: { ...SYNC, phase: "Failed", syncResult: RESULT(TWO, [{ ...ITEM, status: "SyncFailed" }]) },
      },
      "1, perhaps 2",
    ],
    [
      "is what was there before a sync that could not begin",
      { history: HISTORY, operationState: { ...SYNC, phase: "Error", syncResult: RESULT("main") } },
      "1",
    ],
    [
      "is what was there before a sync that never ran",
      { history: HISTORY, operationState: { ...SYNC, phase: "Error" } },
      "1",
    ],
    [
      "is what was there before a dry run",
      {
        history: HISTORY,
        operationState: { operation: { sync: { dryRun: true } }, phase: "Succeeded", syncResult: RESULT(TWO) },
      },
      "1",
    ],
    [
      "is a sync of some objects, it among them",
      {
        history: HISTORY,
        operationState: { operation: { sync: { resources: [ITEM] } }, phase: "Succeeded", syncResult: RESULT(TWO) },
      },
      "2",
    ],
    [
      "is a sync of some objects, named without their namespaces",
      {
        history: HISTORY,
        operationState: {
          operation: { sync: { resources: [{ kind: "ConfigMap", name: "a" }] } },
          phase: "Succeeded",
          syncResult: RESULT(TWO),
        },
      },
      "2",
    ],
    [
      "is not a sync of other objects",
      {
        history: HISTORY,
        operationState: { operation: { sync: { resources: [ANOTHER] } }, phase: "Succeeded", syncResult: RESULT(TWO) },
      },
      "1",
    ],
    [
      "is what self-healing went by, whichever objects it put back",
      {
        operationState: {
          operation: { sync: { resources: [ANOTHER], autoHealAttemptsCount: 1 } },
          phase: "Succeeded",
          syncResult: RESULT(TWO),
        },
      },
      "2",
    ],
    [
      "is not told of files of somebody's own machine",
      {
        history: HISTORY,
        operationState: { operation: { sync: { manifests: ["x"] } }, phase: "Succeeded", syncResult: RESULT(TWO) },
      },
      "untold",
    ],
    [
      "is the own repository's revision among several sources",
      {
        operationState: {
          ...SYNC,
          phase: "Succeeded",
          syncResult: {
            revision: "",
            source: { repoURL: "" },
            sources: [{ repoURL: OTHER, chart: "web" }, SOURCE, { repoURL: REPO, ref: "values" }],
            revisions: ["1.2.3", TWO, TWO],
          },
        },
      },
      "2",
    ],
    [
      "is not told where its sources stood at several commits",
      { history: [{ sources: [SOURCE, { repoURL: REPO, ref: "values" }], revisions: [ONE, TWO] }] },
      "untold",
    ],
    ["is not told of another repository alone", { history: [{ revision: ONE, source: { repoURL: OTHER } }] }, "untold"],
    ["is not told by what is no commit", { history: [{ revision: "--upload-pack=x", source: SOURCE }] }, "untold"],
    ["goes by the Application's own source where an older Argo CD kept none", { history: [{ revision: ONE }] }, "1"],
    ["is nothing where the status is anything else", { history: "x", operationState: [1] }, "nothing"],
    [
      "is not told where its sources are anything else",
      { history: [{ sources: [1, null], revisions: [2] }, null] },
      "untold",
    ],
  ])("%s", (_what, status, expected) => {
    expect(toldOf(status)).toBe(expected);
  });
});

const HELM = (tag: string): ValueMap => ({ ...SOURCE, helm: { parameters: [{ name: "tag", value: tag }] } });

/** An Application's root as Git has it. */
function root(source: ValueMap): RenderRoot {
  const spec = { source, destination: { name: "in-cluster", namespace: "apps" } };
  const deployer = { kind: "argo-cd-application", ref: A, file: "a.yaml", suspended: false, spec } as const;
  return { path: "apps", renderer: "helm", version: "3", deployer };
}

function synced(commit: string, source: ValueMap, spec: ValueMap = {}): LiveObject {
  return live(A, { history: [{ revision: commit, source }] }, { source, ...spec });
}

function mine(data: string): DesiredObject {
  return declared(config("a"), A, data);
}

describe("what an Application deployed", () => {
  const commits = { [ONE]: [mine("one")], [TWO]: [mine("two")], [THREE]: [mine("three")] };

  test("is what Git made of that commit, where Git's sources are those that were deployed", async () => {
    const roots = { [ONE]: [root({ ...HELM("1"), targetRevision: "main" })], [THREE]: [root(HELM("3"))] };
    const deployed = { ...HELM("1"), directory: { recurse: false }, targetRevision: "HEAD" };
    const { truth } = truthOf(commits, [synced(ONE, deployed)], { roots });
    expect(await truth.of("t", mine("three"))).toMatchObject({
      past: { versions: [{ commit: ONE, until: 2000, object: { value: { data: { a: "one" } } } }] },
      deployed: { commit: ONE },
    });
  });

  function withReader(deployed: ValueMap, now: ValueMap, then: ValueMap | undefined) {
    const asked: ValueMap[] = [];
    const roots = { [THREE]: [root(now)], ...(then === undefined ? {} : { [TWO]: [root(then)] }) };
    const { truth } = truthOf(commits, [synced(TWO, deployed)], {
      roots,
      readApplication: ({ sources }) => {
        asked.push(...sources);
        return Promise.resolve({ objects: [mine("made")], complete: true });
      },
    });
    return { truth, asked };
  }

  test("is made by the sources that were deployed, where Git has them elsewhere: and that proves nothing", async () => {
    const { truth, asked } = withReader(HELM("3"), HELM("3"), HELM("2"));
    expect(await truth.of("t", mine("three"))).toMatchObject({
      past: { versions: [{ commit: TWO, until: 0, object: { value: { data: { a: "made" } } } }] },
    });
    expect(asked).toEqual([HELM("3")]);
  });

  test("is what Git made of that commit, where the sources were changed in the cluster", async () => {
    const { truth, asked } = withReader(HELM("evil"), HELM("3"), HELM("2"));
    expect(await truth.of("t", mine("three"))).toMatchObject({
      deployed: { object: { value: { data: { a: "two" } } } },
    });
    expect(asked).toEqual([]);
  });

  test("is made by Git's sources of now, where Git had no such Application in that commit", async () => {
    const { truth, asked } = withReader(HELM("evil"), HELM("3"), undefined);
    expect(await truth.of("t", mine("three"))).toMatchObject({
      deployed: { object: { value: { data: { a: "made" } } } },
    });
    expect(asked).toEqual([HELM("3")]);
  });

  test("is made by the sources that its own Application deployed it with", async () => {
    const parent = app("root");
    const child = (source: ValueMap): DesiredObject => ({ ...declared(A, parent, ""), value: { spec: { source } } });
    const history = { [ONE]: [child(HELM("1"))], [TWO]: [child(HELM("2")), mine("two")], [THREE]: [child(HELM("3"))] };
    const asked: ValueMap[] = [];
    const { truth } = truthOf(
      history,
      [synced(TWO, HELM("1")), live(parent, { history: [{ revision: ONE, source: SOURCE }] }, { source: SOURCE })],
      {
        roots: { [TWO]: [root(HELM("2"))], [THREE]: [root(HELM("3"))] },
        readApplication: ({ sources }) => {
          asked.push(...sources);
          return Promise.resolve({ objects: [mine("made")], complete: true });
        },
      },
    );
    await truth.of("t", mine("three"));
    expect(asked).toEqual([HELM("1")]);
  });

  test("is not told where the commit is elsewhere, once for each Application", async () => {
    const { truth } = truthOf({}, [synced(ELSEWHERE, SOURCE)]);
    expect(await truth.of("t", mine("x"))).toEqual({ kind: "untold" });
    expect(await truth.of("t", { ...mine("x"), ref: config("b") })).toEqual({ kind: "untold" });
    expect(truth.faults().map(({ code, about }) => `${code} ${about}`)).toEqual([
      "deployed-unknown Application/a in argocd",
    ]);
  });

  test("is nothing of an object that the Application never came to deploy", async () => {
    const { truth } = truthOf({ [ONE]: [] }, [synced(ONE, SOURCE)]);
    expect(await truth.of("t", mine("x"))).toEqual({
      kind: "known",
      past: { versions: [], end: "beginning" },
      since: [],
    });
    expect(await truthOf({}, [live(A)]).truth.of("t", mine("x"))).toEqual({ kind: "never" });
  });
});

/** `minute` of an hour. */
function at(minute: number): string {
  return new Date(minute * 60_000).toISOString();
}

function written(minute: number | undefined, manager = "argocd-controller"): LiveObject {
  const time = minute === undefined ? {} : { time: at(minute) };
  return { ref: config("a"), value: {}, managers: [{ manager, operation: "Update", fields: {}, ...time }] };
}

describe("what an Application deployed by a sync of some objects that it forgot", () => {
  /** A commit every ten minutes. */
  const line = [THREE, TWO, ONE].map((id, index, ids) => ({
    id,
    time: (30 - 10 * index) * 60_000,
    files: new Map(),
    ...(ids[index + 1] === undefined ? {} : { parent: ids[index + 1] as string }),
  }));
  const commits = { [ONE]: [mine("one")], [TWO]: [mine("two")], [THREE]: [mine("three")] };
  const others = { operation: { sync: { resources: [ANOTHER] } }, phase: "Succeeded", syncResult: RESULT(THREE) };

  function partial(more: ValueMap = {}, record: ValueMap = {}): LiveObject {
    const history = [{ revision: ONE, source: SOURCE, deployedAt: at(11), ...record }];
    return live(A, { history, operationState: { ...others, ...more } }, { source: SOURCE });
  }

  async function told(deployer: LiveObject, object: LiveObject | undefined, known: Commits = commits) {
    const { truth, read } = truthOf(known, [deployer], { line });
    const found = await truth.of("t", mine("three"), object === undefined ? {} : { live: object });
    if (found?.kind !== "known") return found?.kind;
    const { since, deployed, past } = found;
    return {
      since: since.map(({ commit }) => commit.slice(0, 1)).join(""),
      deployed: deployed?.commit.slice(0, 1),
      versions: past.versions.map(({ commit, until }) => `${commit.slice(0, 1)} until ${(until ?? 0) / 60_000}`),
      end: past.end,
      read: read.join(""),
    };
  }

  const ONE_ALONE = { since: "", deployed: "1", versions: ["1 until 20"], end: "unreadable", read: "1" };
  const THEN_TWO = {
    since: "2",
    deployed: "1",
    versions: ["2 until 30", "1 until 20"],
    end: "unreadable",
    read: "12",
  };

  test.each<readonly [string, LiveObject, LiveObject | undefined, unknown]>([
    ["is what Git was when Argo CD wrote the object", partial(), written(25), THEN_TWO],
    ["is told by the history, where Argo CD wrote the object before that", partial(), written(11), ONE_ALONE],
    ["is not looked for, where somebody else wrote the object", partial(), written(25, "kubectl-edit"), ONE_ALONE],
    ["is not looked for, where the time of writing is not known", partial(), written(undefined), ONE_ALONE],
    ["is not looked for, where nothing lives", partial(), undefined, ONE_ALONE],
    ["is what the history tells, where Git was the same when Argo CD wrote", partial(), written(15), ONE_ALONE],
    ["may be what Git was a little before", partial(), written(31), { ...THEN_TWO, since: "32", read: "132" }],
    [
      "is looked for, where the history does not say when it was",
      partial({}, { deployedAt: "__proto__" }),
      written(25),
      THEN_TWO,
    ],
    ["is looked for after a dry run", partial({ operation: { sync: { dryRun: true } } }), written(25), THEN_TWO],
    [
      "may be what a sync of everything that failed had before it",
      partial({ operation: { sync: {} }, phase: "Failed" }),
      written(25),
      { ...THEN_TWO, read: "132" },
    ],
    [
      "is not looked for, where the last sync deployed the object",
      partial({ operation: { sync: {} } }),
      written(25),
      { since: "", deployed: "3", versions: [], end: "unreadable", read: "3" },
    ],
  ])("%s", async (_what, deployer, object, expected) => {
    expect(await told(deployer, object)).toEqual(expected);
  });

  test("is what came to be by it", async () => {
    expect(await told(partial(), written(25), { ...commits, [ONE]: [] })).toEqual({
      ...THEN_TWO,
      deployed: undefined,
      versions: ["2 until 30"],
      end: "beginning",
    });
  });

  test("is nothing that Git lacked, or that cannot be read", async () => {
    expect(await told(partial(), written(25), { ...commits, [TWO]: [] })).toEqual({ ...ONE_ALONE, read: "12" });
    expect(await told(partial(), written(25), { [ONE]: [mine("one")] })).toEqual(ONE_ALONE);
    const { truth } = truthOf(commits, [partial()], { line: [] });
    expect(await truth.of("t", mine("three"), { live: written(25) })).toMatchObject({ since: [] });
  });

  test("is looked for at a bounded number of commits, which cost the others nothing", async () => {
    const many = Array.from({ length: 40 }, (_, index) => index.toString(16).padStart(40, "a"));
    const ids = [...many.toReversed(), ONE];
    const long = ids.map((id, index) => ({ id, time: (ids.length - index) * 600_000, files: new Map() }));
    const last = many.slice(20);
    const apps = last.map((commit, index) =>
      live(app(`o${index}`), { history: [{ revision: commit }] }, { source: SOURCE }),
    );
    const { truth, read } = truthOf(Object.fromEntries(ids.map((id) => [id, [mine(id)]])), [partial(), ...apps], {
      line: long,
    });
    const ends: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      const found = await truth.of("t", mine("now"), { live: written((index + 2) * 10 + 5) });
      ends.push(found?.kind === "known" ? found.past.end : "");
    }
    expect(ends).toEqual([...Array<string>(8).fill("unreadable"), ...Array<string>(4).fill("window")]);
    expect(read.length).toBe(9);
    expect(truth.faults().map(({ code, about }) => `${code} ${about}`)).toEqual([
      "deployed-unknown Application/a in argocd",
    ]);
    for (const { ref } of apps) await truth.of("t", declared(config("a"), ref, "x"));
    expect(read.length).toBe(16 + 8);
  });

  test.each<readonly [string, Commits, string | undefined]>([
    ["is named where Git took it out since", { ...commits, [ONE]: [], [THREE]: [] }, "two"],
    ["goes before what the history tells", { ...commits, [THREE]: [] }, "two"],
    ["is not where Git lacked it", { ...commits, [TWO]: [], [THREE]: [] }, "one"],
    ["is not where Git never had it", {}, undefined],
  ])("and is left of it %s", async (_what, known, expected) => {
    const own = declared(A, undefined, "x");
    const repository = Object.fromEntries([ONE, TWO, THREE].map((id) => [id, [own, ...(known[id] ?? [])]]));
    const { truth } = truthOf(repository, [partial()], { line });
    const annotations = { "argocd.argoproj.io/tracking-id": "a:/ConfigMap:apps/a" };
    const found = await truth.removed({ ...written(25), value: { metadata: { annotations } } });
    expect(found?.object.value).toEqual(expected === undefined ? undefined : { data: { a: expected } });
    expect(found?.removedIn).toBe(expected === undefined ? undefined : expected === "one" ? TWO : THREE);
  });
});

function marked(metadata: ValueMap): LiveObject {
  return { ref: config("a"), value: { metadata }, managers: [] };
}

describe("what Git removed of an Application", () => {
  const ID = { "argocd.argoproj.io/tracking-id": "a:/ConfigMap:apps/a" };
  const PRUNE = { syncPolicy: { automated: { prune: true } } };
  const own = declared(A, undefined, "x");
  const commits = { [ONE]: [own, declared(config("a"), A, "old")], [TWO]: [own], [THREE]: [own] };

  test.each<readonly [string, ValueMap, ValueMap, string | undefined]>([
    ["waits to be pruned", PRUNE, {}, undefined],
    ["waits for a sync by hand", {}, {}, undefined],
    [
      "waits for a sync by hand where automation is off",
      { syncPolicy: { automated: { enabled: false } } },
      {},
      undefined,
    ],
    ["stays where Argo CD does not prune", { syncPolicy: { automated: {} } }, {}, "Argo CD"],
    [
      "stays where it is to be kept",
      PRUNE,
      { "argocd.argoproj.io/sync-options": "ServerSideApply=true, Prune=false" },
      "Argo CD",
    ],
    [
      "stays where everything is to be kept",
      { syncPolicy: { ...PRUNE.syncPolicy, syncOptions: ["Prune=false"] } },
      {},
      "Argo CD",
    ],
    [
      "waits where it alone is not to be kept",
      { syncPolicy: { ...PRUNE.syncPolicy, syncOptions: ["Prune=false"] } },
      { "argocd.argoproj.io/sync-options": "Prune=true" },
      undefined,
    ],
  ])("%s", async (_what, spec, annotations, keptBy) => {
    const { truth } = truthOf(commits, [synced(ONE, SOURCE, spec)]);
    const found = await truth.removed(marked({ annotations: { ...ID, ...annotations } }));
    expect([found?.removedIn, found?.keptBy]).toEqual([TWO, keptBy]);
  });

  test("stays where it was synced since", async () => {
    const history = [ONE, THREE].map((revision) => ({ revision, source: SOURCE }));
    const { truth } = truthOf(commits, [live(A, { history }, { source: SOURCE })]);
    const found = await truth.removed(marked({ annotations: ID }));
    expect([found?.removedIn, found?.keptBy]).toEqual([TWO, "Argo CD"]);
  });

  test.each<readonly [string, ValueMap, string | undefined, boolean]>([
    ["by the annotation", { annotations: ID }, undefined, true],
    ["by the label", { labels: { "app.kubernetes.io/instance": "a" } }, undefined, true],
    [
      "not by an annotation that was copied",
      { annotations: { "argocd.argoproj.io/tracking-id": "a:/ConfigMap:apps/z" } },
      undefined,
      false,
    ],
    [
      "not by another's annotation",
      { annotations: { "argocd.argoproj.io/tracking-id": "ab:/ConfigMap:apps/a" } },
      undefined,
      false,
    ],
    ["not by nothing", {}, undefined, false],
    [
      "by its namespace and name, away from Argo CD's own",
      { annotations: { "argocd.argoproj.io/tracking-id": "argocd_a:/ConfigMap:apps/a" } },
      "other",
      true,
    ],
    ["not by its name alone, away from Argo CD's own", { annotations: ID }, "other", false],
  ])("is known %s", async (_what, metadata, controllerNamespace, known) => {
    const deployer = synced(ONE, SOURCE, PRUNE);
    const status = { ...(deployer.value["status"] as ValueMap), controllerNamespace: controllerNamespace ?? "argocd" };
    const { truth } = truthOf(commits, [{ ...deployer, value: { ...deployer.value, status } }]);
    expect((await truth.removed(marked(metadata))) !== undefined).toBe(known);
  });
});

function failed(phase: string, more: ValueMap = {}): LiveObject {
  return live(
    A,
    {
      history: HISTORY,
      operationState: { ...SYNC, phase, message: "token=abc", syncResult: { ...RESULT(TWO), ...more } },
    },
    { source: SOURCE },
  );
}

describe("an Application's sync that failed", () => {
  test("is told without Argo CD's message", () => {
    expect(syncFault(failed("Failed"))).toMatchObject({
      code: "sync-failed",
      message:
        "the last sync of Application/a in argocd failed at commit 222222222222: it last deployed all of 111111111111",
    });
    expect(JSON.stringify(syncFault(failed("Error", { revision: "\u001b[31mx" })))).not.toMatch(/token|u001b/);
  });

  test.each(["Succeeded", "Running", "Terminating", "", "__proto__", "toString"])("is none in phase %j", (phase) => {
    expect(syncFault(failed(phase))).toBeUndefined();
  });
});
