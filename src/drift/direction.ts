/**
 * Which side of a difference moved since Git was last deployed, from what Git says (`h`), what is live (`l`), and what Git
 * said when it was deployed (`d`):
 *
 * - `l = d`, `h ≠ d`: Git is ahead.
 * - `h = d`, `l ≠ d`: the cluster was changed.
 * - all differ: both were.
 *
 * Git being ahead means silence, so it must not be had by claiming it. Whoever may write an object may write its
 * annotations, and all of its managedFields: a deployer's name, and any time. What he cannot write is the past of Git, and the
 * deployer's own object. So that Git is ahead is `proved` only where Git's history has the live value in the commit that the
 * deployer's object names, and the deployer wrote it before Git moved on. Where no such object names the commit, it is
 * `dated`, and holds as long as what is live violates no policy more than Git does; else it is `claimed`, and holds only as
 * long as no policy objects to the change either. What the deployer wrote and Git never had is a change of the cluster,
 * whoever it calls itself.
 */

import type { Change, Direction } from "../core/drift.ts";
import type { Actor, DesiredObject, LiveObject, ManagedFields } from "../core/objects.ts";
import { ownerIndex } from "../core/owners.ts";
import { otherNames } from "../kinds/other-names.ts";
import type { OwnerIndex } from "../core/owners.ts";
import { formatPath } from "../core/path.ts";
import type { FieldPath, PathStep } from "../core/path.ts";
import { fieldOf, isList, isMap } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { Comparison } from "./compare.ts";
import { deploymentsOf } from "./deployers.ts";

/** An older version of the object. */
export interface Version {
  /** The newest commit that had it. */
  readonly commit: string;
  /** When it was superseded, in milliseconds since the epoch; absent where that is not committed yet. */
  readonly until?: number;
  /** Whether what superseded it was a commit that wrote down what was live. */
  readonly codified: boolean;
  /** The deployer says so itself, elsewhere than in the object: that it deployed this version last, or has tried to since. */
  readonly told?: true;
  readonly object: DesiredObject;
}

/** What was deployed, and the commit that has it, where that is known. */
export interface Deployed {
  readonly object: DesiredObject;
  readonly commit?: string;
}

/** What Git said before; newest first, without what it says now. */
export interface Past {
  readonly versions: readonly Version[];
  /**
   * What comes before the oldest version: the object did not exist; more that was not looked at (`window`); or nothing that
   * could be read (`unreadable`, with no versions where Git tells nothing at all).
   */
  readonly end: "beginning" | "window" | "unreadable";
}

export interface DirectionInput {
  readonly desired: DesiredObject;
  readonly live: LiveObject;
  readonly changes: readonly Change[];
  readonly past: Past;
  /** What a deployer noted of its last deployment (kubectl's annotation, a Helm release). It can be forged. */
  readonly noted?: DesiredObject;
  /** What the deployer noted that it tried since, and did not bring to its end: parts of it may be there; newest first. */
  readonly attempted?: readonly DesiredObject[];
  /** The notes stand elsewhere than in the object: who may write the one need not be able to write the other. */
  readonly notedApart?: boolean;
  /** The commit that has what was noted, where that is known. */
  readonly notedIn?: string;
  /**
   * What Git said, newest first, when the deployer wrote the object after what it noted: it is taken to have deployed that,
   * unless something that it wrote and that differs now is another.
   */
  readonly since?: readonly Deployed[];
  /** Managers that deploy, besides the known ones. */
  readonly deployers?: readonly string[];
  /** As the object itself was compared. */
  readonly compare: (desired: DesiredObject, live: LiveObject) => Comparison;
}

/** The changes, in their order, with their direction and, where it is known, what was deployed. */
export function tellDirection(input: DirectionInput): readonly Change[] {
  const facts = factsOf(input);
  return input.changes.map((change) => {
    const { direction, deployed, commit, claimed = false, dated = false } = told(facts, change);
    const value = deployed === undefined ? undefined : valueOf(deployed.value, change.path);
    return {
      ...change,
      direction,
      ...(value === undefined ? {} : { deployed: value }),
      ...(commit === undefined ? {} : { deployedIn: commit }),
      ...(claimed ? { claimed } : {}),
      ...(dated ? { dated } : {}),
    };
  });
}

interface Told {
  readonly direction: Direction;
  readonly deployed?: DesiredObject;
  readonly commit?: string;
  readonly claimed?: boolean;
  readonly dated?: boolean;
}

interface Facts {
  readonly input: DirectionInput;
  readonly owners: OwnerIndex;
  readonly versions: readonly (Version & Differing)[];
  /** What was deployed last, by what the deployer noted, or wrote since. */
  readonly noted: (Deployed & Differing) | undefined;
  readonly attempted: readonly (Deployed & Differing)[];
  /** Where two versions differ. */
  readonly between: (one: DesiredObject, other: DesiredObject) => Places;
  /** Newest first. */
  readonly deployments: readonly ManagedFields[];
  /** Git as it was last deployed, as far as times and notes tell. */
  readonly last: Deployed | undefined;
  /** The same as times alone tell. */
  readonly byTime: Deployed | undefined;
}

interface Differing {
  /** Where it differs from live. */
  readonly differing: Places;
}

function factsOf(input: DirectionInput): Facts {
  const { desired, live, noted, past, compare } = input;
  const shown = <One extends Deployed>(one: One): One & Differing => {
    return { ...one, differing: placesOf(compare(one.object, live)) };
  };
  const deployments = deploymentsOf(live.managers, input.deployers);
  const byTime = lastByTime(desired, past, deployments);
  const owners = ownerIndex(live.managers, otherNames(desired.ref));
  const written = input.changes.filter((change) => writerOf({ owners, deployments }, change).kind === "deployer");
  const attempted = (input.attempted ?? []).map((object) => shown({ object }));
  const versions = past.versions.map(shown);
  const since = (input.since ?? []).map(shown).find((one) => hasAll(one, written));
  const said = since ?? (noted === undefined ? undefined : shown(deployedIn(noted, input.notedIn)));
  return {
    input,
    owners,
    between: comparedOnce(compare),
    versions,
    noted: said,
    attempted,
    deployments,
    byTime,
    last: said ?? attempted[0] ?? byFields(versions, written) ?? byTime,
  };
}

function deployedIn(object: DesiredObject, commit: string | undefined): Deployed {
  return { object, ...(commit === undefined ? {} : { commit }) };
}

/** Everything that differs, also what is no drift on evidence that could be forged. */
function placesOf({ changes, leftOut, unknown }: Comparison): Places {
  const doubted = leftOut.filter(({ judged }) => judged);
  return placesAt([...changes, ...doubted].map(({ path }) => path).concat(unknown));
}

/** Each pair of versions is compared once, however many fields are asked about. */
function comparedOnce(compare: DirectionInput["compare"]): Facts["between"] {
  const known = new Map<DesiredObject, Map<DesiredObject, Places>>();
  return (one, other) => {
    const others = known.get(one) ?? new Map<DesiredObject, Places>();
    known.set(one, others);
    const places = others.get(other) ?? placesOf(compare(one, { ref: other.ref, value: other.value, managers: [] }));
    others.set(other, places);
    return places;
  };
}

/** The newest version that all differing fields have which the deployer wrote. */
function byFields(versions: Facts["versions"], written: readonly Change[]): Deployed | undefined {
  return written.length === 0 ? undefined : versions.find((version) => hasAll(version, written));
}

/** Whether live it is as there, in all these places. */
function hasAll({ differing }: Differing, written: readonly Change[]): boolean {
  return written.every(({ path }) => !touches(differing, path));
}

/** The version that stood when the deployer last wrote something. */
function lastByTime(
  desired: DesiredObject,
  { versions, end }: Past,
  deployments: readonly ManagedFields[],
): Deployed | undefined {
  const [time] = deployments.flatMap((entry) => entry.time ?? []);
  if (time === undefined || (end === "unreadable" && versions.length === 0)) return undefined;
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  const found = versions.findLast(({ until }) => until === undefined || until > at);
  return found === undefined ? { object: desired } : { object: found.object, commit: found.commit };
}

type Writer =
  | { readonly kind: "deployer"; readonly time?: string }
  | { readonly kind: "other" }
  /** The field is not there, nobody is recorded, or only who is no writer. */
  | { readonly kind: "nobody" };

/** What `kubectl-last-applied` and `ancient-changes` own was written by others, who are not recorded. */
const NO_WRITERS: ReadonlySet<string> = new Set(["kubectl-last-applied", "ancient-changes"]);

/** Who wrote the live value. A value that several own is the deployer's if it is one of them: all of them wrote the same. */
function writerOf({ owners: index, deployments }: Pick<Facts, "owners" | "deployments">, change: Change): Writer {
  if (change.live === undefined) return { kind: "nobody" };
  // An item whose keys themselves were changed has others in managedFields: nobody is found, which proves nothing.
  const owners = index.of(change.path).filter(({ manager }) => !NO_WRITERS.has(manager));
  if (owners.length === 0) return { kind: "nobody" };
  const deploying = owners.filter((owner) => deployments.some((entry) => isSame(entry, owner)));
  const [newest] = deploying;
  // Of what holds several fields each may be somebody else's.
  const whole = isMap(change.live) || isList(change.live);
  if (newest === undefined || (whole && deploying.length < owners.length)) return { kind: "other" };
  return { kind: "deployer", ...(newest.time === undefined ? {} : { time: newest.time }) };
}

function isSame(entry: ManagedFields, owner: Actor): boolean {
  return (
    entry.manager === owner.manager &&
    entry.operation === owner.operation &&
    entry.subresource === owner.subresource &&
    entry.time === owner.time
  );
}

function told(facts: Facts, change: Change): Told {
  const writer = writerOf(facts, change);
  switch (writer.kind) {
    case "deployer":
      return toldOfDeployed(facts, change, writer.time);
    case "other":
      return wasCodified(facts, change) ? liveChanged(facts) : toldOfWritten(facts, change);
    case "nobody":
      return wasCodified(facts, change) ? liveChanged(facts) : toldOfUnowned(facts, change);
  }
}

/** What Git says there now was live when Git came to say it, whatever was deployed before. */
function wasCodified({ input, versions, between }: Facts, { path }: Change): boolean {
  const newer = [input.desired, ...versions.map(({ object }) => object)];
  const moved = versions.findIndex(({ object }, index) => {
    const next = newer[index] as DesiredObject;
    return next !== object && touches(between(next, object), path);
  });
  return versions[moved]?.codified === true;
}

function liveChanged({ input }: Facts): Told {
  return { direction: "live-changed", deployed: input.desired };
}

/** The deployer wrote what is live: Git had it once, or never. */
function toldOfDeployed(facts: Facts, change: Change, time: string | undefined): Told {
  const { past } = facts.input;
  const found = facts.versions.find((version) => !touches(version.differing, change.path));
  if (found !== undefined) {
    // The newest one that has it: what superseded that version says something else here.
    const late = !wroteBefore(time, found.until);
    // Written after Git had moved on, and the deployer noted what Git says now: somebody put the old value back.
    if (late && facts.noted !== undefined && touches(facts.noted.differing, change.path)) {
      return byTable(facts, change, facts.noted, false);
    }
    return {
      direction: "git-ahead",
      deployed: found.object,
      commit: found.commit,
      claimed: late,
      dated: !late && found.told !== true,
    };
  }
  switch (past.end) {
    case "beginning":
      // Its own note would say that this was deployed, and it is what is in doubt.
      return { direction: "live-changed", ...deployedOf(facts.byTime) };
    case "window":
      return { direction: "unknown" };
    case "unreadable":
      return facts.noted === undefined && facts.attempted.length === 0
        ? { direction: "git-ahead", claimed: true }
        : byNotes(facts, change);
  }
}

/** Until Git moved on nobody could deploy anything newer. Times have seconds. */
function wroteBefore(time: string | undefined, left: number | undefined): boolean {
  if (left === undefined) return true;
  return time !== undefined && Date.parse(time) <= left + 1000;
}

/** Somebody else wrote what is live: what remains to be told is whether Git moved as well. */
function toldOfWritten(facts: Facts, change: Change): Told {
  const { desired, past, notedApart } = facts.input;
  // He wrote what was then deployed, and so left his.
  const same = notedApart === true ? deployedAs(facts, change) : undefined;
  if (same !== undefined) return byTable(facts, change, same, true);
  if (facts.last !== undefined) {
    const moved = !sameAt(facts, desired, facts.last.object, change.path);
    return { direction: moved ? "both-changed" : "live-changed", ...deployedOf(facts.last) };
  }
  const steady = facts.versions.every(({ object }) => sameAt(facts, desired, object, change.path));
  if (!steady) return { direction: "unknown" };
  // Nothing of the past contradicts the evidence; where all of it is known, Git always said this.
  return past.end === "beginning" ? { direction: "live-changed", deployed: desired } : { direction: "live-changed" };
}

/** A removal, or a value that nobody is recorded to have written: notes and times are all that there is. */
function toldOfUnowned(facts: Facts, change: Change): Told {
  const { noted, attempted, last, versions, input } = facts;
  const noteless = noted === undefined && attempted.length === 0;
  if (noteless && last === undefined) return { direction: "unknown" };
  const same = versions.some(({ object, differing }) => object === last?.object && !touches(differing, change.path));
  const answer = noteless && last !== undefined ? byTable(facts, change, last, same) : byNotes(facts, change);
  if (answer.direction !== "git-ahead" || input.past.end === "unreadable") return answer;
  const shown = versions.find(({ differing }) => !touches(differing, change.path));
  if (shown !== undefined) return { ...answer, commit: shown.commit };
  // Noted, and Git never had it. An object's first commit is where a field that it lacks came to be.
  return { direction: input.past.end === "beginning" ? "live-changed" : "unknown" };
}

/** What is live was deployed, or came with what did not come to its end. */
function byNotes(facts: Facts, change: Change): Told {
  const found = deployedAs(facts, change);
  const last = found ?? facts.noted ?? facts.attempted[0];
  return last === undefined ? { direction: "unknown" } : byTable(facts, change, last, found !== undefined);
}

/** The note that has what is live. */
function deployedAs({ noted, attempted }: Facts, { path }: Change): Deployed | undefined {
  const notes = [...(noted === undefined ? [] : [noted]), ...attempted];
  return notes.find(({ differing }) => !touches(differing, path));
}

function byTable(facts: Facts, { path }: Change, last: Deployed, liveIsDeployed: boolean): Told {
  const deployed = deployedOf(last);
  if (liveIsDeployed) return { direction: "git-ahead", ...deployed, claimed: true };
  const moved = !sameAt(facts, facts.input.desired, last.object, path);
  return { direction: moved ? "both-changed" : "live-changed", ...deployed };
}

function deployedOf(last: Deployed | undefined): Pick<Told, "deployed" | "commit"> {
  if (last === undefined) return {};
  return { deployed: last.object, ...(last.commit === undefined ? {} : { commit: last.commit }) };
}

/** Whether two versions say the same there, in whatever words. */
function sameAt({ between }: Facts, one: DesiredObject, other: DesiredObject, path: FieldPath): boolean {
  return one === other || !touches(between(one, other), path);
}

/** Places in an object, for as many questions as there are. */
interface Places {
  /** Formatted. */
  readonly themselves: ReadonlySet<string>;
  /** What they are in, and themselves. */
  readonly above: ReadonlySet<string>;
}

function placesAt(paths: readonly FieldPath[]): Places {
  return { themselves: new Set(paths.map(formatPath)), above: new Set(paths.flatMap(wayTo)) };
}

/** Whether one of the places is the path, in it, or holds it. */
function touches({ themselves, above }: Places, path: FieldPath): boolean {
  return above.has(formatPath(path)) || wayTo(path).some((place) => themselves.has(place));
}

function wayTo(path: FieldPath): readonly string[] {
  return Array.from({ length: path.length + 1 }, (_, length) => formatPath(path.slice(0, length)));
}

/** The value at a path; a key that an item leaves out has its default, which is the one that the path has. */
function valueOf(value: Value, path: FieldPath): Value | undefined {
  let current: Value | undefined = value;
  for (const step of path) current = step.kind === "field" ? fieldOf(current, step.name) : itemAt(current, step);
  return current ?? undefined;
}

function itemAt(list: Value | undefined, step: Exclude<PathStep, { readonly kind: "field" }>): Value | undefined {
  if (!isList(list)) return undefined;
  switch (step.kind) {
    case "index":
      return list[step.index];
    case "value":
      return list.find((item) => item === step.value);
    case "key":
      return list.find((item) =>
        Object.entries(step.keys).every(([name, key]) => (fieldOf(item, name) ?? key) === key),
      );
  }
}
