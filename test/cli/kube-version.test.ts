// Which Kubernetes charts are rendered for: every command has the same answer, and says it.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryOf } from "../desired/repositories.ts";
import { holdfast, temporaryFolder } from "./run.ts";

/** A helm that renders an object that says what it was asked to render for. */
const HELM = `#!/bin/sh
case "$1" in version) echo v3.99.0; exit ;; esac
for arg; do case "$before" in --kube-version) version=$arg ;; esac; before=$arg; done
printf '%s\\n' --- '# Source: app/templates/c.yaml' 'apiVersion: v1' 'kind: ConfigMap' \\
  'metadata: { name: rendered, namespace: shop }' "data: { for: \${version:-nothing} }"
`;

const LIVE = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: rendered, namespace: shop }\ndata: { for: live }\n`;

async function run(command: readonly string[], input?: string) {
  const folder = temporaryFolder();
  const helm = join(folder, "helm");
  writeFileSync(helm, HELM);
  chmodSync(helm, 0o755);
  const repo = repositoryOf({
    "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    "app/templates/c.yaml": "# rendered by the helm of this test\n",
  });
  return await holdfast([...command, "--repo", repo], {
    env: { HOLDFAST_HELM: helm, XDG_CACHE_HOME: folder },
    ...(input === undefined ? {} : { input }),
  });
}

interface Report {
  readonly targets: readonly { readonly roots: readonly { readonly kubernetes?: string }[] }[];
  readonly drifts: readonly { readonly changes: readonly { readonly desired: string }[] }[];
}

describe("charts are rendered for", () => {
  test.for([
    ["v1.36.0, where kubectl's dump does not say it", [], "v1.36.0", "which is assumed (--kube-version names another)"],
    ["what --kube-version says", ["--kube-version", "v1.31.2"], "v1.31.2", "as --kube-version says"],
  ] as const)("%s", async ([, more, version, words]) => {
    const scanned = await run(["scan", "--live", "-", "--format", "json", ...more], LIVE);
    const report = JSON.parse(scanned.stdout) as Report;
    expect(report.drifts[0]?.changes[0]?.desired).toBe(version);
    expect(report.targets[0]?.roots[0]?.kubernetes).toBe(version);
    const verbose = await run(["scan", "--live", "-", "--verbose", ...more], LIVE);
    expect(verbose.stdout).toContain(`1 root with charts rendered for Kubernetes ${version}, ${words}\n`);
    const explained = await run(["explain", "ConfigMap/rendered", "--live", "-", ...more], LIVE);
    expect(explained.stdout.replace(/\s+/g, " ")).toContain(`rendered by helm from app for Kubernetes ${version}`);
    const listed = await run(["targets", ...more]);
    expect(listed.stdout).toContain(`charts are rendered for Kubernetes ${version}, ${words}\n`);
    const json = await run(["targets", "--format", "json", ...more]);
    expect((JSON.parse(json.stdout) as Report).targets[0]?.roots[0]?.kubernetes).toBe(version);
  });

  test.for(["new", "1", "v1.x", "1.33\n", "1.33.0,x", ""])("no version that is none: %j", async (version) => {
    const { code, stderr } = await run(["targets", "--kube-version", version]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^holdfast: .*--kube-version.*v1\.33\.0.*\n$/);
  });
});
