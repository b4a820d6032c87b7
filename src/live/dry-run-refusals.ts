/**
 * Why an API server does not tell what would come of a write. Its message is never repeated, since it quotes values; of it
 * only names are taken: of a webhook, of a policy, of fields.
 */

import type { KindRef } from "../core/refs.ts";
import type { ServedKind } from "../core/schema.ts";
import type { Unpredicted } from "../core/stages.ts";
import { fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import type { Answer } from "./api.ts";
import { kindName } from "./faults.ts";
import { parseJson } from "./json.ts";

/** Fields that a refusal names, at most. */
const FIELDS = 3;

/** A field without keys of maps in it: those of a ConfigMap may be anything. */
const FIELD = /^[A-Za-z][A-Za-z0-9]{0,62}(?:(?:\.[A-Za-z][A-Za-z0-9]{0,62})|(?:\[\d{1,6}\])){0,20}$/;

/** `everywhere`: it holds for the whole kind in the namespace. */
export type Refusal = Unpredicted & { readonly everywhere?: true };

export function unpredicted(why: string, remedy: string): Unpredicted {
  return { kind: "unpredicted", why, remedy };
}

/** Any answer but 200. */
export function refusalOf(kind: ServedKind, { status, body }: Answer): Refusal {
  const document = parseJson(body) ?? null;
  const message = textOf(document, "message") ?? "";
  const denied = deniedBy(message);
  if (denied !== undefined) return denied;
  switch (status) {
    case 201:
    case 404:
      return unpredicted("they were deleted meanwhile", "Run it again.");
    case 403:
      return forbidden(kind, message);
    case 409:
      return unpredicted("they were changed meanwhile, or what refers to them was", "Run it again.");
    case 415:
      return unpredicted("the server knows no server-side apply", "Nothing: they are compared.");
    case 422:
      return invalid(kind, document);
    case 429:
      return unpredicted("the API server is too busy", "Run it again when it is less so.");
    default:
      return status >= 500
        ? unpredicted(`the API server failed (${status})`, "See its log: often a webhook does not answer.")
        : unpredicted(`the API server refuses it (${status})`, `Try kubectl apply --server-side --dry-run=server.`);
  }
}

/** The wordings are the API server's (`pkg/admission/plugin/webhook/errors`, `plugin/policy/validating/dispatcher.go`). */
function deniedBy(message: string): Refusal | undefined {
  const [, blocked] = /^admission webhook "([a-z0-9.-]{1,253})" does not support dry run$/.exec(message) ?? [];
  if (blocked !== undefined) {
    return unpredicted(
      `the webhook ${blocked} has side effects`,
      `Declare "sideEffects: None" or "NoneOnDryRun" in its configuration, where that is true.`,
    );
  }
  const [, webhook] = /^admission webhook "([a-z0-9.-]{1,253})" denied the request/.exec(message) ?? [];
  if (webhook !== undefined) return unpredicted(`the webhook ${webhook} denies them`, "See what it asks for.");
  const [, policy] = /ValidatingAdmissionPolicy '([a-z0-9.-]{1,253})' with binding '[^']*' denied/.exec(message) ?? [];
  return policy === undefined
    ? undefined
    : unpredicted(`the ValidatingAdmissionPolicy ${policy} denies them`, "See what it asks for.");
}

function forbidden(kind: ServedKind, message: string): Refusal {
  if (!message.includes(" cannot patch resource ")) {
    return unpredicted(
      `the API server forbids ${kindName(kind)} as Git has it (escalation of rights, a quota)`,
      "Nothing: they are compared.",
    );
  }
  const why = `${kindName(kind)} may not be patched, not even for a dry run`;
  return {
    ...unpredicted(why, `Grant "patch" on ${kind.resource} (deploy/rbac-server-dry-run.yaml).`),
    everywhere: true,
  };
}

/** An immutable field, or what else the server does not take. */
function invalid(kind: KindRef, document: Value): Refusal {
  const causes = fieldOf(fieldOf(document, "details"), "causes");
  const named = (isList(causes) ? causes : []).flatMap((cause) => textOf(cause, "field") ?? []);
  const fields = [...new Set(named)]
    .filter((field) => FIELD.test(field))
    .toSorted()
    .slice(0, FIELDS);
  const which = fields.length === 0 ? "" : `: ${fields.join(", ")}`;
  return unpredicted(
    `the API server does not take ${kindName(kind)} as Git has it${which}`,
    "See whether the field can be changed at all: some only by deleting the object.",
  );
}
