// The rich objects of kinds/*.yaml, filled in for one way of deploying.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fieldOf, isMap, textOf, withField } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { readYaml } from "../../src/yaml/read.ts";
import type { Resource } from "./api.ts";
import { WAYS } from "./ways.ts";
import type { File, Way } from "./ways.ts";

const FOLDER = join(import.meta.dirname, "kinds");

/** A namespace's name, and part of others. */
export const SHORT: Readonly<Record<Way, string>> = {
  "client-side apply": "csa",
  "server-side apply": "ssa",
  create: "create",
  "helm install": "helm",
};

/** Kinds with `create` that nobody declares or that are never stored, each with the reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  "v1 Binding": "stored nowhere: it places a Pod",
  "v1 Event": "a record that expires, declared by nobody",
  "events.k8s.io/v1 Event": "a record that expires, declared by nobody",
  "authentication.k8s.io/v1 SelfSubjectReview": "a question, stored nowhere",
  "authentication.k8s.io/v1 TokenReview": "a question, stored nowhere",
  "authorization.k8s.io/v1 LocalSubjectAccessReview": "a question, stored nowhere",
  "authorization.k8s.io/v1 SelfSubjectAccessReview": "a question, stored nowhere",
  "authorization.k8s.io/v1 SelfSubjectRulesReview": "a question, stored nowhere",
  "authorization.k8s.io/v1 SubjectAccessReview": "a question, stored nowhere",
};

/** The objects of a way, with the namespace that they need where they have none. */
export function basesFor(way: Way, isNamespaced: (value: ValueMap) => boolean): readonly File[] {
  const short = SHORT[way];
  const number = String(WAYS.indexOf(way) + 1);
  return readdirSync(FOLDER)
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(join(FOLDER, file), "utf8").replaceAll("WAY", short).replaceAll("9N", `9${number}`);
      const { documents, faults } = readYaml(text, { file });
      if (faults.length > 0) throw new Error(`${file}: ${faults[0]?.message}`);
      return documents.map(({ value, index }) => {
        if (!isMap(value)) throw new Error(`${file}#${index} is no object`);
        const metadata = fieldOf(value, "metadata") as ValueMap;
        const placed =
          isNamespaced(value) && textOf(metadata, "namespace") === undefined
            ? withField(value, "metadata", { ...metadata, namespace: short })
            : value;
        return { file: `${file.replace(".yaml", "")}-${String(index).padStart(2, "0")}.json`, value: placed };
      });
    });
}

/** Kinds that the server lets create and of which there is no base, though they are not left out. */
export function uncovered(resources: readonly Resource[], bases: readonly File[]): readonly string[] {
  const have = new Set(bases.map(({ value }) => `${textOf(value, "apiVersion")} ${textOf(value, "kind")}`));
  return resources
    .filter(({ verbs }) => verbs.includes("create"))
    .map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)
    .filter((one) => !have.has(one) && LEFT_OUT[one] === undefined);
}
