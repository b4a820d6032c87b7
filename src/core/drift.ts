/** What differs between Git and the cluster, and what policy says of it. */

import type { Actor, DesiredObject, LiveObject } from "./objects.ts";
import type { SourcePosition } from "./fault.ts";
import type { FieldPath } from "./path.ts";
import type { ObjectRef } from "./refs.ts";
import type { Value } from "./value.ts";

/** Which side moved since Git was last deployed. */
export type Direction = "live-changed" | "git-ahead" | "both-changed" | "unknown";

/** What is shown in the place of a value that Git does not say, though it is rendered. */
export const NOT_KNOWN = "(not known from Git)";

/** One field. `operation` is as seen from Git: `add` means that only the cluster has it. */
export interface Change {
  readonly path: FieldPath;
  readonly operation: "add" | "remove" | "replace";
  /** Absent on the side that lacks the field. */
  readonly desired?: Value;
  readonly live?: Value;
  /** What to show in the place of `desired`, with {@link NOT_KNOWN} for what only stands in for something; `note` says why. */
  readonly shown?: Value;
  /** Git as last deployed, where known. */
  readonly deployed?: Value;
  /** The newest commit in which Git had that value, where history shows it. */
  readonly deployedIn?: string;
  readonly direction: Direction;
  /** That Git is ahead rests on what whoever may write the object could forge: the deployer's name, its note. */
  readonly claimed?: true;
  /** That Git is ahead rests on when a deployer wrote the field, and on Git: whoever may write the object may choose that time. */
  readonly dated?: true;
  /** Who set the live value; absent where unknown (a removal leaves no owner). */
  readonly actor?: Actor;
  /** What else is to be known of it: the end of a sentence. Cluster text: escape it where it is shown. */
  readonly note?: string;
  /** What takes the live value back by itself, so that Git has no use for it. */
  readonly contestedBy?: ObjectRef;
  /** Where the value is written; absent where nowhere, or not looked up. */
  readonly source?: FieldSource;
  /** Why that is not told of something rendered: the end of a sentence. */
  readonly unsourced?: string;
  /** The values are, or hold, a secret: digests stand in their place, and they are never codified. */
  readonly sensitive?: true;
  /** The API server usually refuses to change it on an object that exists: going back means making the object anew. */
  readonly immutable?: true;
  /** The same field under the other name that the API server keeps it alike under, where the cluster has it and Git names neither. */
  readonly twin?: FieldPath;
}

/** Where a field's value is written. Of what is rendered it was proved by rendering: the line was changed, and the field with it. */
export interface FieldSource extends SourcePosition {
  /** What the line is a part of; absent of a plain manifest. */
  readonly role?: SourceRole;
  /** Where it stands in the file: `images[0].newTag`. Absent where the file has no such places. */
  readonly path?: string;
  /** The line gives a part of the value only. */
  readonly part?: true;
  /** The line, of a template, works the value or the part out of something else, which is not told. */
  readonly computed?: true;
  /** All of the file is the value: the line is no more than the first. */
  readonly whole?: true;
  /** How many other fields the same line gives, of all that the target declares. */
  readonly feeds?: number;
  /** Other lines: those that give further parts, and what the value stands over. */
  readonly others?: readonly OtherSource[];
}

export interface OtherSource extends SourcePosition {
  readonly role: SourceRole;
  readonly path?: string;
  /** `overlaid`: the same field, whose value is not what comes out. */
  readonly is: "part" | "overlaid";
}

/** What a line that a rendered value comes from is a part of. */
export type SourceRole =
  /** The object's own manifest, in a base or in the overlay. */
  | "resource"
  | "patch"
  /** Of ConfigMaps and Secrets: a literal, or a file. */
  | "generator"
  /** The kustomization's own: `images`, `replicas`, `labels` and annotations. */
  | "kustomization"
  /** Another object that is rendered, too: a replacement takes it from there, or a deployer its variables. */
  | "other-resource"
  | "values-file"
  /** Values that an object of the deployer's, or a kustomization, holds itself. */
  | "inline-values"
  | "chart-defaults"
  /** Of a chart, besides its values and templates: Chart.yaml, or a file that a template reads. */
  | "chart-file"
  | "template"
  /** What the deployer's own object says besides values: variables, images, patches. */
  | "deployer";

/** A difference that was seen and is no drift. */
export interface LeftOutField extends Change {
  readonly reason: "controller" | "admission" | "ignored";
  /** Why, as the end of a sentence: `allocated by the API server`. May name a webhook: escape it where it is shown. */
  readonly rule: string;
  /** It rests on what whoever may write the object could forge, so that policies are asked about it all the same. */
  readonly judged: boolean;
}

export type Drift =
  | {
      readonly state: "drifted";
      readonly ref: ObjectRef;
      readonly desired: DesiredObject;
      readonly live: LiveObject;
      readonly changes: readonly Change[];
    }
  /** Git is ahead of the cluster: shown, never codified. `removedIn`: the commit that took it out of Git, a prune is due. */
  | {
      readonly state: "pending";
      readonly ref: ObjectRef;
      readonly desired?: DesiredObject;
      readonly live?: LiveObject;
      readonly changes: readonly Change[];
      readonly removedIn?: string;
    }
  | { readonly state: "missing"; readonly ref: ObjectRef; readonly desired: DesiredObject }
  /** `removedIn`: the commit that took it out of Git; what lives is not what was taken out, or came back after that, or is kept. */
  | {
      readonly state: "unmanaged";
      readonly ref: ObjectRef;
      readonly live: LiveObject;
      readonly removedIn?: string;
      /** The deployer does not take away what Git gave up: it lives as Git had it. */
      readonly keptBy?: "Argo CD" | "Flux";
      /** What put it there, as far as it says; reports tell what one maker left behind in one line. */
      readonly maker?: Maker;
      /** A role or binding that Kubernetes made: positions of the rules or subjects that somebody added, where that is all. */
      readonly added?: { readonly field: "rules" | "subjects"; readonly positions: readonly number[] };
      /** It was deleted, and is there still: a clause. Cluster text: escape it where it is shown. */
      readonly deletion?: string;
      /** What would excuse it, did policy not object to it: the end of a sentence. Cluster text: escape it where it is shown. */
      readonly excuse?: string;
      /** Who would excuse it. */
      readonly owner?: ObjectRef;
    };

/** Cluster text: escape it where it is shown. */
export interface Maker {
  /** `kubernetes`: RBAC that Kubernetes made, and that grants more than Kubernetes gave it. */
  readonly kind:
    | "helm-release"
    | "argo-cd-application"
    | "flux-kustomization"
    | "flux-helm-release"
    | "operator"
    | "kubernetes"
    | "field-manager";
  readonly name: string;
  /** The release's, or else the objects' own; absent where they are in none. */
  readonly namespace?: string;
  /** Of a release: Git's chart asks the cluster for what is there, and holdfast renders it without one. */
  readonly looksUp?: true;
  /** Of a field manager: when the object was made, `YYYY-MM-DD` in UTC. */
  readonly day?: string;
}

/** The changes of a drift; missing and unmanaged objects have none. */
export function changesOf(drift: Drift): readonly Change[] {
  return drift.state === "drifted" || drift.state === "pending" ? drift.changes : [];
}

export type Severity = "critical" | "high" | "medium" | "low" | "info";

/** Most severe first. */
export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "info"];

/** Whether `severity` is as bad as `threshold`, or worse. */
export function atLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(threshold);
}

export type FindingStatus = "introduced" | "pre-existing" | "resolved" | "weakened" | "not-evaluable" | "excepted";

export interface Finding {
  /** `<pack>/<rule>`, or a policy's own name. */
  readonly policy: string;
  readonly severity: Severity;
  /** Cluster text may be part of it: escape it where it is shown. */
  readonly message: string;
  readonly status: FindingStatus;
  /** What violates, within the object (`containers[name="web"]`), where known. Never a list position. */
  readonly element?: string;
}

export type Verdict = "compliant" | "violating";

/** A drift's verdict: `mixed` holds changes of both kinds. */
export interface Judgement {
  readonly verdict: Verdict | "mixed";
  readonly findings: readonly Finding[];
  /** One for each of the drift's changes, in their order. */
  readonly changes: readonly ChangeVerdict[];
}

export interface ChangeVerdict {
  readonly verdict: Verdict;
  /** Indexes into the judgement's findings. */
  readonly findings: readonly number[];
}
