import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRepositoryConfig } from "../../src/config/repository.ts";
import { readServerConfig } from "../../src/config/server.ts";

const ROOT = join(import.meta.dirname, "../..");

function blocks(): readonly string[] {
  const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
  return [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] as string);
}

function example(name: string): string {
  return readFileSync(join(ROOT, "config", name), "utf8");
}

test("the page's examples are the example files, and both are taken", () => {
  const [repository = "", server = "", ...others] = blocks();
  expect(others).toEqual([]);
  const read = readRepositoryConfig(repository, "docs");
  expect(read).toEqual(readRepositoryConfig(example("holdfast.example.yml"), "docs"));
  expect(read).toHaveProperty("targets");
  const served = readServerConfig(server, "docs");
  expect(served).toEqual(readServerConfig(example("server.example.yml"), "docs"));
  expect(served).toHaveProperty("grants");
});
