// Variables that Git does not have, as a user meets them: what is told of them, and that no output shows what stands in for them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { holdfast, temporaryFolder } from "../cli/run.ts";
import { repositoryOf } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";

const unavailable = whyUnavailable(["kustomize"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const KUSTOMIZATION = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ./apps
  targetNamespace: shop
  sourceRef: { kind: GitRepository, name: flux-system }
  postBuild:
    substitute: { tier: gold }
    substituteFrom:
      - { kind: ConfigMap, name: settings }
      - { kind: Secret, name: secrets, optional: true }
`;

function deployment(host: string, network: string, level: string, namespace = ""): string {
  const env = host === "" ? "" : `            - { name: HOST, value: "${host}" }\n`;
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web${namespace} }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web, level: "${level}" } }
    spec:
      hostNetwork: ${network}
      containers:
        - name: web
          image: registry.example/web:1
          env:
${env}            - { name: KEEP, value: "1" }
`;
}

const REPOSITORY = {
  "k.yaml": KUSTOMIZATION,
  "apps/web.yaml": deployment("a.${domain}", "${network}", "${tier}-${level:=info}"),
};
const SHOP = ", namespace: shop";
const SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: flux-system }\n";
const SECRETS = "apiVersion: v1\nkind: Secret\nmetadata: { name: secrets, namespace: flux-system }\n";
/** Of what only the cluster has, the names count. */
const KNOWN = `${SETTINGS}data: { domain: example.com, network: "false" }\n---\n${SECRETS}data: { pw: aHVudGVyMg== }\n`;

function told(text: string): string | undefined {
  return /^NOTICE.*takes variables from (.*)$/m.exec(text)?.[1];
}

describe.skipIf(unavailable !== undefined)("variables that Git does not have", () => {
  let kustomize = "";
  beforeAll(async () => void (kustomize = await ensureBinary("kustomize")));

  async function run(command: readonly string[], live: readonly string[]) {
    const env = { HOLDFAST_KUSTOMIZE: kustomize, XDG_CACHE_HOME: temporaryFolder() };
    const args = [...command, "--repo", repositoryOf(REPOSITORY), "--live", "-", "--quiet"];
    return await holdfast(args, { env, input: [KUSTOMIZATION, ...live].join("---\n") });
  }

  test("are told in one line, and cost the fields where they come out", async () => {
    const live = deployment("x.example", "false", "gold-info", SHOP);
    const { stdout, code } = await run(["scan"], [live]);
    expect(told(stdout)).toBe(
      "ConfigMap/settings and Secret/secrets (optional), which Git does not have: 3 fields of 1 object, where ${level}, ${domain} and ${network} come out, are not compared",
    );
    expect([code, /0 drifted/.test(stdout)]).toEqual([0, true]);
  });

  test("are fewer where the cluster says which they are", async () => {
    const { stdout } = await run(
      ["scan", "--format", "text"],
      [deployment("x.example", "false", "gold-debug", SHOP), KNOWN],
    );
    expect(told(stdout)).toBe(
      "ConfigMap/settings, which Git does not have: 2 fields of 1 object, where ${domain} and ${network} come out, are not compared",
    );
    expect(stdout).toContain('spec.template.metadata.labels.level: "gold-info" → "gold-debug"');
  });

  test("are shown as not known, with the reason, and never by what stands in for them", async () => {
    // One field is violating, one part of an item that the cluster lacks.
    const live = [deployment("", "true", "gold-info", SHOP)];
    const explain = ["explain", "Deployment/web", "-n", "shop"];
    const out = temporaryFolder();
    const outputs = [
      await run(["scan"], live),
      await run(["scan", "--verbose"], live),
      await run(["scan", "--format", "json"], live),
      await run(["scan", "--format", "markdown"], live),
      await run(["scan", "--format", "html"], live),
      await run(explain, live),
      await run([...explain, "--format", "json"], live),
      await run(["reconcile", "--out", out], live),
    ].map(({ stdout }) => stdout);
    const files = readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
    const all = [...outputs, ...files].join("\n");
    expect(all).not.toContain("holdfast-unknown");
    for (const text of outputs.slice(0, 7)) expect(text).toContain("not known from Git");
    expect(outputs[5]).toMatch(/^ {2}Git {7}\(not known from Git\)$/m);
    expect(outputs[5]).toContain("from ConfigMap/settings and Secret/secrets");
    expect(outputs[6]).toContain('"desiredKnown": false');
    expect(files.filter((text) => text.startsWith("` Deployment/web in shop `"))).toEqual([
      expect.stringContaining("(not known from Git)"),
    ]);
  });
});
