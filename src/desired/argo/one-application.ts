/** What one Application makes of a tree by given sources: those that it deployed, which Git may have changed since. */

import { isFault } from "../../core/fault.ts";
import type { DesiredObject } from "../../core/objects.ts";
import type { DesiredState, RootDeployer } from "../../core/stages.ts";
import { withField } from "../../core/value.ts";
import type { ValueMap } from "../../core/value.ts";
import { listSources } from "../desired.ts";
import type { DesiredInput } from "../desired.ts";
import { repositoryOf } from "./find.ts";
import { managedNamespace } from "./managed-namespace.ts";
import { applicationOf } from "./objects.ts";
import { renderSource } from "./render-source.ts";
import { argoRoot } from "./root.ts";

export interface OneApplication {
  /** With the spec that Git has now: the sources apart, that is taken. */
  readonly deployer: RootDeployer;
  readonly sources: readonly ValueMap[];
}

/** Faults of it are faults of the pass where they are of Git as it is now; here they leave what is lost unknown. */
export async function readApplication(
  input: DesiredInput,
  { deployer, sources }: OneApplication,
): Promise<Pick<DesiredState, "objects" | "complete">> {
  const [source] = sources;
  const several = sources.length > 1 ? withField({}, "sources", [...sources]) : withField({}, "source", source);
  const spec = { ...deployer.spec, source: null, sources: null, ...several };
  const application = applicationOf({
    ref: deployer.ref,
    value: { spec },
    origin: { file: deployer.file, document: 0, items: [], layer: "literal", hash: "" },
  });
  const listed = await listSources(input.tree, input.target);
  if (application === undefined || isFault(listed)) return { objects: [], complete: false };
  const { charts, others } = input.renderers;
  const own = await repositoryOf(input.tree, listed.all);
  const repository = {
    ...own,
    ...(charts === undefined ? {} : { charts }),
    ...(others === undefined ? {} : { others }),
  };
  const objects: DesiredObject[] = [];
  let complete = true;
  for (const one of application.sources) {
    const root = await argoRoot(application, one, repository);
    if (root === undefined) continue;
    const rendered = isFault(root) ? root : await renderSource({ input, application, root, repository });
    if (isFault(rendered)) complete = false;
    else {
      objects.push(...rendered.objects.map((object) => ({ ...object, deployer: application.ref })));
      complete &&= !rendered.faults.some(({ leavesUnknown }) => leavesUnknown === "declared");
    }
  }
  const made = complete ? managedNamespace(application, objects) : undefined;
  return { objects: made === undefined ? objects : [...objects, made], complete };
}
