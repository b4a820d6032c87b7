import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PublishedAction } from "../../src/core/proposal.ts";
import { openAuditLog } from "../../src/store/audit-log.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-audit-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CONTEXT = { repository: "acme/shop", commit: "abc", as: "holdfast[bot]", at: 0 };

function acted(did: PublishedAction["did"], id = "1"): PublishedAction {
  return { kind: "issue", id, did, reason: "line one\nline two", url: "https://github.com/acme/shop/issues/1" };
}

describe("the audit log", () => {
  it("has a line for each act, and none for what was left as it was", () => {
    const file = join(folder, "deeper", "audit.jsonl");
    const all = (["opened", "updated", "unchanged", "closed", "reopened", "waiting", "left-alone"] as const).map(
      (did) => acted(did),
    );
    openAuditLog(file).append(CONTEXT, all);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { did: string }).did)).toEqual([
      "opened",
      "updated",
      "closed",
      "reopened",
    ]);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "1970-01-01T00:00:00.000Z",
      repository: "acme/shop",
      commit: "abc",
      as: "holdfast[bot]",
      kind: "issue",
      id: "1",
      did: "opened",
      reason: "line one\nline two",
      url: "https://github.com/acme/shop/issues/1",
    });
  });

  it("is only ever appended to, and nobody else's to read", () => {
    const file = join(folder, "audit.jsonl");
    openAuditLog(file).append(CONTEXT, [acted("opened", "1")]);
    const before = readFileSync(file, "utf8");
    openAuditLog(file).append(CONTEXT, [acted("closed", "2")]);
    expect(readFileSync(file, "utf8").startsWith(before)).toBe(true);
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(3);
    expect(statSync(file).mode & 0o077).toBe(0);
  });
});
