// `npm run generate:kinds`: writes src/kinds/data/kinds.json, what the built-in kinds' fields mean, from the OpenAPI v3
// documents in the Go module k8s.io/kubernetes: those that its API server serves (kinds.test.ts compares), alpha and beta
// versions too. Which zero values the server does not write is asked of the Go types, since OpenAPI does not say it
// (go/zerofields). src/kinds/schemas.ts says how the file reads.

import { execFile } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { KUBERNETES_VERSION } from "./binaries.ts";
import { kindData } from "./kind-data.ts";
import type { OpenApiDocument } from "./kind-data.ts";

const OUTPUT = join(import.meta.dirname, "../../src/kinds/data/kinds.json");

const documents = await documentsIn(join(await moduleFolder(), "api/openapi-spec/v3"));
const data = kindData(documents, await zeroFields());
await writeFile(OUTPUT, serialize({ kubernetes: KUBERNETES_VERSION, ...data }));
process.stdout.write(
  `${OUTPUT}: ${Object.keys(data.kinds).length} kinds, ${Object.keys(data.types).length} types, of ${documents.length} documents\n`,
);

async function moduleFolder(): Promise<string> {
  const { stdout } = await promisify(execFile)("go", [
    "mod",
    "download",
    "-json",
    `k8s.io/kubernetes@${KUBERNETES_VERSION}`,
  ]);
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

async function documentsIn(path: string): Promise<readonly OpenApiDocument[]> {
  const names = (await readdir(path)).filter((name) => /^apis?__.*v\d.*_openapi\.json$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(path, name), "utf8")) as OpenApiDocument),
  );
}

/** Field names by the type's OpenAPI name. */
async function zeroFields(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { stdout } = await promisify(execFile)("go", ["run", "-mod=readonly", "./zerofields"], {
    cwd: join(import.meta.dirname, "go"),
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout) as Record<string, string[]>;
}

/** One kind and one field a line, so that a new Kubernetes version reads as a diff. */
function serialize(all: { kubernetes: string; kinds: object; types: object }): string {
  const kinds = lines(all.kinds, "    ");
  const types = Object.entries(all.types).map(
    ([name, type]) =>
      `    ${JSON.stringify(name)}: ${typeof type === "string" ? JSON.stringify(type) : typeLines(type as Record<string, unknown>)}`,
  );
  return `{\n  "kubernetes": ${JSON.stringify(all.kubernetes)},\n  "kinds": {\n${kinds}\n  },\n  "types": {\n${types.join(",\n")}\n  }\n}\n`;
}

function typeLines(type: Record<string, unknown>): string {
  const { fields, ...rest } = type;
  if (fields === undefined) return JSON.stringify(rest);
  const head = Object.keys(rest).length === 0 ? "{" : `${JSON.stringify(rest).slice(0, -1)}, `;
  return `${head}"fields": {\n${lines(fields as object, "      ")}\n    }}`;
}

function lines(map: object, indent: string): string {
  return Object.entries(map)
    .map(([name, value]) => `${indent}${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(",\n");
}
