// The demo's repository on the stand-in, to be compared with the demo's snapshot: a whole pass without a cluster.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

const DEMO = join(import.meta.dirname, "../../fixtures/demo");

/** For `--live`. */
export const DEMO_LIVE = join(DEMO, "live");

/** Path in the repository → content. */
export function demoFiles(): Readonly<Record<string, string>> {
  const root = join(DEMO, "repo");
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(root, path).split(sep).join("/"), readFileSync(path, "utf8")];
    }),
  );
}
