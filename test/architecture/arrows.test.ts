import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { ARROWS, FOLDERS, PURE, runtimeReaches, violation } from "./arrows.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const OXLINT = join(ROOT, "node_modules/oxlint/bin/oxlint");

/** A file that is planted beside a copy of the lint rules, and whether they must report it. */
interface Plant {
  readonly what: string;
  readonly folder: string;
  readonly code: string;
  readonly forbidden: boolean;
}

const FORMS: readonly (readonly [string, (specifier: string) => string])[] = [
  ["imports", (specifier) => `import { x } from "${specifier}";\nexport const y = x;\n`],
  ["imports a type from", (specifier) => `import type { X } from "${specifier}";\nexport type Y = X;\n`],
  ["imports for its effect", (specifier) => `import "${specifier}";\n`],
  ["exports again from", (specifier) => `export { x } from "${specifier}";\n`],
];

const linted = FOLDERS.filter((folder) => folder !== "cli");
const PLANTS: readonly Plant[] = [
  ...linted.flatMap((folder) =>
    FOLDERS.filter((target) => target !== folder).flatMap((target) =>
      FORMS.map(([verb, form]): Plant => ({
        what: `${folder} ${verb} ${target}`,
        folder,
        code: form(`../${target}/x.ts`),
        forbidden: ARROWS[folder]?.includes(target) !== true,
      })),
    ),
  ),
  ...linted.flatMap((folder) => [plant(folder, "./beside.ts", false), plant(folder, "../../package.json", true)]),
  // A folder in a folder: what is beside its parent is two steps up.
  ...FOLDERS.filter((target) => target !== "desired").map((target) =>
    plant("desired/render", `../../${target}/x.ts`, ARROWS["desired"]?.includes(target) !== true),
  ),
  ...FOLDERS.filter((target) => target !== "reconcile").map((target) =>
    plant("reconcile/deployers", `../../${target}/x.ts`, ARROWS["reconcile"]?.includes(target) !== true),
  ),
  plant("desired/render", "../paths.ts", false),
  ...["js-yaml", "@kubernetes/client-node", "node:path", "fs"].map((name) => plant("core", name, true)),
  ...PURE.flatMap((folder) => [
    plant(folder, "node:fs", true),
    plant(folder, "node:child_process", true),
    plant(folder, "fs", true),
    plant(folder, "fs/promises", true),
  ]),
  ...["yaml", "desired", "live", "publish", "store"].map((folder) => plant(folder, "node:fs", false)),
  ...["yaml", "policy"].map((folder) => plant(folder, "js-yaml", false)),
  ...FOLDERS.filter((target) => target !== "cli").map((target) => plant("cli", `../${target}/x.ts`, false)),
];

function plant(folder: string, specifier: string, forbidden: boolean): Plant {
  const code = `import { x } from "${specifier}";\nexport const y = x;\n`;
  return { what: `${folder} imports ${specifier}`, folder, code, forbidden };
}

describe("the lint rules", () => {
  let folder = "";
  let reported: ReadonlySet<string> = new Set();

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-arrows-"));
    copyFileSync(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
    for (const name of [...FOLDERS, "desired/render", "reconcile/deployers"])
      mkdirSync(join(folder, "src", name), { recursive: true });
    for (const [index, one] of PLANTS.entries()) writeFileSync(join(folder, fileOf(one, index)), one.code);
    reported = lint(folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(PLANTS.map((one, index) => ({ ...one, index })))("$what: reported is $forbidden", (one) => {
    expect(reported.has(fileOf(one, one.index))).toBe(one.forbidden);
  });
});

function fileOf({ folder }: Plant, index: number): string {
  return `src/${folder}/planted-${index}.ts`;
}

/** The planted files in which the rules on imports find something. */
function lint(folder: string): ReadonlySet<string> {
  const output = runOxlint(folder);
  const { diagnostics } = JSON.parse(output) as { diagnostics: readonly { code: string; filename: string }[] };
  const rules = new Set(["eslint(no-restricted-imports)", "unicorn(prefer-node-protocol)"]);
  return new Set(diagnostics.filter(({ code }) => rules.has(code)).map(({ filename }) => filename));
}

/** Oxlint ends with an error where it reports one, which is what it is asked for here. */
function runOxlint(folder: string): string {
  try {
    return execFileSync(process.execPath, [OXLINT, "--format", "json", "src"], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe("what is loaded without an import statement", () => {
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );

  test("follows the arrows in every file of src", () => {
    const found = sources.flatMap((file) => {
      const [folder = ""] = file.split("/");
      return runtimeReaches(readFileSync(join(ROOT, "src", file), "utf8"))
        .filter(({ specifier }) => specifier !== undefined && violation(folder, specifier) !== undefined)
        .map(({ specifier, line }) => `src/${file}:${line}: ${specifier ?? ""}`);
    });
    expect(found).toEqual([]);
    expect(sources.length).toBeGreaterThan(20);
  });

  test("is put together at run time nowhere in a folder without effects", () => {
    const found = sources
      .filter((file) => PURE.includes(file.split("/")[0] ?? ""))
      .flatMap((file) =>
        runtimeReaches(readFileSync(join(ROOT, "src", file), "utf8"))
          .filter(({ specifier }) => specifier === undefined)
          .map(({ line }) => `src/${file}:${line}`),
      );
    expect(found).toEqual([]);
  });

  const planted: readonly (readonly [string, string, string, boolean])[] = [
    ["a stage", "drift", 'const x = await import("../live/x.ts");', true],
    ["a stage, over two lines", "drift", "const x = await import(\n  '../live/x.ts'\n);", true],
    ["a stage's type", "drift", 'type X = import("../live/x.ts").X;', true],
    ["a worker of another stage", "report", 'new Worker(new URL("../policy/worker.ts", import.meta.url));', true],
    ["Node in a pure folder", "policy", "await import(`node:fs`);", true],
    ["a package in core", "core", 'await import("yaml");', true],
    ["by require", "drift", 'createRequire(import.meta.url)("x"); require("../live/x.ts");', true],
    ["by resolving", "drift", 'import.meta.resolve("../live/x.ts");', true],
    ["what it may", "live", 'await import("../yaml/x.ts");', false],
    ["a worker of its own", "policy", 'new Worker(new URL("./worker.ts", import.meta.url));', false],
    ["a comment", "drift", '// import("../live/x.ts")\n/* import("../live/x.ts") */', false],
  ];
  it.each(planted)("is seen: %s, in %s", (_what, folder, code, forbidden) => {
    const reaches = runtimeReaches(code).filter(({ specifier }) => specifier !== undefined);
    expect(reaches.some(({ specifier }) => violation(folder, specifier as string) !== undefined)).toBe(forbidden);
  });

  test("every folder of src has its row", () => {
    const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).filter((name) => !FOLDERS.includes(name))).toEqual([]);
  });
});
