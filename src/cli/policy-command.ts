/** `holdfast policy list` and `holdfast policy test`. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { formatFault, formatPosition } from "../core/fault.ts";
import { readPacks } from "../config/packs.ts";
import { runCases } from "../policy/cases.ts";
import { loadPolicies } from "../policy/load.ts";
import { terminalText } from "../text/escape-terminal.ts";
import { EXIT } from "./exit-codes.ts";
import { failureOf, usage } from "./failure.ts";
import { printReport } from "./report-writer.ts";
import { PACKAGE_FOLDER } from "./version.ts";

/** Every rule of the packs that come with holdfast. */
export async function policyListCommand(format: "text" | "json"): Promise<number> {
  const packs = (await readdir(join(PACKAGE_FOLDER, "config", "policies"))).toSorted();
  const { policies, faults } = loadPolicies(await readPacks(PACKAGE_FOLDER, packs));
  if (faults.length > 0) throw failureOf(faults);
  const rules = policies.map(({ id, severity, title, controls, delta }) => ({ id, severity, title, controls, delta }));
  if (format === "json") {
    await printReport(`${JSON.stringify(rules, null, 2)}\n`);
    return EXIT.inSync;
  }
  const width = Math.max(...rules.map((rule) => rule.id.length));
  const lines = rules.map(
    (rule) =>
      `${rule.id.padEnd(width)}  ${(rule.severity ?? "high").padEnd(8)}  ${rule.title ?? ""}${rule.delta ? " (compares with Git)" : ""}`,
  );
  await printReport(`${lines.join("\n")}\n`);
  return EXIT.inSync;
}

/** 0 when every case came out as expected and there was one, 1 otherwise. */
export async function policyTestCommand(paths: readonly string[], verbose: boolean): Promise<number> {
  const files = (await Promise.all(paths.map(filesAt))).flat();
  const { results, faults, untested } = runCases(files);
  if (results.length === 0 && faults.length === 0)
    throw usage("no cases were found", "put RULE.cases.yaml beside RULE.yaml (docs/policies.md)");
  const failed = results.filter((result) => !result.passed);
  const lines = [
    ...results.filter((result) => verbose || !result.passed).map(caseLine),
    ...faults.map((fault) => `fault  ${formatFault(fault)}`),
    ...untested.map((policy) => `untested  ${policy}: no cases beside it`),
    `${results.length} cases: ${results.length - failed.length} as expected, ${failed.length} not; ${untested.length} policies without cases`,
  ];
  await printReport(`${lines.map(terminalText).join("\n")}\n`);
  return failed.length === 0 && faults.length === 0 ? EXIT.inSync : EXIT.incomplete;
}

function caseLine(result: ReturnType<typeof runCases>["results"][number]): string {
  const outcome = result.passed ? "ok    " : "wrong ";
  const why = result.why === "" ? "" : `: ${result.why}`;
  return `${outcome} ${result.policy}  ${result.name}${why}  ${formatPosition(result.position)}`;
}

/** A rule's file brings the cases beside it, and the other way round. */
async function filesAt(path: string): Promise<readonly { readonly file: string; readonly text: string }[]> {
  try {
    if (!(await stat(path)).isDirectory()) return await Promise.all((await pairOf(path)).map(readOne));
    const names = await readdir(path, { recursive: true });
    return await Promise.all(
      names
        .filter((name) => /\.ya?ml$/.test(name))
        .toSorted()
        .map((name) => readOne(join(path, name))),
    );
  } catch (error) {
    throw usage(
      `cannot read ${path}: ${(error as Error).message}`,
      "name a policy file, or a folder with policies and their cases",
    );
  }
}

async function pairOf(path: string): Promise<readonly string[]> {
  const rule = path.replace(/\.cases(\.ya?ml)$/, "$1");
  const cases = rule.replace(/(\.ya?ml)$/, ".cases$1");
  const exists = await Promise.all(
    [rule, cases].map((file) =>
      stat(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return [...new Set([rule, cases].filter((_file, at) => exists[at]))];
}

async function readOne(file: string): Promise<{ readonly file: string; readonly text: string }> {
  return { file, text: await readFile(file, "utf8") };
}
