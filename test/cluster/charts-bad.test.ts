// What can be wrong with a chart, the server that it comes from, and what Git says of it: a clear fault each, no password in
// any of them, and nothing asked of anybody that nobody allowed.

import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { ChartGrant } from "../../src/desired/charts/charts.ts";
import type { ChartsInput } from "../../src/desired/charts/open-charts.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { chartServer, chartSpec, fluxOf, helmRepository, packed, repositoryWith } from "./chart-servers.ts";
import type { ChartServer, ChartServerOptions } from "./chart-servers.ts";
import { configMap, faults, folder, names, render } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

beforeAll(async () => {
  if (unavailable === undefined) for (const name of ["kustomize", "helm"] as const) await ensureBinary(name);
});

const PASSWORD = "a-very-secret-password";

/** The one fault of a release, beside what is well. */
async function faultOf(url: string, charts: Partial<ChartsInput> = {}, version = "1.0.0"): Promise<string> {
  const files = { ...fluxOf(helmRepository(url), chartSpec(version)), "apps/good.yaml": configMap("good") };
  const grant: ChartGrant = { address: url, username: "reader", password: PASSWORD };
  const state = await render(files, { charts: { grants: [grant], ...charts } });
  expect(names(state)).toContain("ConfigMap/good");
  expect(state.complete).toBe(false);
  expect(JSON.stringify(state)).not.toContain(PASSWORD);
  expect(state.faults.length).toBe(1);
  return faults(state)[0] ?? "";
}

async function serverWith(options: ChartServerOptions): Promise<ChartServer> {
  const server = await chartServer(options);
  await packed(server.dir, "podinfo", "1.0.0");
  await server.index();
  return server;
}

/** An archive in the place of the packed one. */
async function archived(make: (dir: string, archive: string) => void): Promise<ChartServer> {
  const server = await serverWith({});
  make(folder(), join(server.dir, "podinfo-1.0.0.tgz"));
  return server;
}

const tar = (dir: string, archive: string, ...args: readonly string[]): void => {
  execFileSync("tar", ["-czf", archive, "-C", dir, ...args]);
};

function chartIn(dir: string): string {
  const chart = join(dir, "podinfo");
  mkdirSync(join(chart, "templates"), { recursive: true });
  writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: podinfo\nversion: 1.0.0\n");
  return chart;
}

/** Names that stand for this machine, as far as the proxy knows. */
function toLoopback(host: string): Promise<string> {
  return host.endsWith(".test") ? Promise.resolve("127.0.0.1") : Promise.reject(new Error(host));
}

/** Where clouds keep the credentials of their machines. */
function toMetadata(): Promise<string> {
  return Promise.resolve("169.254.169.254");
}

describe.skipIf(unavailable !== undefined)("servers", () => {
  test.each([
    ["a version that is not there", "9.9.9", /it has no such chart, or no version that matches$/],
    ["a range that nothing matches", ">=9.0.0", /it has no such chart, or no version that matches$/],
    ["a version that is an option", "--debug", /it has no such chart, or no version that matches$/],
    ["a version that is a text", "1.0.0; rm -rf /", /that is no version, and no range$/],
  ])("have %s", async (_, version, expected) => {
    const { url } = await serverWith({});
    expect(await faultOf(url, {}, version)).toMatch(expected);
  });

  test.each([
    ["answer nothing but 404", 404, /it is not there \(404\)$/],
    ["refuse", 403, /the server refuses it to these credentials \(403\)$/],
  ])("%s", async (_, status, expected) => {
    const { url } = await chartServer({
      answer: (_request, response) => Boolean(response.writeHead(status).end(PASSWORD)),
    });
    expect(await faultOf(url)).toMatch(expected);
  });

  test("lack the archive that their index names", async () => {
    const { url } = await serverWith({
      answer: ({ url: path }, response) => path !== "/index.yaml" && Boolean(response.writeHead(404).end()),
    });
    expect(await faultOf(url)).toMatch(/it is not there \(404\)$/);
  });

  test("are not there", async () => {
    expect(await faultOf("http://127.0.0.1:9")).toMatch(/nobody answers there$/);
  });

  test("never answer", async () => {
    const { url } = await chartServer({ answer: () => true });
    expect(await faultOf(url, { limits: { milliseconds: 500 } })).toMatch(/it took longer than 0.5 s, the limit$/);
  });

  test("answer without end", async () => {
    const { url } = await serverWith({
      answer: ({ url: path }, response) => {
        if (path === "/index.yaml") return false;
        const chunk = Buffer.alloc(1024 * 1024);
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on("drain", more);
        more();
        return true;
      },
    });
    expect(await faultOf(url, { limits: { milliseconds: 1500 } })).toMatch(/longer than|larger than|ended by/);
  });

  test("have an index that is none", async () => {
    const { url } = await chartServer({ answer: (_, response) => Boolean(response.end(`[${PASSWORD}`)) });
    expect(await faultOf(url)).toMatch(/its index cannot be read$/);
  });

  test("lead to another one: it is not told the password, and where it is none that is allowed nothing is asked of it", async () => {
    const elsewhere = await repositoryWith(["1.0.0"]);
    const other = elsewhere.url.replace("127.0.0.1", "inner.test");
    const place = new URL(elsewhere.url).port;
    const leading = await serverWith({
      answer: ({ url: path }, response) =>
        path !== "/index.yaml" && Boolean(response.writeHead(302, { location: `${other}${path}` }).end()),
    });
    const grant = { address: leading.url, username: "reader", password: PASSWORD };
    expect(await faultOf(leading.url, { grants: [grant], resolve: toLoopback })).toMatch(
      new RegExp(`it leads to inner.test:${place}, which is no public address and none that the operator allows$`),
    );
    expect(elsewhere.seen).toEqual([]);

    const files = fluxOf(helmRepository(leading.url), chartSpec("1.0.0"));
    const state = await render(files, { charts: { grants: [grant, { address: other }], resolve: toLoopback } });
    expect(faults(state)).toEqual([]);
    expect(leading.seen.every(({ authorization }) => authorization !== undefined)).toBe(true);
    expect(elsewhere.seen).toEqual([{ path: "/podinfo-1.0.0.tgz", authorization: undefined }]);
  });

  test("whose index names archives elsewhere do not get there either", async () => {
    const server = await serverWith({});
    const elsewhere = await repositoryWith(["1.0.0"]);
    const other = elsewhere.url.replace("127.0.0.1", "metadata.test").replace(/:\d+$/, "");
    writeFileSync(
      join(server.dir, "index.yaml"),
      `apiVersion: v1\nentries:\n  podinfo: [{apiVersion: v2, name: podinfo, version: 1.0.0, urls: ["${other}/podinfo-1.0.0.tgz"]}]\n`,
    );
    expect(await faultOf(server.url, { resolve: toMetadata })).toMatch(
      /it leads to metadata.test:80, which is no public address/,
    );
  });
});

describe.skipIf(unavailable !== undefined)("archives", () => {
  const TABLE: readonly (readonly [string, (dir: string, archive: string) => void, RegExp])[] = [
    ["that are none", (_, archive) => writeFileSync(archive, "not an archive"), /it is no gzip archive$/],
    [
      "of something else",
      (_, archive) => writeFileSync(archive, gzipSync("text".repeat(1000))),
      /it is no tar archive$/,
    ],
    [
      "with a path out of the chart",
      (dir, archive) => {
        chartIn(dir);
        writeFileSync(join(dir, "evil"), "x");
        tar(dir, archive, "--transform", "s,^evil$,podinfo/../../evil,", "podinfo", "evil");
      },
      /it holds a path that leads out of the chart$/,
    ],
    [
      "with an absolute path",
      (dir, archive) => {
        chartIn(dir);
        writeFileSync(join(dir, "evil"), "x");
        tar(dir, archive, "-P", "--transform", "s,^evil$,/tmp/evil,", "podinfo", "evil");
      },
      /it holds a path that leads out of the chart$/,
    ],
    [
      "with a symbolic link",
      (dir, archive) => {
        symlinkSync("/etc/passwd", join(chartIn(dir), "templates", "passwd.yaml"));
        tar(dir, archive, "podinfo");
      },
      /it holds a link, or something that is no file$/,
    ],
    [
      "without a chart",
      (dir, archive) => {
        mkdirSync(join(dir, "podinfo"));
        writeFileSync(join(dir, "podinfo", "values.yaml"), "");
        tar(dir, archive, "podinfo");
      },
      /it holds no Chart.yaml$/,
    ],
    [
      "of another name than a folder may have",
      (dir, archive) => {
        writeFileSync(join(chartIn(dir), "Chart.yaml"), "apiVersion: v2\nname: ../../x\nversion: 1.0.0\n");
        tar(dir, archive, "podinfo");
      },
      /its Chart.yaml says no name, or no version$/,
    ],
    [
      "that unpack to too much",
      (dir, archive) => {
        const file = join(chartIn(dir), "zeros");
        writeFileSync(file, "");
        truncateSync(file, 200 * 1024 * 1024);
        tar(dir, archive, "podinfo");
      },
      /it unpacks to more than 104857600 bytes$/,
    ],
    [
      "that are cut",
      (dir, archive) => {
        writeFileSync(join(chartIn(dir), "values.yaml"), "a: b\n".repeat(1000));
        execFileSync("tar", ["--sort=name", "-cf", join(dir, "x.tar"), "-C", dir, "podinfo"]);
        truncateSync(join(dir, "x.tar"), 4096);
        execFileSync("gzip", [join(dir, "x.tar")]);
        execFileSync("cp", [join(dir, "x.tar.gz"), archive]);
      },
      /it is cut$/,
    ],
  ];
  test.each(TABLE)("%s", async (_, make, expected) => {
    const { url } = await archived(make);
    const fault = await faultOf(url);
    expect(fault).toMatch(/^chart-unfetched: the chart podinfo 1\.0\.0 cannot be fetched from http:/);
    expect(fault).toMatch(expected);
  });

  test("larger than the limit", async () => {
    const { url } = await archived((_, archive) => writeFileSync(archive, Buffer.alloc(3 * 1024 * 1024)));
    expect(await faultOf(url, { limits: { archiveBytes: 1024 * 1024 } })).toMatch(
      /it is larger than 1 MiB, the limit$/,
    );
    expect(await faultOf(url, { limits: { indexBytes: 1024 * 1024 } })).toMatch(/it is larger than 1 MiB, the limit$/);
  });
});

test.skipIf(unavailable !== undefined)("nothing that Helm was given stays behind", async () => {
  const { url } = await repositoryWith(["1.0.0"], `reader:${PASSWORD}`);
  const temporary = folder();
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = temporary;
  onTestFinished(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  const charts = { grants: [{ address: url, username: "reader", password: PASSWORD }] };
  const state = await render(fluxOf(helmRepository(url), chartSpec("1.0.0")), { charts });
  expect(faults(state)).toEqual([]);
  expect(readdirSync(temporary).filter((name) => name.startsWith("holdfast-render-"))).toEqual([]);
});
