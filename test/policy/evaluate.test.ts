import { describe, expect, test } from "vitest";
import type { AdmissionRequest } from "../../src/core/admission.ts";
import type { Value } from "../../src/core/value.ts";
import { policyEnvironment } from "../../src/policy/environment.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { evaluateAll } from "../../src/policy/evaluate.ts";
import { loadPolicies } from "../../src/policy/load.ts";

function request(more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    operation: "CREATE",
    ref: { apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name: "settings" },
    resource: { resource: "configmaps", namespaced: true },
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", labels: { app: "web" } },
      data: { a: "1" },
    },
    ...more,
  };
}

interface Given {
  readonly match?: string;
  readonly spec?: string;
  readonly expression?: string;
  readonly annotations?: string;
  readonly after?: string;
}

function answers(given: Given, asked: AdmissionRequest = request()): readonly string[] {
  const rule = '{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }';
  const text = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: p, annotations: { ${given.annotations ?? ""} } }
spec:
  matchConstraints: ${given.match ?? `{ resourceRules: [${rule}] }`}
${given.spec ?? `  validations: [{ expression: ${JSON.stringify(given.expression ?? "false")}, message: wrong }]`}
${given.after ?? ""}`;
  const { policies } = loadPolicies([{ file: "p.yaml", text }]);
  expect(policies).toHaveLength(1);
  const environment = policyEnvironment();
  const [violations = []] = evaluateAll(
    [asked],
    policies.map((policy) => compilePolicy(policy, environment)),
  );
  return violations.map(({ severity, evaluable, element, message }) =>
    [severity, evaluable ? "" : "unknown", element ?? "", message].filter(Boolean).join(" "),
  );
}

function rules(more: string): string {
  return `{ resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps], ${more} }] }`;
}

const WRONG = ["high wrong"];

const rule = (text: string): Given => ({ match: `{ resourceRules: [{ ${text} }] }` });

const validations = (text: string): Given => ({ spec: `  validations: [{ ${text} }]` });

const bound = (ref: string): string => `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: b }
spec: { policyName: p, validationActions: [Deny], paramRef: { ${ref} } }
---
apiVersion: rules.example/v1
kind: Limits
metadata: { name: strict, labels: { level: a } }
spec: { allowed: "2" }
---
apiVersion: rules.example/v1
kind: Limits
metadata: { name: loose, labels: { level: a } }
spec: { allowed: "1" }
`;

describe("what a policy is about", () => {
  const deployments: AdmissionRequest = request({
    ref: { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" },
    resource: { resource: "deployments", namespaced: true },
  });
  test.each([
    [
      "its group",
      rule('apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [configmaps]'),
      request(),
      [],
    ],
    [
      "any group",
      rule('apiGroups: ["*"], apiVersions: [v1], operations: ["*"], resources: [configmaps]'),
      request(),
      WRONG,
    ],
    [
      "its operations",
      rule('apiGroups: [""], apiVersions: [v1], operations: [DELETE], resources: [configmaps]'),
      request(),
      [],
    ],
    [
      "its resources",
      rule('apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [pods, deployments]'),
      deployments,
      WRONG,
    ],
    [
      "a subresource alone",
      rule('apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [deployments/scale]'),
      deployments,
      [],
    ],
    [
      "the resource and all below it",
      rule('apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: ["deployments/*"]'),
      deployments,
      WRONG,
    ],
    [
      "another version, by equivalence",
      rule('apiGroups: [apps], apiVersions: [v1beta1], operations: ["*"], resources: [deployments]'),
      deployments,
      WRONG,
    ],
    ["its names", { match: rules("resourceNames: [other]") }, request(), []],
    ["its scope", { match: rules("scope: Cluster") }, request(), []],
    [
      "what it leaves out",
      {
        match: `{ resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }], excludeResourceRules: [{ apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [deployments] }] }`,
      },
      deployments,
      [],
    ],
  ] satisfies readonly (readonly [string, Given, AdmissionRequest, readonly string[]])[])(
    "%s",
    (_, given, asked, expected) => {
      expect(answers(given, asked)).toEqual(expected);
    },
  );

  const everything = 'resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }]';
  const namespaceObject: Value = { metadata: { name: "shop", labels: { tier: "prod" } } };
  test.each([
    ["labels that match", "objectSelector: { matchLabels: { app: web } }", {}, WRONG],
    [
      "labels that do not",
      "objectSelector: { matchExpressions: [{ key: app, operator: NotIn, values: [web] }] }",
      {},
      [],
    ],
    [
      "a namespace that matches",
      "namespaceSelector: { matchExpressions: [{ key: tier, operator: In, values: [prod] }] }",
      { namespaceObject },
      WRONG,
    ],
    [
      "a namespace that does not",
      "namespaceSelector: { matchExpressions: [{ key: tier, operator: DoesNotExist }] }",
      { namespaceObject },
      [],
    ],
    ["a namespace by its name", "namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: shop } }", {}, WRONG],
    [
      "a namespace that is not known",
      "namespaceSelector: { matchLabels: { tier: prod } }",
      {},
      ["high unknown not evaluable: the labels of its namespace are not known"],
    ],
  ] satisfies readonly (readonly [string, string, Partial<AdmissionRequest>, readonly string[]])[])(
    "selectors: %s",
    (_, selector, more, expected) => {
      expect(answers({ match: `{ ${everything}, ${selector} }` }, request(more))).toEqual(expected);
    },
  );
});

describe("what it says", () => {
  test.each([
    ["the message", validations("expression: 'false', message: no way"), ["high no way"]],
    [
      "the expression, where there is no message",
      validations("expression: 'object.data.a == \"2\"'"),
      ['high failed expression: object.data.a == "2"'],
    ],
    [
      "what the messageExpression gives",
      validations(`expression: 'false', messageExpression: '"a is " + object.data.a'`),
      ["high a is 1"],
    ],
    [
      "the message, where its expression fails",
      validations("expression: 'false', message: no way, messageExpression: object.nothing"),
      ["high no way"],
    ],
    ["its severity", { annotations: '"holdfast.dev/severity": low' }, ["low wrong"]],
    [
      "conditions that do not hold",
      {
        spec: "  matchConditions: [{ name: a, expression: 'object.data.b == \"2\"' }, { name: b, expression: 'false' }]\n  validations: [{ expression: 'false' }]",
      },
      [],
    ],
    [
      "conditions that fail",
      {
        spec: "  matchConditions: [{ name: a, expression: 'object.data.b == \"2\"' }]\n  validations: [{ expression: 'false' }]",
      },
      ["high unknown not evaluable: No such key: b"],
    ],
    [
      "failurePolicy Ignore is no pass",
      { spec: "  failurePolicy: Ignore\n  validations: [{ expression: object.data.b == '2' }]" },
      ["high unknown not evaluable: No such key: b"],
    ],
    [
      "a parameter that is not bound",
      { spec: "  paramKind: { apiVersion: v1, kind: ConfigMap }\n  validations: [{ expression: 'true' }]" },
      ["high unknown not evaluable: no ConfigMap is bound to it as its parameter"],
    ],
    [
      "elements, each by itself",
      {
        spec: `  validations: [{ expression: 'false', message: bad }]\n  auditAnnotations: [{ key: element, valueExpression: '"ports[containerPort=53,protocol=\\"UDP\\"],b"' }]`,
      },
      ['high ports[containerPort=53,protocol="UDP"] bad', "high b bad"],
    ],
    [
      "elements of one validation",
      {
        spec: `  validations: [{ expression: 'false', message: one }, { expression: 'false', message: two }]\n  auditAnnotations: [{ key: element-1, valueExpression: '"e"' }]`,
      },
      ["high one", "high e two"],
    ],
  ] satisfies readonly (readonly [string, Given, readonly string[]])[])("%s", (_, given, expected) => {
    expect(answers(given)).toEqual(expected);
  });

  test.each([
    ["Deny", "high"],
    ["Warn", "medium"],
    ["Audit", "low"],
  ])("a binding that says %s makes it %s", (action, severity) => {
    const after = `---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: { name: b }\nspec: { policyName: p, validationActions: [${action}] }\n`;
    expect(answers({ after })).toEqual([`${severity} wrong`]);
  });

  test.each([
    ["by name", "name: strict", ["high 2"]],
    ["by name, and fine", "name: loose", []],
    ["by labels", "selector: { matchLabels: { level: a } }", ["high 2"]],
    ["none, which is allowed", "name: gone, parameterNotFoundAction: Allow", []],
    [
      "none, which is not",
      "name: gone, parameterNotFoundAction: Deny",
      ["high unknown not evaluable: no Limits is bound to it as its parameter"],
    ],
  ])("parameters are found %s", (_, ref, expected) => {
    const spec = `  paramKind: { apiVersion: rules.example/v1, kind: Limits }\n  validations: [{ expression: object.data.a == params.spec.allowed, messageExpression: params.spec.allowed }]`;
    expect(answers({ spec, after: bound(ref) })).toEqual(expected);
  });
});

describe("what it sees", () => {
  test.each([
    "request.operation == 'CREATE' && request.kind.kind == 'ConfigMap' && request.kind.group == '' && request.resource.resource == 'configmaps'",
    "request.namespace == 'shop' && request.name == 'settings' && !request.dryRun && !has(request.subResource) && !has(request.options.fieldManager)",
    "oldObject == null && object.data.a == '1' && !has(object.data.constructor) && !has(object.data.toString) && !('__proto__' in object.data)",
    "object.metadata.name.size() == 8 && type(object.metadata.labels) == map",
    "true || request.userInfo.username == 'x'",
    "true || authorizer.group('').resource('pods').namespace('x').check('get').allowed()",
    "true || namespaceObject.metadata.name == 'x'",
    "!has(object.status) || object.status.x > 1",
  ])("%s", (expression) => expect(answers({ expression })).toEqual([]));

  test("whole numbers are 64-bit integers, and fields may have any name", () => {
    const object: Value = JSON.parse(
      '{"spec":{"replicas":3,"big":1,"half":0.5,"constructor":{"x":1},"__proto__":{"y":2}}}',
    ) as Value;
    const expression =
      "object.spec.replicas + 1 == 4 && object.spec.replicas / 2 == 1 && object.spec.half * 2.0 == 1.0 && object.spec.constructor.x == 1 && object.spec['__proto__'].y == 2";
    expect(answers({ expression }, request({ object }))).toEqual([]);
  });

  test("a variable is computed once, when it is needed, and its error is where it is used", () => {
    const spec = `  variables:
    - { name: bad, expression: object.nothing }
    - { name: list, expression: "[1, 2, 3]" }
  validations:
    - { expression: variables.list.size() == 3 || variables.bad }
    - { expression: variables.bad == 1 }`;
    expect(answers({ spec })).toEqual(["high unknown not evaluable: variables.bad No such key: nothing"]);
  });
});
