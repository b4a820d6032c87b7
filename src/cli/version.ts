/** holdfast's own version and folders, wherever it is installed. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The package's folder: `src/cli` and `dist/cli` are both two levels below it. */
export const PACKAGE_FOLDER = join(import.meta.dirname, "..", "..");

export function version(): string {
  const manifest = JSON.parse(readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8")) as {
    readonly version: string;
  };
  return manifest.version;
}
