// What the real `helm upgrade --install` deployed, of both majors: nothing of it is drift, unknown, or unmanaged.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { write } from "../desired/repositories.ts";
import { CLUSTER_BINARIES, ensureBinary } from "./binaries.ts";
import { told } from "./deployed-stand.ts";
import type { DeployedReport } from "./deployed-stand.ts";
import { dependency, shop } from "./helm-repository.ts";
import { openHelmStand, targetsOf } from "./helm-stand.ts";
import type { HelmMajor, HelmStand, Release } from "./helm-stand.ts";
import { describeOnCluster } from "./suite.ts";

const PODINFO = join(import.meta.dirname, "../../../shared/corpus/manifests/podinfo/charts/podinfo");

const SHOP: Release = {
  name: "shop",
  namespace: "shop",
  chart: "charts/shop",
  values: ["values/common.yaml", "values/live.yaml"],
};

/** As they come, and with each part turned on that needs no other definitions. */
const OF_CORPUS: readonly Release[] = [
  { name: "plain", namespace: "podinfo", chart: "charts/podinfo" },
  { name: "prod", namespace: "podinfo", chart: "charts/podinfo", values: ["charts/podinfo/values-prod.yaml"] },
  { name: "full", namespace: "podinfo", chart: "charts/podinfo", values: ["values/podinfo.yaml"] },
];

const FULL = `redis: { enabled: true }
ingress: { enabled: true, className: none }
podDisruptionBudget: { minAvailable: 1 }
hpa: { enabled: true, cpu: 90, memory: 64Mi }
serviceAccount: { enabled: true, name: full }
tolerations: [{ key: a, operator: Exists }]
`;

/** A ServiceAccount, a ConfigMap and a Job of the hooks stay there. */
const IN_SYNC = { differs: [], faults: [], unknown: 0, hooks: 3 };

/** The corpus has the chart without it. */
const HELPERS = `{{- define "podinfo.name" -}}podinfo{{- end }}
{{- define "podinfo.fullname" -}}{{ .Release.Name }}-podinfo{{- end }}
{{- define "podinfo.namespace" -}}{{ .Release.Namespace }}{{- end }}
{{- define "podinfo.chart" -}}podinfo-{{ .Chart.Version }}{{- end }}
{{- define "podinfo.selectorLabels" -}}
app.kubernetes.io/name: {{ include "podinfo.fullname" . }}
{{- end }}
{{- define "podinfo.labels" -}}
helm.sh/chart: {{ include "podinfo.chart" . }}
{{ include "podinfo.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
{{- define "podinfo.serviceAccountName" -}}{{ .Values.serviceAccount.name | default "default" }}{{- end }}
{{- define "podinfo.tlsSecretName" -}}{{ include "podinfo.fullname" . }}-tls{{- end }}
`;

for (const major of ["helm", "helm4"] as const) {
  describeOnCluster(`what ${major} deployed`, () => suite(major), [...CLUSTER_BINARIES, "helm", "helm4"]);
}

function theirs(report: DeployedReport): readonly string[] {
  return told(report).filter((line) => !/test-(?:reader|viewer)$|Namespace\//.test(line));
}

function suite(major: HelmMajor): void {
  let stand: HelmStand;
  const releases = [SHOP, ...(existsSync(PODINFO) ? OF_CORPUS : [])];

  beforeAll(async () => {
    stand = await openHelmStand({
      ...shop(),
      "values/podinfo.yaml": FULL,
      ".github/holdfast.yml": targetsOf(releases),
    });
    await packed();
    if (existsSync(PODINFO)) await cp(PODINFO, join(stand.repository, "charts/podinfo"), { recursive: true });
    await stand.commit(existsSync(PODINFO) ? { "charts/podinfo/templates/_helpers.tpl": HELPERS } : {});
    await stand.kubectl("create", "namespace", "shop-more");
  });

  afterAll(async () => await stand?.stop());

  async function packed(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-pack-"));
    write(folder, dependency("cache"));
    await mkdir(join(stand.repository, "charts/shop/charts"), { recursive: true });
    execFileSync(await ensureBinary("helm"), ["package", join(folder, "cache"), "-d", folder]);
    const archive = readFileSync(join(folder, "cache-1.0.0.tgz"));
    await writeFile(join(stand.repository, "charts/shop/charts/cache-1.0.0.tgz"), archive);
    rmSync(folder, { recursive: true });
  }

  /** What differs, but for what the harness itself made, and how many hooks are there. */
  async function scanned(scannedBy = major): Promise<object> {
    const report = await stand.scan({ major: scannedBy });
    const hooks = report.excused?.find(({ rule }) => rule === "a hook of a chart, which Git declares");
    const { unknown } = report.summary.objects;
    return { differs: theirs(report), faults: report.faults, unknown, hooks: hooks?.count };
  }

  test.each(["install", "upgrade of nothing"])("%s: nothing differs", async () => {
    for (const release of releases) await stand.upgrade(major, release);
    expect(await scanned()).toEqual(IN_SYNC);
  });

  const other = major === "helm" ? "helm4" : "helm";

  test("as the other major renders it, too", async () => {
    expect(await scanned(other)).toEqual(IN_SYNC);
  });

  test("without the right to read Secrets nothing that may be read differs", async () => {
    const { drifts, summary } = await stand.scan({ major, user: "viewer" });
    expect(drifts).toEqual([]);
    expect(summary.objects["inSync"]).toBeGreaterThan(20);
  });

  test("and deployed by the other major from there", async () => {
    for (const release of releases) await stand.upgrade(other, release);
    expect(await scanned(other)).toEqual(IN_SYNC);
  });

  test("what is committed to crds/ stays pending, since no upgrade comes to it; a new one is missing", async () => {
    const definitions = shop()["charts/shop/crds/widgets.yaml"] ?? "";
    const changed = definitions.replace("default: red", "default: blue");
    const made = definitions.replaceAll("widget", "gadget").replaceAll("Widget", "Gadget");
    await stand.commit({ "charts/shop/crds/widgets.yaml": changed, "charts/shop/crds/gadgets.yaml": made });
    for (const release of releases) await stand.upgrade(major, release);
    expect(theirs(await stand.scan({ major })).filter((line) => !line.includes(": "))).toEqual([
      "missing CustomResourceDefinition/gadgets.shop.example.com",
      "pending CustomResourceDefinition/widgets.shop.example.com",
    ]);
  });
}
