import { describe, expect, test } from "vitest";
import type { SyncAllowance } from "../../../src/core/deployer.ts";
import { fieldOf } from "../../../src/core/value.ts";
import type { Value } from "../../../src/core/value.ts";
import { windowReader } from "../../../src/reconcile/deployers/sync-windows.ts";
import { yaml } from "../../drift/objects.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");

function windowsOf(text: string): Value | undefined {
  return fieldOf(yaml(`windows: [${text}]`), "windows");
}

function said(text: string, now: number = NOW): ReturnType<ReturnType<typeof windowReader>> {
  const destination = { name: "in-cluster", namespace: "shop" };
  return windowReader(now)(windowsOf(text), { name: "web", destination });
}

/** `no (deny) until …`. */
function words({ allowed, by, until }: SyncAllowance): string {
  const why = by === undefined ? "" : ` (${by})`;
  return `${allowed ? "yes" : "no"}${why}${until === undefined ? "" : ` until ${until.replace(":00.000Z", "")}`}`;
}

function both(text: string, now?: number): string {
  const found = said(text, now);
  return found?.kind === "timed" ? `${words(found.automated)}; ${words(found.manual)}` : (found?.kind ?? "none");
}

const DAY = "schedule: '0 8 * * *', duration: 10h, applications: ['*']";
const NIGHT = "schedule: '0 22 * * *', duration: 1h, applications: ['*']";
const ALWAYS = "schedule: '* * * * *', duration: 1h, applications: ['*']";

describe("what sync windows let through, by itself and by hand", () => {
  test.each<readonly [string, string, string]>([
    [
      "an open deny window",
      `{kind: deny, ${DAY}}`,
      "no (deny) until 2026-11-21T18:00; no (deny) until 2026-11-21T18:00",
    ],
    [
      "one that lets through syncs by hand",
      `{kind: deny, manualSync: true, ${DAY}}`,
      "no (deny) until 2026-11-21T18:00; yes",
    ],
    [
      "two of which one lets them through",
      `{kind: deny, manualSync: true, ${DAY}}, {kind: deny, ${ALWAYS}}`,
      "no (deny); no (deny)",
    ],
    ["a closed deny window", `{kind: deny, ${NIGHT}}`, "yes until 2026-11-21T22:00; yes until 2026-11-21T22:00"],
    ["an open allow window", `{kind: allow, ${DAY}}`, "yes until 2026-11-21T18:00; yes until 2026-11-21T18:00"],
    [
      "a closed allow window",
      `{kind: allow, ${NIGHT}}`,
      "no (allow) until 2026-11-21T22:00; no (allow) until 2026-11-21T22:00",
    ],
    [
      "a closed one that lets through syncs by hand",
      `{kind: allow, manualSync: true, ${NIGHT}}`,
      "no (allow) until 2026-11-21T22:00; yes",
    ],
    [
      "an open and a closed allow window",
      `{kind: allow, ${DAY}}, {kind: allow, ${NIGHT}}`,
      "yes until 2026-11-21T18:00; yes until 2026-11-21T18:00",
    ],
    [
      "a deny window over an allow window",
      `{kind: allow, ${ALWAYS}}, {kind: deny, ${DAY}}`,
      "no (deny) until 2026-11-21T18:00; no (deny) until 2026-11-21T18:00",
    ],
    ["a window that never closes", `{kind: deny, ${ALWAYS}}`, "no (deny); no (deny)"],
    [
      "a window of no time at all",
      "{kind: deny, schedule: '0 8 * * *', duration: '0', applications: [web]}",
      "yes; yes",
    ],
    ["a kind that is none", `{kind: Deny, ${DAY}}`, "yes; yes"],
    // Argo CD finds a window open that never begins: no next time is a time long ago.
    [
      "a day that never comes",
      "{kind: deny, schedule: '0 8 31 2 *', duration: 1h, applications: [web]}",
      "no (deny); no (deny)",
    ],
    [
      "a time zone",
      "{kind: deny, schedule: '0 17 * * *', duration: 1h, timeZone: Asia/Kolkata, applications: [web]}",
      "no (deny) until 2026-11-21T12:30; no (deny) until 2026-11-21T12:30",
    ],
    [
      "a time zone that is none, which is UTC",
      "{kind: deny, schedule: '0 18 * * *', duration: 1h, timeZone: No/Where, applications: [web]}",
      "yes until 2026-11-21T18:00; yes until 2026-11-21T18:00",
    ],
    [
      "a day of the week that Argo CD does not know",
      `{kind: deny, schedule: '0 8 * * 7', duration: 1h, applications: [web]}`,
      "unreadable",
    ],
    ["a duration in days", "{kind: deny, schedule: '0 8 * * *', duration: 1d, applications: [web]}", "unreadable"],
    [
      "a zone in the schedule, which is not worked out",
      "{kind: deny, schedule: 'TZ=Asia/Kolkata 0 8 * * *', duration: 1h, applications: [web]}",
      "unknown",
    ],
    ["a window that is no map", "7", "none"],
    ["fields of other types", "{kind: [deny], schedule: {}, duration: 7, applications: [web, 7]}", "unreadable"],
  ])("%s", (_what, text, expected) => {
    expect(both(text)).toBe(expected);
  });

  test("the clocks are changed meanwhile", () => {
    const text = "{kind: deny, schedule: '0 1 * * *', duration: 2h, timeZone: Europe/Berlin, applications: [web]}";
    // In summer time 23:00 to 01:00 UTC: at 01:00 clocks go back to 02:00, which is in the window once more.
    const hours = ["2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].map((at) =>
      both(text, Date.parse(at)),
    );
    expect(hours.map((one) => one.split(";")[0])).toEqual([
      "yes until 2026-10-24T23:00",
      "no (deny) until 2026-10-25T02:00",
      "no (deny) until 2026-10-25T02:00",
    ]);
  });

  test.each<readonly [string, string, boolean]>([
    ["by its name", "applications: ['w*']", true],
    ["by a name that is another's", "applications: [api]", false],
    ["by its cluster's name", "clusters: [in-cluster]", true],
    ["by its namespace", "namespaces: [api, shop]", true],
    ["by any of what is named", "applications: [api], namespaces: [shop]", true],
    ["by all of what is named", "andOperator: true, applications: [api], namespaces: [shop]", false],
    ["by all of what is named, which it is", "andOperator: true, applications: [web], namespaces: [shop]", true],
    ["by nothing", "andOperator: true", false],
    ["by a pattern that is none", "applications: ['[w-']", false],
  ])("a window is for an Application %s", (_how, text, expected) => {
    expect(said(`{kind: deny, schedule: '0 8 * * *', duration: 1h, ${text}}`) !== undefined).toBe(expected);
  });

  test("many windows are not looked at for long", () => {
    const many = Array.from({ length: 400 }, () => `{kind: deny, ${ALWAYS}}`).join(", ");
    expect(both(many)).toBe("no (deny); no (deny)");
    expect(both(`${many}, ${many}`)).toBe("unknown");
  });
});
