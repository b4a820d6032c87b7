// What the API server refuses to change, as the generated data has it.

import { expect, test } from "vitest";
import type { FieldPath } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { isImmutable } from "../../src/kinds/immutable.ts";

/** `#web` is the item of that name. */
function at(...names: readonly string[]): FieldPath {
  return names.map((name) =>
    name.startsWith("#") ? { kind: "key", keys: { name: name.slice(1) } } : { kind: "field", name },
  );
}

test.each<readonly [string, string, FieldPath, Value, boolean]>([
  ["a place", "apps/v1/Deployment", at("spec", "selector"), {}, true],
  ["what is in it", "apps/v1/Deployment", at("spec", "selector", "matchLabels", "app"), {}, true],
  ["another one", "apps/v1/Deployment", at("spec", "replicas"), {}, false],
  ["what holds it and more", "apps/v1/Deployment", at("spec"), {}, false],
  ["a field of items", "v1/Pod", at("spec", "containers", "#web", "env"), {}, true],
  ["an item with such a field", "v1/Pod", at("spec", "containers", "#web"), {}, true],
  ["a field of items that may change", "v1/Pod", at("spec", "containers", "#web", "image"), {}, false],
  ["what a Pod may do", "v1/Pod", at("spec", "hostPID"), {}, true],
  [
    "what is in a Pod's container",
    "v1/Pod",
    at("spec", "containers", "#web", "securityContext", "privileged"),
    {},
    true,
  ],
  ["a Pod's ephemeral container", "v1/Pod", at("spec", "ephemeralContainers", "#debug"), {}, true],
  ["a Pod's tolerations, which can only be added", "v1/Pod", at("spec", "tolerations"), {}, true],
  ["how long a Pod may run", "v1/Pod", at("spec", "activeDeadlineSeconds"), {}, false],
  ["a Pod's label", "v1/Pod", at("metadata", "labels", "app"), {}, false],
  ["an item beside it", "v1/Service", at("spec", "ports", "#web"), {}, false],
  ["the same kind of another version", "apps/v2/Deployment", at("spec", "selector"), {}, false],
  ["a role that is bound", "rbac.authorization.k8s.io/v1/RoleBinding", at("roleRef", "name"), {}, true],
  ["data of a ConfigMap", "v1/ConfigMap", at("data", "a"), {}, false],
  ["data of one that is sealed", "v1/ConfigMap", at("data", "a"), { immutable: true }, true],
  ["labels of one that is sealed", "v1/ConfigMap", at("metadata", "labels", "a"), { immutable: true }, false],
  ["a kind that is called like a property", "v1/constructor", at("spec"), {}, false],
])("%s", (_, kind, path, live, immutable) => {
  const slash = kind.lastIndexOf("/");
  const ref = { apiVersion: kind.slice(0, slash), kind: kind.slice(slash + 1), name: "web" };
  expect(isImmutable(ref, path, live)).toBe(immutable);
});
