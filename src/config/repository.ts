/** The repository config, `.github/holdfast.yml`: what is compared, judged and proposed. */

import { Cron } from "croner";
import { z } from "zod";
import type { Severity } from "../core/drift.ts";
import { SEVERITIES } from "../core/drift.ts";
import type { Fault } from "../core/fault.ts";
import type { IgnoreRule } from "../core/ignore.ts";
import { defaultRepositoryConfig, SHIPPED_PACKS } from "./defaults.ts";
import { readDocument } from "./document.ts";
import type { ReadDocument } from "./document.ts";
import { parseDuration } from "./duration.ts";
import { check, distinct, duration, name, namespace, notYet } from "./fields.ts";
import { ignoreRules, toIgnoreRules } from "./ignore.ts";
import { nearest } from "./nearest.ts";

export interface RepositoryConfig {
  readonly version: 1;
  readonly schedule: Schedule;
  /** At least one; names are unique. */
  readonly targets: readonly TargetConfig[];
  /** Absent where the file does not say: a server then only reports, a one-shot run proposes. */
  readonly mode?: "propose" | "report";
  /** How long a drift must stand before anything is opened; one-shot runs do not wait. */
  readonly holdOffMs: number;
  /** What is no drift, by decision. */
  readonly ignore: readonly IgnoreRule[];
  /** Field managers that deploy what Git declares, besides those that are known to. */
  readonly deployers: readonly string[];
  readonly policies: {
    readonly packs: readonly string[];
    /** Files and folders of the repository. */
    readonly paths: readonly string[];
    readonly failOn: Severity;
  };
  readonly pullRequests: {
    readonly group: "object" | "namespace" | "target";
    readonly maxOpen: number;
    readonly perHour: number;
    readonly labels: readonly string[];
  };
  readonly issues: { readonly labels: readonly string[]; readonly assignees: readonly string[] };
}

export type Schedule =
  | { readonly kind: "every"; readonly milliseconds: number }
  /** In UTC, five fields (or six, with seconds first). */
  | { readonly kind: "cron"; readonly expression: string };

export interface TargetConfig {
  readonly name: string;
  /** An alias that the server's operator granted, or a context of the kubeconfig; absent: the current one. */
  readonly cluster?: string;
  /** A folder or file of the repository; `""` for all of it. */
  readonly path: string;
  /** For objects without one. */
  readonly namespace?: string;
  /** Where unmanaged objects are looked for; absent: the namespaces that Git's objects are in. */
  readonly namespaces?: readonly string[];
  /** Patterns as in `.gitignore`, from the repository's root. */
  readonly exclude: readonly string[];
  readonly helm?: HelmTarget;
  readonly unmanaged: "report" | "drift" | "ignore";
}

/** Of the release, where the target's path is a chart. */
export interface HelmTarget {
  /** Default: the chart's name. */
  readonly release?: string;
  /** Default: the target's. */
  readonly namespace?: string;
  /** From the chart's folder, later ones over earlier ones. */
  readonly values: readonly string[];
}

/** Packs that the contract names and this version lacks. */
const COMING_PACKS: ReadonlySet<string> = new Set(["network-policy", "supply-chain", "policy-tamper"]);

/**
 * Reads the repository config; `undefined` and an empty text are the defaults. Every problem is a fault
 * (`config-invalid`) with file, line and column.
 */
export function readRepositoryConfig(text: string | undefined, file: string): RepositoryConfig | readonly Fault[] {
  if (text === undefined) return defaultRepositoryConfig();
  const read = readDocument(text, file, SCHEMA);
  return isFaults(read) ? read : toConfig(read);
}

function isFaults(read: object): read is readonly Fault[] {
  return Array.isArray(read);
}

const schedule = z.string().transform((text, context): Schedule => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined && milliseconds >= 60_000) return { kind: "every", milliseconds };
  if (milliseconds === undefined && isCron(text)) return { kind: "cron", expression: text.trim() };
  const message = milliseconds === undefined ? "is neither a time nor a cron expression" : "is shorter than a minute";
  const remedy = 'write a time such as 15m, or a cron expression such as "*/15 * * * *"';
  context.addIssue({ code: "custom", message, params: { remedy } });
  return z.NEVER;
});

/** Five or six fields that come round at some time. */
function isCron(text: string): boolean {
  if (text.length > 100 || !/^\S+(?: +\S+){4,5}$/.test(text.trim())) return false;
  try {
    return new Cron(text, { timezone: "UTC", paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

/** A path of the repository, cleaned: `./a/` is `a`, `.` is `""`. */
const repositoryPath = z
  .string()
  .max(1000)
  .refine(
    ...check<string>(
      (text) =>
        !text.startsWith("/") &&
        !/\p{Cc}/u.test(text) &&
        text.split("/").every((step) => step !== ".." && step.toLowerCase() !== ".git"),
      "is no path within the repository",
      "write it from the repository's root, without .. and a leading /",
    ),
  )
  .transform((text) =>
    text
      .split("/")
      .filter((step) => step !== "" && step !== ".")
      .join("/"),
  );

const pack = z.string().transform((text, context) => {
  if (SHIPPED_PACKS.includes(text)) return text;
  const closest = nearest(text, SHIPPED_PACKS);
  const remedy =
    closest === undefined ? `the packs are ${SHIPPED_PACKS.join(", ")}` : `did you mean ${JSON.stringify(closest)}?`;
  context.addIssue(
    COMING_PACKS.has(text)
      ? {
          code: "custom",
          message: `(${text}) does not work yet: this version lacks the pack`,
          params: { remedy: "remove it until a later version has it" },
        }
      : { code: "custom", message: "is no policy pack", params: { remedy } },
  );
  return z.NEVER;
});

const label = z
  .string()
  .refine(
    ...check<string>(
      (text) => text.trim() !== "" && text.length <= 50 && !/[,\p{Cc}\p{Cf}]/u.test(text),
      "is no label",
      "use up to 50 characters without commas",
    ),
  );

const login = z
  .string()
  .refine(
    ...check<string>(
      (text) => /^[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}$/.test(text),
      "is no GitHub user's name",
      "write the login without @",
    ),
  );

/** As the API server takes them (apimachinery `ValidateFieldManager`): 128 printable characters at most. */
const manager = z
  .string()
  .refine(
    ...check<string>(
      (text) => text.trim() !== "" && text.length <= 128 && !/\p{Cc}/u.test(text),
      "is no field manager's name",
      "write it as metadata.managedFields shows it (kubectl get --show-managed-fields)",
    ),
  );

/** As Helm takes it (helm `pkg/chart/common/util`, `ValidateReleaseName`). */
const release = z
  .string()
  .refine(
    ...check<string>(
      (text) => text.length <= 53 && /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(text),
      "is no release's name",
      "use lower-case letters, digits, dots and dashes, 53 at most",
    ),
  );

/** A file that is named from the chart's folder, and may lie beside it: whether it is in the repository is seen when it is read. */
const valuesFile = z
  .string()
  .refine(
    ...check<string>(
      (text) =>
        text.trim() !== "" && text.length <= 1000 && !/^[a-z][a-z0-9+.-]*:|^\//i.test(text) && !/\p{Cc}/u.test(text),
      "is no path of a values file",
      "write it from the chart's folder, such as values-prod.yaml",
    ),
  );

const helm = z.strictObject({
  release: release.optional(),
  namespace: namespace.optional(),
  values: z.array(valuesFile).max(100).default([]),
});

const target = z.strictObject({
  name,
  cluster: name.optional(),
  path: repositoryPath.default(""),
  renderer: notYet("choice of a renderer").optional(),
  helm: helm.optional(),
  namespace: namespace.optional(),
  namespaces: distinct(namespace).min(1).optional(),
  exclude: z.array(z.string().min(1).max(500)).max(500).default([]),
  unmanaged: z.enum(["report", "drift", "ignore"]).default("report"),
  deployedRevision: z
    .string()
    .refine(
      ...check<string>(
        (text) => text === "auto",
        "does not work yet: this version does not ask what was deployed",
        "remove it, or write auto",
      ),
    )
    .optional(),
});

const DEFAULTS = defaultRepositoryConfig();

const SCHEMA = z.strictObject({
  version: z.literal(1).default(DEFAULTS.version),
  schedule: schedule.default(DEFAULTS.schedule),
  targets: z
    .array(target)
    .min(1)
    .max(1000)
    .superRefine((targets, context) => {
      const names = targets.map((one) => one.name);
      for (const [index, one] of names.entries()) {
        if (names.indexOf(one) === index) continue;
        const params = { remedy: "give each target its own name" };
        context.addIssue({ code: "custom", path: [index, "name"], message: "is another target's name too", params });
      }
    })
    .prefault(DEFAULTS.targets.map(({ name: text }) => ({ name: text }))),
  mode: z.enum(["propose", "report"]).optional(),
  holdOff: duration({ min: 0 }).default(DEFAULTS.holdOffMs),
  freeze: notYet("freeze windows"),
  ignore: ignoreRules.default([]),
  deployers: distinct(manager).default([...DEFAULTS.deployers]),
  policies: z
    .strictObject({
      packs: distinct(pack).default([...DEFAULTS.policies.packs]),
      paths: distinct(repositoryPath).default([...DEFAULTS.policies.paths]),
      failOn: z.enum(SEVERITIES as readonly [Severity, ...Severity[]]).default(DEFAULTS.policies.failOn),
    })
    .prefault({}),
  exceptions: notYet("exceptions"),
  pullRequests: z
    .strictObject({
      group: z.enum(["object", "namespace", "target"]).default(DEFAULTS.pullRequests.group),
      maxOpen: z.int().min(0).max(1000).default(DEFAULTS.pullRequests.maxOpen),
      perHour: z.int().min(0).max(1000).default(DEFAULTS.pullRequests.perHour),
      reviewers: notYet("requests for review"),
      labels: distinct(label).default([...DEFAULTS.pullRequests.labels]),
    })
    .prefault({}),
  issues: z
    .strictObject({
      labels: distinct(label).default([...DEFAULTS.issues.labels]),
      assignees: distinct(login)
        .max(10)
        .default([...DEFAULTS.issues.assignees]),
    })
    .prefault({}),
});

function toConfig({ data, placeOf }: ReadDocument<z.output<typeof SCHEMA>>): RepositoryConfig {
  const { version, schedule: when, targets, mode, holdOff, deployers, policies, pullRequests, issues } = data;
  const { group, maxOpen, perHour, labels } = pullRequests;
  return {
    version,
    schedule: when,
    targets: targets.map(toTarget),
    ...(mode === undefined ? {} : { mode }),
    holdOffMs: holdOff,
    ignore: toIgnoreRules(data.ignore, (index) => placeOf(["ignore", index])),
    deployers,
    policies,
    pullRequests: { group, maxOpen, perHour, labels },
    issues,
  };
}

function toHelm({ release: called, namespace: into, values }: z.output<typeof helm>): HelmTarget {
  return {
    ...(called === undefined ? {} : { release: called }),
    ...(into === undefined ? {} : { namespace: into }),
    values,
  };
}

function toTarget(read: z.output<typeof target>): TargetConfig {
  return {
    name: read.name,
    ...(read.cluster === undefined ? {} : { cluster: read.cluster }),
    path: read.path,
    ...(read.namespace === undefined ? {} : { namespace: read.namespace }),
    ...(read.namespaces === undefined ? {} : { namespaces: read.namespaces }),
    exclude: read.exclude,
    ...(read.helm === undefined ? {} : { helm: toHelm(read.helm) }),
    unmanaged: read.unmanaged,
  };
}
