// What is rendered once: for several targets, in a second scan, and by two at once.

import { readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { DesiredState } from "../../src/core/stages.ts";
import { readDesired } from "../../src/desired/desired.ts";
import { diskCache } from "../../src/desired/render/cache.ts";
import { openRenderers } from "../../src/desired/render/renderers.ts";
import { deployment, digester, isNamespaced, treeOf } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { chartOf, counted, faults, folder, names, render } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  made: {{ randAlphaNum 20 }}\n";

const FILES: Files = {
  "base/kustomization.yaml": "resources: [web.yaml]\n",
  "base/web.yaml": deployment("web"),
  "a/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\n",
  "b/kustomization.yaml": "resources: [../base, own.yaml]\nnamePrefix: b-\n",
  "b/own.yaml": deployment("own"),
  ...chartOf("app", { "a.yaml": deployment("app") }),
  ...chartOf("random", { "a.yaml": SECRET }),
};
/** A chart that may vary is rendered twice. */
const HELM_STARTS = 3;

describe.skipIf(unavailable !== undefined)("what is rendered", () => {
  let kustomize = "";
  let helm = "";
  beforeAll(async () => {
    kustomize = await ensureBinary("kustomize");
    helm = await ensureBinary("helm");
  });

  function starting(cacheFolder: string): {
    scan: (files?: Files, kubeVersion?: string) => Promise<DesiredState>;
    starts: () => readonly number[];
  } {
    const programs = [counted(kustomize), counted(helm)] as const;
    return {
      scan: async (files = FILES, kubeVersion = "v1.36.3") =>
        await render(files, {
          cache: diskCache(cacheFolder),
          capabilities: { kubeVersion },
          environment: { HOLDFAST_KUSTOMIZE: programs[0].path, HOLDFAST_HELM: programs[1].path },
        }),
      starts: () => programs.map(({ starts }) => starts()),
    };
  }

  test("a second scan renders nothing that did not change", async () => {
    const { scan, starts } = starting(folder());
    const first = await scan();
    expect(faults(first)).toEqual([]);
    expect(names(first)).toHaveLength(5);
    expect(starts()).toEqual([2, HELM_STARTS]);
    const second = await scan();
    expect(starts()).toEqual([2, HELM_STARTS]);
    // What is random, too: both times are kept.
    expect(second).toEqual(first);
    await scan({ ...FILES, "b/own.yaml": deployment("other") });
    expect(starts()).toEqual([3, HELM_STARTS]);
    await scan({ ...FILES, "base/web.yaml": deployment("more") });
    expect(starts()).toEqual([5, HELM_STARTS]);
    await scan({ ...FILES, "unrelated.yaml": deployment("unrelated") });
    expect(starts()).toEqual([5, HELM_STARTS]);
    await scan(FILES, "v1.35.0");
    expect(starts()).toEqual([5, 2 * HELM_STARTS]);
  });

  test("another version of the program renders anew", async () => {
    const cache = folder();
    const { scan } = starting(cache);
    await scan();
    const [before] = [readdirSync(cache).length];
    const other = await render(FILES, {
      cache: diskCache(cache),
      helm: "helm4",
    });
    expect(faults(other)).toEqual([]);
    expect(readdirSync(cache).length).toBe(before + 2);
  });

  test("files are the user's alone, and hold what was printed", async () => {
    const cache = join(folder(), "deep", "er");
    await starting(cache).scan();
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(cache)) expect(statSync(join(cache, file)).mode & 0o777).toBe(0o600);
  });

  const DAMAGE: readonly (readonly [string, (file: string) => void])[] = [
    ["cut", (file) => truncateSync(file, statSync(file).size - 1)],
    ["cut to nothing", (file) => truncateSync(file, 0)],
    ["with one byte changed", (file) => changeLast(file)],
    ["something else", (file) => writeFileSync(file, "apiVersion: v1\nkind: Secret\n")],
    ["of an older version", (file) => writeFileSync(file, "holdfast-render 1 0 -\n")],
    [
      "with a length that is none",
      (file) => writeFileSync(file, `holdfast-render 2 99999999999999999999 - ${"0".repeat(64)}\n`),
    ],
  ];

  test.for(DAMAGE)("what was kept is rendered again where it is %s", async ([, damage]) => {
    const cache = folder();
    const { scan, starts } = starting(cache);
    const first = await scan();
    for (const file of readdirSync(cache)) damage(join(cache, file));
    const second = await scan();
    expect(starts()).toEqual([4, 2 * HELM_STARTS]);
    expect(names(second)).toEqual(names(first));
    await scan();
    expect(starts()).toEqual([4, 2 * HELM_STARTS]);
  });

  test("a cache that cannot be written costs time, and nothing else", async () => {
    const file = join(folder(), "file");
    writeFileSync(file, "");
    const state = await starting(join(file, "below")).scan();
    expect(faults(state)).toEqual([]);
    expect(names(state)).toHaveLength(5);
  });

  test("two at once get the same of one folder, and leave no parts behind", async () => {
    const cache = folder();
    const [one, other] = [starting(cache), starting(cache)];
    const states = await Promise.all([one.scan(), other.scan(), one.scan(), other.scan()]);
    for (const state of states) {
      expect(faults(state)).toEqual([]);
      expect(names(state)).toEqual(names(states[0]));
    }
    expect(readdirSync(cache).filter((file) => !/^[0-9a-f]{64}$/.test(file))).toEqual([]);
    expect(readdirSync(cache)).toHaveLength(4);
    expect(await starting(cache).scan()).toEqual(await starting(cache).scan());
  });

  test("what was not used for longest is taken out beyond the limit", async () => {
    const dir = folder();
    const cache = diskCache(dir);
    const output = Buffer.alloc(60 * 1024 * 1024, "x");
    for (const [index, name] of ["a", "b", "c", "d", "e"].entries()) {
      await cache.put(name, { output });
      utimesSync(join(dir, name), index + 1, index + 1);
    }
    expect((await cache.get("a"))?.output.length).toBe(output.length); // Used now.
    await cache.trim();
    expect(readdirSync(dir).toSorted()).toEqual(["a", "c", "d", "e"]);
  });

  test("a root that several targets use is rendered once", async () => {
    const program = counted(kustomize);
    const renderers = openRenderers({ environment: { HOLDFAST_KUSTOMIZE: program.path, HOLDFAST_HELM: helm } });
    try {
      const common = { tree: treeOf(FILES), digester, isNamespaced, renderers };
      const capabilities = { kubeVersion: "v1.36.3", apiVersions: ["v1"] };
      const states = await Promise.all(
        ["one", "two", "three"].map((name) =>
          readDesired({ ...common, capabilities, target: { name, path: "a", namespace: name, exclude: [] } }),
        ),
      );
      expect(states.map(({ objects }) => objects.map(({ ref }) => ref.namespace))).toEqual([
        ["one"],
        ["two"],
        ["three"],
      ]);
      expect(program.starts()).toBe(1);
    } finally {
      await renderers.close();
    }
  });
});

function changeLast(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 2] = (bytes[bytes.length - 2] as number) ^ 1;
  writeFileSync(file, bytes);
}
