import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPath, valueAt } from "../../src/core/path.ts";
import type { FieldPath, PathStep } from "../../src/core/path.ts";
import type { FieldSchema } from "../../src/core/schema.ts";
import { equalValues, isList, isMap } from "../../src/core/value.ts";
import type { Scalar, Value, ValueMap } from "../../src/core/value.ts";
import { partOf } from "../../src/drift/additions.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { compared, told } from "./objects.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const labels = fc.dictionary(word, word, { maxKeys: 4 });

const container = fc.record(
  {
    name: word,
    image: word,
    command: fc.array(word, { minLength: 1, maxLength: 3 }),
    env: fc.uniqueArray(fc.record({ name: word, value: word }), { maxLength: 5, selector: ({ name }) => name }),
    ports: fc.uniqueArray(
      fc.record(
        { containerPort: fc.integer({ min: 1, max: 65535 }), protocol: fc.constantFrom("TCP", "UDP") },
        { requiredKeys: ["containerPort"] },
      ),
      { maxLength: 4, selector: ({ containerPort }) => containerPort },
    ),
    resources: fc.record({
      limits: fc.record({ cpu: fc.constantFrom("100m", "1", "1.5"), memory: fc.constant("1Gi") }),
    }),
    securityContext: fc.record({ privileged: fc.boolean(), runAsUser: fc.nat() }),
    volumeMounts: fc.uniqueArray(fc.record({ name: word, mountPath: word }), {
      maxLength: 3,
      selector: ({ mountPath }) => mountPath,
    }),
  },
  { requiredKeys: ["name", "image"] },
);

const deployment = fc.record({
  apiVersion: fc.constant("apps/v1"),
  kind: fc.constant("Deployment"),
  metadata: fc.record({ name: fc.constant("web"), namespace: fc.constant("shop"), labels, annotations: labels }),
  spec: fc.record({
    replicas: fc.nat({ max: 9 }),
    paused: fc.boolean(),
    selector: fc.record({ matchLabels: labels }),
    template: fc.record({
      metadata: fc.record({ labels }),
      spec: fc.record(
        {
          containers: fc.uniqueArray(container, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
          hostNetwork: fc.boolean(),
          nodeSelector: labels,
          tolerations: fc.array(fc.record({ key: word, effect: word }), { maxLength: 3 }),
        },
        { requiredKeys: ["containers"] },
      ),
    }),
  }),
}) as fc.Arbitrary<ValueMap>;

/** Any JSON, as a custom resource of which nothing is known. */
const thing = fc
  .jsonValue({ maxDepth: 5 })
  .map((spec) => ({ apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a" }, spec }) as ValueMap);

const SCHEMA = builtinSchemas.schemaOf("apps/v1", "Deployment");
const IDENTITY = new Set(["apiVersion", "kind", "metadata.name", "metadata.namespace"]);

describe("comparing, whatever the object", () => {
  test("an object compared with itself has no drift", () => {
    fc.assert(
      fc.property(fc.oneof(deployment, thing), (object) => {
        const result = compared(object, structuredClone(object));
        expect(result).toEqual({ changes: [], unknown: [], leftOut: [] });
      }),
    );
  });

  test("the order of keyed lists and of map keys means nothing", () => {
    fc.assert(
      fc.property(deployment, (object) => {
        expect(told(compared(object, reversed(object, SCHEMA) as ValueMap).changes)).toEqual([]);
      }),
    );
  });

  test("a leaf that is changed is found at exactly its path, or at the atomic value that it stands in", () => {
    fc.assert(
      fc.property(deployment, fc.nat(), (object, seed) => {
        const all = leaves(object, SCHEMA);
        const chosen = all[seed % all.length] as Leaf;
        const changed = changedAt(object, chosen.route, planted(chosen.value)) as ValueMap;
        expect(told(compared(object, changed).changes)).toEqual([`replace ${formatPath(chosen.reported)}`]);
      }),
      { numRuns: 300 },
    );
  });

  test("whatever stands on either side, each change tells what stands at its path", () => {
    fc.assert(
      fc.property(fc.oneof(deployment, thing), fc.jsonValue({ maxDepth: 6 }), (object, spec) => {
        const other = { ...object, spec } as ValueMap;
        for (const [desired, live] of [
          [object, other],
          [other, object],
        ] as const) {
          for (const change of compared(desired, live).changes) {
            if (change.path.some(({ kind }) => kind !== "field")) continue;
            expect(change.desired ?? null).toEqual(valueAt(desired, change.path) ?? null);
            // Of an addition the defaults and what says nothing are taken off.
            expect(isPart(change.live ?? null, valueAt(live, change.path) ?? null)).toBe(true);
          }
        }
      }),
    );
  });
});

function isPart(part: Value, whole: Value): boolean {
  if (isList(part) && isList(whole))
    return part.length === whole.length && part.every((item, index) => isPart(item, whole[index] as Value));
  if (!isMap(part) || !isMap(whole)) return equalValues(part, whole);
  return Object.keys(part).every(
    (name) => Object.hasOwn(whole, name) && isPart(part[name] as Value, whole[name] as Value),
  );
}

interface Leaf {
  /** Keys and positions from the root. */
  readonly route: readonly (string | number)[];
  readonly reported: FieldPath;
  readonly value: Scalar;
}

/** The scalars that may be planted in: no identity and no key of a list. */
function leaves(object: Value, root: FieldSchema | undefined): readonly Leaf[] {
  const found: Leaf[] = [];
  const visit = (value: Value, schema: FieldSchema | undefined, at: Omit<Leaf, "value"> & { whole: boolean }): void => {
    const go = (key: string | number, inner: Value, next: FieldSchema | undefined, step: PathStep, whole: boolean) =>
      visit(inner, next, {
        route: [...at.route, key],
        reported: at.whole ? at.reported : [...at.reported, step],
        whole: at.whole || whole,
      });
    if (isList(value)) {
      const keys = schema?.list?.kind === "map" ? schema.list : undefined;
      for (const [index, item] of value.entries()) {
        const step: PathStep =
          keys === undefined
            ? { kind: "index", index }
            : {
                kind: "key",
                keys: Object.fromEntries(
                  keys.keys.map((key) => [key, ((item as ValueMap)[key] ?? keys.defaults?.[key]) as Scalar]),
                ),
              };
        go(index, item, schema?.items, step, false);
      }
    } else if (isMap(value)) {
      for (const [name, inner] of Object.entries(value)) {
        const next = partOf(schema, name);
        const whole = next?.atomic === true || next?.list?.kind === "atomic";
        go(name, inner, next, { kind: "field", name }, whole);
      }
    } else {
      const last = at.route.at(-1);
      const isKey =
        at.reported.at(-2)?.kind === "key" && ["name", "containerPort", "protocol", "mountPath"].includes(String(last));
      const mount = at.route.includes("volumeMounts") && last === "name";
      if ((!isKey || mount) && !IDENTITY.has(at.route.join("."))) found.push({ ...at, value });
    }
  };
  visit(object, root, { route: [], reported: [], whole: false });
  return found;
}

function planted(value: Scalar): Scalar {
  if (typeof value === "boolean") return !value;
  return typeof value === "number" ? value + 1 : `${String(value)}9`;
}

function changedAt(value: Value, route: readonly (string | number)[], leaf: Scalar): Value {
  const [key, ...rest] = route;
  if (key === undefined) return leaf;
  if (isList(value)) return value.map((item, index) => (index === key ? changedAt(item, rest, leaf) : item));
  const map = value as ValueMap;
  return { ...map, [key]: changedAt(map[key] as Value, rest, leaf) };
}

/** Everything the other way about where the API lets it be. */
function reversed(value: Value, schema: FieldSchema | undefined): Value {
  if (isList(value)) {
    const items = value.map((item) => reversed(item, schema?.items));
    return schema?.list === undefined || schema.list.kind === "atomic" ? items : items.toReversed();
  }
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]) => [name, reversed(inner, partOf(schema, name))]),
  );
}
