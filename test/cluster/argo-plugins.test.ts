// Argo CD's config management plugins, where the operator says what is run in their place.

import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readYaml } from "../../src/yaml/read.ts";
import { diskCache } from "../../src/desired/render/cache.ts";
import { canSandbox } from "../../src/desired/render/sandbox.ts";
import { pluginVariables } from "../../src/desired/argo/plugin.ts";
import type { DesiredState } from "../../src/core/stages.ts";
import { configMap, faults, names, objectOf, render, renderTree, script } from "./rendering.ts";
import type { Files, Rendering } from "./rendering.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { isMap, textOf } from "../../src/core/value.ts";
import { repositoryOf, temporaryFolder, treeOf } from "../desired/repositories.ts";
import { whyUnavailable } from "./binaries.ts";
import { probeFolder } from "./rendering.ts";

const unavailable =
  whyUnavailable(["kustomize", "helm"]) ??
  (canSandbox(probeFolder()) ? undefined : "no user, mount and pid namespaces can be made here");
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

function application(plugin: string, more = ""): Files {
  return {
    "app.yaml": `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  destination: {server: "https://kubernetes.default.svc", namespace: web}
  source: {repoURL: "https://git.example.com/acme/own", path: apps/shop, targetRevision: main, plugin: ${plugin}${more}}
`,
    "apps/shop/data.txt": "shopping",
    "shared/data.txt": "shared",
    "apps/other.yaml": configMap("other"),
  };
}

function granting(lines: string): Rendering {
  return { programs: { functions: [], plugins: new Map([["mine", [script(lines), "an argument", "x"]]]) } };
}

const PRINT = (data: string): string =>
  `cat <<END\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {told: "${data}"}\nEND`;

function told(state: DesiredState): readonly string[] {
  return faults(state).filter((one) => !one.startsWith("not-deployed: "));
}

describe.skipIf(unavailable !== undefined)("a config management plugin that the operator names a command for", () => {
  test("is run in the folder that is deployed, with its arguments, beside all files of the repository", async () => {
    const state = await render(
      application("{name: mine}"),
      granting(PRINT("$1|$2|$(cat data.txt)|$(cat ../../shared/data.txt)")),
    );
    expect(told(state)).toEqual([]);
    expect(objectOf(state, "ConfigMap", "made")).toMatchObject({
      ref: { namespace: "web" },
      value: { data: { told: "an argument|x|shopping|shared" } },
      origin: { file: "app.yaml", layer: "plugin", root: "apps/shop" },
      deployer: { kind: "Application", name: "shop" },
    });
    expect(state.roots).toEqual([expect.objectContaining({ path: "apps/shop", renderer: "plugin", version: "mine" })]);
  });

  test("is told what Argo CD tells it; the revision that is deployed is not known", async () => {
    const plugin = `{name: mine, env: [{name: COLOUR, value: "$ARGOCD_APP_NAME-$KUBE_VERSION-$$-$HOME"}], parameters: [{name: a-b, string: "<s>"}, {name: m, map: {z: "1", y.x: "2"}}, {name: l, array: [p, q]}]}`;
    const variables =
      "$ARGOCD_APP_NAME $ARGOCD_APP_NAMESPACE $ARGOCD_APP_SOURCE_PATH $ARGOCD_ENV_COLOUR $PARAM_A_B $PARAM_M_Y_X $PARAM_L_1 $KUBE_API_VERSIONS";
    const lines = PRINT(variables).replace("\ndata: {", `\ndata: {revision: "$ARGOCD_APP_REVISION", `);
    const state = await render(application(plugin), granting(lines));
    expect(told(state)).toEqual([]);
    const made = objectOf(state, "ConfigMap", "made");
    expect(made.value["data"]).toMatchObject({ told: "shop web apps/shop shop-1.36.3-$- <s> 2 q v1,apps/v1" });
    expect(made.again?.["data"]).toMatchObject({ revision: "f".repeat(40) });
  });

  test.each([
    ["fails", "echo 'no such thing' >&2; exit 1", /^render-failed: .*the plugin says: no such thing/],
    ["hangs", "sleep 1000", /^render-failed: .*took too long/],
    ["prints too much", "yes", /^render-failed: .*more than the limit/],
    ["prints no YAML", "echo '{'", /^render-failed: .*not all of it objects/],
    ["prints words before its manifests", `echo starting; ${PRINT("x")}`, /^render-failed: .*not all of it objects/],
    ["prints what is no text", "printf '\\377\\376'", /^render-failed: .*not UTF-8/],
  ])("that %s costs itself, with a fault", async (_, lines, message) => {
    const state = await render(application("{name: mine}"), {
      ...granting(lines),
      limits: { milliseconds: 3000, outputBytes: 1024 * 1024 },
    });
    expect(names(state)).toEqual(["Application/shop"]);
    expect(told(state)).toEqual([expect.stringMatching(message)]);
    expect(state.complete).toBe(false);
  });

  test("reaches no network, no file of the machine and no environment of holdfast's", async () => {
    const lines = PRINT(
      "$(ls / | tr '\\n' ' ')|$(env | grep -c HOLDFAST)|$(ls /sys/class/net 2>/dev/null; cat /proc/net/dev 2>/dev/null | grep -c ':')",
    );
    const state = await render(application("{name: mine}"), granting(lines));
    const { data } = objectOf(state, "ConfigMap", "made").value;
    const [root = "", environment, interfaces] = (textOf(data, "told") ?? "").split("|");
    expect(root.split(" ")).not.toEqual(expect.arrayContaining(["root"]));
    expect(root).not.toMatch(/\b(?:home|var|srv|opt|run|work)\b/);
    expect([environment, interfaces]).toEqual(["0", "1"]);
  });

  test("is run anew where it, its variables or a file changed, and not otherwise", async () => {
    const lines = PRINT("$(cat /proc/sys/kernel/random/uuid)");
    const program = script(lines);
    const programs = { functions: [], plugins: new Map([["mine", [program]]]) };
    const cache = diskCache(temporaryFolder());
    const made = async (more: Files = {}, options: Rendering = {}) => {
      const tree = treeOf({ ...application("{name: mine}"), ...more });
      return objectOf(await renderTree(tree, { programs, cache, ...options }), "ConfigMap", "made").value["data"];
    };
    const first = await made();
    expect(await made()).toEqual(first);
    expect(await made({}, { capabilities: { kubeVersion: "v1.35.0" } })).not.toEqual(first);
    expect(await made({ "shared/data.txt": "other" })).not.toEqual(first);
    expect(await made()).toEqual(first);
    writeFileSync(program, `#!/bin/sh\n${lines}\n# longer\n`);
    expect(await made()).not.toEqual(first);
  });

  test("is given the files of the source's repository, where that is another one", async () => {
    const dir = repositoryOf({ "apps/shop/data.txt": "theirs", "top.txt": "top" });
    const tree = {
      ...treeOf({ "own.txt": "own", ...application("{name: mine}") }),
      origin: () => Promise.resolve("https://git.example.com/acme/elsewhere"),
    };
    const state = await renderTree(tree, {
      ...granting(PRINT("$(cat data.txt) $(ls ../.. | tr '\\n' ' ')$(find / -name own.txt 2>/dev/null)")),
      repositories: [{ url: "https://git.example.com/acme/own", dir }],
    });
    expect(told(state)).toEqual([]);
    expect(objectOf(state, "ConfigMap", "made").value["data"]).toEqual({ told: "theirs apps top.txt " });
  });

  test("and no other is run: neither by another name, nor one without a name", async () => {
    for (const [plugin, message] of [
      ["{name: other}", /is rendered by the plugin "other": holdfast runs none that/],
      ["{name: constructor}", /is rendered by the plugin "constructor"/],
      ["{}", /a config management plugin that it does not name/],
    ] as const) {
      const state = await render(application(plugin), granting(PRINT("x")));
      expect(told(state)).toEqual([expect.stringMatching(message)]);
    }
    const { faults: all } = await render(application("{name: mine}"), {});
    const fault = all.find(({ code }) => code !== "not-deployed");
    expect(fault?.remedy).toContain("--plugin mine=/path/to/program, or plugins in the server's configuration");
  });

  test("whose program is not there, or that is given what no program takes, is a fault", async () => {
    const gone = { programs: { functions: [], plugins: new Map([["mine", ["/nowhere/program"]]]) } };
    expect(told(await render(application("{name: mine}"), gone))).toEqual([
      expect.stringMatching(/^renderer-missing: .*\/nowhere\/program/),
    ]);
    const long = "x".repeat(130_000);
    for (const env of [`{name: A, value: ${long}}`, '{name: "A=B", value: x}', '{name: A, value: "a\\0b"}']) {
      const state = await render(application(`{name: mine, env: [${env}]}`), granting(PRINT("x")));
      expect(told(state)).toEqual([expect.stringMatching(/variables that no program can be given/)]);
    }
  });
});

function mapOf(text: string): { readonly value: ValueMap } {
  const [first] = readYaml(text, { file: "" }).documents;
  if (!isMap(first?.value)) throw new Error("no map");
  return { value: first.value };
}

describe("the parameters of a plugin", () => {
  test("are written as Go writes them", () => {
    const cluster = { kubeVersion: "v1.36.3+k3s1", apiVersions: ["v1"] };
    const of = (text: string) => pluginVariables(mapOf(text), new Map(), cluster)?.["ARGOCD_APP_PARAMETERS"];
    expect(of("plugin: {name: x}")).toBe("null");
    expect(of("plugin: {parameters: []}")).toBe("[]");
    expect(
      of(
        'plugin: {parameters: [{string: "<&>", name: s, extra: 1}, {name: m, map: {b: "1", a: "2", __proto__: "3"}}, {array: [x]}]}',
      ),
    ).toBe(
      '[{"name":"s","string":"\\u003c\\u0026\\u003e"},{"map":{"__proto__":"3","a":"2","b":"1"},"name":"m"},{"array":["x"],"name":""}]',
    );
    expect(pluginVariables(mapOf("plugin: {}"), new Map(), cluster)).toMatchObject({ KUBE_VERSION: "1.36.3" });
    const odd = "plugin: {parameters: [{name: straße-ı.日, string: x, map: {a.b: y1}, array: [z]}]}";
    expect(pluginVariables(mapOf(odd), new Map(), cluster)).toMatchObject({
      PARAM_STRA_E_I__: "x",
      PARAM_STRA_E_I___A_B: "y1",
      PARAM_STRA_E_I___0: "z",
    });
  });
});
