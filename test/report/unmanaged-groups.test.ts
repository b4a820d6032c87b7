import { describe, expect, test } from "vitest";
import type { Drift, Maker } from "../../src/core/drift.ts";
import type { DriftResult } from "../../src/core/pass.ts";
import { htmlReport } from "../../src/report/html.ts";
import { driftReport } from "../../src/report/json.ts";
import { markdownReport } from "../../src/report/markdown.ts";
import { membersReport, textReport } from "../../src/report/text.ts";
import { createStyle } from "../../src/text/style.ts";
import { passOf, resultOf } from "./passes.ts";

type UnmanagedDrift = Extract<Drift, { state: "unmanaged" }>;

const PLAIN = createStyle(false);
const RELEASE: Maker = { kind: "helm-release", name: "old", namespace: "shop" };

function unmanaged(name: string, maker: Maker | undefined, more: Partial<DriftResult> = {}): DriftResult {
  const result = resultOf(name, []);
  const { ref } = result.drift;
  const live = { ref, value: {}, managers: [] };
  return {
    ...result,
    drift: { state: "unmanaged", ref, live, ...(maker === undefined ? {} : { maker }) },
    counts: false,
    actions: [{ kind: "none", reason: "unmanaged, and no policy is violated" }],
    ...more,
  };
}

const many = Array.from({ length: 40 }, (_, index) => unmanaged(`old-${index}`, RELEASE));

/** Blocks of a report as text, without its summary. */
function blocks(results: readonly DriftResult[]): readonly string[] {
  return textReport(passOf(results), PLAIN).split("\n\n").slice(0, -1);
}

describe("unmanaged objects of one maker", () => {
  test("are one line of the text, whatever stands between them", () => {
    const [first, ...rest] = many as [DriftResult, ...DriftResult[]];
    const between = resultOf("web", []);
    expect(blocks([first, between, ...rest])).toEqual([
      "UNMANAGED  40 objects of Helm release old in shop  40 Deployment\n    → none: unmanaged, and no policy is violated",
      expect.stringContaining("Deployment/web in shop"),
    ]);
  });

  test("are all named with --verbose", () => {
    const text = membersReport(passOf(many), PLAIN);
    expect(text.split("\n").filter((line) => line.startsWith("    Deployment/old-"))).toHaveLength(40);
  });

  test("are one heading of Markdown and HTML, the objects folded away", () => {
    const markdown = markdownReport(passOf(many));
    expect(markdown.split("\n").filter((line) => line.startsWith("## "))).toEqual([
      "## 40 unmanaged objects ` of Helm release old in shop `",
    ]);
    expect(markdown).toContain("- ` Deployment/old-39 in shop `");
    const html = htmlReport(passOf(many));
    expect(html.match(/<h2>/g)).toHaveLength(1);
    expect(html.match(/<li><code>Deployment\/old-\d+ in shop/g)).toHaveLength(40);
  });

  test("are told one by one in JSON, each with its maker", () => {
    const { drifts } = driftReport(passOf(many)) as unknown as {
      readonly drifts: readonly { readonly maker: unknown }[];
    };
    expect(drifts.map(({ maker }) => maker)).toEqual(many.map(() => RELEASE));
  });

  test.each<[string, readonly DriftResult[], number]>([
    ["that have a finding are told alone", [...many, unmanaged("bad", RELEASE, withFinding())], 2],
    ["of two targets are two lines", [...many, ...many.map((one) => ({ ...one, target: "other" }))], 2],
    [
      "of two days are two lines",
      [day("a", "2026-01-01"), day("b", "2026-01-01"), day("c", "2026-01-02"), day("d", "2026-01-02")],
      2,
    ],
    ["that nobody knows the maker of are told alone", [unmanaged("a", undefined), unmanaged("b", undefined)], 2],
    ["of which there is one is that object", [unmanaged("a", RELEASE)], 1],
  ])("%s", (_, results, expected) => {
    expect(blocks(results)).toHaveLength(expected);
  });

  test("that say hostile things of themselves break no report", () => {
    const maker: Maker = { kind: "operator", name: "\u001B[2J`</details>|<script>", namespace: "`x`\n# y" };
    const pass = passOf([
      unmanaged("a", maker),
      unmanaged("b", maker),
      unmanaged("c", { ...maker, kind: "helm-release" }),
    ]);
    expect(textReport(pass, PLAIN) + membersReport(pass, PLAIN)).not.toContain("\u001B");
    expect(htmlReport(pass)).not.toContain("<script>");
    expect(markdownReport(pass)).not.toMatch(/^# y/m);
  });
});

/** A Pod that does not come to its end, and that a ReplicaSet made. */
function going(name: string, more: { readonly by?: string; readonly finalizers?: string[] } = {}): DriftResult {
  const { by = "web-1", finalizers = [] } = more;
  const ref = { apiVersion: "v1", kind: "Pod", namespace: "shop", name };
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", namespace: "shop", name: by };
  const live = { ref, value: { metadata: { name, finalizers } }, managers: [] };
  const deletion = `it is being deleted (${name})`;
  const drift = {
    state: "unmanaged",
    ref,
    live,
    deletion,
    owner,
    excuse: `owned by: ReplicaSet/${by} in shop`,
  } as const;
  return { ...resultOf(name, []), drift, ...withFinding(), actions: [{ kind: "issue", reason: "it violates" }] };
}

describe("Pods that are being deleted, of one owner", () => {
  const { deletion: _deletion, ...here } = going("c").drift as UnmanagedDrift;
  const { owner: _owner, ...alone } = going("c").drift as UnmanagedDrift;

  test("are one block with what policy says of each, wherever they are told", () => {
    const pass = passOf([going("a"), going("b")]);
    expect(textReport(pass, PLAIN).split("\n\n").slice(0, -1)).toEqual([
      "UNMANAGED  2 objects that are being deleted, and in force until they are gone, owned by: ReplicaSet/web-1 in shop  2 Pod\n    high a/b: m\n    → issue: it violates",
    ]);
    expect(membersReport(pass, PLAIN)).toContain("    Pod/b in shop\n");
    expect(markdownReport(pass)).toContain("a/b");
    expect(htmlReport(pass)).toContain("a/b");
  });

  test.each<[string, DriftResult]>([
    ["of another owner", going("c", { by: "web-2" })],
    ["that a finalizer holds", going("c", { finalizers: ["x.io/a"] })],
    ["of which policy says something else", { ...going("c"), ...withFinding("another") }],
    ["that is not being deleted", { ...going("c"), drift: here }],
    ["whose owner nobody knows", { ...going("c"), drift: alone }],
    ["of another target", { ...going("c"), target: "other" }],
  ])("and one %s is told alone", (_, other) => {
    expect(blocks([going("a"), going("b"), other])).toHaveLength(2);
    expect(blocks([going("a"), other])).toHaveLength(2);
  });
});

function withFinding(message = "m"): Partial<DriftResult> {
  const finding = { policy: "a/b", severity: "high", message, status: "introduced" } as const;
  return { judgement: { verdict: "violating", findings: [finding], changes: [] } };
}

function day(name: string, on: string): DriftResult {
  return unmanaged(name, { kind: "field-manager", name: "kubectl-create", namespace: "shop", day: on });
}
