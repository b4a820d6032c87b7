/** What is proposed about the drifts of each target: wires codify to the target's files and renderer. */

import { isFault } from "../core/fault.ts";
import type { DriftResult } from "../core/pass.ts";
import type { Proposal } from "../core/proposal.ts";
import type { SchemaSource } from "../core/schema.ts";
import type { SourceTree } from "../core/stages.ts";
import type { KindRef } from "../core/refs.ts";
import { codify } from "../codify/codify.ts";
import { plainRenderer } from "../desired/render-plain.ts";
import { propose } from "./propose.ts";
import type { ReadTarget, ScanOptions } from "./scan.ts";

const REGULAR_FILE = "100644";

interface ProposeAll {
  readonly options: ScanOptions;
  readonly read: readonly ReadTarget[];
  readonly results: readonly DriftResult[];
  readonly schemas: SchemaSource;
  readonly isNamespaced: (kind: KindRef) => boolean | undefined;
}

/** Of each target: pull requests first, then issues. */
export async function proposeAll(input: ProposeAll): Promise<readonly Proposal[]> {
  const { options, read, results, schemas, isNamespaced } = input;
  const proposals: Proposal[] = [];
  let opened = 0;
  for (const { target } of read) {
    const { tree, name, path, namespace, exclude } = target;
    const plainTarget = { name, path, exclude, ...(namespace === undefined ? {} : { namespace }) };
    const renderer = plainRenderer({ tree, target: plainTarget, digester: options.digester, isNamespaced });
    const own = await propose({
      results: results.filter((result) => result.target === name),
      target: name,
      group: options.group,
      digester: options.digester,
      schemaOf: (apiVersion, kind) => schemas.schemaOf(apiVersion, kind),
      codify: async (requests) => {
        const modes = await modesOf(tree, path);
        return await codify({
          requests,
          read: async (file) => {
            options.signal?.throwIfAborted();
            options.progress({ stage: "proposing", what: "files", done: ++opened });
            return await tree.read(file);
          },
          modeOf: (file) => modes.get(file) ?? REGULAR_FILE,
          renderer,
        });
      },
    });
    proposals.push(...own);
  }
  return proposals;
}

/** Git's mode of each file below the path: an edit keeps it. */
async function modesOf(tree: SourceTree, path: string): Promise<ReadonlyMap<string, string>> {
  const files = await tree.list(path);
  return new Map(isFault(files) ? [] : files.map((file) => [file.path, file.mode]));
}
