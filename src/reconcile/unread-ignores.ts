/** What Argo CD Applications ask to ignore and holdfast does not understand: it stays drift, and is told. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { DesiredObject } from "../core/objects.ts";
import { formatRef } from "../core/refs.ts";
import type { SourceTree } from "../core/stages.ts";
import { applicationIgnores } from "../drift/declared-ignores.ts";
import type { ApplicationIgnores, DefaultIgnores, NotUnderstood } from "../drift/declared-ignores.ts";
import { createLocator } from "../yaml/locator.ts";
import type { Declared } from "./compare-live.ts";

/** Applications that are named; a generator that writes one expression into all of them is mended in one place. */
const MOST_TOLD = 20;

const LONGEST_SHOWN = 120;

/** Who asks Argo CD to ignore something, and is no object of that kind in Git. */
export interface AskedBesides {
  /** Applications that ApplicationSets generate. */
  readonly generated: readonly Declared[];
  readonly defaults: readonly DefaultIgnores[];
}

/**
 * One fault for each Application, at its first expression; of those that one ApplicationSet generates with it, for the first.
 * They leave nothing unknown, and change no exit code.
 */
export async function unreadIgnores(
  declared: readonly Declared[],
  { generated, defaults }: AskedBesides,
  treeOf: (target: string) => SourceTree,
): Promise<readonly Fault[]> {
  const objects = declared.map(({ object }) => object);
  const asking = [...declared, ...generated];
  const ignores = ignoresOf(asking, defaults);
  const found = onceForEach(ignores.notUnderstood(objects), new Set(generated.map(({ object }) => object)));
  if (found.length === 0) return [];
  const targets = new Map(asking.map(({ target, object }) => [object, target]));
  const faults: Fault[] = [];
  for (const [first, ...more] of found.slice(0, MOST_TOLD)) {
    const target = first === undefined ? undefined : targets.get(first.application);
    if (first === undefined || target === undefined) continue;
    faults.push(await faultOf({ first, more: more.length, tree: treeOf(target) }));
  }
  return faults;
}

/** Explains one object: what is asked for it and not honoured. */
export function unreadIgnoresFor(
  declared: readonly Declared[],
  { generated, defaults }: AskedBesides,
): (desired: DesiredObject) => readonly NotUnderstood[] {
  const ignores = ignoresOf([...declared, ...generated], defaults);
  return (desired) => ignores.notUnderstoodFor(desired);
}

function ignoresOf(asking: readonly Declared[], defaults: readonly DefaultIgnores[]): ApplicationIgnores {
  const objects = asking.map(({ object }) => object);
  return applicationIgnores(objects, ({ origin }) => ({ file: origin.file, line: 1 }), defaults);
}

type Asked = readonly NotUnderstood[];

function onceForEach(found: readonly Asked[], generated: ReadonlySet<DesiredObject>): readonly Asked[] {
  const told = new Set<string>();
  return found.filter(([first]) => {
    if (first === undefined || !generated.has(first.application)) return true;
    const { file, document, items } = first.application.origin;
    const key = [file, document, ...items, first.expression].join("\0");
    return !told.has(key) && told.add(key);
  });
}

interface Told {
  readonly first: NotUnderstood;
  /** How many more the Application has. */
  readonly more: number;
  readonly tree: SourceTree;
}

async function faultOf({ first, more, tree }: Told): Promise<Fault> {
  const { application, expression, path } = first;
  const { origin } = application;
  const located = await createLocator((file) => tree.read(file)).locate(origin, path);
  const others = more === 0 ? "" : ` and ${more} more`;
  return {
    kind: "fault",
    code: "ignore-not-understood",
    about: formatRef(application.ref),
    message: `holdfast does not understand what ${formatRef(application.ref)} asks Argo CD to ignore (${shortened(expression)}${others}), and reports it as drift`,
    remedy: "write it as fields, or add an ignore rule to holdfast's configuration",
    position: isFault(located) ? { file: origin.file, line: 1 } : located,
    leavesUnknown: "nothing",
  };
}

function shortened(expression: string): string {
  return expression.length <= LONGEST_SHOWN ? expression : `${expression.slice(0, LONGEST_SHOWN)}…`;
}
