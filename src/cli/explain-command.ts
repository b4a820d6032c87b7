/** `holdfast explain KIND/NAME`: one object's whole chain. */

import { isFault } from "../core/fault.ts";
import type { Pass } from "../core/pass.ts";
import type { ObjectRef } from "../core/refs.ts";
import type { SourceTree } from "../core/stages.ts";
import { deploymentsOf } from "../drift/deployers.ts";
import type { ComparedObject, Declared } from "../reconcile/compare-live.ts";
import { unreadIgnoresFor } from "../reconcile/unread-ignores.ts";
import { explainReport } from "../report/explain.ts";
import type { DeclaredObject } from "../report/explain.ts";
import { kindOfShortName } from "../kinds/short-names.ts";
import { builtinKind } from "../kinds/scopes.ts";
import { createStyle } from "../text/style.ts";
import { createLocator } from "../yaml/locator.ts";
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
  const isWanted = (ref: ObjectRef): boolean => matches(ref, wanted);
  const compared: ComparedObject[] = [];
  const onCompared = (one: ComparedObject): void => {
    if (isWanted(one.live.ref)) compared.push(one);
  };
  const { pass, declared, besides, config, tree } = await passOf(options, signal, { traced: isWanted, onCompared });
  const own = narrowed(pass, isWanted);
  const known = declared.filter(({ object: { ref } }) => isWanted(ref));
  const excused = own.excused?.objects.length ?? 0;
  if (own.results.length + own.leftOut.length + known.length + excused === 0) {
    const where = pass.complete ? "" : ", as far as both could be read (see holdfast scan)";
    throw usage(
      `${object} is neither in Git nor unmanaged in the namespaces that Git uses${where}`,
      "write KIND/NAME as in the manifest, and -n NAMESPACE",
    );
  }
  const text =
    options.format === "text"
      ? explainReport({
          pass: own,
          declared: await located(known, tree),
          compared,
          notUnderstood: unreadIgnoresFor(declared, besides),
          deployersOf: (managers) => deploymentsOf(managers, config.deployers),
          style: createStyle(wantsColour(options, process.stdout)),
          width: widthOf(process.stdout),
        })
      : renderReport(own, options.format, false);
  await printReport(text);
  return exitCodeOf(own, options.failOn);
}

function narrowed(pass: Pass, isWanted: (ref: ObjectRef) => boolean): Pass {
  const results = pass.results.filter(({ drift }) => isWanted(drift.ref));
  const proposals = pass.proposals.filter((proposal) =>
    results.some((result) =>
      proposal.kind === "issue"
        ? proposal.driftId === result.id
        : proposal.parts.some((part) => part.driftId === result.id),
    ),
  );
  return { ...pass, results, proposals };
}

/** With the line of each; a file that changed since it was read has none to show. */
async function located(known: readonly Declared[], tree: SourceTree): Promise<readonly DeclaredObject[]> {
  const locator = createLocator((file) => tree.read(file));
  return await Promise.all(
    known.map(async (one) => {
      const source = await locator.locate(one.object.origin, []);
      return isFault(source) ? one : { ...one, source };
    }),
  );
}

/** Sentences are easily read up to here, however wide the terminal is; without one, files and pipes get that. */
const WIDEST = 100;

function widthOf({ isTTY, columns }: NodeJS.WriteStream): number {
  return isTTY ? Math.min(Math.max(columns, 40), WIDEST) : WIDEST;
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
  return { kind: kindOfShortName(kind.toLowerCase()), name, ...(namespace === undefined ? {} : { namespace }) };
}

function matches(ref: ObjectRef, wanted: Wanted): boolean {
  return (
    (ref.kind.toLowerCase() === wanted.kind || builtinKind(ref)?.resource === wanted.kind) &&
    ref.name === wanted.name &&
    (wanted.namespace === undefined || ref.namespace === wanted.namespace)
  );
}
