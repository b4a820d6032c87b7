import { describe, expect, test } from "vitest";
import type { DeployerState } from "../../src/core/deployer.ts";
import type { Change, Drift } from "../../src/core/drift.ts";
import type { LiveObject } from "../../src/core/objects.ts";
import { fields } from "../../src/core/path.ts";
import type { RootDeployer } from "../../src/core/stages.ts";
import { refKey } from "../../src/core/refs.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { deployerStates } from "../../src/reconcile/deployers/deployer-state.ts";
import { windowReader } from "../../src/reconcile/deployers/sync-windows.ts";
import { adviceOn } from "../../src/report/advice.ts";
import { deployersWords, fatesOf, stateOfDeployerWords } from "../../src/report/deployer-words.ts";
import { desiredOf, liveOf, yaml } from "../drift/objects.ts";

const KINDS = {
  "flux-kustomization": ["kustomize.toolkit.fluxcd.io/v1", "Kustomization"],
  "flux-helm-release": ["helm.toolkit.fluxcd.io/v2", "HelmRelease"],
  "argo-cd-application": ["argoproj.io/v1alpha1", "Application"],
} as const;

function rootOf(kind: RootDeployer["kind"], spec: string): RootDeployer {
  const [apiVersion, name] = KINDS[kind];
  const ref = { apiVersion, kind: name, namespace: "ops", name: "a" };
  return { kind, ref, file: "a.yaml", suspended: false, spec: yaml(spec) };
}

const PROJECTS: readonly LiveObject[] = [
  {
    ref: { apiVersion: "argoproj.io/v1alpha1", kind: "AppProject", namespace: "ops", name: "p" },
    managers: [],
    value: yaml(
      "{spec: {syncWindows: [{kind: deny, schedule: '0 8 * * *', duration: 10h, applications: ['a*'], namespaces: [no], andOperator: true}, {kind: deny, schedule: '0 8 * * *', duration: 10h, clusters: [in-*]}, {kind: deny, manualSync: true, schedule: '0 8 * * *', duration: 10h, namespaces: [held]}, {kind: allow, schedule: '0 22 * * *', duration: 1h, timeZone: Asia/Kolkata, namespaces: [night]}, {kind: deny, schedule: '0 22 * * *', duration: 1h, namespaces: [late]}, {kind: deny, schedule: bad, duration: 1h, namespaces: [bad]}]}}",
    ),
  },
];

const DEFAULT_PROJECT: LiveObject = {
  ref: { apiVersion: "argoproj.io/v1alpha1", kind: "AppProject", namespace: "ops", name: "default" },
  managers: [],
  value: {},
};

const NOW = Date.parse("2026-11-21T12:00:00Z");

/** As it lives where a status is given, else as Git has it. */
function stateOf(deployer: RootDeployer, status?: string, metadata: ValueMap = {}): DeployerState {
  const own: LiveObject = {
    ref: deployer.ref,
    managers: [],
    value: { metadata, spec: deployer.spec, ...(status === undefined ? {} : { status: yaml(status) }) },
  };
  const live = status === undefined ? [] : [own, ...PROJECTS];
  const known = new Map([...live, DEFAULT_PROJECT].map((one) => [refKey(one.ref), one]));
  const states = deployerStates(
    { live: known, declared: [] },
    windowReader(NOW),
  )([{ path: "", renderer: "plain", version: "", deployer }]);
  const [state] = states.values();
  if (state === undefined) throw new Error("no state");
  return state;
}

const FLUX = rootOf("flux-kustomization", "{interval: 10m, prune: true}");
const RELEASE = rootOf("flux-helm-release", "{interval: 5m}");
const CORRECTING = rootOf("flux-helm-release", "{interval: 5m, driftDetection: {mode: enabled}}");
const HEALING = rootOf("argo-cd-application", "{syncPolicy: {automated: {selfHeal: true, prune: true}}}");
const AUTOMATED = rootOf("argo-cd-application", "{syncPolicy: {automated: {}}}");
const OFF = rootOf("argo-cd-application", "{syncPolicy: {automated: {enabled: false, selfHeal: true, prune: true}}}");
const MANUAL = rootOf("argo-cd-application", "{project: p, destination: {name: in-cluster, namespace: shop}}");
const within = (namespace: string, automated = "automated: {selfHeal: true}"): RootDeployer =>
  rootOf("argo-cd-application", `{project: p, destination: {namespace: ${namespace}}, syncPolicy: {${automated}}}`);
const HELD = within("held");
const NIGHT = within("night");
const LATE = within("late");
const BAD = within("bad", "");
const ELSEWHERE = rootOf("argo-cd-application", "{project: unread, syncPolicy: {automated: {}}}");
const FAILED = "{conditions: [{type: Ready, status: 'False', reason: BuildFailed}]}";
const ARGO_FAILED = "{operationState: {phase: Failed, operation: {sync: {}}}}";

describe("what a deployer does", () => {
  test.each<readonly [string, DeployerState, string]>([
    ["a Kustomization", stateOf(FLUX), "Flux (Kustomization/a in ops): interval 10m, prune (as Git has it)"],
    [
      "a Kustomization that failed",
      stateOf(FLUX, FAILED),
      "Flux (Kustomization/a in ops): interval 10m, prune; its last sync failed",
    ],
    [
      "a suspended one",
      stateOf(rootOf("flux-kustomization", "{suspend: true}"), "{}"),
      "Flux (Kustomization/a in ops): suspended, no prune",
    ],
    ["a HelmRelease", stateOf(RELEASE, "{}"), "Flux (HelmRelease/a in ops): interval 5m, no drift detection"],
    [
      "a HelmRelease that only warns",
      stateOf(rootOf("flux-helm-release", "{driftDetection: {mode: warn}}"), "{}"),
      "Flux (HelmRelease/a in ops): no drift detection",
    ],
    ["a correcting one", stateOf(CORRECTING, "{}"), "Flux (HelmRelease/a in ops): interval 5m, drift detection"],
    [
      "a self-healing Application",
      stateOf(HEALING, "{}"),
      "Argo CD (Application/a in ops): automated, self-heal, prune",
    ],
    ["an automated one", stateOf(AUTOMATED, "{}"), "Argo CD (Application/a in ops): automated, no self-heal, no prune"],
    ["one whose automation is off", stateOf(OFF, "{}"), "Argo CD (Application/a in ops): manual sync"],
    [
      "one that is synced by hand, which a window holds back",
      stateOf(MANUAL, "{}"),
      "Argo CD (Application/a in ops): manual sync; a deny window holds back all syncs until 2026-11-21 18:00 UTC",
    ],
    [
      "an automated one that a window holds back, and not by hand",
      stateOf(HELD, "{}"),
      "Argo CD (Application/a in ops): automated, self-heal, no prune; a deny window holds back automated syncs until 2026-11-21 18:00 UTC",
    ],
    [
      "one outside of its allow window, whose time zone counts",
      stateOf(NIGHT, "{}"),
      "Argo CD (Application/a in ops): automated, self-heal, no prune; no allow window is open, which holds back all syncs until 2026-11-21 16:30 UTC",
    ],
    [
      "one that a window will hold back",
      stateOf(LATE, "{}"),
      "Argo CD (Application/a in ops): automated, self-heal, no prune; its project's sync windows allow automated syncs until 2026-11-21 22:00 UTC",
    ],
    [
      "one with a window that Argo CD cannot read",
      stateOf(BAD, "{}"),
      "Argo CD (Application/a in ops): manual sync; Argo CD cannot read the schedule of a sync window, which holds back all syncs until that is mended",
    ],
    [
      "one of a project that was not read",
      stateOf(ELSEWHERE, "{}"),
      "Argo CD (Application/a in ops): automated, no self-heal, no prune; its project's sync windows are not known",
    ],
    [
      "one that is left alone",
      stateOf(HEALING, "{}", { annotations: { "argocd.argoproj.io/skip-reconcile": "true" } }),
      "Argo CD (Application/a in ops): suspended, automated, self-heal, prune",
    ],
    [
      "text that is no duration",
      stateOf(rootOf("flux-kustomization", '{interval: "\\e[31m"}'), "{}"),
      "Flux (Kustomization/a in ops): interval unreadable, no prune",
    ],
  ])("is said of %s", (_what, state, expected) => {
    expect(stateOfDeployerWords(state)).toBe(expected);
  });

  test("hangs on the project as Git has it, where no cluster is asked", () => {
    const roots = [{ path: "", renderer: "plain", version: "", deployer: MANUAL }] as const;
    const declared = PROJECTS.map(({ ref, value }) => ({ ...desiredOf(yaml(OBJECT)), ref, value }));
    const [state] = deployerStates({ live: new Map(), declared }, windowReader(NOW))(roots).values();
    expect(state?.windows).toMatchObject({ kind: "timed", manual: { allowed: false, by: "deny" } });
    const elsewhere = declared.map((one) => ({ ...one, ref: { ...one.ref, name: "other" } }));
    const [unknown] = deployerStates({ live: new Map(), declared: elsewhere }, windowReader(NOW))(roots).values();
    expect(unknown?.windows).toEqual({ kind: "unknown" });
  });

  test("is counted for a target", () => {
    const deployers = [
      stateOf(FLUX, FAILED),
      stateOf(MANUAL, "{}"),
      stateOf(AUTOMATED),
      stateOf(HEALING),
      stateOf(RELEASE),
    ];
    const target = { name: "t", cluster: "c", revision: "r", path: "", roots: [] };
    expect(deployersWords({ ...target, deployers })).toBe(
      "target t is deployed by 1 Flux Kustomization (1 whose last sync failed) and 3 Argo CD Applications (1 with manual sync, 1 without self-heal, 1 held back by sync windows) and 1 Flux HelmRelease (1 without drift detection)",
    );
    expect(deployersWords(target)).toBeUndefined();
  });
});

const OBJECT = "{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop}, data: {x: '2', y: z}}";
const REPLACED: Change = {
  path: fields("data", "x"),
  operation: "replace",
  desired: "1",
  live: "2",
  direction: "live-changed",
};
const ADDED: Change = { path: fields("data", "y"), operation: "add", live: "z", direction: "live-changed" };
const AHEAD: Change = { ...REPLACED, direction: "git-ahead" };
const byHand = (manager: string, subresource?: string): Change => ({
  ...ADDED,
  actor: { manager, operation: "Update", ...(subresource === undefined ? {} : { subresource }) },
});

function driftOf(change: Change, deployer: RootDeployer, annotations: ValueMap = {}): Drift {
  const object = yaml(OBJECT);
  const value = { ...object, metadata: { ...(object["metadata"] as ValueMap), annotations } };
  const desired = { ...desiredOf(value), deployer: deployer.ref };
  return { state: "drifted", ref: desired.ref, desired, live: liveOf(value), changes: [change] };
}

describe("what becomes of a change if nobody does anything", () => {
  const LATER = "Flux puts it back when it reconciles next (interval 10m)";
  const DENIED = "a deny window holds back all syncs until 2026-11-21 18:00 UTC";
  const ALONE = "leaves it alone: Git never named the field";
  test.each<readonly [string, RootDeployer, string | undefined, Change, string]>([
    ["a value under Flux", FLUX, "{}", REPLACED, LATER],
    ["a field that kubectl added under Flux", FLUX, "{}", byHand("kubectl-edit"), LATER],
    ["a field that another client added under Flux", FLUX, "{}", byHand("k9s"), `Flux ${ALONE}`],
    ["a field that was added through a subresource", FLUX, "{}", byHand("kubectl", "status"), `Flux ${ALONE}`],
    ["a field that nobody is known to have added under Flux", FLUX, "{}", ADDED, `Flux ${ALONE}`],
    [
      "a value under Flux that fails",
      FLUX,
      FAILED,
      REPLACED,
      "Flux does not put it back, since its last sync failed (Kustomization/a in ops)",
    ],
    [
      "a value under a HelmRelease",
      RELEASE,
      "{}",
      REPLACED,
      "Flux leaves it until the chart or its values change: drift detection is off",
    ],
    [
      "a value under a correcting HelmRelease",
      CORRECTING,
      "{}",
      REPLACED,
      "Flux puts it back when it reconciles next (interval 5m)",
    ],
    ["a field that kubectl added under a HelmRelease", CORRECTING, "{}", byHand("kubectl-edit"), `Flux ${ALONE}`],
    ["a value under self-healing", HEALING, "{}", REPLACED, "Argo CD puts it back within seconds: self-heal is on"],
    [
      "a value under self-healing that failed",
      HEALING,
      ARGO_FAILED,
      REPLACED,
      "Argo CD does not put it back, since its last sync failed (Application/a in ops)",
    ],
    ["a field that was added under self-healing", HEALING, "{}", byHand("kubectl-edit"), `Argo CD ${ALONE}`],
    [
      "a value under automation",
      AUTOMATED,
      "{}",
      REPLACED,
      "Argo CD leaves it until it syncs the next commit: self-heal is off",
    ],
    ["a value under manual sync", OFF, "{}", REPLACED, "nothing puts it back: sync is manual"],
    ["a commit under manual sync", OFF, "{}", AHEAD, "it waits for somebody to sync: sync is manual"],
    [
      "a commit under manual sync that a window holds back",
      MANUAL,
      "{}",
      AHEAD,
      `it waits for somebody to sync: sync is manual; ${DENIED}`,
    ],
    [
      "a value under manual sync that a window holds back",
      MANUAL,
      "{}",
      REPLACED,
      `nothing puts it back: sync is manual; ${DENIED}`,
    ],
    [
      "a value under self-healing that a window holds back",
      HELD,
      "{}",
      REPLACED,
      "Argo CD does not put it back yet; a deny window holds back automated syncs until 2026-11-21 18:00 UTC",
    ],
    ["a field that was added there", HELD, "{}", ADDED, `Argo CD ${ALONE}`],
    [
      "a commit that a window holds back",
      HELD,
      "{}",
      AHEAD,
      "it waits; a deny window holds back automated syncs until 2026-11-21 18:00 UTC",
    ],
    [
      "a value that a window will not let be put back",
      LATE,
      "{}",
      REPLACED,
      "Argo CD puts it back within seconds: self-heal is on; sync windows allow that until 2026-11-21 22:00 UTC",
    ],
    [
      "a commit in a project that was not read",
      ELSEWHERE,
      "{}",
      AHEAD,
      "Argo CD deploys it by itself, as far as its project's sync windows allow, which are not known",
    ],
    ["a commit under automation", AUTOMATED, "{}", AHEAD, "Argo CD deploys it by itself"],
    ["a commit under Flux", FLUX, "{}", AHEAD, "Flux deploys it by itself (interval 10m)"],
    [
      "a commit that failed",
      AUTOMATED,
      ARGO_FAILED,
      AHEAD,
      "Argo CD tried, and its last sync failed (Application/a in ops): it waits until that is mended",
    ],
  ])("%s", (_what, deployer, status, change, expected) => {
    const state = stateOf(deployer, status);
    expect(fatesOf(state, driftOf(change, deployer))).toEqual([expected]);
  });

  test.each<readonly [string, ValueMap, Change, string]>([
    ["reconcile", { "kustomize.toolkit.fluxcd.io/reconcile": "Disabled" }, REPLACED, "to leave it alone"],
    ["ssa", { "kustomize.toolkit.fluxcd.io/ssa": "Ignore" }, REPLACED, "to leave it alone"],
    ["ssa", { "kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent" }, REPLACED, "to leave it alone"],
    ["ssa", { "kustomize.toolkit.fluxcd.io/ssa": "Merge" }, byHand("kubectl-edit"), "Git never named"],
    ["ssa", { "kustomize.toolkit.fluxcd.io/ssa": "Override" }, REPLACED, "when it reconciles next"],
  ])("the object's own %s annotation counts: %j", (_what, annotations, change, expected) => {
    expect(fatesOf(stateOf(FLUX), driftOf(change, FLUX, annotations))).toEqual([expect.stringContaining(expected)]);
  });

  test("is said for the fields of each fate, where there are several", () => {
    const drift = driftOf(REPLACED, OFF);
    const changes = [REPLACED, ADDED, { ...REPLACED, path: fields("data", "w") }];
    expect(fatesOf(stateOf(OFF, "{}"), { ...drift, changes } as Drift)).toEqual([
      "data.x, data.w: nothing puts it back: sync is manual",
      `data.y: Argo CD ${ALONE}`,
    ]);
    expect(fatesOf(stateOf(OFF, "{}"), { ...drift, changes } as Drift, [1])).toEqual([`Argo CD ${ALONE}`]);
  });

  test("Argo CD does not look at a namespace that it makes and labels, between two syncs", () => {
    const drift = driftOf(REPLACED, HEALING);
    if (drift.state !== "drifted") throw new Error("no drift");
    const desired = { ...drift.desired, origin: { ...drift.desired.origin, layer: "argo-cd" as const } };
    expect(fatesOf(stateOf(HEALING, "{}"), { ...drift, desired })).toEqual([
      "Argo CD leaves it until it syncs next: it does not look at the namespace that it makes in between",
    ]);
  });

  test("an object that is gone comes back as its deployer puts things back", () => {
    const desired = { ...desiredOf(yaml(OBJECT)), deployer: HEALING.ref };
    expect(fatesOf(stateOf(HEALING), { state: "missing", ref: desired.ref, desired })).toEqual([
      "Argo CD puts it back within seconds: self-heal is on",
    ]);
  });
});

function on(deployer: RootDeployer, status: string, change: Change): string {
  return adviceOn({ drift: driftOf(change, deployer), deployer: stateOf(deployer, status) }, [0], []);
}

describe("advice", () => {
  test("begins with what comes by itself, and syncs before it patches", () => {
    const said = on(OFF, "{}", REPLACED);
    expect(said).toMatch(/^`+ ?nothing puts it back: sync is manual ?`+\./);
    expect(said.indexOf("argocd app sync a --app-namespace ops")).toBeLessThan(said.indexOf("kubectl patch"));
  });

  test("lets go on first what is suspended", () => {
    const suspended = rootOf("flux-kustomization", "{suspend: true}");
    expect(on(suspended, "{}", REPLACED)).toContain(
      "flux resume kustomization a -n ops\nflux reconcile kustomization a -n ops --with-source",
    );
  });

  test("takes away by hand what the deployer leaves alone, and nothing else", () => {
    expect(on(FLUX, "{}", byHand("k9s"))).toContain("To undo it, take away what only the cluster has");
    expect(on(FLUX, "{}", byHand("kubectl-edit"))).toContain("flux reconcile kustomization a");
  });
});
