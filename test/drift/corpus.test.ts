// The pairs that Argo CD's engine is tested with: what each holds by the rules for declared fields.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compared, told, yaml } from "./objects.ts";

const CORPUS = join(import.meta.dirname, "../../../shared/corpus/diff/gitops-engine/pkg/diff/testdata");

/** Added env var, ports and containers are found; what live has beside them (labels, resources) Git never named. */
const PAIRS: Readonly<Record<string, readonly string[]>> = {
  "aggr-clusterrole-config.json aggr-clusterrole-live.json": [],
  "deployment-config.json deployment-live.json": [
    'add spec.template.spec.containers[name="guestbook-ui"].env[name="VAR2"]',
  ],
  "elasticsearch-config.json elasticsearch-live.json": [],
  "endpoints-config.json endpoints-live.json": [],
  "grafana-clusterrole-config.json grafana-clusterrole-live.json": [],
  "mutatingwebhookconfig-config.json mutatingwebhookconfig-live.json": [],
  "sealedsecret-config.json sealedsecret-live.json": [],
  "smd-deploy-config.yaml smd-deploy-live.yaml": [],
  // The port that only live has belongs to no manager: admission's, as far as can be told.
  "smd-deploy2-config.yaml smd-deploy2-live.yaml": [
    'add spec.template.spec.containers[name="nginx"].ports[containerPort=8080,protocol="TCP"]',
    'add spec.template.spec.containers[name="nginx"].resources',
  ],
  "smd-service-config-2-ports.yaml smd-service-live.yaml": ['add spec.ports[port=443,protocol="TCP"]'],
  "smd-service-config-ports.yaml smd-service-live.yaml": [
    'remove spec.ports[port=1935,protocol="UDP"]',
    'remove spec.ports[port=443,protocol="UDP"]',
  ],
  "smd-service-config.yaml smd-service-live.yaml": ['replace spec.ports[port=1935,protocol="TCP"].targetPort'],
  "smd-service-config.yaml smd-service-live-with-type.yaml": [
    'replace spec.ports[port=1935,protocol="TCP"].targetPort',
    "add spec.type",
  ],
  "spinnaker-sa-config.json spinnaker-sa-live.json": [],
  "ssd-deploy-composite-key-config.yaml ssd-deploy-composite-key-live.yaml": [
    'remove spec.template.spec.containers[name="nginx"].ports[containerPort=8080,protocol="TCP"]',
  ],
  "ssd-deploy-nested-config.yaml ssd-deploy-nested-live.yaml": [
    'remove spec.template.spec.containers[name="main-container"].env[name="ENV_VAR2"]',
    'remove spec.template.spec.containers[name="main-container"].ports[containerPort=443,protocol="TCP"]',
  ],
  "ssd-deploy-with-manual-apply-config.yaml ssd-deploy-with-manual-apply-live.yaml": [
    'add spec.template.spec.containers[name="idle"]',
    'remove spec.template.spec.containers[name="main-container"].ports[containerPort=40,protocol="TCP"]',
  ],
  "ssd-service-config.yaml ssd-service-live.yaml": [],
  "ssd-svc-no-label-config.yaml ssd-svc-label-live.yaml": ["add metadata.labels.delete-me"],
  "wordpress-config.json wordpress-live.json": [],
};

const absent = existsSync(CORPUS) ? undefined : `there is no ${CORPUS}`;
if (absent !== undefined) process.stderr.write(`pairs of gitops-engine: skipped, ${absent}\n`);

describe.skipIf(absent !== undefined)("pairs of gitops-engine", () => {
  test.each(Object.entries(PAIRS))("%s", (files, expected) => {
    const [desired = "", live = ""] = files.split(" ").map((name) => readFileSync(join(CORPUS, name), "utf8"));
    expect(told(compared(yaml(desired), yaml(live)).changes)).toEqual(expected);
  });
});
