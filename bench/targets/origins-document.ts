// The part of docs/targets.md about where fields come from.

import type { SampledField } from "./origins.ts";

export function originsPart(fields: readonly SampledField[], seed: number): readonly string[] {
  const of = (kind: SampledField["verdict"]["kind"]): number =>
    fields.filter(({ verdict }) => verdict.kind === kind).length;
  const made = fields.filter(({ verdict }) => verdict.kind === "absent" && !verdict.written).length;
  const told = of("right") + of("wrong") + of("unchecked");
  const written = told + of("absent") - made;
  const share = written === 0 ? 0 : Math.floor((1000 * told) / written) / 10;
  const byProgram = fields.filter(({ verdict }) => verdict.kind === "right" && verdict.by === "program").length;
  const templates = fields.filter(({ source }) => source?.role === "template").length;
  return [
    "## Where fields come from",
    "",
    `${fields.length} fields of what is rendered of these repositories (seed ${seed}): an object by chance, and of it a field by chance; not what`,
    "objects are called, and not what is empty. For each, holdfast says on which line it is written, or that it does not know (origins.md). Then the",
    "text of that line is changed for real, and what is rendered is compared with what was: the field must be another one, and as many",
    "other fields as holdfast says, neither more nor fewer.",
    "",
    "| repository | fields | right | wrong | line not changed by the bench | not told, and the text is somewhere | not told, and the text is nowhere |",
    "|---|---:|---:|---:|---:|---:|---:|",
    ...[...Map.groupBy(fields, ({ repository }) => repository)].map(([repository, own]) => row(repository, own)),
    row("all", fields),
    "",
    `Of the ${written} fields whose text is somewhere in the repository, a line is told for ${share} %. ${byProgram} were proved by kustomize or helm itself,`,
    `the others, which Flux or Argo CD deploys, by holdfast's reading of the changed files. ${templates} lines are in templates of charts.`,
    "",
    ...roles(fields),
    ...notTold(fields),
  ];
}

export interface ChartSample {
  readonly seed: number;
  readonly fields: readonly SampledField[];
  /** How often charts were rendered once more to find them. */
  readonly rendered: number;
}

/** The corpus has one chart, without its helpers: those that are at hand elsewhere. */
export function chartsPart(samples: readonly ChartSample[], when: "with the rest" | "alone"): readonly string[] {
  const fields = samples.flatMap((sample) => sample.fields);
  const [first] = samples;
  if (first === undefined || fields.length === 0) return [];
  const told = fields.filter(({ source }) => source !== undefined);
  const computed = told.filter(({ source }) => source?.computed === true).length;
  const rendered = samples.reduce((sum, sample) => sum + sample.rendered, 0);
  const distinct = new Set(fields.map(({ repository, path, field }) => `${repository} ${path} ${field}`)).size;
  const seeds = samples.map(({ seed }) => seed).join(", ");
  return [
    CHARTS,
    "",
    `The corpus has one chart, and not all files of it. So ${first.fields.length} fields more are sampled in the same way, of charts in the tests of Argo CD and of Helm`,
    "(as their Go modules have them; MinIO's, Redis' and MariaDB's are among them) and of what `helm create` makes; the proof is helm's own.",
    `Sampled ${samples.length} times (seeds ${seeds}), ${distinct} different fields together. This part can be measured by itself: \`npm run bench:targets -- --only charts\`.`,
    ...(when === "alone" ? ["So it was the last time: the parts above were measured earlier."] : []),
    "",
    "| charts | fields | right | wrong | line not changed by the bench | not told, and the text is somewhere | not told, and the text is nowhere |",
    "|---|---:|---:|---:|---:|---:|---:|",
    ...[...Map.groupBy(fields, ({ repository }) => repository)].map(([repository, own]) => row(repository, own)),
    ...(samples.length === 1 ? [] : samples.map((sample) => row(`all, seed ${sample.seed}`, sample.fields))),
    row("all", fields),
    "",
    `A line is told for ${told.length}. ${computed} of these are lines of templates that work the value out (\`computed\`): labels and names that a chart makes of its`,
    "own name or of the release, above all. Of what they are made is not told: with another name the objects are other ones, too, and nothing proves it.",
    `To find the lines charts were rendered ${rendered} times more, ${(rendered / fields.length).toFixed(1)} times a field.`,
    "",
    ...roles(fields),
    ...notTold(fields),
  ];
}

/** Begins the part, which is the last one. */
export const CHARTS = "### In charts";

function roles(fields: readonly SampledField[]): readonly string[] {
  const byRole = Map.groupBy(
    fields.filter(({ source }) => source !== undefined),
    ({ source }) => source?.role ?? "resource",
  );
  return [
    "| the line is in | fields |",
    "|---|---:|",
    ...[...byRole]
      .toSorted(([, a], [, b]) => b.length - a.length)
      .map(([role, own]) => `| \`${role}\` | ${own.length} |`),
    "",
  ];
}

function row(name: string, fields: readonly SampledField[]): string {
  const count = (is: (field: SampledField) => boolean): number => fields.filter(is).length;
  const counts = [
    fields.length,
    count(({ verdict }) => verdict.kind === "right"),
    count(({ verdict }) => verdict.kind === "wrong"),
    count(({ verdict }) => verdict.kind === "unchecked"),
    count(({ verdict }) => verdict.kind === "absent" && verdict.written),
    count(({ verdict }) => verdict.kind === "absent" && !verdict.written),
  ];
  return `| ${name} | ${counts.join(" | ")} |`;
}

const SHOWN = 12;

function notTold(fields: readonly SampledField[]): readonly string[] {
  const absent = fields.filter(({ verdict }) => verdict.kind === "absent" && verdict.written);
  if (absent.length === 0) return [];
  const lines = [...new Set(absent.map(({ repository, path, field }) => `- \`${repository}/${path}\`: \`${field}\``))];
  return [
    `Not told, though the text is somewhere${lines.length > SHOWN ? ` (the first ${SHOWN})` : ""}:`,
    "",
    ...lines.slice(0, SHOWN),
    "",
  ];
}
