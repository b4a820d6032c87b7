/** What Helm noted of the releases that somebody asked about in one pass, and which of them are in no good state. */

import type { Fault } from "../../core/fault.ts";
import type { DesiredObject, ReleaseRef } from "../../core/objects.ts";
import type { HelmRelease, LiveSource } from "../../core/stages.ts";
import { compareText } from "../../core/value.ts";

/** Releases are read where something differs: a quiet pass reads none. */
export class HelmNotes {
  readonly #read: NonNullable<LiveSource["helmRelease"]>;
  readonly #declared: ReadonlySet<string>;
  readonly #known = new Map<string, { readonly ref: ReleaseRef; readonly release: HelmRelease }>();

  constructor(read: NonNullable<LiveSource["helmRelease"]>, declared: Iterable<DesiredObject>) {
    this.#read = read;
    this.#declared = new Set([...declared].flatMap(({ release }) => (release === undefined ? [] : keyOf(release))));
  }

  async of(ref: ReleaseRef): Promise<HelmRelease | undefined> {
    const release = await this.#read(ref.namespace, ref.name);
    if (release !== undefined) this.#known.set(keyOf(ref), { ref, release });
    return release;
  }

  /** Whether Git still has a chart that is deployed as this release. */
  isDeclared(ref: ReleaseRef): boolean {
    return this.#declared.has(keyOf(ref));
  }

  /** Of the declared ones that did not come to the end of their last upgrade: what is live may be of the one, or in part of the other. */
  faults(): readonly Fault[] {
    return [...this.#known]
      .filter(([key]) => this.#declared.has(key))
      .toSorted(([a], [b]) => compareText(a, b))
      .flatMap(([, { ref, release }]) => unfinished(ref, release) ?? []);
  }
}

function keyOf({ namespace, name }: ReleaseRef): string {
  return `${namespace}/${name}`;
}

function unfinished(ref: ReleaseRef, { deployed, attempts }: HelmRelease): Fault | undefined {
  const [last] = attempts;
  if (last === undefined) return undefined;
  const { revision, status } = last;
  const about = `Helm release ${keyOf(ref)}`;
  const before =
    deployed === undefined ? "it has deployed nothing yet" : `it last deployed revision ${deployed.revision}`;
  const failed = status === "failed";
  return {
    kind: "fault",
    code: "sync-failed",
    about,
    message: failed
      ? `the last upgrade of ${about} failed (revision ${revision}): ${before}`
      : `an upgrade of ${about} goes on, or was broken off (revision ${revision}, ${status}): ${before}`,
    remedy: failed
      ? `ask Helm why (helm history ${ref.name} --namespace ${ref.namespace}), and mend it: until then what waits stays as it is`
      : `where nobody is upgrading it, no upgrade goes on from there: helm rollback ${ref.name} --namespace ${ref.namespace}`,
    leavesUnknown: "nothing",
  };
}
