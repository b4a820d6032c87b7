// Charts for the sample of fields: the corpus has one, and not all of its files.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

interface ChartRepository {
  readonly repository: string;
  readonly dir: string;
}

/** Of Argo CD's tests, as the Go module has them that the tests are built with: among them real ones of MinIO and Redis. */
const OF_ARGO_CD = [
  "util/helm/testdata/minio",
  "util/helm/testdata/redis",
  "util/helm/testdata/tests",
  "test/e2e/testdata/helm",
  "test/e2e/testdata/helm-guestbook",
  "test/e2e/testdata/helm-values",
  "reposerver/repository/testdata/my-chart",
];

/** Of the version that the tests are run with (test/cluster/binaries.ts). */
const HELM_MODULE = "v3@v3.22.0";

/** Of Helm's tests, as the Go module has them that the program is built of: with charts in charts, and libraries. */
const OF_HELM = [
  "cmd/helm/testdata/testcharts/chart-with-lib-dep",
  "cmd/helm/testdata/testcharts/chart-with-secret",
  "cmd/helm/testdata/testcharts/chart-with-template-lib-dep",
  "cmd/helm/testdata/testcharts/issue-9027",
  "cmd/helm/testdata/testcharts/object-order",
  "cmd/helm/testdata/testcharts/subchart",
  "pkg/action/testdata/charts/chart-with-uncompressed-dependencies",
  "pkg/chartutil/testdata/subpop",
];

/** Copies below `folder`, which may be changed. Without Go, or the module, only what Helm makes. */
export function chartRepositories(folder: string, helm: string): readonly ChartRepository[] {
  const created = join(folder, "helm-create");
  mkdirSync(created);
  execFileSync(helm, ["create", "web"], { cwd: created, env: { HOME: folder }, stdio: "ignore" });
  // What it makes of nothing is for tests of the release.
  rmSync(join(created, "web/templates/tests"), { recursive: true, force: true });
  execFileSync("git", ["init", "--quiet"], { cwd: created });
  const copied = [
    copy("charts in argo-cd", argoFolder(), OF_ARGO_CD, join(folder, "argo-cd-charts")),
    copy("charts in helm", helmFolder(), OF_HELM, join(folder, "helm-charts")),
  ];
  return [...copied.flat(), { repository: "helm create", dir: created }];
}

function copy(
  repository: string,
  module: string | undefined,
  paths: readonly string[],
  dir: string,
): readonly ChartRepository[] {
  if (module === undefined) return [];
  for (const path of paths) {
    const from = join(module, path);
    if (existsSync(from)) cpSync(from, join(dir, path), { recursive: true, mode: 0 });
  }
  execFileSync("chmod", ["-R", "u+w", dir]);
  execFileSync("git", ["init", "--quiet"], { cwd: dir });
  return [{ repository, dir }];
}

const GO = "go";

function argoFolder(): string | undefined {
  const args = ["list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v3"];
  return printed(args, join(import.meta.dirname, "../../test/cluster/go-argo"));
}

/** Where it is at hand: nothing is fetched. */
function helmFolder(): string | undefined {
  const cache = printed(["env", "GOMODCACHE"], import.meta.dirname);
  const dir = cache === undefined ? "" : join(cache, "helm.sh/helm", HELM_MODULE);
  return existsSync(join(dir, "go.mod")) ? dir : undefined;
}

function printed(args: readonly string[], cwd: string): string | undefined {
  try {
    const text = execFileSync(GO, args, { cwd, encoding: "utf8" }).trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}
