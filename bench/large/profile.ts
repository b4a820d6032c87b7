// Sums up a CPU profile of Node by what the time went to. Time in built-in functions (JSON.parse, say) counts where it is
// called from.

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Share {
  readonly part: string;
  /** Of the time in which the thread was busy. */
  readonly share: number;
}

/** By folder of dist/ (or src/), the largest first. */
export function sharesOf(text: string): readonly Share[] {
  const { nodes, samples, timeDeltas } = JSON.parse(text) as Profile;
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parts = new Map<number, string>();
  const totals = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const part = parts.get(id) ?? partOf(id);
    parts.set(id, part);
    totals.set(part, (totals.get(part) ?? 0) + (timeDeltas[index] ?? 0));
  }
  totals.delete("idle");
  const busy = [...totals.values()].reduce((sum, one) => sum + one, 0);
  return [...totals]
    .map(([part, time]) => ({ part, share: time / busy }))
    .filter(({ share }) => share >= 0.005)
    .toSorted((a, b) => b.share - a.share);

  function partOf(id: number): string {
    const node = byId.get(id);
    if (node === undefined) return "other";
    const { functionName, url } = node.callFrame;
    if (functionName === "(garbage collector)") return "collecting garbage";
    if (functionName === "(idle)") return "idle";
    return named(functionName, url) ?? partOf(parents.get(id) ?? -1);
  }
}

function named(functionName: string, url: string): string | undefined {
  const inside = /\/(?:dist|src)\/(\w[\w-]*)\/([\w-]+)\.[jt]s$/.exec(url);
  if (inside !== null) {
    const [, folder = "", file = ""] = inside;
    if (folder === "yaml" && file === "json") return "JSON of the cluster (yaml/json)";
    if (folder === "text" || file === "secrets") return "digests (text, secrets)";
    if (folder === "drift" || folder === "kinds") return "comparing (drift, kinds)";
    return folder;
  }
  if (url.includes("/node_modules/js-yaml/") || url.includes("/node_modules/yaml/")) return "yaml";
  const module = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (module !== undefined) return module;
  if (/^node:(?:internal\/)?(?:_?http|_?tls|net|stream|zlib|https|js_stream)/.test(url)) return "HTTP and TLS";
  if (/^node:(?:internal\/)?crypto/.test(url)) return "digests (text, secrets)";
  if (/^node:(?:internal\/)?(?:modules|bootstrap|vm)/.test(url)) return "loading modules";
  if (url === "" && functionName === "(program)") return "native code outside of functions";
  return undefined;
}
