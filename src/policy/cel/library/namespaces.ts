/** Names that stand before a function, such as `sets` in `sets.contains(…)`. */

import type { Environment } from "@marcbachmann/cel-js";

/** Registers the name; its functions' receiver is the type that is returned. */
export function registerNamespace(environment: Environment, name: string): string {
  class Namespace {
    readonly of = name;
  }
  const type = `kubernetes.namespace.${name}`;
  environment.registerType(type, Namespace);
  environment.registerConstant(name, type, new Namespace());
  return type;
}
