import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { field } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import { applyChanges } from "../../src/core/apply.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { loadPolicies } from "../../src/policy/load.ts";
import { ask, CORPUS, documentsOf, readCorpus, requestFor, whyWithout } from "./corpus.ts";

const FOLDER = "kubescape-cel-admission-library";
const without = whyWithout(FOLDER);
if (without !== undefined) console.warn(`skipped: ${without}`);

interface Case {
  readonly name: string;
  readonly template: string;
  readonly expected: "pass" | "fail" | "warn";
  readonly field_change_list?: readonly string[];
  readonly param_template?: string;
  readonly binding_template?: string;
}

/** `spec.containers.[0].image=nginx`. */
function change(text: string): { readonly path: FieldPath; readonly live: Value } {
  const equals = text.indexOf("=");
  const path = text
    .slice(0, equals)
    .split(".")
    .map((name) =>
      /^\[\d+\]$/.test(name) ? ({ kind: "index", index: Number(name.slice(1, -1)) } as const) : field(name),
    );
  return { path, live: parseValue(text.slice(equals + 1)) };
}

function parseValue(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}

function verdicts(
  control: string,
): readonly { readonly name: string; readonly expected: string; readonly found: string; readonly why: string }[] {
  const file = `${FOLDER}/controls/${control}/policy.yaml`;
  const { policies } = loadPolicies([{ file, text: readCorpus(file) }]);
  const cases = JSON.parse(readCorpus(`${FOLDER}/controls/${control}/tests.json`)) as readonly Case[];
  const parameters = (one: Case): ValueMap => {
    const [found] = documentsOf(
      `${FOLDER}/test-resources/${one.param_template ?? "default-control-configuration.yaml"}`,
    );
    return found as ValueMap;
  };
  return cases.map((one) => {
    const [template] = documentsOf(`${FOLDER}/test-resources/${one.template}`);
    const object = applyChanges(template as ValueMap, (one.field_change_list ?? []).map(change), "live");
    const violations = ask(
      policies,
      requestFor("CREATE", object),
      policies.some((policy) => policy.paramKind) ? parameters(one) : undefined,
    );
    const unknown = violations.filter((violation) => !violation.evaluable);
    const found = unknown.length > 0 ? "not evaluable" : violations.length > 0 ? "fail" : "pass";
    // `warn` is a violation whose binding says Warn.
    const expected = one.expected === "warn" ? "fail" : one.expected;
    return { name: `${control}: ${one.name}`, expected, found, why: unknown[0]?.message ?? "" };
  });
}

describe.skipIf(without !== undefined)("kubescape's admission library", () => {
  test("gives the verdicts that its own tests expect", () => {
    const controls = readdirSync(`${CORPUS}${FOLDER}/controls`).filter((name) => name.startsWith("C-"));
    const all = controls.flatMap(verdicts);
    const disagree = all.filter(({ expected, found }) => expected !== found);
    console.log(`kubescape: ${all.length - disagree.length} of ${all.length} verdicts agree`);
    for (const { name, expected, found, why } of disagree)
      console.log(`  ${name}: expected ${expected}, found ${found} ${why}`);
    expect(all.length).toBeGreaterThanOrEqual(628);
    expect(all.length - disagree.length).toBeGreaterThanOrEqual(628);
  });
});
