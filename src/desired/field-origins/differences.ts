/** What became of a target's objects once something of its files was changed. */

import type { DesiredObject } from "../../core/objects.ts";
import { pointerName } from "../../core/pointer.ts";
import { refKey } from "../../core/refs.ts";
import { equalValues, isList, isMap } from "../../core/value.ts";
import type { Scalar, Value } from "../../core/value.ts";

export type ObjectKey = string;

/** kustomize's suffix of a content's hash (`api/hasher`): it changes with the content. */
const HASH = /-[2456789bcdfghkmt]{10}$/;

export function withoutHash(text: string): string {
  return text.replace(HASH, "");
}

export type Objects = ReadonlyMap<ObjectKey, DesiredObject>;

/** By name, without the hash of what it holds; where that would make two one, by its whole name. */
export function objectsByKey(objects: readonly DesiredObject[]): Objects {
  const byKey = new Map<ObjectKey, DesiredObject[]>();
  for (const object of objects) {
    const key = keyOf(object);
    byKey.set(key, [...(byKey.get(key) ?? []), object]);
  }
  return new Map(
    [...byKey].flatMap(([key, same]) =>
      same.length === 1 ? [[key, same[0] as DesiredObject]] : same.map((one) => [refKey(one.ref), one] as const),
    ) as readonly (readonly [ObjectKey, DesiredObject])[],
  );
}

export function keyOf({ ref }: DesiredObject): ObjectKey {
  return ref.kind === "ConfigMap" || ref.kind === "Secret"
    ? refKey({ ...ref, name: withoutHash(ref.name) })
    : refKey(ref);
}

export function objectIn(objects: Objects, object: DesiredObject): DesiredObject | undefined {
  return objects.get(keyOf(object)) ?? objects.get(refKey(object.ref));
}

export interface Changed {
  readonly object: DesiredObject;
  /** Of the leaf. */
  readonly pointer: string;
  readonly before: Scalar;
  readonly after: Scalar;
}

export interface Differences {
  readonly changed: readonly Changed[];
  /** Objects, as they were, of which there is nothing now, or of which other fields are there. */
  readonly reshaped: readonly DesiredObject[];
  /** Objects that were not there. */
  readonly added: readonly DesiredObject[];
}

/** What is not the same each time, and names that follow from a content, are no differences. */
export function differencesOf(before: Objects, after: Objects): Differences {
  const changed: Changed[] = [];
  const reshaped: DesiredObject[] = [];
  for (const [key, object] of before) {
    const now = after.get(key);
    if (now === undefined) {
      reshaped.push(object);
      continue;
    }
    if (equalValues(object.value, now.value)) continue;
    const [own, others] = [leavesOf(object.value), leavesOf(now.value)];
    if (!sameKeys(own, others)) reshaped.push(object);
    else changed.push(...changesOf(object, own, others));
  }
  return { changed, reshaped, added: [...after].flatMap(([key, object]) => (before.has(key) ? [] : [object])) };
}

function changesOf(object: DesiredObject, own: Leaves, others: Leaves): readonly Changed[] {
  const again = object.again === undefined ? undefined : leavesOf(object.again);
  return [...own].flatMap(([pointer, value]) => {
    const other = others.get(pointer) ?? null;
    if (other === value || (again !== undefined && again.get(pointer) !== value)) return [];
    const follows =
      typeof value === "string" &&
      typeof other === "string" &&
      HASH.test(value) &&
      withoutHash(value) === withoutHash(other);
    return follows ? [] : [{ object, pointer, before: value, after: other }];
  });
}

/** The same without what the object deploys, by whatever way round: where it deploys from, what comes of it is another thing. */
export function besidesDeployed(
  found: Differences,
  before: Objects,
  after: Objects,
  deployer: DesiredObject,
): Differences {
  const deploys = (objects: Objects, object: DesiredObject): boolean => {
    let current: DesiredObject | undefined = object;
    for (let depth = 0; depth < MAX_DEPLOYERS && current?.deployer !== undefined; depth++) {
      if (refKey(current.deployer) === refKey(deployer.ref)) return true;
      current = objects.get(refKey(current.deployer));
    }
    return false;
  };
  return {
    changed: found.changed.filter(({ object }) => keyOf(object) === keyOf(deployer) || !deploys(before, object)),
    reshaped: found.reshaped.filter((object) => !deploys(before, object)),
    added: found.added.filter((object) => !deploys(after, object)),
  };
}

const MAX_DEPLOYERS = 8;

export function isReshaped(before: DesiredObject, after: DesiredObject | undefined): boolean {
  return after === undefined || !sameKeys(leavesOf(before.value), leavesOf(after.value));
}

type Leaves = ReadonlyMap<string, Scalar>;

function sameKeys(a: Leaves, b: Leaves): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

/** By JSON pointer; an empty map or list is `null` at a pointer of its own. */
export function leavesOf(value: Value): Leaves {
  const leaves = new Map<string, Scalar>();
  const walk = (current: Value, pointer: string): void => {
    if (isList(current)) {
      if (current.length === 0) leaves.set(`${pointer}/[]`, null);
      for (const [index, item] of current.entries()) walk(item, `${pointer}/${index}`);
    } else if (isMap(current)) {
      const names = Object.keys(current);
      if (names.length === 0) leaves.set(`${pointer}/{}`, null);
      for (const name of names) walk(current[name] as Value, `${pointer}/${pointerName(name)}`);
    } else {
      leaves.set(pointer, current);
    }
  };
  walk(value, "");
  return leaves;
}

/** A sum over what else was rendered: it changes with it, and nobody writes it. */
export function isChecksum({ pointer, before, after }: Changed): boolean {
  return isSum(before) && isSum(after) && /checksum|hash|sha/i.test(pointer.slice(pointer.lastIndexOf("/") + 1));
}

function isSum(value: Scalar): boolean {
  return typeof value === "string" && /^(?:sha256:)?[0-9a-f]{32,128}$/.test(value);
}
