// `node test/cluster/build.ts [NAME …]`: builds the named binaries (default: all that the tests use) and prints their paths, one a line. For preparing a machine ahead of the tests, and for scripts that need one of them.

import { BINARY_NAMES, ensureBinary } from "./binaries.ts";
import type { BinaryName } from "./binaries.ts";

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !isBinaryName(name));
if (unknown !== undefined) {
  process.stderr.write(`no recipe for ${unknown}; there are ${BINARY_NAMES.join(", ")}\n`);
  process.exit(1);
}
const names: readonly BinaryName[] = asked.length > 0 ? asked.filter(isBinaryName) : BINARY_NAMES;
for (const name of names) process.stdout.write(`${await ensureBinary(name)}\n`);

function isBinaryName(name: string): name is BinaryName {
  return (BINARY_NAMES as readonly string[]).includes(name);
}
