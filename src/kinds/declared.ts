/**
 * Parts of an object that are no part of its configuration, and how its fields are read: identity, the API machinery's own
 * bookkeeping, and maps that mean something although they are empty.
 */

/** Parts of every object that are identity or the system's bookkeeping, and are not compared. */
export const IDENTITY_FIELDS: ReadonlySet<string> = new Set(["apiVersion", "kind", "status"]);

/** The same of `metadata` (apimachinery `meta/v1/types.go`: read-only there, or set by other writers' bookkeeping). */
export const SYSTEM_METADATA: ReadonlySet<string> = new Set([
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generateName",
  "generation",
  "managedFields",
  "name",
  "namespace",
  "resourceVersion",
  "selfLink",
  "uid",
]);

/**
 * kubectl's note of what it applied: all of the object once more, in nearly every object, so that telling of each would
 * tell nothing. Other bookkeeping is left out by rules, and counted.
 */
export const SYSTEM_ANNOTATIONS: ReadonlySet<string> = new Set(["kubectl.kubernetes.io/last-applied-configuration"]);

/** Base64 of bytes: the server reads it with line breaks in it, and answers without (Go's `encoding/base64`). */
export function isBase64Field(names: readonly string[]): boolean {
  return names.at(-1) === "caBundle" || names.at(-2) === "binaryData";
}

/**
 * Fields whose empty map means something, so that it is not absence: volumes without settings, and issuers. Label
 * selectors do so too (an empty one matches everything), and are told by their schema.
 */
export const MEANINGFUL_EMPTY: ReadonlySet<string> = new Set(["emptyDir", "selfSigned"]);
