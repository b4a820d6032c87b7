// Ctrl-C in mid-pass, wherever it waits: exit code 130, soon, and nothing half-written.

import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { holdfast, temporaryFolder } from "./run.ts";
import { startFakeApi } from "../live/fake-api.ts";
import type { Route } from "../live/fake-api.ts";

const INTERRUPTED = "holdfast: interrupted, ending\n";

test.each(["SIGINT", "SIGTERM"] as const)("standard input that never ends, and %s", async (signal) => {
  const folder = temporaryFolder();
  const args = [
    ...["reconcile", "--repo", "fixtures/demo/repo", "--live", "-"],
    ...["--out", `${folder}/out`, "--report", `json=${folder}/report.json`],
  ];
  const ran = await holdfast(args, {
    input: "pipe",
    started: (child) => {
      child.stdin?.write("apiVersion: v1\nkind: List\nitems:\n");
      setTimeout(() => child.kill(signal), 1500);
    },
  });
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([130, "", INTERRUPTED]);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["discovery", "/apis"],
  ["a list", "/api/v1/namespaces/shop/configmaps"],
])("an API server that stalls at %s", async (_what, stalled) => {
  let reached: () => void = () => undefined;
  const reachedStall = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const stall: Route = (request) => {
    const stalls = (request.url ?? "").split("?")[0] === stalled;
    if (stalls) reached();
    return stalls;
  };
  const api = await startFakeApi({ route: stall });
  onTestFinished(() => api.close());
  const folder = temporaryFolder();
  const args = [
    ...["reconcile", "--repo", "fixtures/demo/repo", "--kubeconfig", api.kubeconfig, "--quiet"],
    ...["--out", `${folder}/out`, "--report", `json=${folder}/report.json`],
  ];
  let interrupted = 0;
  const ran = await holdfast(args, {
    started: (child) => {
      void reachedStall.then(async () => {
        await sleep(200);
        interrupted = performance.now();
        child.kill("SIGINT");
      });
    },
  });
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([130, "", INTERRUPTED]);
  expect(performance.now() - interrupted).toBeLessThan(5000);
  expect(readdirSync(folder)).toEqual([]);
});
