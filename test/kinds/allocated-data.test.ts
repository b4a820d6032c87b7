// What API servers were seen to allocate (src/kinds/data) is known to the table of what they allocate.

import { expect, test } from "vitest";
import { kindKey } from "../../src/core/refs.ts";
import { ALLOCATED } from "../../src/kinds/allocated.ts";
import data from "../../src/kinds/data/v1.36.json" with { type: "json" };

interface TypeData {
  readonly allocated?: readonly string[];
  readonly fields?: Readonly<Record<string, TypeData | string>>;
  readonly values?: TypeData | string;
  readonly items?: TypeData | string;
}

const TYPES = new Map(Object.entries(data.types as unknown as Readonly<Record<string, TypeData | string>>));
const KINDS = Object.entries<{ readonly type: string }>(data.kinds);

/** Field names from the root, dotted, list items left out. A type that contains itself is looked into once. */
function allocatedIn(
  part: TypeData | string,
  above: readonly string[] = [],
  names: readonly string[] = [],
): readonly string[] {
  if (typeof part === "string") {
    const type = TYPES.get(part);
    return type === undefined || above.includes(part) ? [] : allocatedIn(type, [...above, part], names);
  }
  return [
    ...(part.allocated ?? []).map((name) => [...names, name].join(".")),
    ...[part.items, part.values].flatMap((inner) => (inner === undefined ? [] : allocatedIn(inner, above, names))),
    ...Object.entries(part.fields ?? {}).flatMap(([name, inner]) => allocatedIn(inner, above, [...names, name])),
  ];
}

/** The reason why no row has it. */
const NOT_IN_THE_TABLE: Readonly<Record<string, string>> = {
  "v1/Node spec": "a node without one gets a taint, which is a row",
  "resource.k8s.io/v1/ResourceSlice spec.devices.taints.timeAdded": "in a list that is compared as a whole",
  "resource.k8s.io/v1beta1/ResourceSlice spec.devices.basic.taints.timeAdded": "in a list that is compared as a whole",
  "resource.k8s.io/v1beta2/ResourceSlice spec.devices.taints.timeAdded": "in a list that is compared as a whole",
  "batch/v1/CronJob spec.jobTemplate.spec.selector": "only of the Jobs that it makes",
};

test("what was seen to be allocated has a row, or a reason to have none", () => {
  const lacking = KINDS.flatMap(([name, { type }]) => {
    const slash = name.lastIndexOf("/");
    const kind = kindKey({ apiVersion: name.slice(0, slash), kind: name.slice(slash + 1) });
    const rows = ALLOCATED.filter(({ kinds }) => kinds?.has(kind) === true);
    const places = new Set(rows.map(({ place }) => place.join(".")));
    return allocatedIn(type).flatMap((place) => (places.has(place) ? [] : [`${name} ${place}`]));
  });
  expect(lacking.toSorted()).toEqual(Object.keys(NOT_IN_THE_TABLE).toSorted());
});
