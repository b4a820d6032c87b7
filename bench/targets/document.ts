// docs/targets.md, from what was measured. Without times, so that it changes only with what it tells.

import type { Measured, RootOutcome } from "./measure.ts";

/** @param more lines of further parts */
export function documentOf(measured: readonly Measured[], more: readonly string[]): string {
  const all = measured.flatMap(({ repository, roots }) => roots.map((root) => ({ repository, ...root })));
  const objects = all.reduce((sum, root) => sum + (root.kind === "same" ? root.objects : 0), 0);
  const lines = [
    "# How targets are rendered",
    "",
    "Written by `npm run bench:targets`; do not edit. Every kustomization and chart of a public corpus of manifests is rendered by",
    "holdfast, and by kustomize or helm started by hand in the repository, without a network. Both outputs are compared object by",
    "object and value by value; the program's own is read by Kubernetes' YAML reader. Components, which are nothing by themselves,",
    "are not counted. The corpus keeps only some files of each repository, so many roots lack files that they name.",
    "",
    "| repository | roots | rendered, the same | different | by neither | by the program only | by holdfast only |",
    "|---|---:|---:|---:|---:|---:|---:|",
    ...measured.map(({ repository, roots }) => row(repository, roots)),
    row("all", all),
    "",
    `The roots that are the same declare ${objects} objects.`,
    "",
    "## Why roots are not rendered",
    "",
    "| fault | why | roots | one of them |",
    "|---|---|---:|---|",
    ...reasons(all),
    "",
    ...more,
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function row(name: string, roots: readonly RootOutcome[]): string {
  const count = (kind: RootOutcome["kind"]): number => roots.filter((root) => root.kind === kind).length;
  const counts = (["same", "different", "neither", "program-only", "holdfast-only"] as const).map(count);
  return `| ${name} | ${roots.length} | ${counts.join(" | ")} |`;
}

function reasons(roots: readonly (RootOutcome & { readonly repository: string })[]): readonly string[] {
  const groups = new Map<string, { readonly code: string; readonly why: string; readonly places: string[] }>();
  for (const root of roots) {
    if (root.kind !== "neither" && root.kind !== "program-only") continue;
    const why = reasonOf(root.code, root.why);
    const key = `${root.code} ${why}`;
    const group = groups.get(key) ?? { code: root.code, why, places: [] };
    groups.set(key, group);
    group.places.push(`${root.repository}/${root.path}`);
  }
  return [...groups.values()]
    .toSorted((a, b) => b.places.length - a.places.length || (a.why < b.why ? -1 : 1))
    .map(({ code, why, places }) => `| \`${code}\` | ${why} | ${places.length} | \`${places[0]}\` |`);
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /no such file or directory|doesn't exist|unable to find one of|must be a file|not a directory|missing Resource/i,
    "a file or folder that it names is not in the corpus",
  ],
  [/template .* not defined|no template .* associated/i, "a template's helpers are not in the corpus"],
  [/unable to find one of 'kustomization/i, "a folder that it names has no kustomization in the corpus"],
  [/unknown field/i, "a field that kustomize does not know"],
  [/not in or below/i, "a file outside of its folder, which kustomize refuses"],
  [/is Component|expected kind/i, "a component in the place of a resource, or the other way"],
  [
    /no matches for|failed to find unique target|no resource matches|unable to find target/i,
    "what a patch is about is not there",
  ],
  [/may not add resource with an already registered id/i, "one object, declared twice"],
  [/cannot unmarshal|yaml:|MalformedYAML/i, "YAML that kustomize does not take"],
];

function reasonOf(code: string, why: string): string {
  if (code === "render-refused") return "what it names is in another repository, or on the network";
  if (code === "chart-missing") return "a chart of a registry or repository of charts";
  return REASONS.find(([pattern]) => pattern.test(why))?.[1] ?? why.replaceAll("|", "\\|").slice(0, 160);
}
