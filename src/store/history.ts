/**
 * `store` keeps what a server remembers between passes. GitHub is the state: all of this is a cache that may be thrown
 * away at any time. What is lost then is time: drifts that were waiting for their hold-off wait anew.
 *
 * This file keeps a file for each repository.
 */

import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

/** Since when a proposal has stood as it is, by its kind and id. */
export interface Sighting {
  readonly target: string;
  readonly fingerprint: string;
  /** Of the first pass that saw it so; milliseconds since the epoch. */
  readonly since: number;
  /** Passes that saw it so. */
  readonly passes: number;
}

export type Sightings = ReadonlyMap<string, Sighting>;

export interface RepositoryHistory {
  readonly sightings: Sightings;
  /** Text of the last valid configuration; `""` where there was no file. */
  readonly config?: string;
  readonly lastPass?: {
    readonly at: number;
    readonly commit: string;
    readonly complete: boolean;
    /** Codes. */
    readonly faults: readonly string[];
  };
}

export interface HistoryStore {
  /** Empty where nothing is known, or what was known is damaged (it is removed then). */
  load(repository: string): RepositoryHistory;
  /** Whole or not at all. Throws what the file system says. */
  save(repository: string, history: RepositoryHistory): void;
}

const MAX_BYTES = 32 * 1024 * 1024;

const sighting = z.strictObject({
  target: z.string(),
  fingerprint: z.string(),
  since: z.number(),
  passes: z.int().min(1),
});

const FILE = z.strictObject({
  version: z.literal(1),
  sightings: z.array(z.tuple([z.string(), sighting])),
  config: z.string().optional(),
  lastPass: z
    .strictObject({ at: z.number(), commit: z.string(), complete: z.boolean(), faults: z.array(z.string()) })
    .optional(),
});

/** Opens (and makes) the folder. Throws what the file system says where it cannot be written. */
export function openHistory(folder: string): HistoryStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    load: (repository) => load(fileOf(folder, repository)),
    save: (repository, history) => save(fileOf(folder, repository), history),
  };
}

function load(file: string): RepositoryHistory {
  const text = contentOf(file);
  if (text === undefined) return { sightings: new Map() };
  const read = parse(text);
  if (read === undefined) {
    rmSync(file, { force: true });
    return { sightings: new Map() };
  }
  const { sightings, config, lastPass } = read;
  return {
    sightings: new Map(sightings),
    ...(config === undefined ? {} : { config }),
    ...(lastPass === undefined ? {} : { lastPass }),
  };
}

function contentOf(file: string): string | undefined {
  try {
    return statSync(file).size > MAX_BYTES ? "" : readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string): z.output<typeof FILE> | undefined {
  try {
    return FILE.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Written beside and renamed over: a reader, and a process that ends in between, see the old file or the new one. */
function save(file: string, { sightings, config, lastPass }: RepositoryHistory): void {
  const aside = `${file}.${process.pid}.new`;
  const content = { version: 1, sightings: [...sightings], config, lastPass };
  try {
    writeFileSync(aside, `${JSON.stringify(content)}\n`, { mode: 0o600, flush: true });
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

/** GitHub takes letters' case for nothing, and allows no `~` in names. */
function fileOf(folder: string, repository: string): string {
  const name = repository.toLowerCase();
  if (!/^[a-z0-9_-]+\/[a-z0-9._-]+$/.test(name)) throw new Error(`${repository} is no repository's name`);
  return join(folder, `${name.replace("/", "~")}.json`);
}
