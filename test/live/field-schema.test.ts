import { expect, test } from "vitest";
import type { FieldSchema } from "../../src/core/schema.ts";
import type { Value } from "../../src/core/value.ts";
import { parseFieldSchema } from "../../src/live/field-schema.ts";

test("a schema comes back from a snapshot as it was, with defaults that are maps and lists", () => {
  const schema: FieldSchema = {
    type: "object",
    fields: {
      nested: {
        type: "object",
        default: { a: 1 },
        fields: {
          a: { type: "integer", default: 1 },
          b: { type: "object", default: { c: "x" }, fields: { c: { type: "string", default: "x" } } },
          list: { type: "array", default: ["x"], list: { kind: "set" }, items: { type: "string" } },
        },
      },
      free: { type: "object", preserveUnknown: true, atomic: true, values: { type: "quantity" } },
    },
  };
  expect(parseFieldSchema(JSON.parse(JSON.stringify(schema)) as Value)).toEqual(schema);
});
