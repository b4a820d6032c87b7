/** What comparison must know of a kind's fields, whatever it was learned from: built-in data, the cluster's OpenAPI, a CRD. */

import type { Scalar } from "./value.ts";

export interface FieldSchema {
  /** Values compared by what they mean: `500m` = `0.5`. `int-or-string` keeps its type. */
  readonly type?: "quantity" | "int-or-string" | "integer" | "number" | "string" | "boolean" | "object" | "array";
  /** How a list's items pair up (`x-kubernetes-list-type`); a list without it is atomic. */
  readonly list?: ListSchema;
  /** A map that is replaced whole (`x-kubernetes-map-type: atomic`), such as `nodeSelector`. */
  readonly atomic?: true;
  /** Known fields of an object. */
  readonly fields?: Readonly<Record<string, FieldSchema>>;
  /** Values of a free-form map (`additionalProperties`). */
  readonly values?: FieldSchema;
  /** Items of a list. */
  readonly items?: FieldSchema;
  /** The default that the API server fills in, where a scalar. */
  readonly default?: Scalar;
  /** `x-kubernetes-preserve-unknown-fields`: compared raw. */
  readonly preserveUnknown?: true;
}

export type ListSchema =
  /** `keys` in the schema's order, with the default of each key that may be left out (`protocol: TCP`). */
  | { readonly kind: "map"; readonly keys: readonly string[]; readonly defaults?: Readonly<Record<string, Scalar>> }
  | { readonly kind: "set" }
  | { readonly kind: "atomic" }
  /** Order means nothing and duplicates count, such as a HorizontalPodAutoscaler's metrics. */
  | { readonly kind: "multiset" };

/** Looks a kind's schema up; `undefined` where nothing is known of it (its lists are then atomic). */
export interface SchemaSource {
  schemaOf(apiVersion: string, kind: string): FieldSchema | undefined;
}

/** A kind as the API server's discovery lists it. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Plural, as in URLs and RBAC rules. */
  readonly resource: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}
