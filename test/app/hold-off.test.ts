import { describe, expect, it } from "vitest";
import type { Publication, PublishedAction } from "../../src/core/proposal.ts";
import type { Forge, PublishInput } from "../../src/publish/forge.ts";
import type { Sighting, Sightings } from "../../src/store/history.ts";
import { heldBecause, sighted, withHoldOff } from "../../src/app/hold-off.ts";

const MINUTE = 60_000;

function issue(id: string, fingerprint = "f", target = "shop"): Publication {
  return { kind: "issue", id, fingerprint, target, title: "t", body: "b", labels: [], assignees: [] };
}

function sighting(part: Partial<Sighting> = {}): Sighting {
  return { target: "shop", fingerprint: "f", since: 0, passes: 1, ...part };
}

interface Seen {
  readonly title: string;
  readonly before?: Sightings;
  readonly publications: readonly Publication[];
  readonly complete?: boolean;
  readonly targets?: readonly string[];
  readonly after: Sightings;
}

const SEEN: readonly Seen[] = [
  {
    title: "starts the clock of what it sees first",
    publications: [issue("1")],
    after: new Map([["issue/1", sighting({ since: 100 })]]),
  },
  {
    title: "lets the clock of what stands go on",
    before: new Map([["issue/1", sighting()]]),
    publications: [issue("1")],
    after: new Map([["issue/1", sighting({ passes: 2 })]]),
  },
  {
    title: "starts anew where the content changed",
    before: new Map([["issue/1", sighting({ passes: 7 })]]),
    publications: [issue("1", "g")],
    after: new Map([["issue/1", sighting({ since: 100, fingerprint: "g" })]]),
  },
  {
    title: "forgets what is gone",
    before: new Map([["issue/1", sighting()]]),
    publications: [],
    after: new Map(),
  },
  {
    title: "forgets nothing because of an incomplete pass",
    before: new Map([["issue/1", sighting()]]),
    publications: [],
    complete: false,
    after: new Map([["issue/1", sighting()]]),
  },
  {
    title: "leaves other targets as they are",
    before: new Map([["issue/1", sighting({ target: "infra" })]]),
    publications: [],
    after: new Map([["issue/1", sighting({ target: "infra" })]]),
  },
  {
    title: "keeps a pull request and an issue of one id apart",
    before: new Map([["pull-request/1", sighting({ passes: 4 })]]),
    publications: [issue("1")],
    after: new Map([["issue/1", sighting({ since: 100 })]]),
  },
];

describe("sighted", () => {
  it.each(SEEN)("$title", ({ before = new Map(), publications, complete = true, targets = ["shop"], after }) => {
    expect(sighted({ before, publications, complete, targets, now: 100 })).toEqual(after);
  });
});

describe("heldBecause", () => {
  it.each([
    ["a first sight", sighting({ passes: 1, since: 0 }), 0, "time"],
    ["time without a second pass", sighting({ passes: 1, since: 0 }), 20 * MINUTE, "pass"],
    ["passes without time", sighting({ passes: 9, since: 0 }), 9 * MINUTE, "time"],
    ["nothing known", undefined, 20 * MINUTE, "time"],
    ["both", sighting({ passes: 2, since: 0 }), 10 * MINUTE, undefined],
  ])("waits for time and two passes: %s", (_, known, now, waits) => {
    const why = heldBecause(known, 10 * MINUTE, now);
    expect(why?.includes("until 1970-01-01T00:") ? "time" : why === undefined ? undefined : "pass").toBe(waits);
  });

  it("does not wait at all where the hold-off is 0", () => {
    expect(heldBecause(undefined, 0, 0)).toBeUndefined();
  });
});

/** A forge that has these open, and keeps what it was asked. */
function forgeWith(
  open: readonly string[],
  faults: readonly string[] = [],
): Forge & { readonly asked: PublishInput[] } {
  const asked: PublishInput[] = [];
  return {
    asked,
    publish: async (input) => {
      asked.push(input);
      const actions = input.publications
        .filter(({ id }) => !faults.includes(id))
        .map(({ kind, id }): PublishedAction => ({
          kind,
          id,
          did: open.includes(id) ? "unchanged" : "opened",
          reason: "",
        }));
      const fault = {
        kind: "fault",
        code: "forge-failed",
        about: "x",
        message: "x",
        remedy: "x",
        leavesUnknown: "nothing",
      } as const;
      return { actions, faults: faults.length > 0 && input.dryRun ? [fault] : [] };
    },
  };
}

const INPUT: PublishInput = {
  publications: [issue("old"), issue("young"), issue("open")],
  targets: ["shop"],
  complete: true,
  dryRun: false,
};
const SIGHTINGS: Sightings = new Map([
  ["issue/old", sighting({ passes: 5 })],
  ["issue/young", sighting({ since: 9 * MINUTE })],
  ["issue/open", sighting({ since: 9 * MINUTE })],
]);

function held(forge: Forge, holdOffMs = 10 * MINUTE): Forge {
  return withHoldOff({ forge, holdOffMs, sightings: SIGHTINGS, clock: { now: () => 11 * MINUTE } });
}

describe("withHoldOff", () => {
  it("opens what has stood, updates what is open, and says what waits", async () => {
    const forge = forgeWith(["open"]);
    const published = await held(forge).publish(INPUT);
    expect(forge.asked.map(({ dryRun, publications }) => [dryRun, publications.map(({ id }) => id)])).toEqual([
      [true, ["old", "young", "open"]],
      [false, ["old", "open"]],
    ]);
    expect(published.actions.map(({ id, did }) => [id, did])).toEqual([
      ["old", "opened"],
      ["open", "unchanged"],
      ["young", "waiting"],
    ]);
  });

  it("asks the forge once where nothing has to wait", async () => {
    const forge = forgeWith([]);
    await held(forge, 0).publish(INPUT);
    expect(forge.asked).toEqual([INPUT]);
  });

  it("opens nothing young, and closes nothing, where the forge could not say what is open", async () => {
    const forge = forgeWith([], ["open"]);
    const published = await held(forge).publish(INPUT);
    expect(forge.asked[1]).toMatchObject({ complete: false, dryRun: false });
    expect(forge.asked[1]?.publications.map(({ id }) => id)).toEqual(["old"]);
    expect(published.actions.filter(({ did }) => did === "waiting").map(({ id }) => id)).toEqual(["young", "open"]);
  });
});
