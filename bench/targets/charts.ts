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

/** Copies below `folder`, which may be changed. Without Go, or the module, only what Helm makes. */
export function chartRepositories(folder: string, helm: string): readonly ChartRepository[] {
  const created = join(folder, "helm-create");
  mkdirSync(created);
  execFileSync(helm, ["create", "web"], { cwd: created, env: { HOME: folder }, stdio: "ignore" });
  // What it makes of nothing is for tests of the release.
  rmSync(join(created, "web/templates/tests"), { recursive: true, force: true });
  execFileSync("git", ["init", "--quiet"], { cwd: created });
  const module = moduleFolder();
  if (module === undefined) return [{ repository: "helm create", dir: created }];
  const argo = join(folder, "argo-cd-charts");
  for (const path of OF_ARGO_CD) {
    const from = join(module, path);
    if (existsSync(from)) cpSync(from, join(argo, path), { recursive: true, mode: 0 });
  }
  execFileSync("chmod", ["-R", "u+w", argo]);
  execFileSync("git", ["init", "--quiet"], { cwd: argo });
  return [
    { repository: "charts in argo-cd", dir: argo },
    { repository: "helm create", dir: created },
  ];
}

const GO = "go";

function moduleFolder(): string | undefined {
  try {
    const found = execFileSync(GO, ["list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v3"], {
      cwd: join(import.meta.dirname, "../../test/cluster/go-argo"),
      encoding: "utf8",
    });
    return found.trim() === "" ? undefined : found.trim();
  } catch {
    return undefined;
  }
}
