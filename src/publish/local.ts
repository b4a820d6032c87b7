/** The forge that is a folder: one subfolder for each pull request and issue, laid out as the contract has it. */

import { createHash } from "node:crypto";

import type { Fault } from "../core/fault.ts";
import type { Publication, Published, PublishedAction } from "../core/proposal.ts";
import { unifiedPatch } from "../text/patch.ts";
import type { Forge, PublishInput } from "./forge.ts";
import { asOutputFault, outputFault } from "./local-faults.ts";
import { hasFile, writeOutput } from "./local-files.ts";
import { itemKey, readOutput } from "./local-state.ts";
import type { LocalItem, OutputState, WrittenReport } from "./local-state.ts";

export interface LocalReport {
  /** A file name in the output folder: `report.json`, `report.html`. */
  readonly name: string;
  readonly text: string;
}

export interface LocalForgeOptions {
  /** Made where it does not exist. */
  readonly out: string;
  /**
   * Reports to lay beside the proposals, once it is known what became of them. A report is left as it is where it
   * differs from the last one in the times only that the JSON report gives as `startedAt` and `finishedAt`.
   */
  readonly reports?: readonly LocalReport[] | ((published: Published) => readonly LocalReport[]);
}

/**
 * A second run over the same input leaves every byte and time of change as it was; reasons of actions are the same in
 * both. Faults: `output-unwritable` (nothing half-written), `interrupted` (nothing written).
 */
export function createLocalForge(options: LocalForgeOptions): Forge {
  return {
    publish: async (input) => {
      try {
        return await publish(options, input);
      } catch (error) {
        return { actions: [], faults: [asOutputFault(error, options.out)] };
      }
    },
  };
}

async function publish(options: LocalForgeOptions, input: PublishInput): Promise<Published> {
  const state = await readOutput(options.out);
  if ("kind" in state) return { actions: [], faults: [state] };
  const items = input.publications.map(itemOf);
  const files = input.publications.flatMap((publication) => filesOf(publication, folderOf(itemOf(publication))));
  const changed = await changedFiles(options.out, files);
  const gone = goneItems(state, items, input);
  const published = { actions: actionsOf({ state, input, gone, changed }), faults: [] };
  if (input.dryRun) return published;
  const reports = await staleReports(options, state, published);
  if (input.signal?.aborted === true) return { actions: [], faults: [interrupted(options.out)] };
  const left = state.items.filter((item) => !gone.includes(item) && !items.some((one) => sameItem(one, item)));
  await writeOutput({
    out: options.out,
    isNew: state.isNew,
    files: [...changed, ...reports.files],
    removed: gone.map(folderOf),
    before: { items: [...left, ...gone, ...items], reports: state.reports },
    after: { items: [...left, ...items], reports: reports.written },
  });
  return published;
}

function itemOf(publication: Publication): LocalItem {
  const { kind, id, target } = publication;
  return { kind, target, name: publication.kind === "issue" ? id : publication.branch.replaceAll("/", "__") };
}

/** Below the output folder. `readOutput` and `writeOutput` refuse a name that is not one path segment. */
function folderOf(item: LocalItem): string {
  return `${item.kind === "issue" ? "issues" : "pull-requests"}/${item.name}`;
}

function sameItem(a: LocalItem, b: LocalItem): boolean {
  return itemKey(a) === itemKey(b);
}

interface OutputFile {
  readonly path: string;
  readonly text: string;
}

function filesOf(publication: Publication, folder: string): readonly OutputFile[] {
  return [
    { path: `${folder}/title.txt`, text: `${publication.title}\n` },
    { path: `${folder}/body.md`, text: `${publication.body}\n` },
    ...(publication.kind === "issue"
      ? []
      : [{ path: `${folder}/changes.patch`, text: unifiedPatch(publication.files) }]),
  ];
}

async function changedFiles(out: string, files: readonly OutputFile[]): Promise<readonly OutputFile[]> {
  const same = await Promise.all(files.map((file) => hasFile(out, file.path, file.text)));
  return files.filter((_file, index) => same[index] === false);
}

/** What stood in the folder and is proposed no longer; a pass that is not complete, or looked elsewhere, tells nothing. */
function goneItems(state: OutputState, items: readonly LocalItem[], input: PublishInput): readonly LocalItem[] {
  if (!input.complete) return [];
  return state.items.filter((item) => {
    const seen = item.kind !== "issue" || input.unseen?.has(item.name) !== true;
    return seen && input.targets.includes(item.target) && !items.some((one) => sameItem(one, item));
  });
}

interface Outcome {
  readonly state: OutputState;
  readonly input: PublishInput;
  readonly gone: readonly LocalItem[];
  readonly changed: readonly OutputFile[];
}

function actionsOf({ state, input, gone, changed }: Outcome): readonly PublishedAction[] {
  const proposed = input.publications.map((publication): PublishedAction => {
    const item = itemOf(publication);
    const known = state.items.some((one) => sameItem(one, item));
    const touched = changed.some((file) => file.path.startsWith(`${folderOf(item)}/`));
    const did = known ? (touched ? "updated" : "unchanged") : "opened";
    return { kind: item.kind, id: publication.id, did, reason: `written to ${folderOf(item)}` };
  });
  const closed = gone.map((item): PublishedAction => ({
    kind: item.kind,
    id: item.name,
    did: "closed",
    reason: "nothing is proposed here any more",
  }));
  return [...proposed, ...closed];
}

interface StaleReports {
  readonly files: readonly OutputFile[];
  readonly written: Readonly<Record<string, WrittenReport>>;
}

async function staleReports(
  { out, reports = [] }: LocalForgeOptions,
  state: OutputState,
  published: Published,
): Promise<StaleReports> {
  const made = typeof reports === "function" ? reports(published) : reports;
  const times = made.flatMap(timesOf);
  const files: OutputFile[] = [];
  const written: Record<string, WrittenReport> = { ...state.reports };
  for (const { name, text } of made) {
    const content = sha256(times.reduce((rest, time) => rest.replaceAll(time, ""), text));
    const known = Object.hasOwn(state.reports, name) ? state.reports[name] : undefined;
    if (known?.content === content && (await hasFile(out, name, { sha256: known.bytes }))) continue;
    files.push({ path: name, text });
    written[name] = { content, bytes: sha256(text) };
  }
  return { files, written };
}

/** When the pass began and ended, as the JSON report says it. */
function timesOf({ name, text }: LocalReport): readonly string[] {
  if (!name.endsWith(".json")) return [];
  const { startedAt, finishedAt } = JSON.parse(text) as { startedAt?: unknown; finishedAt?: unknown };
  return [startedAt, finishedAt].filter((time) => typeof time === "string" && time !== "") as string[];
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function interrupted(out: string): Fault {
  return { ...outputFault(out, "nothing was written: interrupted", "run it again"), code: "interrupted" };
}
