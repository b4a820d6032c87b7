// A cluster that the real `helm upgrade --install` deploys charts of a repository to, and what holdfast says of it.

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { commitAll, git, write } from "../desired/repositories.ts";
import { ensureBinary } from "./binaries.ts";
import { runHoldfast } from "./cli.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import type { DeployedReport } from "./deployed-stand.ts";

export type HelmMajor = "helm" | "helm4";

/** A chart of the repository, as it is deployed, and as the target's `helm` settings say it. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
  /** From the repository's root. */
  readonly chart: string;
  readonly values?: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface HelmStand {
  readonly cluster: TestCluster;
  readonly repository: string;
  kubectl(...args: readonly string[]): Promise<string>;
  /** With what it reads on standard input, or an editor for `kubectl edit`. */
  write(args: readonly string[], more: { readonly input?: string; readonly editor?: string }): Promise<void>;
  /** Writes files (`undefined`: takes them out) and commits. Nothing is deployed by that. */
  commit(files: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** Any command of helm's, whatever comes of it. */
  helm(major: HelmMajor, ...args: readonly string[]): Promise<Ended>;
  /** `helm upgrade --install` of what is checked out. */
  upgrade(major: HelmMajor, release: Release, ...more: readonly string[]): Promise<void>;
  /** The same, whatever comes of it. */
  upgradeOrNot(major: HelmMajor, release: Release, ...more: readonly string[]): Promise<Ended>;
  /** The same, killed while it waits for what will never be ready. */
  breakOff(major: HelmMajor, release: Release, ...more: readonly string[]): Promise<void>;
  scan(options?: {
    readonly major?: HelmMajor;
    readonly user?: string;
    readonly args?: readonly string[];
  }): Promise<DeployedReport>;
  stop(): Promise<void>;
}

export async function openHelmStand(files: Readonly<Record<string, string>>): Promise<HelmStand> {
  const cluster = await startCluster({ controllerManager: true });
  const repository = await mkdtemp(join(tmpdir(), "holdfast-charts-"));
  git(repository, "init", "--quiet", "--initial-branch=main");
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const result = await cluster.kubectl(args);
    expect(result.code, result.stderr).toBe(0);
    return result.stdout;
  };
  const environment = { PATH: process.env["PATH"] ?? "", HOME: cluster.folder, KUBECONFIG: cluster.kubeconfig };
  const helm: HelmStand["helm"] = async (major, ...args) =>
    await run(await helmCommand(cluster.folder, major), args, { ...environment, cwd: repository });
  const stand: HelmStand = {
    cluster,
    repository,
    kubectl,
    helm,
    async write(args, { input, editor }) {
      const env = { ...environment, KUBERC: "off", ...(editor === undefined ? {} : { KUBE_EDITOR: editor }) };
      const { code, output } = await run(await ensureBinary("kubectl"), args, { ...env, cwd: repository }, input);
      expect(code, output).toBe(0);
    },
    async commit(changed) {
      for (const [name, text] of Object.entries(changed)) {
        if (text === undefined) await rm(join(repository, name));
        else write(repository, { [name]: text });
      }
      return commitAll(repository);
    },
    async upgrade(major, release, ...more) {
      const { code, output } = await helm(major, ...upgradeOf(release), ...more);
      expect(code, output).toBe(0);
    },
    upgradeOrNot: (major, release, ...more) => helm(major, ...upgradeOf(release), ...more),
    async breakOff(major, release, ...more) {
      const { name, namespace } = release;
      const command = await helmCommand(cluster.folder, major);
      const args = [...upgradeOf(release), ...more, "--wait", "--timeout", "5m", "--debug"];
      const child = spawn(command, args, { env: environment, cwd: repository, stdio: ["ignore", "ignore", "pipe"] });
      const ended = new Promise((resolve) => child.on("close", resolve));
      let output = "";
      await new Promise<void>((resolve, reject) => {
        child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
          output += chunk;
          if (/(?:beginning wait|waiting) for (?:\d+ )?resources(?! to)/i.test(output)) resolve();
        });
        child.on("close", () => reject(new Error(`helm did not wait: ${output}`)));
      });
      child.kill("SIGKILL");
      await ended;
      const states = `-l=owner=helm,name=${name},status=pending-upgrade`;
      expect(await kubectl("get", "secrets", "-n", namespace, states, "-o", "name")).not.toBe("");
    },
    async scan({ major = "helm", user = "admin", args = [] } = {}) {
      const kubeconfig = cluster.kubeconfigFor(user);
      const command = ["scan", "--repo", repository, "--kubeconfig", kubeconfig, "--format", "json", ...args];
      const env = { HOLDFAST_HELM: await ensureBinary(major) };
      const { code, stdout, stderr } = await runHoldfast(command, { env });
      expect(stdout, stderr).not.toBe("");
      return { ...(JSON.parse(stdout) as Omit<DeployedReport, "code">), code };
    },
    async stop() {
      await cluster.stop();
      await rm(repository, { recursive: true, force: true });
    },
  };
  await stand.commit(files);
  return stand;
}

function upgradeOf({ name, namespace, chart, values = [] }: Release): readonly string[] {
  const layers = values.flatMap((file) => ["--values", file]);
  return ["upgrade", "--install", name, chart, "--namespace", namespace, "--create-namespace", ...layers];
}

/** The config that makes a target of each release. */
export function targetsOf(releases: readonly Release[]): string {
  const targets = releases.map(({ name, namespace, chart, values = [] }) => {
    const layers = values.map((file) => `${"../".repeat(chart.split("/").length)}${file}`);
    return { name: `${namespace}-${name}`, path: chart, helm: { release: name, namespace, values: layers } };
  });
  return JSON.stringify({ version: 1, targets });
}

/** Helm's field manager is what its program is called. */
async function helmCommand(folder: string, major: HelmMajor): Promise<string> {
  const home = join(folder, `bin-${major}`);
  const command = join(home, "helm");
  if ((await mkdir(home, { recursive: true })) !== undefined) await symlink(await ensureBinary(major), command);
  return command;
}

function run(
  command: string,
  args: readonly string[],
  { cwd, ...env }: Readonly<Record<string, string>>,
  input = "",
): Promise<Ended> {
  const child = spawn(command, args, { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
