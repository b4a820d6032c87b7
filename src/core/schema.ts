/** What comparison must know of a kind's fields, whatever it was learned from: built-in data, the cluster's OpenAPI, a CRD. */

import type { Scalar, Value } from "./value.ts";

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
  /** The server does not write the type's zero value (`""`, 0, `false`): declaring that is leaving the field out. */
  readonly zero?: true;
  /** What the API server fills in where the field is left out, whatever stands beside it. */
  readonly default?: Value;
  /** What it fills in into this map depending on the map's other fields, in the order in which it does so. */
  readonly defaults?: readonly ConditionalDefault[];
  /** `x-kubernetes-preserve-unknown-fields`: compared raw. */
  readonly preserveUnknown?: true;
}

/** `when` and `kinds` must both hold. Defaults that are computed from other fields are code: `src/kinds/defaults.ts`. */
export interface ConditionalDefault {
  readonly field: string;
  readonly value: Value;
  /** Fields of the same map, after their own defaults, with the values of which each has one; `null` stands for absent. */
  readonly when?: Readonly<Record<string, readonly Scalar[]>>;
  /** The kinds of objects (`apps/v1/Deployment`) in which it happens; absent: all that hold the type. */
  readonly kinds?: readonly string[];
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
