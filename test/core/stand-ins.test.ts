import { describe, expect, test } from "vitest";
import type { Violation } from "../../src/core/admission.ts";
import { formatPath } from "../../src/core/path.ts";
import { pathWithoutStandIns, standsFor, withoutStandIns } from "../../src/core/stand-ins.ts";
import { compareAnswers } from "../../src/policy/findings.ts";

const A = "holdfast-unknown-value-a";

function violation(message: string): Violation {
  return { policy: "exposure-ex03", validation: 0, severity: "medium", message, evaluable: true, delta: false };
}

describe("a word that stands for what Git does not say", () => {
  test.each<readonly [string, string, string, boolean]>([
    ["stands for a text", `web.${A}`, "web.example.com", true],
    ["for none", `web.${A}`, "web.", true],
    ["for two", `${A}.${A}:80`, "a.b:80", true],
    ["not for what stands beside it", `web.${A}`, "api.example.com", false],
    ["not for an end that is another", `${A}.example.com`, "web.example.org", false],
    ["not for both of what overlaps", `aa${A}aa`, "aaa", false],
    ["and no text for itself", "web", "web", false],
  ])("%s", (_, text, other, expected) => {
    expect(standsFor(text, other)).toBe(expected);
  });

  test("is never shown", () => {
    expect(withoutStandIns(`a ${A} holdfast-encrypted-value-b`)).toBe("a (not known from Git) (not known from Git)");
    const path = pathWithoutStandIns([
      { kind: "field", name: `k-${A}` },
      { kind: "key", keys: { name: A, port: 80 } },
      { kind: "value", value: A },
      { kind: "index", index: 0 },
    ]);
    expect(formatPath(path)).toBe(
      '["k-(not known from Git)"][name="(not known from Git)",port=80]["(not known from Git)"][0]',
    );
  });

  test("makes no finding a new one", () => {
    const git = [violation(`host web.${A} has no TLS`)];
    const created = [violation("host web.example.com has no TLS"), violation("host api.example.com has no TLS")];
    const found = compareAnswers({ git, created, updated: created }).map(({ finding }) => finding);
    expect(found.map(({ status, message }) => `${status}: ${message}`)).toEqual([
      "pre-existing: host web.example.com has no TLS",
      "introduced: host api.example.com has no TLS",
    ]);
    const more = [violation("host web.example.com has no TLS"), violation("host web.example.org has no TLS")];
    const both = compareAnswers({ git, created: more, updated: [] }).map(({ finding }) => finding.status);
    expect(both).toEqual(["introduced", "introduced", "resolved"]);
    expect(compareAnswers({ git, created: [], updated: [] }).map(({ finding }) => finding.message)).toEqual([
      "host web.(not known from Git) has no TLS",
    ]);
  });
});
