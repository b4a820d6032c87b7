/** What charts were rendered for, for a terminal. */

import type { Pass } from "../core/pass.ts";
import { terminalText } from "../text/escape-terminal.ts";
import type { Style } from "../text/style.ts";
import { kubernetesWords, plural } from "./words.ts";

/**
 * What `--verbose` adds where something was rendered with charts: which Kubernetes they were told of, and how that is
 * known; roots whose deployer names another are told with it. Ends with a newline; `""` where there is none.
 */
export function chartsReport({ targets, kubernetes }: Pass, style: Style): string {
  const roots = targets.flatMap((target) => target.roots.filter((root) => root.kubernetes !== undefined));
  if (roots.length === 0) return "";
  const others = roots.filter((root) => root.kubernetes !== kubernetes.version);
  const head = `${plural(roots.length, "root")} with charts rendered for ${kubernetesWords(kubernetes)}`;
  const lines = others.map(({ path, kubernetes: own }) => `    ${path === "" ? "." : path}: Kubernetes ${own ?? ""}`);
  return `${[`${style.cyan("CHARTS")}  ${style.bold(terminalText(head))}`, ...lines.map(terminalText)].join("\n")}\n`;
}
