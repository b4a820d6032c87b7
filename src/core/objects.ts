/** The two sides of a comparison: what Git describes and what the cluster has. */

import type { FieldPath } from "./path.ts";
import type { ObjectRef } from "./refs.ts";
import type { Value, ValueMap } from "./value.ts";

/** Where an object comes from. Lines are looked up only for what differs, by a {@link Locator}. */
export interface Origin {
  /** Relative to the repository, with `/`. */
  readonly file: string;
  /** Index of the YAML document in the file, from 0; empty documents count. */
  readonly document: number;
  /** Index in the `items` of a `List`, where the object stands in one; one entry a level. */
  readonly items: readonly number[];
  /** `plugin`: what a plugin of Argo CD's makes. `argo-cd`: what Argo CD makes by itself, where the Application in the file says so. */
  readonly layer: "literal" | "kustomize" | "helm" | "argo-cd" | "plugin";
  /** Of what is rendered: the folder of the kustomization or chart, `""` for the repository's own. */
  readonly root?: string;
  /** How many objects its file holds, where it is more than this one: what applies the file applies all of them. */
  readonly objects?: number;
  /** Content hash of the bytes that were read (`sha256:<hex>`). */
  readonly hash: string;
}

export interface DesiredObject {
  readonly ref: ObjectRef;
  /** As declared; secret values are digests. */
  readonly value: ValueMap;
  readonly origin: Origin;
  /** Fields that Git declares encrypted: they are not in `value`, and what the cluster has there is not known to differ. */
  readonly sealed?: readonly FieldPath[];
  /** As it came out when it was rendered once more, where that is not the same: what differs is no intent of anybody's. */
  readonly again?: ValueMap;
  /** Where that comes from, as the end of a sentence, where it is known. */
  readonly unknownFrom?: string;
  /** Its name ends in a hash of what Git holds encrypted, so that nobody here knows what it is called. */
  readonly unnamed?: true;
  /** Of a chart that asks the cluster for what is there (Helm's `lookup`), and was told that it is empty. */
  readonly looksUp?: true;
  /** Made with files of another repository, by a name that is another commit some other day: what of it was deployed is not known. */
  readonly moves?: true;
  /** A deployer's own object that deploys it, where Git says so. */
  readonly deployer?: ObjectRef;
  /** The Helm release that it is deployed with, where nothing but helm itself deploys the chart. */
  readonly release?: ReleaseRef;
}

/** Helm keeps what it deployed under these two. */
export interface ReleaseRef {
  readonly namespace: string;
  readonly name: string;
}

export interface LiveObject {
  readonly ref: ObjectRef;
  /** Without `metadata.managedFields`; secret values are digests. */
  readonly value: ValueMap;
  /** metadata.managedFields: who set which field, how and when. Empty where the cluster keeps none. */
  readonly managers: readonly ManagedFields[];
}

/** A field manager's entry. Its name is a client-supplied string, no identity. */
export interface Actor {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  /** `status`, `scale` … where the write went through a subresource. */
  readonly subresource?: string;
  /** RFC 3339. One time for all fields of the entry; writes through `scale` have none. */
  readonly time?: string;
}

export interface ManagedFields extends Actor {
  /** `fieldsV1`, as the API server gives it: a trie keyed `f:<field>`, `k:<keys>`, `v:<value>`, `i:<index>`, `.`. */
  readonly fields: Value;
}
