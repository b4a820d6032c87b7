// Loaded before the program by `--import`: writes the packages that were loaded to the file that LOADED names.

import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

const packages = new Set<string>();

registerHooks({
  load: (url, context, next) => {
    const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});

process.on("exit", () => {
  // Threads end with an event of their own: each adds what it loaded.
  appendFileSync(process.env["LOADED"] ?? "", [...packages].map((name) => `${name}\n`).join(""));
});
