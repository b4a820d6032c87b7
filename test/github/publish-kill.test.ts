import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Publication, Published } from "../../src/core/proposal.ts";
import { FILES, installationToken, useBench } from "./bench.ts";
import type { VictimOrder } from "./publish-victim.ts";
import { issue, pull, replicas } from "./publishing.ts";

const VICTIM = fileURLToPath(new URL("publish-victim.ts", import.meta.url));

const bench = useBench();

interface Scenario {
  readonly name: string;
  /** Passes that go well, before the one that is killed. */
  readonly before: readonly (readonly Publication[])[];
  readonly killed: readonly Publication[];
  /** How many whole passes after it settle everything. */
  readonly after: number;
  readonly open: number;
}

const first = [pull(), issue()];
const changed = [
  pull("aaaaaaaaaaaaaaaa", { fingerprint: "f2", files: [replicas(7)] }),
  issue("bbbbbbbbbbbbbbbb", { fingerprint: "f2", body: "Host network." }),
];
const SCENARIOS: readonly Scenario[] = [
  { name: "opens a pull request and an issue", before: [], killed: first, after: 1, open: 1 },
  { name: "follows drift that changed", before: [first], killed: changed, after: 1, open: 1 },
  { name: "counts the first pass without drift", before: [first], killed: [], after: 2, open: 0 },
  { name: "closes what is settled", before: [first, []], killed: [], after: 1, open: 0 },
];

describe("killed after any of its writes, and run again, a pass that", () => {
  it.each(SCENARIOS)("$name ends with exactly one of each", async (scenario) => {
    let kills = 0;
    while (await survived(scenario, kills + 1)) kills += 1;
    expect(kills).toBeGreaterThanOrEqual(2);
    console.log(`  killed after each of ${kills} writes: ${scenario.name}`);
  });
});

/** Kills the pass after its nth write, lets the next ones run, and checks what is there. `false` where there were fewer writes. */
async function survived(scenario: Scenario, nth: number): Promise<boolean> {
  const { github } = bench;
  const name = `killed-${++bench.count}`;
  const commit = await github.seedRepository({ name, files: FILES });
  const token = await installationToken(bench);
  const order = { url: github.url, token, owner: "acme", repo: name, commit };
  for (const publications of scenario.before) await wholePass({ ...order, publications });
  const killed = await killedPass({ ...order, publications: scenario.killed }, nth);
  if (!killed) return false;
  for (let time = 0; time < scenario.after; time++) {
    const { faults } = await wholePass({ ...order, publications: scenario.killed });
    expect({ nth, faults }).toEqual({ nth, faults: [] });
  }
  github.forgetRequests();
  await wholePass({ ...order, publications: scenario.killed });
  expect({ nth, writes: github.writes().map(({ path }) => path) }).toEqual({ nth, writes: [] });
  await expectOneOfEach(`acme/${name}`, scenario);
  return true;
}

async function expectOneOfEach(repository: string, { open, killed }: Scenario): Promise<void> {
  const { github } = bench;
  const pulls = await github.pullRequests(repository);
  const issues = await github.issues(repository);
  const state = open === 1 ? "open" : "closed";
  expect(pulls.map((one) => one.state)).toEqual([state]);
  expect(issues.map((one) => one.state)).toEqual([state]);
  expect([...(await github.branches(repository)).keys()]).toHaveLength(1 + open);
  const [publication] = killed;
  if (publication?.kind !== "pull-request") return;
  expect(pulls[0]?.labels.map(({ name }) => name)).toEqual(["drift"]);
  const files = await github.diff(repository, "main", publication.branch);
  expect(files.map(({ after }) => after?.toString())).toEqual(publication.files.map(({ after }) => after));
}

async function killedPass(order: VictimOrder, nth: number): Promise<boolean> {
  const child = victim(order);
  let writes = 0;
  const forget = bench.github.onWrite(() => {
    writes += 1;
    if (writes !== nth) return;
    child.kill("SIGKILL");
    return "drop";
  });
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  forget();
  return signal === "SIGKILL";
}

async function wholePass(order: VictimOrder): Promise<Published> {
  const child = victim(order);
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return JSON.parse(output) as Published;
}

function victim(order: VictimOrder): ChildProcess {
  return spawn(process.execPath, [VICTIM, JSON.stringify(order)], { stdio: ["ignore", "pipe", "inherit"] });
}
