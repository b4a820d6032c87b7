/** The policies of a pass: the packs that come with holdfast, and the documents that the repository names. */

import type { Fault } from "../core/fault.ts";
import { isFault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";
import { readPacks } from "../config/packs.ts";
import type { AdmissionPolicy } from "../policy/admission-policy.ts";
import type { PolicyFile } from "../policy/documents.ts";
import { readPolicies } from "../policy/read.ts";
import { decodeText } from "../yaml/content.ts";

export interface PassPoliciesInput {
  /** Where holdfast is installed. */
  readonly packageFolder: string;
  readonly packs: readonly string[];
  /** Files or folders of the repository with ValidatingAdmissionPolicy documents. */
  readonly paths: readonly string[];
  readonly tree: SourceTree;
}

export interface PassPolicies {
  /** Reads them where that has not been done: most passes have nothing to judge. Rejects where a pack is not as it was installed. */
  readonly load: () => Promise<readonly AdmissionPolicy[]>;
  /** What is wrong with the repository's own. */
  readonly faults: readonly Fault[];
}

/** A policy that cannot be read or compiled is a fault of the report; the others are used all the same. */
export async function passPolicies(input: PassPoliciesInput): Promise<PassPolicies> {
  if (input.paths.length === 0) return { load: () => packsAlone(input), faults: [] };
  const faults: Fault[] = [];
  const own: PolicyFile[] = [];
  for (const path of input.paths) {
    for (const found of await repositoryFiles(input.tree, path)) {
      // Whatever the cause: what the policy would object to is not known, so that nothing may be published.
      if (isFault(found)) faults.push({ ...found, code: "policy-invalid" });
      else own.push(found);
    }
  }
  // The engine is loaded for policies that nobody may have tried before.
  const { loadPolicies } = await import("../policy/load.ts");
  const loaded = loadPolicies([...(await packFiles(input)), ...own]);
  return { load: async () => loaded.policies, faults: [...faults, ...loaded.faults] };
}

async function packsAlone(input: PassPoliciesInput): Promise<readonly AdmissionPolicy[]> {
  const { policies, faults } = readPolicies(await packFiles(input));
  if (faults.length > 0) throw new Error(`the installed policies cannot be read: ${faults[0]?.message}`);
  return policies;
}

/** Those of holdfast's own packs are compiled by its tests. */
async function packFiles({ packageFolder, packs }: PassPoliciesInput): Promise<readonly PolicyFile[]> {
  const files = await readPacks(packageFolder, packs);
  return files.map((file) => ({ ...file, tested: true }));
}

type RepositoryFile = { readonly file: string; readonly text: string } | Fault;

async function repositoryFiles(tree: SourceTree, path: string): Promise<readonly RepositoryFile[]> {
  const listed = await tree.list(path.replace(/\/+$/, ""));
  if (isFault(listed)) return [listed];
  const names = listed
    .map((file) => file.path)
    .filter((name) => /\.(?:yaml|yml|json)$/.test(name) && !/\.cases\.ya?ml$/.test(name));
  if (names.length === 0) return [noPolicies(path)];
  return await Promise.all(names.map((name) => repositoryFile(tree, name)));
}

async function repositoryFile(tree: SourceTree, file: string): Promise<RepositoryFile> {
  const bytes = await tree.read(file);
  if (isFault(bytes)) return bytes;
  const text = decodeText(bytes);
  return text === undefined ? invalid(file, "is no UTF-8 text", "save it as UTF-8") : { file, text };
}

function noPolicies(path: string): Fault {
  return invalid(path, "holds no policy files", "name a file or folder of the repository under policies.paths");
}

function invalid(file: string, what: string, remedy: string): Fault {
  return {
    kind: "fault",
    code: "policy-invalid",
    about: file,
    message: `${file} ${what}`,
    remedy,
    leavesUnknown: "nothing",
  };
}
