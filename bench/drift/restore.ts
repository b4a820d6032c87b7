// Puts what was changed back as it was deployed, owners included, so that the next change meets the same object.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { formatRef } from "../../src/core/refs.ts";
import { fieldOf, withField } from "../../src/core/value.ts";
import type { Value, ValueMap } from "../../src/core/value.ts";
import { listAt, pathOf } from "./api.ts";
import { same, storedChanges } from "./expected.ts";
import { read } from "./stage.ts";
import type { Stage, Subject } from "./stage.ts";
import { deploy, nameOf } from "./ways.ts";

/** Where an earlier case could not be taken back, or a controller worked on it, the object is put back first. */
export async function asDeployed(stage: Stage, subject: Subject): Promise<ValueMap> {
  const now = await read(stage, subject);
  const deployed = stage.deployed.get(subject) as ValueMap;
  const known =
    now !== undefined && storedChanges(deployed, now, subject.schema).every(({ after }) => after !== undefined);
  if (known) return now;
  await restore(stage, subject, deployed);
  const again = await read(stage, subject);
  if (again === undefined) throw new Error(`${formatRef(subject.desired.ref)} is gone`);
  return again;
}

/** Puts the object back as it was, owners included; where it cannot be changed back, it is made anew. */
export async function restore(stage: Stage, subject: Subject, before: ValueMap): Promise<void> {
  const path = pathOf(subject.resource, subject.namespace, nameOf(subject.file.value));
  for (let attempt = 0; attempt < 12; attempt++) {
    const now = await read(stage, subject);
    if (now === undefined) break;
    const version = fieldOf(fieldOf(now, "metadata"), "resourceVersion") as Value;
    const uid = fieldOf(fieldOf(now, "metadata"), "uid") as Value;
    const metadata = { ...(fieldOf(before, "metadata") as ValueMap), resourceVersion: version, uid };
    if (storedChanges(now, before, subject.schema).length === 0 && sameOrder(now, before) && sameManagers(now, before))
      return;
    const answer = await stage.api.call({
      method: "PUT",
      path: `${path}?fieldManager=restore`,
      body: { ...before, metadata },
    });
    if (answer.status === 422 || answer.status === 403) break;
  }
  await renew(stage, subject);
}

/** Keyed lists in another order mean the same, but what is planted next is planted by position. */
function sameOrder(a: ValueMap, b: ValueMap): boolean {
  const names = Object.keys(b).filter((name) => name !== "metadata" && name !== "status");
  return names.every((name) => same(fieldOf(a, name) ?? null, fieldOf(b, name) ?? null));
}

function sameManagers(a: ValueMap, b: ValueMap): boolean {
  return same(managersOf(a), managersOf(b));
}

function managersOf(object: ValueMap): readonly Value[] {
  return listAt(object, "metadata", "managedFields").filter((entry) => fieldOf(entry, "subresource") !== "status");
}

async function renew(stage: Stage, subject: Subject): Promise<void> {
  const path = pathOf(subject.resource, subject.namespace, nameOf(subject.file.value));
  await stage.api.call({ method: "DELETE", path: `${path}?gracePeriodSeconds=0` });
  for (let now = await read(stage, subject); now !== undefined; now = await read(stage, subject)) {
    const metadata = withField(fieldOf(now, "metadata") as ValueMap, "finalizers", undefined);
    if (fieldOf(fieldOf(now, "metadata"), "finalizers") !== undefined) {
      await stage.api.call({ method: "PUT", path, body: { ...now, metadata } });
    }
  }
  const folder = join(stage.folder, `again-${process.hrtime.bigint()}`);
  const said = await deploy({
    cluster: stage.cluster,
    way: subject.way,
    folder,
    files: [subject.file],
    namespace: subject.namespace ?? "default",
  });
  await rm(folder, { recursive: true, force: true });
  const renewed = await read(stage, subject);
  if (renewed !== undefined) stage.deployed.set(subject, renewed);
  // The times in managedFields are whole seconds: what is planted next must be newer than what was deployed.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  if (said.size > 0)
    throw new Error(`cannot make ${formatRef(subject.desired.ref)} again: ${[...said.values()].join("; ")}`);
}
