/** What is proposed about the drifts of each target: wires codify to the target's files and renderer. */

import { isFault } from "../core/fault.ts";
import type { DriftResult } from "../core/pass.ts";
import type { Proposal } from "../core/proposal.ts";
import type { SchemaSource } from "../core/schema.ts";
import type { Renderer, SourceTree } from "../core/stages.ts";
import type { CodifyAnswer, CodifyRequest } from "../core/codify.ts";
import { codify } from "../codify/codify.ts";
import type { DesiredInput } from "../desired/desired.ts";
import { deployedRenderer, isDeployed } from "../desired/render-deployed.ts";
import { plainRenderer } from "../desired/render-plain.ts";
import { writtenObjects } from "../desired/written.ts";
import type { WrittenObjects } from "../desired/written.ts";
import { propose } from "./propose.ts";
import type { ProposeInput } from "./propose.ts";
import type { ReadTarget } from "./read-targets.ts";
import type { ScanOptions } from "./scan.ts";

const REGULAR_FILE = "100644";

interface ProposeAll {
  readonly options: ScanOptions;
  readonly read: readonly ReadTarget[];
  readonly results: readonly DriftResult[];
  readonly schemas: SchemaSource;
  /** Of a target by its name. */
  readonly inputOf: (name: string) => DesiredInput;
}

/** Of each target: pull requests first, then issues. */
export async function proposeAll(input: ProposeAll): Promise<readonly Proposal[]> {
  const { options, results, schemas } = input;
  const proposals: Proposal[] = [];
  const opened = { files: 0 };
  for (const { target, state } of input.read) {
    const desired = input.inputOf(target.name);
    const deployed = isDeployed(state);
    const own = await propose({
      results: results.filter((result) => result.target === target.name),
      target: target.name,
      group: options.group,
      digester: options.digester,
      schemaOf: (apiVersion, kind) => schemas.schemaOf(apiVersion, kind),
      codify: codifier({
        options,
        opened,
        tree: target.tree,
        // What deployers deploy may stand anywhere in the repository.
        path: deployed ? "" : target.path,
        renderer: deployed ? deployedRenderer(desired) : plainRenderer(desired),
        written: writtenObjects(desired, state),
      }),
    });
    proposals.push(...own);
  }
  return proposals;
}

interface Codifying {
  readonly options: ScanOptions;
  /** Told as progress. */
  readonly opened: { files: number };
  readonly tree: SourceTree;
  readonly path: string;
  readonly renderer: Renderer;
  readonly written: WrittenObjects;
}

function codifier({ options, opened, tree, path, renderer, written }: Codifying): ProposeInput["codify"] {
  return async (requests) => {
    const modes = await modesOf(tree, path);
    const found = await Promise.all(requests.map(({ desired }) => written.of(desired)));
    const open = requests.flatMap((request, at) => {
      const place = found[at];
      if (place?.kind === "refused") return [];
      return place === undefined ? [request] : [{ ...request, desired: place.desired }];
    });
    const codified = await codify({
      requests: open,
      read: async (file) => {
        options.signal?.throwIfAborted();
        options.progress({ stage: "proposing", what: "files", done: ++opened.files });
        return await tree.read(file);
      },
      modeOf: (file) => modes.get(file) ?? REGULAR_FILE,
      renderer,
    });
    let next = 0;
    const answers = requests.map((request, at): CodifyAnswer => {
      const place = found[at];
      return place?.kind === "refused" ? refusals(request, place.why) : (codified.answers[next++] ?? []);
    });
    return { ...codified, answers };
  };
}

function refusals({ changes }: CodifyRequest, reason: string): CodifyAnswer {
  return changes.map(({ path }) => ({ refusal: { code: "generated", path, reason } }));
}

/** Git's mode of each file below the path: an edit keeps it. */
async function modesOf(tree: SourceTree, path: string): Promise<ReadonlyMap<string, string>> {
  const files = await tree.list(path);
  return new Map(isFault(files) ? [] : files.map((file) => [file.path, file.mode]));
}
