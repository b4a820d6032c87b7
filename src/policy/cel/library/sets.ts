/** cel-go's `ext/sets.go`, and `jsonpatch.escapeKey` (kubernetes/apiserver `pkg/cel/library/jsonpatch.go`). */

import type { Environment } from "@marcbachmann/cel-js";
import type { Register } from "../register.ts";
import type { CelValue } from "../value.ts";
import { equality } from "./lists.ts";
import { registerNamespace } from "./namespaces.ts";

type List = readonly CelValue[];

export function registerSets(environment: Environment, register: Register): void {
  const sets = registerNamespace(environment, "sets");
  const jsonpatch = registerNamespace(environment, "jsonpatch");
  const equal = equality(environment);
  const includes = (list: List, value: CelValue): boolean => list.some((item) => equal(item, value));
  const contains = (list: List, part: List): boolean => part.every((value) => includes(list, value));
  register(`${sets}.contains(list, list): bool`, (_: unknown, list: List, part: List) => contains(list, part));
  register(`${sets}.equivalent(list, list): bool`, (_: unknown, a: List, b: List) => contains(a, b) && contains(b, a));
  register(`${sets}.intersects(list, list): bool`, (_: unknown, a: List, b: List) =>
    a.some((value) => includes(b, value)),
  );
  register(`${jsonpatch}.escapeKey(string): string`, (_: unknown, key: string) =>
    key.replaceAll("~", "~0").replaceAll("/", "~1"),
  );
}
