// What several targets of one repository and one cluster mean to each other.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { holdfast, temporaryFolder } from "./run.ts";
import { repositoryOf } from "../desired/repositories.ts";

const CONFIG = "targets:\n- { name: a, path: a }\n- { name: b, path: b }\n";

function configMap(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: shop }\ndata: { a: "1" }\n`;
}

async function states(files: Readonly<Record<string, string>>, live: readonly string[], ...args: readonly string[]) {
  const repo = repositoryOf({ ".github/holdfast.yml": CONFIG, ...files });
  const input = live.map(configMap).join("---\n");
  const ran = await holdfast(["scan", "--repo", repo, "--live", "-", "--format", "json", ...args], { input });
  const report = JSON.parse(ran.stdout) as {
    readonly drifts: readonly { readonly state: string; readonly object: { readonly name: string } }[];
  };
  return report.drifts.map(({ state, object }) => `${state} ${object.name}`);
}

test("what two targets declare is unknown, and not unmanaged", async () => {
  const files = {
    "a/twice.yaml": configMap("twice"),
    "b/twice.yaml": configMap("twice"),
    "a/one.yaml": configMap("one"),
  };
  expect(await states(files, ["twice", "one", "stranger"])).toEqual(["unmanaged stranger"]);
});

test("what a target declares that is not looked at is not unmanaged", async () => {
  const files = { "a/one.yaml": configMap("one"), "b/two.yaml": configMap("two") };
  expect(await states(files, ["one", "two", "stranger"], "--target", "a")).toEqual(["unmanaged stranger"]);
});

test("nothing is unmanaged where a target that is not looked at could not be read", async () => {
  const files = { "a/one.yaml": configMap("one"), "b/two.yaml": "apiVersion: v1\nkind: [" };
  expect(await states(files, ["one", "two", "stranger"], "--target", "a")).toEqual([]);
});

describe("holdfast targets", () => {
  const clusters = "targets:\n- { name: a, path: a, cluster: one }\n- { name: b, path: b, cluster: two }\n";
  const files = { ".github/holdfast.yml": clusters, "a/one.yaml": configMap("one"), "b/two.yaml": configMap("two") };

  test("lists the targets of all clusters", async () => {
    const { code, stdout } = await holdfast(["targets", "--repo", repositoryOf(files)]);
    expect([code, stdout.match(/^(?:cluster|target) .*/gm)]).toEqual([
      0,
      [
        "cluster one",
        "target a: a, cluster one, the working tree",
        "cluster two",
        "target b: b, cluster two, the working tree",
      ],
    ]);
  });

  test("knows no target of a name that none has", async () => {
    const { code, stderr } = await holdfast(["targets", "--repo", repositoryOf(files), "--target", "c"]);
    expect([code, stderr]).toEqual([1, 'holdfast: no target is called "c" (choose one of a, b)\n']);
  });

  test("is told to upgrade a helm that is there and too old", async () => {
    const helm = join(temporaryFolder(), "helm");
    writeFileSync(helm, "#!/bin/sh\necho v3.2.0\n");
    chmodSync(helm, 0o755);
    const repo = repositoryOf({ "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n" });
    const { stdout } = await holdfast(["targets", "--repo", repo], { env: { HOLDFAST_HELM: helm } });
    expect(stdout).toContain("helm is v3.2.0, which is too old");
    expect(stdout).toContain("(upgrade helm, or say where a newer one is with HOLDFAST_HELM (an absolute path))");
  });
});
