import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHistory } from "../../src/store/history.ts";
import type { RepositoryHistory } from "../../src/store/history.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-history-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HISTORY: RepositoryHistory = {
  sightings: new Map([["issue/1", { target: "shop", fingerprint: "f", since: 5, passes: 2 }]]),
  config: "mode: report\n",
  lastPass: { at: 9, commit: "c", complete: false, faults: ["list-failed"] },
};
const NOTHING: RepositoryHistory = { sightings: new Map() };

describe("the history of a repository", () => {
  it("is empty where nothing is known", () => {
    expect(openHistory(folder).load("acme/shop")).toEqual(NOTHING);
  });

  it("comes back as it was saved, however the name's letters are written", () => {
    openHistory(join(folder, "deeper")).save("Acme/Shop", HISTORY);
    expect(openHistory(join(folder, "deeper")).load("acme/shop")).toEqual(HISTORY);
    expect(openHistory(join(folder, "deeper")).load("acme/shop2")).toEqual(NOTHING);
  });

  it("keeps each repository in a file of its own, for its owner's eyes, and leaves nothing else behind", () => {
    const store = openHistory(folder);
    store.save("acme/shop", HISTORY);
    store.save("acme/shop", NOTHING);
    store.save("acme/infra", HISTORY);
    expect(readdirSync(folder).toSorted()).toEqual(["acme~infra.json", "acme~shop.json"]);
    expect(statSync(join(folder, "acme~shop.json")).mode & 0o077).toBe(0);
    expect(store.load("acme/shop")).toEqual(NOTHING);
  });

  it.each([
    ["cut off", '{"version":1,"sigh'],
    ["of another version", '{"version":2,"sightings":[]}'],
    ["of another shape", '{"version":1,"sightings":{"issue/1":5}}'],
    [
      "with numbers that are none",
      '{"version":1,"sightings":[["issue/1",{"target":"t","fingerprint":"f","since":"x","passes":0}]]}',
    ],
    ["empty", ""],
  ])("throws away a file that is %s", (_, content) => {
    const store = openHistory(folder);
    store.save("acme/shop", HISTORY);
    writeFileSync(join(folder, "acme~shop.json"), content);
    expect(store.load("acme/shop")).toEqual(NOTHING);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("takes a name such as __proto__ for a name", () => {
    const sightings = new Map([["__proto__", { target: "__proto__", fingerprint: "f", since: 1, passes: 1 }]]);
    const store = openHistory(folder);
    store.save("acme/shop", { sightings });
    expect(store.load("acme/shop").sightings).toEqual(sightings);
  });

  it.each(["acme", "../up", "acme/../x", "acme/sh op", "a/b/c"])("refuses the name %s", (name) => {
    expect(() => openHistory(folder).save(name, NOTHING)).toThrow(/no repository's name/);
  });

  it("leaves the old file where the new one cannot be written", () => {
    const store = openHistory(folder);
    store.save("acme/shop", HISTORY);
    const before = readFileSync(join(folder, "acme~shop.json"), "utf8");
    const endless = {
      sightings: new Map([
        [
          "k",
          {
            toJSON: () => {
              throw new Error("no");
            },
          } as never,
        ],
      ]),
    };
    expect(() => store.save("acme/shop", endless)).toThrow("no");
    expect(readFileSync(join(folder, "acme~shop.json"), "utf8")).toBe(before);
    expect(readdirSync(folder)).toHaveLength(1);
  });
});
