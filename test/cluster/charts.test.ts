// Charts that the repository does not hold, fetched by the real Helm from a chart repository and a real registry on this machine.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { chartCache } from "../../src/desired/charts/cache.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { field } from "../../src/core/path.ts";
import { fieldOrigins } from "./origin-search.ts";
import { application, chartSpec, fluxOf, helmRepository, packed, registry, repositoryWith } from "./chart-servers.ts";
import { at, chartOf, faults, folder, names, render, script } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm", "helm4", "registry"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

beforeAll(async () => {
  if (unavailable !== undefined) return;
  for (const name of ["kustomize", "helm", "helm4", "registry"] as const) await ensureBinary(name);
}, 600_000);

const LOGIN = { login: "reader:a-registry-password", username: "reader", password: "a-registry-password" };
const HTPASSWD = "reader:$2b$05$abcdefghijklmnopqrstuuOsXG.OUq8x0f5GnY8XOQd8UGDQQcyDW";

describe.skipIf(unavailable !== undefined).each(["helm", "helm4"] as const)("with %s", (helm) => {
  test("a HelmRelease's chart comes from a chart repository, by version and by range, and what it was is said", async () => {
    const { url } = await repositoryWith(["1.0.0", "1.2.0", "2.0.0-rc.1", "2.0.0"]);
    const charts = { grants: [{ address: url }] };
    for (const [asked, got] of [
      ["1.0.0", "1.0.0"],
      ["1.x", "1.2.0"],
      [">=1.0.0 <2.0.0", "1.2.0"],
      ["*", "2.0.0"],
    ] as const) {
      const files = fluxOf(helmRepository(url), `${chartSpec(asked)}  values: {colour: green}\n`);
      const state = await render(files, { helm, charts });
      expect(faults(state)).toEqual([]);
      expect(at(state, "ConfigMap", "data")).toEqual({ version: got, colour: "green", size: "small" });
      const [chart] = state.roots.flatMap((root) => root.chart ?? []);
      expect(chart).toMatchObject({ name: "podinfo", version: got, asked, repository: url });
    }
  });

  test("credentials are the operator's, and reach that server only", async () => {
    const { url, seen } = await repositoryWith(["1.0.0"], LOGIN.login);
    const files = fluxOf(helmRepository(url), chartSpec("1.0.0"));
    const { username, password } = LOGIN;
    const state = await render(files, { helm, charts: { grants: [{ address: url, username, password }] } });
    expect(faults(state)).toEqual([]);
    expect(names(state)).toContain("ConfigMap/shop-podinfo");
    expect(seen.length).toBe(2);

    const config = join(folder(), "repositories.yaml");
    writeFileSync(
      config,
      `apiVersion: ""\nrepositories: [{name: mine, url: "${url}/", username: ${username}, password: ${password}}]\n`,
    );
    const environment = { HELM_REPOSITORY_CONFIG: config };
    const told = await render(files, { helm, environment, charts: { grants: [{ address: url }] } });
    expect(faults(told)).toEqual([]);

    const wrong = await render(files, {
      helm,
      charts: { grants: [{ address: url, username, password: "not-that-one" }] },
    });
    expect(faults(wrong)).toEqual([
      `chart-unfetched: the chart podinfo 1.0.0 cannot be fetched from ${url}: the server wants other credentials (401)`,
    ]);
    expect(JSON.stringify(wrong)).not.toContain("not-that-one");
  });

  test("charts come from a registry: by version, range and digest, for HelmRepository and OCIRepository, with a login", async () => {
    const { host, push } = await registry({ htpasswd: HTPASSWD, login: LOGIN.login });
    const dir = folder();
    await push(await packed(dir, "podinfo", "1.1.0"), "charts");
    const digest = await push(await packed(dir, "podinfo", "1.0.0"), "charts");
    const { username, password } = LOGIN;
    const charts = { grants: [{ address: `oci://${host}/charts`, username, password }] };
    const oci = helmRepository(`oci://${host}/charts`, ", type: oci");
    const whole = (ref: string): string =>
      `kind: OCIRepository\nmetadata: {name: podinfo, namespace: web}\nspec: {url: "oci://${host}/charts/podinfo", ref: {${ref}}}\n`;
    const byReference = "  chartRef: {kind: OCIRepository, name: podinfo}\n";
    for (const [files, got] of [
      [fluxOf(oci, chartSpec("1.0.0")), "1.0.0"],
      [fluxOf(oci, chartSpec("^1.0.0")), "1.1.0"],
      [fluxOf(whole("tag: 1.0.0"), byReference), "1.0.0"],
      [fluxOf(whole('semver: ">=1.0.0"'), byReference), "1.1.0"],
      [fluxOf(whole(`tag: 1.1.0, digest: "${digest}"`), byReference), "1.0.0"],
      [application(`  source: {repoURL: ${host}/charts, chart: podinfo, targetRevision: 1.0.0}\n`), "1.0.0"],
      [application(`  source: {repoURL: "oci://${host}/charts/podinfo", path: ., targetRevision: 1.0.0}\n`), "1.0.0"],
    ] as const) {
      const state = await render(files, { helm, charts });
      expect(faults(state)).toEqual([]);
      expect(at(state, "ConfigMap", "data", "version")).toBe(got);
    }
    const config = join(folder(), "config.json");
    const auth = Buffer.from(LOGIN.login).toString("base64");
    writeFileSync(config, JSON.stringify({ auths: { [host]: { auth } } }));
    const told = await render(fluxOf(oci, chartSpec("1.0.0")), {
      helm,
      environment: { HELM_REGISTRY_CONFIG: config },
      charts: { grants: [{ address: `oci://${host}` }] },
    });
    expect(faults(told)).toEqual([]);

    const refused = async (files: Files, grants = charts.grants): Promise<readonly string[]> =>
      faults(await render(files, { helm, charts: { grants } }));
    expect(
      await refused(fluxOf(oci, chartSpec("1.0.0")), [{ ...charts.grants[0], password: "wrong" } as never]),
    ).toEqual([expect.stringMatching(/^chart-unfetched: .*\(401\)$/)]);
    expect(await refused(fluxOf(oci, chartSpec("3.0.0")))).toEqual([
      expect.stringMatching(/^chart-unfetched: .*not there/),
    ]);
    expect(await refused(fluxOf(oci, chartSpec("^3.0.0")))).toEqual([
      expect.stringMatching(/^chart-unfetched: .*no version/),
    ]);
    const other = `sha256:${"0".repeat(64)}`;
    expect(await refused(fluxOf(whole(`digest: "${other}"`), byReference))).toEqual([
      expect.stringMatching(/^chart-unfetched: .*not there/),
    ]);
    expect(await refused(fluxOf(whole("tag: 1.0.0, semverFilter: x"), byReference))).toEqual([
      expect.stringMatching(/^chart-unfetched: .*semverFilter/),
    ]);
  });
});

describe.skipIf(unavailable !== undefined)("charts of the operator's choice", () => {
  test("values files of the chart take the place of its own values, and are over each other in their order", async () => {
    const { url } = await repositoryWith(["1.0.0"]);
    const charts = { grants: [{ address: url }] };
    const one = await render(fluxOf(helmRepository(url), chartSpec("1.0.0", ", valuesFiles: [values-red.yaml]")), {
      charts,
    });
    expect(at(one, "ConfigMap", "data")).toMatchObject({ colour: "red", size: "" });
    const both = "valuesFiles: [values.yaml, values-red.yaml]";
    const two = await render(fluxOf(helmRepository(url), chartSpec("1.0.0", `, ${both}`)), { charts });
    expect(at(two, "ConfigMap", "data")).toMatchObject({ colour: "red", size: "small" });
    const none = await render(fluxOf(helmRepository(url), chartSpec("1.0.0", ", valuesFiles: [gone.yaml]")), {
      charts,
    });
    expect(faults(none)).toEqual([expect.stringMatching(/^chart-unfetched: .*no values file "gone.yaml"/)]);
  });

  test("an Application takes values for a fetched chart from the repository and from the chart", async () => {
    const { url } = await repositoryWith(["1.0.0"]);
    const charts = { grants: [{ address: url }] };
    const chart = `repoURL: "${url}", chart: podinfo, targetRevision: 1.0.0`;
    const files = {
      ...application(
        `  sources:\n  - {${chart}, helm: {valueFiles: [values-red.yaml, $own/values/prod.yaml]}}\n  - {repoURL: "https://git.example.com/own", ref: own}\n`,
      ),
      "values/prod.yaml": "size: large\n",
    };
    const state = await render(files, { charts });
    expect(faults(state)).toEqual([]);
    expect(at(state, "ConfigMap", "data")).toMatchObject({ colour: "red", size: "large" });
  });

  test("dependencies of a chart in the repository come as its lock has them; a kustomization's charts, too", async () => {
    const { url } = await repositoryWith(["1.0.0", "1.2.0"]);
    const charts = { grants: [{ address: url }] };
    const dependency = `dependencies: [{name: podinfo, version: 1.x, repository: "${url}"}]\n`;
    const chart = chartOf("mine", { "own.yaml": "" }, { chart: dependency, values: "podinfo: {colour: black}\n" });
    const free = await render(chart, { charts });
    expect(at(free, "ConfigMap", "data")).toMatchObject({ version: "1.2.0", colour: "black" });
    const lock = `dependencies: [{name: podinfo, version: 1.0.0, repository: "${url}"}]\n`;
    const locked = await render({ ...chart, "mine/Chart.lock": lock }, { charts });
    expect(faults(locked)).toEqual([]);
    expect(at(locked, "ConfigMap", "data")).toMatchObject({ version: "1.0.0" });

    const inflated = `helmCharts: [{name: podinfo, repo: "${url}", version: 1.0.0, releaseName: shop, valuesInline: {size: huge}}]\n`;
    const state = await render({ "kustomization.yaml": inflated }, { charts });
    expect(faults(state)).toEqual([]);
    expect(at(state, "ConfigMap", "data")).toMatchObject({ version: "1.0.0", size: "huge" });
  });

  test("nothing is fetched that the operator did not allow, and the fault says what it was without its password", async () => {
    const { url, seen } = await repositoryWith(["1.0.0"]);
    const files = fluxOf(helmRepository(url.replace("//", "//me:hunter22@")), chartSpec("1.0.0"));
    const message = `chart-missing: HelmRelease/shop in web needs the chart podinfo 1.0.0 from ${url}, which the repository does not hold`;
    expect(faults(await render(files))).toEqual([message]);
    expect(faults(await render(files, { charts: { grants: [{ address: url }] } }))).toEqual([message]);
    const other = fluxOf(helmRepository(url), chartSpec("1.0.0"));
    for (const address of ["public", `${url}/charts`, url.replace(/\d$/, ""), url.replace("http", "oci")]) {
      expect(faults(await render(other, { charts: { grants: [{ address }] } }))).toEqual([message]);
    }
    expect(seen).toEqual([]);
  });

  test("where a field of a fetched chart comes from is looked for without asking anybody again", async () => {
    const { url, seen } = await repositoryWith(["1.0.0", "1.1.0"]);
    const files = fluxOf(helmRepository(url), `${chartSpec("1.1.0")}  values:\n    colour: green\n`);
    const charts = { grants: [{ address: url }] };
    const log = join(folder(), "pulls");
    writeFileSync(log, "");
    const helm = script(`case "$1" in pull) echo "$*" >> ${log} ;; esac\nexec ${await ensureBinary("helm")} "$@"`);
    const told: unknown[] = [];
    for (const name of ["colour", "version"]) {
      const { origin } = await fieldOrigins(files, {
        object: "ConfigMap/shop-podinfo",
        path: [field("data"), field(name)],
        charts,
        helm,
      });
      told.push(origin.kind === "found" ? `${origin.source.file}:${origin.source.line}` : origin.kind);
    }
    expect(told).toEqual(["apps/release.yaml:7", "unknown"]);
    const once = ["/index.yaml", "/podinfo-1.1.0.tgz"];
    expect(readFileSync(log, "utf8").match(/--version=\S+/g)).toEqual(["--version=1.1.0", "--version=1.1.0"]);
    expect(seen.map(({ path }) => path)).toEqual([...once, ...once]);
  });

  test("an exact version is fetched once and kept, a range each time; what was changed in the cache is fetched again", async () => {
    const { url, seen } = await repositoryWith(["1.0.0"]);
    const cache = chartCache(join(folder(), "charts"));
    const charts = { grants: [{ address: url }], cache };
    const exact = fluxOf(helmRepository(url), chartSpec("1.0.0"));
    const asked: number[] = [];
    for (const files of [exact, exact, fluxOf(helmRepository(url), chartSpec("1.x"))]) {
      const state = await render(files, { charts });
      expect(names(state)).toContain("ConfigMap/shop-podinfo");
      asked.push(seen.length);
    }
    expect(asked).toEqual([2, 2, 4]);
  });
});
