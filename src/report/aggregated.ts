/**
 * A ClusterRole's rules that the control plane gathers from other roles (kubernetes
 * `pkg/controller/clusterroleaggregation`): taken away, they are written again.
 */

import type { Change, Drift } from "../core/drift.ts";
import type { DriftResult } from "../core/pass.ts";
import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { codeBlock, codeSpan } from "../text/escape-markdown.ts";
import { objectWords, shellWord } from "./shell.ts";

/** Selectors and roles that are named. */
const MOST = 10;

/** What to do about such rules instead, or `undefined` where the changes hold none. */
export function aggregationAdvice(
  drift: Drift,
  changes: readonly Change[],
  results: readonly DriftResult[],
): string | undefined {
  if (drift.state !== "drifted" || drift.ref.kind !== "ClusterRole") return undefined;
  if (groupOf(drift.ref.apiVersion) !== "rbac.authorization.k8s.io") return undefined;
  const selectors = fieldAt(drift.live.value, "aggregationRule", "clusterRoleSelectors");
  if (!isList(selectors) || !changes.some(({ path }) => path[0]?.kind === "field" && path[0].name === "rules"))
    return undefined;
  const texts = selectors.slice(0, MOST).flatMap((selector) => selectorText(selector) ?? []);
  const commands = texts.map((text) => `kubectl get clusterroles --selector ${shellWord(text)}`);
  const known = results
    .filter(({ drift: other }) => other !== drift && selectors.some((selector) => selects(selector, other)))
    .map(({ drift: other }) => codeSpan(`ClusterRole/${other.ref.name}`));
  const named =
    known.length === 0
      ? ""
      : ` Of those, ${known.slice(0, MOST).join(", ")} ${known.length === 1 ? "differs" : "differ"} from Git, too.`;
  return `The control plane gathers these rules from the ClusterRoles that \`aggregationRule\` selects, and writes them again wherever they are taken away: change or delete the role that brings them.${named}${commands.length === 0 ? "" : `\n\n${codeBlock(commands.join("\n"), "sh")}`}${known.length === 0 ? `\n\n${clearing(drift.ref)}` : ""}`;
}

/** The controller writes only when a role changes: what somebody wrote in its name stays until then. */
function clearing(ref: ObjectRef): string {
  const command = `kubectl patch ${objectWords(ref)} --type=json --patch '[{"op":"replace","path":"/rules","value":[]}]'`;
  return `Where no such role has these rules, nobody brings them: somebody wrote them here in the controller's name. Clear the list, and the control plane gathers it again from the roles that there are:\n\n${codeBlock(command, "sh")}`;
}

/** As kubectl reads selectors; `undefined` where it selects all. */
function selectorText(selector: Value): string | undefined {
  const parts = [
    ...labelsOf(selector).map(([name, value]) => `${name}=${value}`),
    ...expressionsOf(selector).map(({ key, operator, values }) => {
      if (operator === "Exists") return key;
      if (operator === "DoesNotExist") return `!${key}`;
      return `${key} ${operator === "In" ? "in" : "notin"} (${values.join(",")})`;
    }),
  ];
  return parts.length === 0 ? undefined : parts.join(",");
}

function selects(selector: Value, drift: Drift): boolean {
  if (drift.ref.kind !== "ClusterRole" || drift.state === "missing" || drift.live === undefined) return false;
  const labels = fieldAt(drift.live.value, "metadata", "labels");
  const wanted = labelsOf(selector);
  const expressions = expressionsOf(selector);
  return (
    wanted.every(([name, value]) => textOf(labels, name) === value) &&
    expressions.every(({ key, operator, values }) => {
      const has = textOf(labels, key);
      if (operator === "Exists") return has !== undefined;
      if (operator === "DoesNotExist") return has === undefined;
      return (has !== undefined && values.includes(has)) === (operator === "In");
    })
  );
}

function labelsOf(selector: Value): readonly (readonly [string, string])[] {
  const labels = fieldOf(selector, "matchLabels");
  if (!isMap(labels)) return [];
  return Object.entries(labels).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : []));
}

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

function expressionsOf(selector: Value): readonly Expression[] {
  const expressions = fieldOf(selector, "matchExpressions");
  if (!isList(expressions)) return [];
  return expressions.flatMap((one) => {
    const [key, operator] = [textOf(one, "key"), textOf(one, "operator")];
    if (key === undefined || operator === undefined) return [];
    const values = fieldOf(one, "values");
    return [{ key, operator, values: isList(values) ? values.filter((value) => typeof value === "string") : [] }];
  });
}
