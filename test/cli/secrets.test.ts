// Values that must never be seen: planted wherever secrets live, looked for in everything that holdfast prints or writes.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, temporaryFolder } from "./run.ts";
import { git, repositoryOf } from "../desired/repositories.ts";

const CANARY = "s3cr3t-canary";

/** Each place holds the canary with an ending of its own, so that a leak says where it came from. */
function secret(side: string): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: database
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"password":"${CANARY}-applied-${side}"}}'
type: Opaque
stringData:
  password: ${CANARY}-string-${side}
data:
  token: ${Buffer.from(`${CANARY}-data-${side}`).toString("base64")}
`;
}

function workload(side: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"env":[{"name":"PASSWORD","value":"${CANARY}-noted-${side}"}]}'
spec:
  replicas: ${side === "git" ? 2 : 3}
  selector:
    matchLabels: { app: api }
  template:
    metadata:
      labels: { app: api }
    spec:
      containers:
        - name: api
          image: registry.acme.example/shop/api:1
          args: ["--password", "${CANARY}-argument-${side}"]
          env:
            - name: PASSWORD
              value: ${CANARY}-env-${side}
            - { name: DB_PASSWORD, value: ${CANARY}-flow-${side} }
`;
}

const GIT = { "secret.yaml": secret("git"), "api.yaml": workload("git") };
const LIVE = `${secret("live")}---\n${workload("live")}`;
const BASE64 = ["git", "live"].map((side) => Buffer.from(`${CANARY}-data-${side}`).toString("base64"));

function leaks(text: string): readonly string[] {
  return [...new Set([...(text.match(/s3cr3t-canary-\w+-\w+/g) ?? []), ...BASE64.filter((one) => text.includes(one))])];
}

test.each([
  ["text", ["scan", "--format", "text"]],
  ["JSON", ["scan", "--format", "json"]],
  ["Markdown", ["scan", "--format", "markdown"]],
  ["HTML", ["scan", "--format", "html"]],
  ["explain of the Secret", ["explain", "Secret/database"]],
  ["explain of the workload", ["explain", "Deployment/api"]],
] as const)("no secret is in %s, with --verbose", async (_what, args) => {
  const repo = repositoryOf(GIT);
  const ran = await holdfast([...args, "--repo", repo, "--live", "-", "--verbose"], { input: LIVE });
  expect(ran.stdout.length).toBeGreaterThan(300);
  expect(leaks(ran.stdout + ran.stderr)).toEqual([]);
});

test("no secret is in what reconcile writes, but for what Git's own lines around a change have in a patch", async () => {
  const repo = repositoryOf(GIT);
  const out = join(temporaryFolder(), "out");
  await holdfast(["reconcile", "--repo", repo, "--live", "-", "--out", out], { input: LIVE });
  const found = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "changes.patch")
    .flatMap((entry) => leaks(readFileSync(join(entry.parentPath, entry.name), "utf8")));
  expect(existsSync(join(out, "report.json"))).toBe(true);
  expect(found).toEqual([]);
});

test.each([
  ["a broken manifest", { ...GIT, "secret.yaml": `${secret("git")}  broken: [\n` }, LIVE],
  ["a key twice", { ...GIT, "secret.yaml": `${secret("git")}data:\n  password: ${CANARY}-twice-git\n` }, LIVE],
  ["a broken dump", GIT, `${LIVE}  broken: [${CANARY}-broken-live\n`],
  [
    "a dump that is cut",
    GIT,
    JSON.stringify({ kind: "List", items: [{ kind: "Secret", data: { a: `${CANARY}-cut-live` } }] }).slice(0, -4),
  ],
] as const)("no secret is in what is said of %s, with --verbose", async (_what, files, live) => {
  const repo = repositoryOf(files);
  const ran = await holdfast(["scan", "--repo", repo, "--live", "-", "--verbose"], { input: live });
  expect(ran.code).toBe(1);
  expect(leaks(ran.stdout + ran.stderr)).toEqual([]);
});

test("no secret of a commit is in what is said of it", async () => {
  const repo = repositoryOf(GIT);
  const revision = git(repo, "rev-parse", "HEAD").trim();
  const ran = await holdfast(["scan", "--repo", repo, "--revision", revision, "--live", "-"], { input: LIVE });
  expect(ran.stdout).toContain("Secret/database");
  expect(leaks(ran.stdout + ran.stderr)).toEqual([]);
});

test("--no-secrets neither compares Secrets nor calls them missing", async () => {
  const repo = repositoryOf(GIT);
  const ran = await holdfast(["scan", "--no-secrets", "--repo", repo, "--live", "-"], { input: workload("live") });
  expect(ran.stdout).not.toContain("Secret/");
});
