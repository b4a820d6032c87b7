/**
 * Whether an Application that lives in the cluster can have come of a template that Git declares: cluster text that must not
 * say more than the template leaves open. What is written in the template must stand there just so; a parameter stands for
 * any text of one line.
 */

import { isMadeOf } from "../../core/text-parts.ts";
import { fieldOf, isList, isMap } from "../../core/value.ts";
import type { Value } from "../../core/value.ts";

/** Where it first says something else, as a path for messages; `undefined` where it does not. Recurses as the template does. */
export function mismatch(template: Value | undefined, live: Value | undefined, path: string): string | undefined {
  return differs({ template, live, path, typed: true });
}

interface Pair {
  readonly template: Value | undefined;
  readonly live: Value | undefined;
  readonly path: string;
  /** A field of Argo CD's own types, which are not written where they are empty. */
  readonly typed: boolean;
}

function differs({ template, live, path, typed }: Pair): string | undefined {
  if (typed && isEmpty(template) && isEmpty(live)) return undefined;
  if (typeof template === "string") return typeof live === "string" && fits(template, live) ? undefined : path;
  if (isList(template)) {
    if (!isList(live) || live.length !== template.length) return path;
    return firstOf(template, (one, index) =>
      differs({ template: one, live: live[index], path: `${path}[${index}]`, typed }),
    );
  }
  if (isMap(template)) {
    if (!isMap(live)) return typed && live === undefined ? missing(template, path) : path;
    const names = [...new Set([...Object.keys(template), ...Object.keys(live)])];
    if (Object.keys(template).some((name) => name.includes("{{"))) return path;
    return firstOf(names, (name) =>
      differs({
        template: fieldOf(template, name),
        live: fieldOf(live, name),
        path: Object.hasOwn(template, name) ? `${path}.${name}` : path,
        typed: typed && name !== FREE,
      }),
    );
  }
  return template !== undefined && Object.is(template, live) ? undefined : path;
}

/** Of what the template has in a map that is not there at all. */
function missing(template: Value, path: string): string | undefined {
  return isEmpty(template) ? undefined : path;
}

function firstOf<T>(items: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

const DEEPEST_EMPTY = 4;

/** What a chart is given is written as it stands. */
const FREE = "valuesObject";

/** Go's zero values, which are left out when they are written (`omitempty`). */
function isEmpty(value: Value | undefined, depth = 0): boolean {
  if (isMap(value)) {
    const fields = Object.entries(value);
    if (depth >= DEEPEST_EMPTY) return fields.length === 0;
    return fields.every(([name, one]) => isEmpty(one, name === FREE ? DEEPEST_EMPTY : depth + 1));
  }
  if (isList(value)) return value.length === 0;
  return value === undefined || value === null || value === "" || value === false || value === 0;
}

/** What decides which of its texts counts: nothing of the text around it need be there. */
const DECIDES = /^\{\{-?\s*(?:if|else|end|range|with|define|template|block|break|continue)\b/;

/** Whether the template may have given the text. */
export function fits(template: string, text: string): boolean {
  const tags = [...template.matchAll(/\{\{(-?)[^]*?(-?)\}\}/g)];
  if (tags.length === 0) return template === text;
  if (tags.some(([tag]) => DECIDES.test(tag))) return !text.includes("\n");
  const literals: string[] = [];
  let from = 0;
  let trims = false;
  for (const tag of tags) {
    const before = trims ? template.slice(from, tag.index).trimStart() : template.slice(from, tag.index);
    literals.push(tag[1] === "-" ? before.trimEnd() : before);
    from = tag.index + tag[0].length;
    trims = tag[2] === "-";
  }
  literals.push(trims ? template.slice(from).trimStart() : template.slice(from));
  return isMadeOf(text, literals, (between) => !between.includes("\n"));
}
