/**
 * The hold-off: nothing is opened for what has not stood a while and for two passes, so that a deployment under way and
 * an incident's short-lived edit raise no alarm. What is open already is updated and closed at once.
 */

import type { Publication, Published, PublishedAction } from "../core/proposal.ts";
import type { Clock } from "../core/stages.ts";
import type { Forge, PublishInput } from "../publish/forge.ts";
import type { Sighting, Sightings } from "../store/history.ts";

export interface SightInput {
  readonly before: Sightings;
  readonly publications: readonly Publication[];
  /** Targets that the pass looked at. */
  readonly targets: readonly string[];
  /** What an incomplete pass did not see may still be there: its clock goes on. */
  readonly complete: boolean;
  readonly now: number;
}

/** What is known after a pass. A proposal that changed, or was gone in a complete pass, starts anew. */
export function sighted({ before, publications, targets, complete, now }: SightInput): Sightings {
  const after = new Map([...before].filter(([, { target }]) => !complete || !targets.includes(target)));
  for (const publication of publications) {
    const key = sightingKey(publication);
    after.set(key, again(before.get(key), publication, now));
  }
  return after;
}

/** Why the publication has to wait; `undefined`: it has stood long enough. A hold-off of 0 asks for neither time nor passes. */
export function heldBecause(sighting: Sighting | undefined, holdOffMs: number, now: number): string | undefined {
  if (holdOffMs === 0) return undefined;
  const stood = sighting === undefined ? 0 : now - sighting.since;
  if (stood < holdOffMs)
    return `waits: it must stand until ${new Date(now + holdOffMs - stood).toISOString()} (holdOff)`;
  return (sighting?.passes ?? 0) < 2 ? "waits: a second pass must see it (holdOff)" : undefined;
}

export interface HoldOffOptions {
  readonly forge: Forge;
  readonly holdOffMs: number;
  /** After this pass. */
  readonly sightings: Sightings;
  readonly clock: Clock;
}

/**
 * The forge, with what must wait left out. Whether something is open already only the forge can say: where anything
 * would have to wait, a dry run asks it what it would open.
 */
export function withHoldOff({ forge, holdOffMs, sightings, clock }: HoldOffOptions): Forge {
  return {
    publish: async (input) => {
      const now = clock.now();
      const young = new Map(
        input.publications.flatMap((publication): [string, string][] => {
          const key = sightingKey(publication);
          const why = heldBecause(sightings.get(key), holdOffMs, now);
          return why === undefined ? [] : [[key, why]];
        }),
      );
      if (young.size === 0) return forge.publish(input);
      const preview = await forge.publish({ ...input, dryRun: true });
      return holdBack({ forge, input, young, preview });
    },
  };
}

interface HoldBack {
  readonly forge: Forge;
  readonly input: PublishInput;
  /** Why each waits, by {@link sightingKey}. */
  readonly young: ReadonlyMap<string, string>;
  readonly preview: Published;
}

/** Where the forge could not say what is open, that waits too, and nothing is closed for being left out. */
async function holdBack({ forge, input, young, preview }: HoldBack): Promise<Published> {
  const standing = new Set(preview.actions.filter((action) => !wouldOpen(action)).map(sightingKey));
  const waits = (publication: Publication): boolean => {
    const key = sightingKey(publication);
    return young.has(key) && !standing.has(key);
  };
  const held = input.publications.filter(waits);
  const ready = input.publications.filter((publication) => !waits(publication));
  const complete = input.complete && preview.faults.length === 0;
  const published = await forge.publish({ ...input, publications: ready, complete });
  const waiting = held.map((publication): PublishedAction => {
    const { kind, id } = publication;
    return { kind, id, did: "waiting", reason: young.get(sightingKey(publication)) ?? "waits (holdOff)" };
  });
  return { actions: [...published.actions, ...waiting], faults: published.faults };
}

function wouldOpen({ did }: PublishedAction): boolean {
  return did === "opened" || did === "reopened" || did === "waiting";
}

function again(known: Sighting | undefined, { target, fingerprint }: Publication, now: number): Sighting {
  if (known?.fingerprint !== fingerprint) return { target, fingerprint, since: now, passes: 1 };
  return { ...known, passes: known.passes + 1 };
}

export function sightingKey({ kind, id }: Pick<Publication, "kind" | "id">): string {
  return `${kind}/${id}`;
}
