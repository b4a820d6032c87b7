/** Schemas of single settings that both config files share. */

import { z } from "zod";
import { parseDuration } from "./duration.ts";

/** Fails with a message that goes on from the setting's name, and a remedy. */
export function check<Output>(
  valid: (value: Output) => boolean,
  message: string,
  remedy: string,
): [(value: Output) => boolean, { error: string; params: { remedy: string } }] {
  return [valid, { error: message, params: { remedy } }];
}

/** A setting whose feature is not there yet: an error once it asks for something, so that it is never ignored. */
export function notYet(feature: string) {
  return z
    .unknown()
    .refine(
      ...check(
        isNothing,
        `does not work yet: this version has no ${feature}`,
        "remove it until a later version has it",
      ),
    )
    .optional();
}

/** An empty list or map, or nothing at all, asks for nothing. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Milliseconds. YAML reads a bare 0 as a number. */
export function duration({ min }: { readonly min: number }) {
  return z.union([z.string(), z.number()], { error: "must be a time" }).transform((value, context) => {
    const parsed = parseDuration(String(value));
    if (parsed !== undefined && parsed >= min) return parsed;
    const message = parsed === undefined ? "is no time" : `is shorter than ${min / 1000} s`;
    context.addIssue({ code: "custom", message, params: { remedy: "write it as 90s, 15m, 1h30m or 2d" } });
    return z.NEVER;
  });
}

/** A Kubernetes namespace's name (RFC 1123 label). */
export const namespace = z
  .string()
  .refine(
    ...check<string>(
      (text) => text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text),
      "is no namespace's name",
      "use lower-case letters, digits and dashes, 63 at most",
    ),
  );

/** A name that holdfast shows and files under: of a target or a cluster's alias. */
export const name = z
  .string()
  .refine(
    ...check<string>(
      (text) => text.length <= 63 && /^[A-Za-z0-9](?:[-A-Za-z0-9_.@:/]*[A-Za-z0-9])?$/.test(text),
      "is no name",
      "use letters, digits and any of - _ . @ : / between them, 63 at most",
    ),
  );

/** A list without doubles. */
export function distinct<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .max(500)
    .refine(
      ...check<readonly unknown[]>(
        (list) => new Set(list).size === list.length,
        "names something twice",
        "name each once",
      ),
    );
}

/** A name in which `*` and `?` are wildcards. */
export const glob = z
  .string()
  .refine(
    ...check<string>(
      (text) => text !== "" && text.length <= 300 && !/[\s\p{Cc}]/u.test(text),
      "is no name or pattern of names",
      "write a name, in which * stands for any characters and ? for one",
    ),
  );
