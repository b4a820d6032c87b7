import { describe, expect, test } from "vitest";
import { admissionFacts, FACT_KINDS } from "../../src/drift/admission-facts.ts";
import { autoscalersOf, resizedObjects } from "../../src/drift/scaling.ts";
import { compareObject } from "../../src/drift/compare.ts";
import { refKey } from "../../src/core/refs.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import type { Value } from "../../src/core/value.ts";
import type { AdmissionContext } from "../../src/kinds/left-out.ts";
import { desiredOf, liveOf, refOf, yaml } from "./objects.ts";

const RESOURCES: Readonly<Record<string, string>> = {
  ConfigMap: "configmaps",
  Deployment: "deployments",
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations",
  Namespace: "namespaces",
  Pod: "pods",
};

function contextOf(...manifests: readonly string[]): AdmissionContext {
  const facts = admissionFacts(({ kind }) => RESOURCES[kind]);
  for (const text of manifests) {
    const value = yaml(text);
    facts.take([{ ref: refOf(value), value }], "live");
  }
  return facts.context();
}

const DEPLOYMENT: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };
const POD: ObjectRef = { apiVersion: "v1", kind: "Pod", namespace: "shop", name: "web" };

function webhook(rest: string): string {
  return `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: { name: hooks }
webhooks: [{ name: a.example.com, ${rest} }]`;
}

function rule(resources: string, more = ""): string {
  return `rules: [{ apiGroups: ["*"], apiVersions: [v1], operations: [CREATE], resources: ${resources}${more} }]`;
}

const SHOP = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { inject: enabled } }";

/** Whether the webhook may have written the Deployment of the namespace `shop`, which is labelled `inject: enabled`. */
const WEBHOOKS: readonly (readonly [sentence: string, rest: string, matches: boolean])[] = [
  ["every resource", rule('["*"]'), true],
  ["the resource", rule("[deployments]"), true],
  ["another resource", rule("[pods]"), false],
  ["all of its subresources, and so itself", rule('["deployments/*"]'), true],
  ["one subresource", rule('["deployments/scale"]'), false],
  ["everything with its subresources", rule('["*/*"]'), true],
  ["namespaced objects", rule('["*"]', ", scope: Namespaced"), true],
  ["cluster-scoped objects", rule('["*"]', ", scope: Cluster"), false],
  ["a deletion", 'rules: [{ apiGroups: [apps], apiVersions: [v1], operations: [DELETE], resources: ["*"] }]', false],
  ["any operation", 'rules: [{ apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: ["*"] }]', true],
  ["another group", 'rules: [{ apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: ["*"] }]', false],
  [
    "another version, which the server converts to",
    'rules: [{ apiGroups: [apps], apiVersions: [v1beta1], operations: ["*"], resources: ["*"] }]',
    true,
  ],
  [
    "another version, and exactly that",
    'matchPolicy: Exact, rules: [{ apiGroups: [apps], apiVersions: [v1beta1], operations: ["*"], resources: ["*"] }]',
    false,
  ],
  ["no rules", "sideEffects: None", false],
  ["the namespace's label", `${rule('["*"]')}, namespaceSelector: { matchLabels: { inject: enabled } }`, true],
  ["another label of the namespace", `${rule('["*"]')}, namespaceSelector: { matchLabels: { inject: no } }`, false],
  [
    "not this namespace",
    `${rule('["*"]')}, namespaceSelector: { matchExpressions: [{ key: kubernetes.io/metadata.name, operator: NotIn, values: [shop] }] }`,
    false,
  ],
  [
    "namespaces without a label",
    `${rule('["*"]')}, namespaceSelector: { matchExpressions: [{ key: skip, operator: DoesNotExist }] }`,
    true,
  ],
  ["a label of the object", `${rule('["*"]')}, objectSelector: { matchLabels: { app: web } }`, true],
  ["another label of the object", `${rule('["*"]')}, objectSelector: { matchLabels: { app: api } }`, false],
  [
    "a condition, which is not evaluated",
    `${rule('["*"]')}, matchConditions: [{ name: no, expression: "false" }]`,
    true,
  ],
];

describe("a webhook that matches", () => {
  test.each(WEBHOOKS)("%s", (_, rest, matches) => {
    const names = contextOf(SHOP, webhook(rest)).mutatorsOf(DEPLOYMENT, { app: "web" });
    expect(names).toEqual(matches ? ["webhook a.example.com"] : []);
  });

  test("what is not known of labels is taken to match", () => {
    const hooked = contextOf(webhook(`${rule('["*"]')}, namespaceSelector: { matchLabels: { inject: no } }`));
    expect(hooked.mutatorsOf(DEPLOYMENT)).toHaveLength(1);
    const labelled = contextOf(webhook(`${rule('["*"]')}, objectSelector: { matchLabels: { app: api } }`));
    expect(labelled.mutatorsOf(DEPLOYMENT)).toHaveLength(1);
  });

  test("a namespace's name is known without it", () => {
    const selector = "namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: other } }";
    expect(contextOf(webhook(`${rule('["*"]')}, ${selector}`)).mutatorsOf(DEPLOYMENT)).toEqual([]);
  });

  test("a Namespace is selected by its own labels", () => {
    const hooked = contextOf(
      webhook(`${rule("[namespaces]")}, namespaceSelector: { matchLabels: { inject: enabled } }`),
    );
    const ref = { apiVersion: "v1", kind: "Namespace", name: "shop" };
    expect(hooked.mutatorsOf(ref, { inject: "enabled" })).toHaveLength(1);
    expect(hooked.mutatorsOf(ref, {})).toEqual([]);
  });

  test("nothing mutates what configures admission, nor a kind whose resource is not known", () => {
    const hooked = contextOf(webhook(rule('["*"]')));
    const kind = "MutatingWebhookConfiguration";
    expect(hooked.mutatorsOf({ apiVersion: "admissionregistration.k8s.io/v1", kind, name: "a" })).toEqual([]);
    expect(hooked.mutatorsOf({ apiVersion: "example.com/v1", kind: "Gadget", name: "a" })).toEqual([]);
  });
});

const POLICY = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: { name: add-labels }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }]
    excludeResourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [deployments], resourceNames: [spared] }`;

function binding(rest = ""): string {
  return `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: { name: everywhere }
spec: { policyName: add-labels${rest} }`;
}

describe("a mutating policy", () => {
  test.each([
    ["mutates where it is bound", [POLICY, binding()], DEPLOYMENT, true],
    ["does nothing without a binding", [POLICY], DEPLOYMENT, false],
    ["does nothing where only the binding is there", [binding()], DEPLOYMENT, false],
    ["is about the resources of its rules", [POLICY, binding()], POD, false],
    ["spares what it excludes", [POLICY, binding()], { ...DEPLOYMENT, name: "spared" }, false],
    [
      "is narrowed by its binding",
      [SHOP, POLICY, binding(", matchResources: { namespaceSelector: { matchLabels: { inject: no } } }")],
      DEPLOYMENT,
      false,
    ],
  ])("%s", (_, manifests, ref, matches) => {
    expect(contextOf(...manifests).mutatorsOf(ref)).toEqual(matches ? ["policy add-labels"] : []);
  });
});

function policy(expression: string, more = ""): string {
  return POLICY.replace("operations: [CREATE]", 'operations: ["*"]').concat(
    `\n  mutations: [{ applyConfiguration: { expression: '${expression}' } }]${more}`,
  );
}

const LABELS = 'Object{metadata: Object.metadata{labels: {"cost": "x"}}}';

describe("what a mutator may have written", () => {
  const container = ["spec", "template", "spec", "containers"];
  test.each([
    ["a policy, what it names", policy(LABELS), ["metadata", "labels", "any"], true],
    ["nothing that it does not name", policy(LABELS), container, false],
    ["anything, where it writes a parameter", policy("params.patch"), container, true],
    ["anything, where nothing is known of what it writes", POLICY, container, true],
    [
      "what its variables name",
      policy("Object{spec: variables.it}", "\n  variables: [{ name: it, expression: 'Object.spec{containers: []}' }]"),
      container,
      true,
    ],
    ["what a patch's path names", policy('[JSONPatch{path: "/spec/template/spec/containers/-"}]'), container, true],
    ["what stands above all that it names", policy(LABELS), ["spec"], true],
  ])("%s", (_, manifest, names, expected) => {
    expect(contextOf(manifest, binding()).mutatorsOf(DEPLOYMENT, {}, { names }).length > 0).toBe(expected);
  });

  test("a webhook, anything", () => {
    expect(contextOf(webhook(rule('["*"]'))).mutatorsOf(DEPLOYMENT, {}, { names: container })).toHaveLength(1);
  });
});

function on(operations: string): string {
  return `rules: [{ apiGroups: [apps], apiVersions: [v1], operations: [${operations}], resources: [deployments] }]`;
}

describe("who would not do it again", () => {
  test.each([
    ["a webhook on CREATE alone", webhook(on("CREATE")), true],
    ["one on updates is asked", webhook(on("CREATE, UPDATE")), false],
    [
      "one with a condition on the request",
      webhook(`${on('"*"')}, matchConditions: [{ name: a, expression: "request.operation == 'CREATE'" }]`),
      true,
    ],
    ["a policy on CREATE alone", POLICY, true],
    ["a policy on all that is asked", policy(LABELS), false],
    ["a policy that looks at the old object", policy("oldObject == null ? Object{} : Object{}"), true],
  ])("%s", (_, manifest, expected) => {
    const facts = contextOf(manifest, binding());
    expect(facts.mutatorsOf(DEPLOYMENT, {})).toHaveLength(1);
    expect(facts.mutatorsOf(DEPLOYMENT, {}, { once: true })).toHaveLength(expected ? 1 : 0);
  });
});

test("what was not read is not known, of its namespace or at all", () => {
  const facts = admissionFacts(() => undefined);
  const before = facts.context();
  facts.unread({ apiVersion: "networking.k8s.io/v1", kind: "IngressClass" });
  facts.unread({ apiVersion: "v1", kind: "LimitRange" }, "shop");
  facts.unread({ apiVersion: "v1", kind: "Secret" });
  facts.unread({ apiVersion: "admissionregistration.k8s.io/v1beta1", kind: "MutatingAdmissionPolicy" });
  const { isUnread } = facts.context();
  expect(before.isUnread("ingress-classes")).toBe(false);
  expect([isUnread("ingress-classes"), isUnread("storage-classes"), isUnread("mutators")]).toEqual([true, false, true]);
  expect([isUnread("limit-ranges", "shop"), isUnread("limit-ranges", "other")]).toEqual([true, false]);
});

function storageClass(name: string, annotation: string): string {
  return `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: ${name}, annotations: { ${annotation}: "true" } }`;
}

function limitRange(cpu: string): string {
  return `apiVersion: v1\nkind: LimitRange\nmetadata: { name: a, namespace: shop }\nspec: { limits: [{ type: Container, default: { cpu: ${cpu} } }] }`;
}

describe("facts of the cluster", () => {
  test("default classes are those that are marked so", () => {
    const facts = contextOf(
      storageClass("fast", "storageclass.kubernetes.io/is-default-class"),
      storageClass("old", "storageclass.beta.kubernetes.io/is-default-class"),
      storageClass("slow", "example.com/default"),
      'apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: nginx, annotations: { ingressclass.kubernetes.io/is-default-class: "true" } }',
      "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: other }",
    );
    expect([...facts.storageClasses]).toEqual(["fast", "old"]);
    expect([...facts.ingressClasses]).toEqual(["nginx"]);
  });

  test("LimitRanges count for their namespace, and once", () => {
    const facts = contextOf(limitRange("1"), limitRange("2"));
    expect(facts.limitsOf("shop")).toEqual([[{ type: "Container", default: { cpu: 2 } }]]);
    expect(facts.limitsOf("other")).toEqual([]);
  });

  test("what Git declares scales, and defaults nothing", () => {
    const facts = admissionFacts(() => undefined);
    const all = [
      storageClass("fast", "storageclass.kubernetes.io/is-default-class"),
      "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web, namespace: shop }\nspec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }",
    ].map((text) => ({ ref: refOf(yaml(text)), value: yaml(text) }));
    facts.take(all, "desired");
    expect(facts.context().storageClasses.size).toBe(0);
    expect(facts.context().scaled.size).toBe(1);
  });

  test("what is known grows with each page, and what was handed out stays", () => {
    const facts = admissionFacts(() => undefined);
    const before = facts.context();
    const value = yaml(storageClass("fast", "storageclass.kubernetes.io/is-default-class"));
    facts.take([{ ref: refOf(value), value }], "live");
    expect(before.storageClasses.size).toBe(0);
    expect(facts.context().storageClasses.size).toBe(1);
  });

  test("each kind is read once in each version", () => {
    const names = FACT_KINDS.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

const AUTOSCALERS: readonly (readonly [sentence: string, text: string, what: "scaled" | "resized", found: number])[] = [
  [
    "an autoscaler scales its target",
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }",
    "scaled",
    1,
  ],
  [
    "a kind of that name in another group does not",
    "apiVersion: example.com/v2\nkind: HorizontalPodAutoscaler\nspec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }",
    "scaled",
    0,
  ],
  [
    "a ScaledObject scales a Deployment where it says nothing else",
    "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nspec: { scaleTargetRef: { name: web } }",
    "scaled",
    1,
  ],
  [
    "a paused one does not",
    'apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { annotations: { autoscaling.keda.sh/paused: "true" } }\nspec: { scaleTargetRef: { name: web } }',
    "scaled",
    0,
  ],
  [
    "an autoscaler without a target does not",
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: {}",
    "scaled",
    0,
  ],
  [
    "a VerticalPodAutoscaler sizes its target",
    "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nspec: { targetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }",
    "resized",
    1,
  ],
  [
    "one that only recommends does not",
    "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nspec: { targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, updatePolicy: { updateMode: Off } }",
    "resized",
    0,
  ],
  [
    "one that sizes at the start does",
    "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nspec: { targetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, updatePolicy: { updateMode: Initial } }",
    "resized",
    1,
  ],
];

test.each(AUTOSCALERS)("%s", (_, text, what, found) => {
  const value: Value = yaml(text);
  const objects = [{ ref: refOf(yaml(text)), value }];
  expect(what === "scaled" ? autoscalersOf(objects).length : resizedObjects(objects).size).toBe(found);
});

function hpa(spec: string): string {
  return `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web, namespace: shop }\nspec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }${spec} }`;
}

function keda(spec: string, annotations = ""): string {
  return `apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { name: web, namespace: shop, annotations: {${annotations}} }\nspec: { scaleTargetRef: { name: web }${spec} }`;
}

/** What becomes of these replicas, where Git says 2. */
function replicas(
  live: number,
  manager: string,
  scalers: readonly { readonly text: string; readonly side: "live" | "desired"; readonly known?: true }[],
): string | undefined {
  const known = new Set(scalers.flatMap(({ text, known: one }) => (one === true ? [refKey(refOf(yaml(text)))] : [])));
  const facts = admissionFacts(
    () => undefined,
    (ref) => known.has(refKey(ref)),
  );
  for (const { text, side } of scalers) facts.take([{ ref: refOf(yaml(text)), value: yaml(text) }], side);
  const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop";
  const written = `managedFields: [{ manager: ${manager}, operation: Update, subresource: scale, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: { "f:spec": { "f:replicas": {} } } }]`;
  const { changes, leftOut } = compareObject({
    desired: desiredOf(yaml(`${head} }\nspec: { replicas: 2 }`)),
    live: liveOf(yaml(`${head}, ${written} }\nspec: { replicas: ${live} }`)),
    schema: builtinSchemas.schemaOf("apps/v1", "Deployment"),
    context: facts.context(),
  });
  return changes.length > 0 ? `told; ${changes[0]?.note}` : leftOut[0]?.rule;
}

describe("what autoscalers allow", () => {
  test.each<[string, string, readonly { readonly min: number; readonly max: number }[]]>([
    ["from one on, where nothing is said", hpa(", maxReplicas: 3"), [{ min: 1, max: 3 }]],
    ["both", hpa(", minReplicas: 2, maxReplicas: 3"), [{ min: 2, max: 3 }]],
    ["nothing that can be read", hpa(", maxReplicas: many"), []],
    ["KEDA's own, where nothing is said", keda(""), [{ min: 0, max: 100 }]],
    [
      "KEDA's idle number apart",
      keda(", minReplicaCount: 3, maxReplicaCount: 5, idleReplicaCount: 0"),
      [
        { min: 3, max: 5 },
        { min: 0, max: 0 },
      ],
    ],
    [
      "the number that KEDA is held at",
      keda(", maxReplicaCount: 5", '"autoscaling.keda.sh/paused-replicas": "7"'),
      [
        { min: 0, max: 5 },
        { min: 7, max: 7 },
      ],
    ],
  ])("%s", (_, text, expected) => {
    const value = yaml(text);
    expect(autoscalersOf([{ ref: refOf(value), value }]).map(({ bounds }) => bounds)).toEqual([expected]);
  });

  const three = hpa(", maxReplicas: 3");
  const KUBE = "kube-controller-manager";
  const WITHIN = "within the bounds of the autoscaler that Git declares, which decides the number whoever wrote it";
  const other = hpa(", maxReplicas: 50").replace("name: web, namespace", "name: by-hand, namespace");
  const BEYOND = "told; beyond what HorizontalPodAutoscaler/web in shop allows (1 to 3)";
  test.each<[string, ReturnType<typeof replicas>, string]>([
    [
      "the autoscaler's number",
      replicas(3, KUBE, [{ text: three, side: "desired" }]),
      "written by the autoscaler that scales it",
    ],
    ["a number by hand within its bounds", replicas(3, "kubectl", [{ text: three, side: "desired" }]), WITHIN],
    ["40 by hand", replicas(40, "kubectl", [{ text: three, side: "desired" }]), BEYOND],
    ["40 by whoever calls itself the controller", replicas(40, KUBE, [{ text: three, side: "desired" }]), BEYOND],
    ["nought by hand", replicas(0, "kubectl", [{ text: keda(""), side: "desired" }]), "told; undefined"],
    [
      "a live autoscaler that another target declares",
      replicas(3, KUBE, [{ text: three, side: "live", known: true }]),
      "written by the autoscaler that scales it",
    ],
    [
      "an autoscaler that somebody made",
      replicas(40, KUBE, [{ text: other, side: "live" }]),
      "told; HorizontalPodAutoscaler/by-hand in shop scales it, and Git does not declare that autoscaler",
    ],
    [
      "an autoscaler that somebody made beside the declared one",
      replicas(40, KUBE, [
        { text: three, side: "desired" },
        { text: other, side: "live" },
      ]),
      "told; HorizontalPodAutoscaler/by-hand in shop scales it, and Git does not declare that autoscaler",
    ],
    [
      "bounds that were changed in the cluster, which is told of the autoscaler itself",
      replicas(4, KUBE, [
        { text: three, side: "desired" },
        { text: hpa(", maxReplicas: 5"), side: "live", known: true },
      ]),
      "written by the autoscaler that scales it",
    ],
  ])("%s", (_, found, expected) => {
    expect(found).toBe(expected);
  });
});

const WEB_SERVICE: ObjectRef = { apiVersion: "v1", kind: "Service", namespace: "shop", name: "web" };

function rollout(strategy: string): string {
  return `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: r, namespace: shop }\nspec: { workloadRef: { name: legacy }, strategy: ${strategy}, template: { metadata: { name: web } } }`;
}

function canary(more = ""): string {
  return `apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: { name: c, namespace: shop }\nspec: { targetRef: { kind: Deployment, name: web }${more} }`;
}

function namespaceWith(name: string, annotation: string): { readonly ref: ObjectRef; readonly value: Value } {
  const value = yaml(`apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, annotations: { ${annotation} } }`);
  return { ref: refOf(value), value };
}

function delivered(text: string, side: "live" | "desired" = "desired"): (name: string, namespace?: string) => string {
  const facts = admissionFacts(() => undefined);
  const value = yaml(text);
  facts.take([{ ref: refOf(value), value }], side);
  const context = facts.context();
  return (name, namespace = "shop") =>
    (["rollouts", "flagger"] as const)
      .filter((by) => context.isDelivered({ ...WEB_SERVICE, name, namespace }, by))
      .join(",");
}

describe("what progressive deliveries take over", () => {
  test.each([
    ["a Rollout's stable Service", rollout("{ canary: { stableService: web } }"), "web", "rollouts"],
    ["its preview", rollout("{ blueGreen: { activeService: a, previewService: web } }"), "web", "rollouts"],
    [
      "its routes",
      rollout("{ canary: { trafficRouting: { istio: { virtualService: { name: web } } } } }"),
      "web",
      "rollouts",
    ],
    ["the Deployment that it takes over", rollout("{}"), "legacy", "rollouts"],
    ["what only its template names", rollout("{}"), "web", ""],
    ["a Canary's target", canary(), "web", "flagger"],
    ["the Service of another name", canary(", service: { name: shop }"), "shop", "flagger"],
    ["its primary", canary(", service: { name: shop }"), "shop-primary", "flagger"],
    ["another name", canary(), "web-2", ""],
    [
      "a spec that is none",
      "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: { name: c, namespace: shop }\nspec: 7",
      "web",
      "",
    ],
  ])("%s", (_, text, name, by) => {
    expect(delivered(text)(name)).toBe(by);
    expect(delivered(text)(name, "other"), "in another namespace").toBe("");
    expect(delivered(text, "live")(name), "of a live one that Git does not declare").toBe("");
  });

  test("a downscaler acts where Git's Namespace asks for it", () => {
    const facts = admissionFacts(() => undefined);
    facts.take(
      [namespaceWith("shop", "downscaler/uptime: always"), namespaceWith("data", "downscaler/exclude: true")],
      "desired",
    );
    facts.take([namespaceWith("live", "downscaler/uptime: always")], "live");
    expect([...facts.context().downscaled]).toEqual(["shop"]);
  });
});
