import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const manifest = z.strictObject({
  name: z.string(),
  description: z.string(),
  url: z.url(),
  public: z.boolean(),
  default_permissions: z.record(z.string(), z.enum(["read", "write"])),
  default_events: z.array(z.string()),
});

export type Permissions = Readonly<Record<string, "read" | "write">>;
export type AppManifest = z.infer<typeof manifest>;

/** The project's app.yml. The stand-in's App has just the permissions that it asks for. */
export function readAppManifest(): AppManifest {
  return manifest.parse(parse(readFileSync(new URL("../../app.yml", import.meta.url), "utf8")));
}
