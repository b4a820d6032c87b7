#!/usr/bin/env node
// The entry: plain JavaScript that any Node reads, so that one that is too old is told so in one line.

import { getHeapStatistics, setFlagsFromString } from "node:v8";

const [major, minor] = process.versions.node.split(".").map(Number);

if ((major ?? 0) < 22 || (major === 22 && (minor ?? 0) < 20)) {
  process.stderr.write(`holdfast: needs Node 22.20 or newer, and this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  sparingOnceLarge();
  import("./main.ts").then(
    ({ main }) => main(process.argv.slice(2)),
    (error) => {
      process.stderr.write(`holdfast: cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}

// V8 lets the heap grow to a multiple of what is in use before it collects. A large cluster's pages are garbage as soon as
// they are compared: collecting when a quarter has been added takes a quarter off the peak, and costs a little time. As long
// as the heap is small that would cost a tenth of the time, and spare nothing.
function sparingOnceLarge() {
  const watch = setInterval(() => {
    if (getHeapStatistics().used_heap_size < 96 * 1024 * 1024) return;
    setFlagsFromString("--heap-growing-percent=25");
    clearInterval(watch);
  }, 50);
  watch.unref();
}
