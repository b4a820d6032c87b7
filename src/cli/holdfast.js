#!/usr/bin/env node
// The entry: plain JavaScript that any Node reads, so that one that is too old is told so in one line.

const [major, minor] = process.versions.node.split(".").map(Number);

if ((major ?? 0) < 22 || (major === 22 && (minor ?? 0) < 20)) {
  process.stderr.write(`holdfast: needs Node 22.20 or newer, and this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  import("./main.ts").then(
    ({ main }) => main(process.argv.slice(2)),
    (error) => {
      process.stderr.write(`holdfast: cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
