/** Loads what is used of @kubernetes/client-node: its KubeConfig, with every way to log in. */

import { registerHooks } from "node:module";

const KUBE_CONFIG = "/@kubernetes/client-node/dist/config.js";

/** What its KubeConfig imports to make typed clients: 70 MB and 0.4 s that nothing here has a use for. */
const UNUSED: ReadonlySet<string> = new Set(["./gen/index.js", "undici"]);

const STAND_IN = new URL(
  import.meta.url.endsWith(".ts") ? "./no-typed-models.ts" : "./no-typed-models.js",
  import.meta.url,
).href;

/** With a release of the library that is laid out otherwise, its models are loaded as well, and nothing else changes. */
export async function loadKubeLibrary() {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      UNUSED.has(specifier) && context.parentURL?.endsWith(KUBE_CONFIG) === true
        ? { url: STAND_IN, shortCircuit: true }
        : next(specifier, context),
  });
  try {
    return await import("@kubernetes/client-node/dist/config.js");
  } finally {
    hooks.deregister();
  }
}
