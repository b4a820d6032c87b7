/** Rendered output in the user's cache folder, so that a second run renders only what changed. */

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { diskCache } from "../desired/render/cache.ts";
import type { RenderCache } from "../desired/render/cache.ts";

/** `holdfast/renders` in XDG_CACHE_HOME, or in ~/.cache. */
export function renderCache(environment: NodeJS.ProcessEnv): RenderCache {
  const set = environment["XDG_CACHE_HOME"];
  // The XDG specification has it that what is not absolute is ignored.
  const cache = set !== undefined && isAbsolute(set) ? set : join(homedir(), ".cache");
  return diskCache(join(cache, "holdfast", "renders"));
}
