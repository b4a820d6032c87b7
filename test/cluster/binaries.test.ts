// Finding, building and starting, with binaries and a Go that are scripts: what is built only once, and what failures say.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BinaryUnavailable, cacheFolder, ensureBinary, whyUnavailable } from "./binaries.ts";
import { startCluster } from "./cluster.ts";
import { withLock } from "./lock.ts";

let folder: string;
let tools: string;
let assets: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-binaries-"));
  [tools, assets] = [join(folder, "tools"), join(folder, "assets")];
  mkdirSync(tools);
  mkdirSync(assets);
  vi.stubEnv("HOLDFAST_CACHE", join(folder, "cache"));
  vi.stubEnv("KUBEBUILDER_ASSETS", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function script(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

/** A `go` that takes its time, writes the file after `-o`, and counts its runs. */
function fakeGo(ending = "exit 0"): void {
  const calls = join(folder, "calls");
  script(
    join(tools, "go"),
    `echo run >> ${calls}; sleep 0.3
     while [ $# -gt 0 ]; do if [ "$1" = -o ]; then echo '#!/bin/sh' > "$2"; fi; shift; done
     echo "what go says" >&2; ${ending}`,
  );
  vi.stubEnv("PATH", `${tools}:/bin:/usr/bin`);
}

describe("the binaries of the test cluster", () => {
  it("are unavailable for a stated reason without Go, cache and KUBEBUILDER_ASSETS", async () => {
    vi.stubEnv("PATH", tools);
    expect(whyUnavailable(["kubectl"])).toMatch(/^no kubectl: install Go/);
    await expect(ensureBinary("kubectl")).rejects.toBeInstanceOf(BinaryUnavailable);
  });

  it("are taken from KUBEBUILDER_ASSETS where it has them, without Go", async () => {
    vi.stubEnv("PATH", tools);
    vi.stubEnv("KUBEBUILDER_ASSETS", assets);
    script(join(assets, "kubectl"), "exit 0");
    expect(whyUnavailable(["kubectl"])).toBeUndefined();
    expect(whyUnavailable(["kubectl", "etcd"])).toMatch(/^no etcd/);
    expect(await ensureBinary("kubectl")).toBe(join(assets, "kubectl"));
  });

  it("are built once when two want them at the same time, and not again", async () => {
    fakeGo();
    const paths = await Promise.all([ensureBinary("kubectl"), ensureBinary("kubectl")]);
    expect(await ensureBinary("kubectl")).toBe(paths[0]);
    expect(paths).toEqual([join(cacheFolder("kubectl"), "kubectl"), join(cacheFolder("kubectl"), "kubectl")]);
    expect(readFileSync(join(folder, "calls"), "utf8")).toBe("run\n");
    expect(readdirSync(cacheFolder("kubectl"))).toEqual(["kubectl"]);
  });

  it("are not there after a build that failed, whose error has Go's own words", async () => {
    fakeGo("exit 3");
    await expect(ensureBinary("kubectl")).rejects.toThrow(/ended with 3:\nwhat go says/);
    expect(readdirSync(cacheFolder("kubectl"))).toEqual([]);
  });

  it("have folders of their own by what they are made of", () => {
    expect(cacheFolder("kubectl")).toBe(cacheFolder("kube-apiserver"));
    expect(
      new Set((["kubectl", "kube-apiserver-1.33", "etcd", "yamljudge", "helm"] as const).map(cacheFolder)).size,
    ).toBe(5);
  });
});

describe("the lock", () => {
  it("lets one in at a time", async () => {
    const seen: string[] = [];
    const enter = (who: string): Promise<void> =>
      withLock(join(folder, "lock"), async () => {
        seen.push(`${who} in`);
        await sleep(50);
        seen.push(`${who} out`);
      });
    await Promise.all([enter("a"), enter("b")]);
    expect(["a in,a out,b in,b out", "b in,b out,a in,a out"]).toContain(seen.join());
    expect(readdirSync(folder)).not.toContain("lock");
  });

  it("is taken over from a holder that was killed", async () => {
    const { pid } = spawnSync("true");
    writeFileSync(join(folder, "lock"), String(pid));
    expect(await withLock(join(folder, "lock"), async () => "in")).toBe("in");
  });

  it("is released when the work throws", async () => {
    const work = withLock(join(folder, "lock"), () => Promise.reject(new Error("work")));
    await expect(work).rejects.toThrow("work");
    expect(existsSync(join(folder, "lock"))).toBe(false);
  });
});

describe("a suite that needs the cluster", () => {
  it("is skipped with the reason on a machine without Go", () => {
    const { status, output } = runBare("");
    expect(status).toBe(0);
    expect(output).toContain("skipped: a test cluster: no etcd: install Go");
    expect(output).not.toMatch(/\d+ passed/);
  });

  it("fails for that reason in CI", () => {
    const { status, output } = runBare("true");
    expect(status).toBe(1);
    expect(output).toContain("no etcd: install Go");
  });
});

describe("a cluster that does not start", () => {
  beforeEach(() => {
    vi.stubEnv("KUBEBUILDER_ASSETS", assets);
    for (const name of ["etcd", "kubectl"]) script(join(assets, name), "exec sleep 60");
  });

  it("says which server ended, how, and what it said last", async () => {
    script(join(assets, "kube-apiserver"), `echo run >> "$0.starts"; echo "no such flag"; exit 7`);
    await expect(startCluster()).rejects.toThrow(/^kube-apiserver ended \(exit code 7\)[^]*no such flag/);
    expect(startsOf("kube-apiserver")).toBe(1);
  });

  it("is tried again where a port was taken in between, and not for ever", async () => {
    script(join(assets, "kube-apiserver"), `echo run >> "$0.starts"; echo "bind: address already in use"; exit 1`);
    await expect(startCluster()).rejects.toThrow("address already in use");
    expect(startsOf("kube-apiserver")).toBe(3);
  });
});

/** Runs the harness's own suites where there is nothing to run them with. */
function runBare(ci: string): { readonly status: number | null; readonly output: string } {
  const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
  const config = join(import.meta.dirname, "../vitest.config.ts");
  const args = [vitest, "run", "--config", config, "--project", "cluster", "test/cluster/harness.test.ts"];
  const env = { PATH: tools, HOME: folder, HOLDFAST_CACHE: join(folder, "cache"), CI: ci };
  const root = join(import.meta.dirname, "../..");
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, output: stdout + stderr };
}

function startsOf(name: string): number {
  return readFileSync(join(assets, `${name}.starts`), "utf8").split("\n").length - 1;
}
