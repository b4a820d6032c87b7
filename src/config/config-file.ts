/** Where the repository's configuration stands. Apart from its schema, which is loaded only where there is a file. */

import { isFault } from "../core/fault.ts";
import type { Fault } from "../core/fault.ts";
import type { SourceTree } from "../core/stages.ts";
import { decodeText } from "../yaml/content.ts";

export const CONFIG_PATH = ".github/holdfast.yml";

/** The file's text; `undefined` where there is none. */
export async function configTextOf(tree: SourceTree): Promise<string | undefined | Fault> {
  const listed = await tree.list(".github");
  if (isFault(listed)) return listed;
  if (!listed.some((file) => file.path === CONFIG_PATH)) return undefined;
  const bytes = await tree.read(CONFIG_PATH);
  if (isFault(bytes)) return bytes;
  const text = decodeText(bytes);
  if (text !== undefined) return text;
  return {
    kind: "fault",
    code: "config-invalid",
    about: CONFIG_PATH,
    message: `${CONFIG_PATH} is no UTF-8 text`,
    remedy: "save it as UTF-8",
    leavesUnknown: "declared",
  };
}
