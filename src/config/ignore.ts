/** The schema of `ignore` rules. */

import { z } from "zod";
import type { SourcePosition } from "../core/fault.ts";
import { parseFieldPattern } from "../core/field-pattern.ts";
import type { FieldPattern } from "../core/field-pattern.ts";
import type { IgnoreRule } from "../core/ignore.ts";
import { check, glob } from "./fields.ts";

const kind = z
  .string()
  .refine(
    ...check<string>(
      (text) => text.length <= 300 && /^[A-Za-z*?][A-Za-z0-9*?]*(?:\.[a-z0-9*?][-a-z0-9.*?]*)?$/.test(text),
      "is no kind",
      "write it as manifests do, Deployment, or with its group, Deployment.apps",
    ),
  );

const field = z.string().transform((text, context) => {
  const pattern = parseFieldPattern(text);
  if (!("kind" in pattern)) return pattern;
  context.addIssue({ code: "custom", message: pattern.message, params: { remedy: pattern.remedy } });
  return z.NEVER;
});

const rule = z
  .strictObject({
    kind: kind.optional(),
    name: glob.optional(),
    namespace: glob.optional(),
    field: field.optional(),
    manager: glob.optional(),
  })
  .refine(
    ...check<ReadRule>(
      narrows,
      "would ignore everything",
      "name what is meant: a kind, name, namespace, field or manager that is more than *",
    ),
  );

interface ReadRule {
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly field?: FieldPattern | undefined;
  readonly manager?: string | undefined;
}

/** Whether it names anything that is not just a wildcard. */
function narrows({ field: pattern, ...names }: ReadRule): boolean {
  if (pattern?.steps.some((step) => step.kind !== "any") === true) return true;
  return Object.values(names).some((text) => typeof text === "string" && /[^*?.]/.test(text));
}

export const ignoreRules = z.array(rule).max(500);

/** `placeOf` a rule by its index. */
export function toIgnoreRules(
  read: z.output<typeof ignoreRules>,
  placeOf: (index: number) => SourcePosition,
): readonly IgnoreRule[] {
  return read.map(({ kind: ofKind, name, namespace, field: pattern, manager }, index) => ({
    ...(ofKind === undefined ? {} : { kind: ofKind }),
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(pattern === undefined ? {} : { field: pattern }),
    ...(manager === undefined ? {} : { manager }),
    position: placeOf(index),
  }));
}
