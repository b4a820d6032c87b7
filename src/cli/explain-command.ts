/** `holdfast explain KIND/NAME`: one object's whole chain. */

import type { Pass } from "../core/pass.ts";
import type { ObjectRef } from "../core/refs.ts";
import { explainReport } from "../report/explain.ts";
import { createStyle } from "../text/style.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { usage } from "./failure.ts";
import { printReport, renderReport } from "./report-writer.ts";
import type { ExplainOptions } from "./options.ts";
import { passOf, wantsColour } from "./session.ts";

/** Exit codes are those of a scan, over this object alone. */
export async function explainCommand(
  object: string,
  raw: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<number> {
  const options = raw as unknown as ExplainOptions;
  const wanted = parseObject(object, options.namespace);
  const { pass, declared } = await passOf(options, signal);
  const results = pass.results.filter(({ drift }) => matches(drift.ref, wanted));
  const proposals = pass.proposals.filter((proposal) =>
    results.some((result) =>
      proposal.kind === "issue"
        ? proposal.driftId === result.id
        : proposal.parts.some((part) => part.driftId === result.id),
    ),
  );
  const known = declared.filter(({ object: { ref } }) => matches(ref, wanted));
  if (results.length === 0 && known.length === 0 && pass.complete) {
    throw usage(
      `${object} is neither in Git nor unmanaged in the namespaces that Git uses`,
      "write KIND/NAME as in the manifest, and -n NAMESPACE",
    );
  }
  const own: Pass = { ...pass, results, proposals };
  const text =
    options.format === "text"
      ? explainReport({ pass: own, declared: known, style: createStyle(wantsColour(options, process.stdout)) })
      : renderReport(own, options.format, false);
  await printReport(text);
  return exitCodeOf(own, options.failOn);
}

interface Wanted {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

function parseObject(object: string, namespace: string | undefined): Wanted {
  const slash = object.indexOf("/");
  const kind = object.slice(0, slash);
  const name = object.slice(slash + 1);
  if (slash < 1 || name === "")
    throw usage(`${JSON.stringify(object)} is no object`, "write KIND/NAME, for example Deployment/web");
  return { kind: kind.toLowerCase(), name, ...(namespace === undefined ? {} : { namespace }) };
}

function matches(ref: ObjectRef, wanted: Wanted): boolean {
  return (
    ref.kind.toLowerCase() === wanted.kind &&
    ref.name === wanted.name &&
    (wanted.namespace === undefined || ref.namespace === wanted.namespace)
  );
}
