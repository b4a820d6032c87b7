// The real API server judges the bundled packs: as the policies that they are, and for pss-baseline by its own Pod Security admission.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AdmissionRequest } from "../../src/core/admission.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { pluralOf } from "../../src/policy/plural.ts";
import { policyEnvironment } from "../../src/policy/environment.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { evaluateRequest } from "../../src/policy/evaluate.ts";
import { LIFTS, readPacks, requestOf } from "../policy/packs.ts";
import type { Case, Rule } from "../policy/packs.ts";
import { askApi } from "./api.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import { describeOnCluster } from "./suite.ts";

const RULES = readPacks();
const BASELINE = RULES.filter((rule) => rule.pack === "pss-baseline");

/** A policy is bound to the objects that carry its name in this label, so that each case is judged by its own rule alone. */
const LABEL = "holdfast.test/judged-by";

/** The checks of Pod Security admission by the reason that it gives (k8s.io/pod-security-admission `policy/check_*.go`). */
const REASONS: Readonly<Record<string, string>> = {
  "forbidden AppArmor profiles?": "pss-baseline/appArmor",
  "non-default capabilities": "pss-baseline/capabilities",
  "host namespaces": "pss-baseline/hostNamespaces",
  "hostPath volumes": "pss-baseline/hostPath",
  hostPort: "pss-baseline/hostPorts",
  "probe or lifecycle host": "pss-baseline/hostProbesAndHostLifecycle",
  privileged: "pss-baseline/privileged",
  procMount: "pss-baseline/procMount",
  seLinuxOptions: "pss-baseline/seLinux",
  seccompProfile: "pss-baseline/seccomp",
  "forbidden sysctls": "pss-baseline/sysctls",
  hostProcess: "pss-baseline/windowsHostProcess",
};

/** The cases in which no verdict can be compared, because the API server refuses the object itself; the run says why. */
const NOT_COMPARED: readonly string[] = [
  "exposure/EX01: a Service that was deleted",
  "exposure/EX01: from a headless Service to NodePort",
  "exposure/EX02: a Service without a spec, which only a broken manifest has",
  ...BASELINE.map((rule) => `${rule.id}: a Deployment without a Pod template, which only a broken manifest has`),
  "pss-baseline/appArmor: a profile without a type, which only a broken manifest has",
  "pss-baseline/hostPorts: an ephemeral container on a port of the host",
  "pss-baseline/hostProbesAndHostLifecycle: an ephemeral container with a probe, which the API server refuses",
  "pss-baseline/privileged: a privileged init container and a privileged ephemeral one",
  "pss-baseline/procMount: an unmasked mount",
  "pss-baseline/procMount: an unmasked mount in the user namespace of the host",
  "pss-baseline/procMount: an init container with an unmasked mount",
  "pss-baseline/procMount: an ephemeral container with an unmasked mount",
  "pss-baseline/procMount: a Deployment with an unmasked mount beside a default one",
  "pss-baseline/procMount: a CronJob with an unmasked mount",
  "pss-baseline/procMount: a PodTemplate with an unmasked mount",
  "pss-baseline/seccomp: a profile without a type, which only a broken manifest has",
  "pss-baseline/windowsHostProcess: an init container alone, which the API server refuses",
  "pss-baseline/windowsHostProcess: an ephemeral container that is a host process",
  "rbac-escalation/RB02: a wildcard for nothing, which only a broken manifest has",
];

/** What the API server refuses before it asks any policy, and why: no verdict can be compared there. */
interface Refused {
  readonly about: string;
  readonly why: string;
}

type Answer =
  | { readonly kind: "admitted"; readonly object: ValueMap }
  | { readonly kind: "denied"; readonly message: string }
  | { readonly kind: "refused"; readonly message: string };

interface Sent {
  readonly method: "POST" | "PUT";
  readonly object: ValueMap;
  readonly subresource?: string;
  /** Default true. */
  readonly dryRun?: boolean;
}

describeOnCluster("the bundled packs on a real API server", () => {
  let cluster: TestCluster;
  let serial = 0;

  async function ask(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: ValueMap }> {
    const endpoint = { server: cluster.server, authority: cluster.authority, token: cluster.tokenOf("admin") };
    const { status, text } = await askApi(endpoint, { method, path, body });
    return { status, body: JSON.parse(text) as ValueMap };
  }

  async function send({ method, object, subresource, dryRun = true }: Sent): Promise<Answer> {
    const name = method === "POST" ? "" : `/${textOf(fieldOf(object, "metadata"), "name") ?? ""}`;
    const path = `${pathOf(object)}${name}${subresource === undefined ? "" : `/${subresource}`}${dryRun ? "?dryRun=All" : ""}`;
    const { status, body } = await ask(method, path, object);
    if (status < 300) return { kind: "admitted", object: body };
    const message = textOf(body, "message") ?? "";
    return { kind: /ValidatingAdmissionPolicy '|violates PodSecurity/.test(message) ? "denied" : "refused", message };
  }

  /** With a name that nothing has, and least of all what the API server makes for itself. */
  function unique(object: ValueMap): ValueMap {
    return withMetadata(object, { name: `case-${++serial}` });
  }

  /**
   * The API server's answer to a Pod, an object or an update. Ephemeral containers come as they do in life, through their
   * subresource; what was there before is really created. `mark` makes an object one that is judged.
   */
  async function submit({ operation, object, oldObject }: Case, mark: (object: ValueMap) => ValueMap): Promise<Answer> {
    if (object === undefined) return { kind: "refused", message: "a DELETE, which is not replayed" };
    if (operation === "UPDATE") {
      const old = await send({ method: "POST", object: unique(oldObject ?? {}), dryRun: false });
      if (old.kind !== "admitted") return { kind: "refused", message: old.message };
      const { name, resourceVersion } = fieldOf(old.object, "metadata") as ValueMap;
      return send({ method: "PUT", object: withMetadata(mark(object), { name, resourceVersion }) });
    }
    const { ephemeralContainers, ...spec } = (fieldOf(object, "spec") ?? {}) as ValueMap;
    if (object["kind"] !== "Pod" || !isList(ephemeralContainers) || ephemeralContainers.length === 0) {
      return send({ method: "POST", object: unique(mark(object)) });
    }
    const base = await send({ method: "POST", object: unique(mark({ ...object, spec })), dryRun: false });
    if (base.kind === "refused") return base;
    if (base.kind === "denied")
      return { kind: "refused", message: "the Pod is denied before its ephemeral container can be added" };
    const grown = { ...base.object, spec: { ...(fieldOf(base.object, "spec") as ValueMap), ephemeralContainers } };
    return send({ method: "PUT", object: grown, subresource: "ephemeralcontainers" });
  }

  beforeAll(async () => {
    cluster = await startCluster({ name: "packs" });
    const enforced = {
      "pod-security.kubernetes.io/enforce": "baseline",
      "pod-security.kubernetes.io/enforce-version": "v1.36",
    };
    for (const [name, labels] of Object.entries({ shop: {}, "shop-baseline": enforced })) {
      const { status } = await ask("POST", "/api/v1/namespaces", { metadata: { name, labels } });
      if (status !== 201) throw new Error(`the namespace ${name} was not created: ${status}`);
    }
  });
  afterAll(() => cluster?.stop());

  it("takes every policy, and enforces it", async () => {
    const api = "/apis/admissionregistration.k8s.io/v1";
    for (const { document, policy } of RULES) {
      const created = await ask("POST", `${api}/validatingadmissionpolicies`, document);
      expect([policy.name, created.status, textOf(created.body, "message")]).toEqual([policy.name, 201, undefined]);
      const bound = await ask("POST", `${api}/validatingadmissionpolicybindings`, {
        metadata: { name: policy.name },
        spec: {
          policyName: policy.name,
          validationActions: ["Deny"],
          matchResources: { objectSelector: { matchLabels: { [LABEL]: policy.name } } },
        },
      });
      expect(bound.status).toBe(201);
    }
    for (const rule of RULES) expect([rule.id, await isEnforced(rule)]).toEqual([rule.id, true]);
  });

  /** Waits, up to a minute, until the API server denies what the rule fails; true, too, where it refuses all of that itself. */
  async function isEnforced(rule: Rule): Promise<boolean> {
    const failing = rule.cases.find(
      (one) => one.expect === "fail" && !NOT_COMPARED.includes(`${rule.id}: ${one.name}`),
    );
    if (failing === undefined) return true;
    const deadline = performance.now() + 60_000;
    while ((await submit(failing, markFor(rule))).kind !== "denied") {
      if (performance.now() > deadline) return false;
      await sleep(500);
    }
    return true;
  }

  it("admits and denies as the engine says, in every case", async () => {
    const cases = RULES.flatMap((rule) => rule.cases.map((one) => ({ rule, one })));
    const { compared, refused } = await compare(cases);
    process.stdout.write(
      `packs: ${cases.length} cases, ${compared} verdicts compared with the API server's\n${shown(refused)}`,
    );
    expect(refused.map(({ about }) => about).toSorted()).toEqual(NOT_COMPARED.toSorted());
  });

  it("admits and denies every kind with Pods as the engine says, in every case of a Pod", async () => {
    const cases = BASELINE.flatMap((rule) =>
      podCases(rule).flatMap((one) =>
        Object.entries(LIFTS).map(([kind, lift]) => ({
          rule,
          one: { ...one, name: `${one.name}, as a ${kind}`, object: lift(one.object) },
        })),
      ),
    );
    const { compared, refused } = await compare(cases);
    process.stdout.write(
      `packs: ${cases.length} lifted Pods, ${compared} verdicts compared with the API server's\n${shown(refused)}`,
    );
    expect(refused.length).toBeLessThan(cases.length / 8);
  });

  it("has Pod Security admission find by the same checks what pss-baseline finds", async () => {
    const environment = policyEnvironment();
    const compiled = BASELINE.map((rule) => compilePolicy(rule.policy, environment));
    const refused: Refused[] = [];
    let compared = 0;
    for (const rule of BASELINE) {
      for (const one of podCases(rule)) {
        const about = `${rule.id}: ${one.name}`;
        const answer = await submit(one, (object) => withMetadata(object, { namespace: "shop-baseline" }));
        if (answer.kind === "refused") {
          refused.push({ about, why: answer.message });
          continue;
        }
        const ours = new Set(evaluateRequest(requestOf(one), compiled).map((violation) => violation.policy));
        expect([about, checksOf(answer)]).toEqual([about, [...ours].toSorted()]);
        compared++;
      }
    }
    process.stdout.write(
      `packs: ${compared} Pods compared with Pod Security admission, baseline v1.36\n${shown(refused)}`,
    );
    expect(NOT_COMPARED).toEqual(expect.arrayContaining(refused.map(({ about }) => about)));
    expect(compared).toBeGreaterThan(120);
  });

  /** Fails where the API server, the engine on the case, or the engine on what the API server made of it, differ. */
  async function compare(
    cases: readonly { readonly rule: Rule; readonly one: Case }[],
  ): Promise<{ compared: number; refused: readonly Refused[] }> {
    const environment = policyEnvironment();
    const refused: Refused[] = [];
    let compared = 0;
    for (const { rule, one } of cases) {
      const compiled = compilePolicy(rule.policy, environment);
      const about = `${rule.id}: ${one.name}`;
      const denies = (request: AdmissionRequest): boolean => evaluateRequest(request, [compiled]).length > 0;
      const unjudged = await submit(one, (object) => object);
      const judged = unjudged.kind === "admitted" ? await submit(one, markFor(rule)) : unjudged;
      if (unjudged.kind !== "admitted" || judged.kind === "refused") {
        refused.push({ about, why: judged.kind === "admitted" ? "" : judged.message });
        continue;
      }
      const defaulted = { ...requestOf(one), object: unjudged.object };
      const denied = judged.kind === "denied";
      expect({ about, case: denies(requestOf(one)), defaulted: denies(defaulted) }).toEqual({
        about,
        case: denied,
        defaulted: denied,
      });
      compared++;
    }
    return { compared, refused };
  }
});

function podCases(rule: Rule): readonly (Case & { readonly object: ValueMap })[] {
  return rule.cases.flatMap((one) =>
    one.operation === "CREATE" && one.object?.["kind"] === "Pod" ? [{ ...one, object: one.object }] : [],
  );
}

function markFor(rule: Rule): (object: ValueMap) => ValueMap {
  return (object) => {
    const labels = fieldAt(object, "metadata", "labels");
    return withMetadata(object, { labels: { ...(isMap(labels) ? labels : {}), [LABEL]: rule.policy.name } });
  };
}

function withMetadata(object: ValueMap, metadata: Readonly<Record<string, unknown>>): ValueMap {
  return { ...object, metadata: { ...(fieldOf(object, "metadata") as ValueMap), ...metadata } } as ValueMap;
}

/** Where objects of this kind are created. */
function pathOf(object: ValueMap): string {
  const apiVersion = textOf(object, "apiVersion") ?? "";
  const namespace = textOf(fieldOf(object, "metadata"), "namespace");
  const api = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${api}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${pluralOf(textOf(object, "kind") ?? "")}`;
}

/** The rules that stand for the checks which the denial names. */
function checksOf(answer: Answer): readonly string[] {
  if (answer.kind !== "denied") return [];
  const [, checks = ""] = answer.message.split('"baseline:v1.36": ');
  return Object.entries(REASONS)
    .flatMap(([reason, rule]) => (new RegExp(`(?:^|, )${reason} \\(`).test(checks) ? [rule] : []))
    .toSorted();
}

function shown(refused: readonly Refused[]): string {
  return refused.map(({ about, why }) => `  not compared: ${about}: ${why}\n`).join("");
}
