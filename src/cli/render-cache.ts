/** What is kept in the user's cache folder between runs: rendered output, so that a second run renders only what changed, and charts. */

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { chartAddress, PUBLIC } from "../desired/charts/address.ts";
import { chartCache } from "../desired/charts/cache.ts";
import type { ChartsInput } from "../desired/charts/open-charts.ts";
import { diskCache } from "../desired/render/cache.ts";
import type { RenderCache } from "../desired/render/cache.ts";
import { usage } from "./failure.ts";

/** `holdfast/renders` in XDG_CACHE_HOME, or in ~/.cache. */
export function renderCache(environment: NodeJS.ProcessEnv): RenderCache {
  return diskCache(cacheFolder(environment, "renders"));
}

/** What `--fetch-charts` allows; the user's own Helm settings say with which credentials. */
export function fetchedCharts(
  addresses: readonly string[],
  environment: NodeJS.ProcessEnv,
): { readonly charts?: ChartsInput } {
  for (const address of addresses) {
    if (address === PUBLIC || chartAddress(address) !== undefined) continue;
    // It is not repeated: it may hold a password.
    throw usage(
      "an address for --fetch-charts is none of a chart repository or a registry",
      "write https://… or oci://… without a user (log in with helm), or public",
    );
  }
  if (addresses.length === 0) return {};
  const cache = chartCache(cacheFolder(environment, "charts"));
  return { charts: { grants: addresses.map((address) => ({ address })), cache } };
}

function cacheFolder(environment: NodeJS.ProcessEnv, name: string): string {
  const set = environment["XDG_CACHE_HOME"];
  // The XDG specification has it that what is not absolute is ignored.
  const cache = set !== undefined && isAbsolute(set) ? set : join(homedir(), ".cache");
  return join(cache, "holdfast", name);
}
