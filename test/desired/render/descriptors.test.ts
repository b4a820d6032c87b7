import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const PROCESS = new URL("../../../src/desired/render/process.ts", import.meta.url).href;

/** In a process of its own: it says what a renderer reads there. */
const RUN = `
const { runRenderer, RENDERER_LIMITS } = await import(${JSON.stringify(PROCESS)});
const lines = 'for one in 3 9 20 251; do cat /proc/self/fd/$one 2>/dev/null; done; echo end';
const end = await runRenderer({
  binary: "/bin/sh", args: ["-c", "PATH=/usr/bin:/bin; " + lines], cwd: "/", home: "/", limits: RENDERER_LIMITS, isolation: [],
});
process.stdout.write(String(end.output ?? JSON.stringify(end)));
`;

test.skipIf(process.platform !== "linux")("a renderer has none of the files that holdfast was started with", () => {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "secret"), "hunter2");
  const secret = openSync(join(dir, "secret"), "r");
  onTestFinished(() => closeSync(secret));
  const handed = new Set([3, 9, 20, 251]);
  const more = Array.from({ length: 249 }, (_, at) => (handed.has(at + 3) ? secret : ("ignore" as const)));
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", RUN], {
    stdio: ["ignore", "pipe", "pipe", ...more],
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "--no-warnings" },
  });
  expect({ stdout, stderr }).toEqual({ stdout: "end\n", stderr: "" });
});
