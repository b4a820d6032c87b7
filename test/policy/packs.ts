// The bundled packs as the tests read them: rules, cases, and Pods lifted into every kind that has a Pod template.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { AdmissionRequest } from "../../src/core/admission.ts";
import { fieldAt, fieldOf, textOf } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import type { AdmissionPolicy } from "../../src/policy/admission-policy.ts";
import { pluralOf } from "../../src/policy/plural.ts";
import { readDocuments } from "../../src/policy/documents.ts";
import type { PolicyFile } from "../../src/policy/documents.ts";
import { loadPolicies } from "../../src/policy/load.ts";

const FOLDER = new URL("../../config/policies/", import.meta.url).pathname;

export interface Rule {
  readonly pack: string;
  /** `<pack>/<rule>`, as the files are named. */
  readonly id: string;
  readonly file: PolicyFile;
  readonly casesFile: PolicyFile;
  readonly cases: readonly Case[];
  readonly document: ValueMap;
  readonly policy: AdmissionPolicy;
}

export interface Case {
  readonly name: string;
  readonly operation: AdmissionRequest["operation"];
  readonly object?: ValueMap;
  readonly oldObject?: ValueMap;
  readonly expect: "pass" | "fail";
}

/** Every rule of every pack, by file name; throws where a rule has no cases or cannot be read. */
export function readPacks(): readonly Rule[] {
  return readdirSync(FOLDER).flatMap((pack) =>
    readdirSync(join(FOLDER, pack))
      .filter((name) => name.endsWith(".yaml") && !name.endsWith(".cases.yaml"))
      .map((name) => readRule(pack, basename(name, ".yaml"))),
  );
}

function readRule(pack: string, name: string): Rule {
  const [file, casesFile] = [read(pack, `${name}.yaml`), read(pack, `${name}.cases.yaml`)];
  const document = readDocuments(file).documents[0]?.value;
  const policy = loadPolicies([file]).policies[0];
  if (document === undefined || policy === undefined) throw new Error(`${file.file} cannot be read`);
  return { pack, id: `${pack}/${name}`, file, casesFile, cases: readCases(casesFile), document, policy };
}

function read(pack: string, name: string): PolicyFile {
  return { file: `${pack}/${name}`, text: readFileSync(join(FOLDER, pack, name), "utf8") };
}

function readCases(file: PolicyFile): readonly Case[] {
  const document = readDocuments(file).documents[0]?.value;
  return (fieldOf(document, "cases") as readonly ValueMap[]).map((one) => ({
    name: textOf(one, "name") ?? "",
    operation: (textOf(one, "operation") ?? "CREATE") as Case["operation"],
    expect: textOf(one, "expect") as Case["expect"],
    ...pick(one, "object"),
    ...pick(one, "oldObject"),
  }));
}

function pick<Name extends "object" | "oldObject">(one: ValueMap, name: Name): { readonly [key in Name]?: ValueMap } {
  const value = fieldOf(one, name);
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: ValueMap });
}

/** The request that the case is about. */
export function requestOf({ operation, object, oldObject }: Case): AdmissionRequest {
  const shown = object ?? oldObject;
  const metadata = fieldOf(shown, "metadata");
  const namespace = textOf(metadata, "namespace");
  const kind = textOf(shown, "kind") ?? "";
  return {
    operation,
    ref: {
      apiVersion: textOf(shown, "apiVersion") ?? "",
      kind,
      name: textOf(metadata, "name") ?? "",
      ...(namespace === undefined ? {} : { namespace }),
    },
    resource: { resource: pluralOf(kind), namespaced: namespace !== undefined },
    ...(object === undefined ? {} : { object }),
    ...(oldObject === undefined ? {} : { oldObject }),
  };
}

/** The Pod as each kind with a Pod template has it; what the kind needs besides is filled in. */
export const LIFTS: Readonly<Record<string, (pod: ValueMap) => ValueMap>> = {
  CronJob: (pod) =>
    made("batch/v1", "CronJob", { spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: runOnce(pod) } } } }),
  DaemonSet: (pod) => made("apps/v1", "DaemonSet", { spec: { selector: SELECTOR, template: templateOf(pod) } }),
  Deployment: (pod) => made("apps/v1", "Deployment", { spec: { selector: SELECTOR, template: templateOf(pod) } }),
  Job: (pod) => made("batch/v1", "Job", { spec: { template: runOnce(pod) } }),
  PodTemplate: (pod) => made("v1", "PodTemplate", { template: templateOf(pod) }),
  ReplicaSet: (pod) => made("apps/v1", "ReplicaSet", { spec: { selector: SELECTOR, template: templateOf(pod) } }),
  ReplicationController: (pod) =>
    made("v1", "ReplicationController", { spec: { selector: { app: "web" }, template: templateOf(pod) } }),
  StatefulSet: (pod) =>
    made("apps/v1", "StatefulSet", { spec: { serviceName: "web", selector: SELECTOR, template: templateOf(pod) } }),
};

const SELECTOR = { matchLabels: { app: "web" } };

function made(apiVersion: string, kind: string, rest: ValueMap): ValueMap {
  return { apiVersion, kind, metadata: { name: "web", namespace: "shop" }, ...rest };
}

function templateOf(pod: ValueMap): ValueMap {
  const annotations = fieldAt(pod, "metadata", "annotations");
  return {
    metadata: { labels: { app: "web" }, ...(annotations === undefined ? {} : { annotations }) },
    spec: fieldOf(pod, "spec") as Value,
  };
}

function runOnce(pod: ValueMap): ValueMap {
  return { ...templateOf(pod), spec: { ...(fieldOf(pod, "spec") as ValueMap), restartPolicy: "Never" } };
}
