import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import type { DriftResult } from "../../src/core/pass.ts";
import { fields } from "../../src/core/path.ts";
import type { IssueProposal, PullRequestProposal } from "../../src/core/proposal.ts";
import type { Value } from "../../src/core/value.ts";
import { htmlReport } from "../../src/report/html.ts";
import { issueWords } from "../../src/report/issue.ts";
import { driftReport, jsonReport } from "../../src/report/json.ts";
import { markdownReport } from "../../src/report/markdown.ts";
import { BODY_LIMIT, fit, pullRequestWords } from "../../src/report/pull-request.ts";
import { textReport } from "../../src/report/text.ts";
import { showValue } from "../../src/report/values.ts";
import { codeBlock } from "../../src/text/escape-markdown.ts";
import { createStyle } from "../../src/text/style.ts";
import { passOf, resultOf } from "./passes.ts";

/** JSON-like values, hostile keys and texts included. */
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true }),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value")),
    fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), tie("value")) as fc.Arbitrary<Value>,
  ),
})).value;

describe("a value on one line", () => {
  test("is never longer than its limit and the mark of the cut", () => {
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 300 }), (any, limit) => {
        expect(showValue(any, limit).length).toBeLessThanOrEqual(limit + 1);
      }),
    );
  });

  test("is JSON where nothing was cut", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (any) => {
        // What JSON itself makes of it: it has no -0.
        expect(JSON.parse(showValue(any as Value, 1_000_000))).toEqual(JSON.parse(JSON.stringify(any)));
      }),
    );
  });

  test.each([
    ["an image with its digest", `registry.acme.example/platform/checkout/web:1.4.2@sha256:${"0".repeat(64)}`],
  ])("shows %s whole", (_what, text) => {
    expect(showValue(text)).toBe(JSON.stringify(text));
  });
});

/** What GitHub would take for the rest of the body. */
function leftOpen(body: string): { readonly fence: boolean; readonly details: number } {
  let fence: string | undefined;
  let details = 0;
  for (const line of body.split("\n")) {
    if (fence === undefined) {
      fence = /^`{3,}/.exec(line)?.[0];
      details += (line.match(/<details>/g)?.length ?? 0) - (line.match(/<\/details>/g)?.length ?? 0);
    } else if (line.startsWith(fence) && /^`+$/.test(line)) {
      fence = undefined;
    }
  }
  return { fence: fence !== undefined, details };
}

describe("a body that is too long", () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 400 }).map((text) => `| ${text.replace(/[`<\n]/g, "")} |\n`),
    fc.string({ maxLength: 4000, unit: fc.constantFrom("a", "`", "\n", "```", "<", "</details>") }).map((text) => {
      return `<details><summary>Diff</summary>\n\n${codeBlock(text, "diff")}\n\n</details>\n\n`;
    }),
    fc.constant(`<details><summary>Proof</summary>\n\n- one\n\n</details>\n\n`),
  );
  const body = fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 400 }))
    .map(([pieces, times]) => pieces.join("").repeat(times).slice(0, 200_000));

  test("is cut to its limit, and no fence or <details> stays open", () => {
    let cut = 0;
    fc.assert(
      fc.property(body, fc.integer({ min: 9_000, max: BODY_LIMIT }), (text, limit) => {
        const fitted = fit(text, limit);
        if (fitted !== text) cut++;
        expect(fitted.length).toBeLessThanOrEqual(limit);
        expect(leftOpen(fitted)).toEqual({ fence: false, details: 0 });
      }),
    );
    expect(cut).toBeGreaterThan(20);
  });

  test("is cut where a fence is longer than the room that is left", () => {
    const fitted = fit(`start\n\n${codeBlock(`${"`".repeat(40_000)}\n${"x\n".repeat(20_000)}`)}`);
    expect(fitted.length).toBeLessThanOrEqual(BODY_LIMIT);
    expect(leftOpen(fitted)).toEqual({ fence: false, details: 0 });
    expect(fitted).toContain("start");
  });

  test("without a line's end is cut all the same", () => {
    expect(fit("x".repeat(BODY_LIMIT + 1)).length).toBeLessThanOrEqual(BODY_LIMIT);
  });

  test("stays as it is where it fits", () => {
    const whole = "y\n".repeat(BODY_LIMIT / 2);
    expect(fit(whole)).toBe(whole);
  });
});

describe("a thousand drifts", () => {
  const results = Array.from({ length: 1000 }, (_none, index) =>
    resultOf(`web-${index}`, [changeOf("replicas", index)]),
  );
  const pass = passOf(results);

  test("fit the body of one pull request, which still ends with what to do", () => {
    const { title, body } = pullRequestWords(pass, pullRequestOf(results));
    expect(title).toBe("Codify 1000 live changes of 1000 objects");
    expect(body.length).toBeLessThanOrEqual(BODY_LIMIT);
    expect(leftOpen(body)).toEqual({ fence: false, details: 0 });
    expect(body).toContain("**Merging**");
    expect(body).toContain("Deployment/web-0 in shop");
  });

  test("stand in every format of the report", () => {
    expect(textReport(pass, createStyle(false))).toContain("Deployment/web-999 in shop");
    expect(markdownReport(pass)).toContain("Deployment/web-999 in shop");
    expect(htmlReport(pass)).toContain("Deployment/web-999 in shop");
    expect((JSON.parse(jsonReport(pass)) as { readonly drifts: readonly unknown[] }).drifts).toHaveLength(1000);
  });
});

describe("a drift of a thousand changes", () => {
  const changes = Array.from({ length: 1000 }, (_none, index) => changeOf(`field${index}`, "v".repeat(100)));
  const result = resultOf("web", changes);
  const pass = passOf([result]);

  test("fits the body of a pull request, which shows the first changes", () => {
    const { body } = pullRequestWords(pass, pullRequestOf([result]));
    expect(body.length).toBeLessThanOrEqual(BODY_LIMIT);
    expect(body).toContain("field0");
    expect(body).toContain("**Merging**");
  });

  test("fits the body of an issue, which shows the first changes", () => {
    const issue: IssueProposal = {
      kind: "issue",
      id: result.id,
      fingerprint: "f",
      target: "default",
      driftId: result.id,
      changes: changes.map((_change, index) => index),
      refusals: changes.map(({ path }) => ({ code: "unsupported", path, reason: "`".repeat(300) })),
    };
    const { body } = issueWords(pass, issue);
    expect(body.length).toBeLessThanOrEqual(BODY_LIMIT);
    expect(body).toContain("field0");
    expect(leftOpen(body)).toEqual({ fence: false, details: 0 });
  });
});

test("an issue of what cannot be changed in place says to make the object anew, and has no patch", () => {
  const change: Change = { ...changeOf("selector", "b"), desired: "a", operation: "replace", immutable: true };
  const result = resultOf("web", [change]);
  const { body } = issueWords(passOf([result]), {
    kind: "issue",
    id: result.id,
    fingerprint: "f",
    target: "default",
    driftId: result.id,
    changes: [0],
    refusals: [],
  });
  expect(body).toContain("usually refuses to change ` spec.selector `");
  expect(body).toMatch(/^kubectl delete .*web.*\nkubectl apply -f apps\/web\.yaml$/m);
  expect(body).not.toContain("kubectl patch");
});

describe("the JSON report", () => {
  test("writes integers beyond 2^53 in full", () => {
    const pass = passOf([resultOf("web", [changeOf("big", 12345678901234567890n)])]);
    expect(jsonReport(pass)).toContain('"live": 12345678901234567890');
  });

  test("shows what is no secret beside one as it is", () => {
    const live = { name: "web", env: [{ name: "PASSWORD", value: "hmac-sha256:00000000:ab" }] };
    const change: Change = { path: fields("spec"), operation: "add", live, direction: "unknown", sensitive: true };
    const report = driftReport(passOf([resultOf("web", [change])]));
    expect(JSON.stringify(report)).toContain(
      '"live":{"name":"web","env":[{"name":"PASSWORD","value":{"digest":"hmac-sha256:00000000:ab"}}]}',
    );
  });

  test("shows a secret as its digest only", () => {
    const change: Change = { ...changeOf("password", "hmac-sha256:00000000:ab"), sensitive: true };
    const report = driftReport(passOf([resultOf("web", [change])]));
    expect(JSON.stringify(report)).toContain('"live":{"digest":"hmac-sha256:00000000:ab"}');
  });
});

function changeOf(name: string, live: Value): Change {
  return { path: fields("spec", name), operation: "replace", desired: "before", live, direction: "unknown" };
}

function pullRequestOf(results: readonly DriftResult[]): PullRequestProposal {
  const files = results.map((result, index) => ({
    path: `apps/${result.drift.ref.name}.yaml`,
    before: `replicas: ${index}\n`,
    after: `replicas: ${index + 1}\n`,
    mode: "100644",
  }));
  return {
    kind: "pull-request",
    id: "0000000000000000",
    fingerprint: "f",
    target: "default",
    branch: "holdfast/0000000000000000",
    parts: results.map((result) => ({
      driftId: result.id,
      changes: result.judgement.changes.map((_change, index) => index),
    })),
    files,
    edits: [],
    proof: { renderer: "plain", roots: [""], objectsCompared: 1, editedObjects: 1, bytesOutsideEdits: "unchanged" },
  };
}
