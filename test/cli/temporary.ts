import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder that is removed when all tests of the file have ended. */
export function temporaryFolderOfFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
