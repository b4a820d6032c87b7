// Ctrl-C in mid-pass, wherever it waits: exit code 130, soon, and nothing half-written.

import type { ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { holdfast, temporaryFolder } from "./run.ts";
import { startFakeApi } from "../live/fake-api.ts";
import type { Route } from "../live/fake-api.ts";

const INTERRUPTED = "holdfast: interrupted, ending\n";

test.each(["SIGINT", "SIGTERM"] as const)("standard input that never ends, and %s", async (signal) => {
  const folder = temporaryFolder();
  const args = ["reconcile", "--repo", "fixtures/demo/repo", "--live", "-", ...outputsIn(folder)];
  const ran = await holdfast(args, {
    openInput: true,
    started: (child) => {
      // More than a pipe holds: it is gone once the program reads.
      child.stdin?.write(`apiVersion: v1\nkind: List\n# ${"x".repeat(1024 * 1024)}\nitems:\n`, () =>
        child.kill(signal),
      );
    },
  });
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([130, "", INTERRUPTED]);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["discovery", "/apis"],
  ["a list", "/api/v1/namespaces/shop/configmaps"],
])("an API server that stalls at %s", async (_what, stalled) => {
  const { promise: reachedStall, resolve: reached } = Promise.withResolvers<void>();
  const stall: Route = (request) => {
    const stalls = (request.url ?? "").split("?")[0] === stalled;
    if (stalls) reached();
    return stalls;
  };
  const api = await startFakeApi({ route: stall });
  onTestFinished(() => api.close());
  const folder = temporaryFolder();
  const cluster = ["--kubeconfig", api.kubeconfig, "--quiet"];
  const args = ["reconcile", "--repo", "fixtures/demo/repo", ...cluster, ...outputsIn(folder)];
  let interrupted = 0;
  const interruptAfterwards = async (child: ChildProcess): Promise<void> => {
    await reachedStall;
    await sleep(200);
    interrupted = performance.now();
    child.kill("SIGINT");
  };
  const ran = await holdfast(args, {
    started: (child) => void interruptAfterwards(child),
  });
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([130, "", INTERRUPTED]);
  expect(performance.now() - interrupted).toBeLessThan(5000);
  expect(readdirSync(folder)).toEqual([]);
});

function outputsIn(folder: string): readonly string[] {
  return ["--out", `${folder}/out`, "--report", `json=${folder}/report.json`];
}
