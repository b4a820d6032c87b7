/** A finished pass: what every report format and every forge is given. */

import type { DeployerState } from "./deployer.ts";
import type { Drift, Judgement, LeftOutField } from "./drift.ts";
import type { Fault, SourcePosition } from "./fault.ts";
import type { KubeVersion } from "./kube-version.ts";
import type { Proposal } from "./proposal.ts";
import type { ObjectRef } from "./refs.ts";
import type { RenderRoot } from "./stages.ts";

export interface Pass {
  /** holdfast's own version. */
  readonly version: string;
  readonly mode: "read-only" | "server-dry-run";
  /** With `server-dry-run`: objects that were compared read-only after all, and why (the end of a sentence). */
  readonly comparedReadOnly?: readonly { readonly ref: ObjectRef; readonly why: string }[];
  readonly clusters: readonly { readonly name: string; readonly version: string }[];
  /** What charts were rendered for, unless what deploys them says otherwise (then their root does, {@link RenderRoot}). */
  readonly kubernetes: KubeVersion;
  readonly targets: readonly PassTarget[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly summary: Summary;
  /** Ordered by namespace, kind, name. */
  readonly results: readonly DriftResult[];
  readonly proposals: readonly Proposal[];
  /** Why differences are no drift, each rule with its count. */
  readonly leftOutRules: readonly LeftOutRuleCount[];
  /** Every such difference of the objects that were asked about; sensitive values are digests or redacted. */
  readonly leftOut: readonly LeftOutObject[];
  /** Live objects of the scope that Git does not declare and that are not unmanaged; absent where there are none. */
  readonly excused?: { readonly rules: readonly ExcusedRule[]; readonly objects: readonly ExcusedObject[] };
  readonly faults: readonly Fault[];
  /**
   * No object that Git declares is unknown, every kind that it declares was read to its end, and every policy was read.
   * Nothing is closed because of a pass that is not.
   */
  readonly complete: boolean;
  /** Ids of what Git declares and the pass was told not to look at (`--no-secrets`): nothing about it is settled. */
  readonly unseen: readonly string[];
  /** Every policy was read. Nothing is opened otherwise: what is found compliant might violate what could not be read. */
  readonly policiesRead: boolean;
}

export interface LeftOutRuleCount {
  readonly reason: LeftOutField["reason"];
  /** May name a webhook: escape it where it is shown. */
  readonly rule: string;
  readonly count: number;
  /** The first few: object and field. */
  readonly examples: readonly string[];
}

/** Why objects that Git does not declare are not unmanaged. */
export interface ExcusedRule {
  /** The end of a sentence; may name a kind of the cluster's: escape it where it is shown. */
  readonly rule: string;
  readonly count: number;
  /** The first few. */
  readonly examples: readonly string[];
}

/** One that was asked about. */
export interface ExcusedObject {
  readonly target: string;
  readonly ref: ObjectRef;
  readonly rule: string;
  /** The owner that excuses it. Cluster text: escape it where it is shown. */
  readonly owner?: ObjectRef;
  /** Policies were asked about it all the same, and do not object. */
  readonly judged: boolean;
}

export interface LeftOutObject {
  readonly target: string;
  readonly ref: ObjectRef;
  readonly fields: readonly LeftOutField[];
}

export interface PassTarget {
  readonly name: string;
  readonly cluster: string;
  /** A commit, or `worktree`. */
  readonly revision: string;
  readonly path: string;
  readonly roots: readonly RenderRoot[];
  /** Who deploys it, in the order of the roots; absent where Git does not say. */
  readonly deployers?: readonly DeployerState[];
}

export interface Summary {
  readonly objects: {
    readonly desired: number;
    readonly live: number;
    readonly inSync: number;
    readonly drifted: number;
    readonly pending: number;
    readonly missing: number;
    readonly unmanaged: number;
    readonly unknown: number;
    /** Declared, and wholly ignored by a rule: neither in sync nor drifted or missing. Absent where there are none. */
    readonly ignored?: number;
  };
  readonly changes: { readonly compliant: number; readonly violating: number };
  /** What was seen and is no drift, by reason. */
  readonly leftOut: { readonly controller: number; readonly admission: number; readonly ignored: number };
  /** Objects that are desired and live, over all live objects in the managed scope; 1 where there are none. */
  readonly coverage: number;
}

export interface DriftResult {
  /** Stable for the object in its target. */
  readonly id: string;
  /** Changes exactly when the drift's content changes. */
  readonly fingerprint: string;
  readonly target: string;
  readonly drift: Drift;
  readonly judgement: Judgement;
  /** Who deploys the object; absent where Git does not say. */
  readonly deployer?: DeployerState;
  /** The object's own place in Git; absent where unmanaged. */
  readonly source?: SourcePosition & { readonly document: number };
  /** Is drift for exit codes and issues: pending changes are not, and unmanaged objects only with a finding or where the target says so. */
  readonly counts: boolean;
  readonly actions: readonly Action[];
}

export interface Action {
  readonly kind: "pull-request" | "issue" | "none";
  readonly reason: string;
  readonly url?: string;
}
