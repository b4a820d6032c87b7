/** Who may import whom: the table of docs/architecture.md, as the tests know it. */

/** For each folder of `src`, the folders that it may import besides itself. */
const STAGES = ["desired", "live", "drift", "policy", "codify", "publish", "report", "store"] as const;
const SHARED = ["core", "yaml", "text", "kinds"] as const;
const TO_RECONCILE = [...SHARED, "config", ...STAGES] as const;

export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  yaml: ["core"],
  text: ["core"],
  kinds: ["core"],
  config: ["core", "yaml"],
  desired: ["core", "yaml", "text", "kinds"],
  live: ["core", "yaml", "text", "kinds"],
  drift: ["core", "kinds"],
  policy: ["core", "yaml", "kinds"],
  codify: ["core", "yaml", "kinds"],
  publish: ["core", "text"],
  report: ["core", "text"],
  store: ["core"],
  reconcile: TO_RECONCILE,
  app: [...TO_RECONCILE, "reconcile"],
  server: [...TO_RECONCILE, "reconcile", "app"],
  cli: [...TO_RECONCILE, "reconcile", "app", "server"],
};

export const FOLDERS: readonly string[] = Object.keys(ARROWS);

/** Folders without effects: nothing of Node, and nothing to reach it by. */
export const PURE: readonly string[] = ["core", "kinds", "drift", "policy", "codify", "report"];

export interface Reach {
  /** `../yaml/read.ts`, `node:fs`, `js-yaml`; `undefined` where it is put together at run time. */
  readonly specifier: string | undefined;
  readonly line: number;
}

// What loads a module without an import statement, which the lint rule does not look at.
const LOADS =
  /(?:\bimport\s*\(|\brequire\s*\(|\bimport\.meta\.resolve\s*\(|\bnew\s+URL\s*\()\s*(?:"([^"\n]*)"|'([^'\n]*)'|`([^`$]*)`)?/g;

/** Every place in a source text that loads a module at run time, or names its type in place. Comments are passed over. */
export function runtimeReaches(source: string): readonly Reach[] {
  const code = source.replace(/\/\*[^]*?\*\/|(?<=^|[\s;{}(),])\/\/[^\n]*/g, (comment) =>
    comment.replace(/[^\n]/g, " "),
  );
  return [...code.matchAll(LOADS)].map((match) => ({
    specifier: match[1] ?? match[2] ?? match[3],
    line: code.slice(0, match.index).split("\n").length,
  }));
}

/** Why a file of the folder may not reach there, or `undefined` where it may. */
export function violation(folder: string, specifier: string): string | undefined {
  if (specifier.startsWith("./")) return undefined;
  if (!specifier.startsWith("../")) {
    if (folder === "core") return "core imports nothing, not even packages";
    return PURE.includes(folder) && specifier.startsWith("node:") ? `${folder} is pure` : undefined;
  }
  const [, target = ""] = /^\.\.\/([^/]+)\//.exec(specifier) ?? [];
  if (target === folder || ARROWS[folder]?.includes(target) === true) return undefined;
  return `${folder} may not reach ${specifier}`;
}
