/** The server config, the operator's: which clusters there are, and which repository may reach what of them. */

import { z } from "zod";
import type { Fault } from "../core/fault.ts";
import { readDocument } from "./document.ts";
import { check, distinct, duration, name, namespace, notYet } from "./fields.ts";

export interface ServerConfig {
  readonly version: 1;
  /** Clones and the pass' own files; absolute. */
  readonly stateDir: string;
  readonly clusters: ReadonlyMap<string, ClusterAccess>;
  readonly grants: readonly Grant[];
  /** Where charts may be fetched from that no repository holds. */
  readonly charts: readonly ChartsGrant[];
  /** Other repositories that may be deployed from, each with a clone that the operator keeps. */
  readonly sources: readonly SourceGrant[];
  /** Programs that kustomizations may have run as functions. */
  readonly exec: readonly ExecGrant[];
  /** What is run in the place of Argo CD's config management plugins. */
  readonly plugins: readonly PluginGrant[];
  readonly limits: {
    readonly parallelPasses: number;
    readonly passTimeoutMs: number;
    readonly fileBytes: number;
  };
}

/**
 * `mode`: as the option `--mode` has it. `secrets: false`: Secrets are neither listed nor compared, for an account that may
 * not read them.
 */
export type ClusterAccess = { readonly mode: "read-only" | "server-dry-run"; readonly secrets: boolean } &
  /** The service account of the pod that holdfast runs in. */
  (
    | { readonly kind: "in-cluster" }
    /** An absolute path, absent: as kubectl finds it; and a context, absent: the file's current one. */
    | { readonly kind: "kubeconfig"; readonly kubeconfig?: string; readonly context?: string }
  );

export interface Grant {
  /** `owner/name`, as GitHub has it: letters' case does not count. */
  readonly repository: string;
  /** An alias of `clusters`. */
  readonly cluster: string;
  /** `all` includes what is in no namespace. */
  readonly namespaces: readonly string[] | "all";
}

export interface ChartsGrant {
  /** Of a chart repository or a registry, and everything below it; or `public`. */
  readonly address: string;
  /** Whose manifests may ask for its charts. */
  readonly repositories: readonly string[] | "all";
  readonly username?: string;
  /** The environment variable that holds the password. */
  readonly passwordEnv?: string;
  readonly plainHttp?: boolean;
}

export interface SourceGrant {
  readonly url: string;
  /** An absolute path. */
  readonly path: string;
  /** Whose manifests may deploy from it. */
  readonly repositories: readonly string[] | "all";
}

export interface ExecGrant {
  /** A clean path of the repository, or an absolute one of the server's machine. */
  readonly program: string;
  /** Whose kustomizations may have it run. */
  readonly repositories: readonly string[] | "all";
}

export interface PluginGrant {
  /** As Argo CD knows it. */
  readonly name: string;
  /** An absolute path, and arguments. */
  readonly command: readonly string[];
  /** Whose Applications may name it. */
  readonly repositories: readonly string[] | "all";
}

/** Reads the server config. Every problem is a fault (`config-invalid`) with file, line and column. */
export function readServerConfig(text: string, file: string): ServerConfig | readonly Fault[] {
  const read = readDocument(text, file, SCHEMA);
  return isFaults(read) ? read : toConfig(read.data);
}

/**
 * What the repository may read of the cluster of that alias: some namespaces, everything, or (`undefined`) nothing.
 * Several grants add up.
 */
export function grantedNamespaces(
  config: ServerConfig,
  repository: string,
  cluster: string,
): readonly string[] | "all" | undefined {
  const grants = config.grants.filter(
    (grant) => grant.cluster === cluster && grant.repository.toLowerCase() === repository.toLowerCase(),
  );
  if (grants.length === 0) return undefined;
  if (grants.some((grant) => grant.namespaces === "all")) return "all";
  return [...new Set(grants.flatMap((grant) => grant.namespaces))];
}

/** What that repository's manifests may ask for. */
export function grantedCharts(config: ServerConfig, repository: string): readonly ChartsGrant[] {
  return config.charts.filter(isFor(repository));
}

/** What that repository's manifests may deploy from. */
export function grantedSources(config: ServerConfig, repository: string): readonly SourceGrant[] {
  return config.sources.filter(isFor(repository));
}

/** What that repository's manifests may have run; of two commands for one plugin, the first. */
export function grantedPrograms(
  config: ServerConfig,
  repository: string,
): { readonly functions: readonly string[]; readonly plugins: ReadonlyMap<string, readonly string[]> } {
  const plugins = config.plugins.filter(isFor(repository)).toReversed();
  return {
    functions: config.exec.filter(isFor(repository)).map(({ program }) => program),
    plugins: new Map(plugins.map(({ name: plugin, command }) => [plugin, command])),
  };
}

function isFor(repository: string): (grant: { readonly repositories: readonly string[] | "all" }) => boolean {
  const own = repository.toLowerCase();
  return ({ repositories }) => repositories === "all" || repositories.some((one) => one.toLowerCase() === own);
}

function isFaults(read: object): read is readonly Fault[] {
  return Array.isArray(read);
}

const absolutePath = z
  .string()
  .max(4096)
  .refine(
    ...check<string>(
      (text) => text.startsWith("/") && !/\p{Cc}/u.test(text),
      "is no absolute path",
      "write the path from / on",
    ),
  );

const cluster = z
  .strictObject({
    inCluster: z.boolean().optional(),
    kubeconfig: absolutePath.optional(),
    context: z.string().min(1).max(1000).optional(),
    mode: z.enum(["read-only", "server-dry-run"]).default("read-only"),
    secrets: z.boolean().default(true),
  })
  .refine(
    ...check<{ inCluster?: boolean | undefined; kubeconfig?: string | undefined; context?: string | undefined }>(
      (one) => (one.inCluster === true) !== (one.kubeconfig !== undefined || one.context !== undefined),
      "must have either inCluster: true, or a kubeconfig or context",
      "keep one of the two ways",
    ),
  );

const repository = z
  .string()
  .refine(
    ...check<string>(
      (text) => /^[A-Za-z0-9](?:-?[A-Za-z0-9_]){0,100}\/[A-Za-z0-9._-]{1,100}$/.test(text) && !/\/\.{1,2}$/.test(text),
      "is no repository",
      "write owner/name; patterns are not supported",
    ),
  );

const repositories = z.union([z.literal("all"), distinct(repository).min(1)], {
  error: "must be a list of repositories, or all",
});

const grant = z.strictObject({
  repository,
  cluster: name,
  namespaces: z.union([z.literal("all"), distinct(namespace).min(1)], {
    error: "must be a list of namespaces, or all",
  }),
});

const charts = z
  .strictObject({
    address: z
      .string()
      .max(1000)
      .refine(
        ...check<string>(
          (text) =>
            text === "public" || /^(?:https?|oci):\/\/[A-Za-z0-9.[\]:-]+(?:\/[A-Za-z0-9._~+-]+)*\/?$/.test(text),
          "is no address of charts",
          "write https://…, oci://… or http://… without a user and without patterns, or public",
        ),
      ),
    repositories,
    username: z.string().min(1).max(300).optional(),
    passwordEnv: z
      .string()
      .refine(
        ...check<string>(
          (text) => /^[A-Za-z_][A-Za-z0-9_]{0,200}$/.test(text),
          "is no name of an environment variable",
          "name the variable that holds the password",
        ),
      )
      .optional(),
    plainHttp: z.boolean().optional(),
  })
  .refine(
    ...check<{ username?: string | undefined; passwordEnv?: string | undefined }>(
      (one) => (one.username === undefined) === (one.passwordEnv === undefined),
      "must have username and passwordEnv, or neither",
      "add the one that is missing",
    ),
  )
  .refine(
    ...check<{ address: string; username?: string | undefined; plainHttp?: boolean | undefined }>(
      ({ address, username, plainHttp }) =>
        username === undefined ||
        (address !== "public" && !(plainHttp === true || address.startsWith("http://"))) ||
        /^(?:http|oci):\/\/(?:localhost|127\.[\d.]+|\[::1\])(?:[:/]|$)/.test(address),
      "would send a password to everybody, or in clear text",
      "name one address with TLS",
    ),
  );

const source = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(1000)
    .refine(
      ...check<string>(
        (text) => !/[\s\p{Cc}]/u.test(text) && !/:\/\/[^/]*:[^/]*@/.test(text),
        "is no address of a repository",
        "write it as Git's sources do, without a password",
      ),
    ),
  path: absolutePath,
  repositories,
});

const exec = z.strictObject({
  program: z
    .string()
    .min(1)
    .max(4096)
    .refine(
      ...check<string>(
        (text) =>
          !/\p{Cc}/u.test(text) &&
          text.split("/").every((step, at) => !["", ".", ".."].includes(step) || (at === 0 && step === "")),
        "is no path of a program",
        "write it from the repository's root, or from / on, without . and ..",
      ),
    ),
  repositories,
});

const plugin = z.strictObject({
  name: z.string().min(1).max(253),
  command: z.tuple([absolutePath], z.string().max(4096)),
  repositories,
});

const SCHEMA = z
  .strictObject({
    version: z.literal(1).default(1),
    stateDir: absolutePath.default("/var/lib/holdfast"),
    clusters: z.record(name, cluster).default({}),
    grants: z.array(grant).max(10_000).default([]),
    charts: z.array(charts).max(1000).default([]),
    sources: z.array(source).max(1000).default([]),
    exec: z.array(exec).max(1000).default([]),
    plugins: z.array(plugin).max(1000).default([]),
    limits: z
      .strictObject({
        parallelPasses: z.int().min(1).max(64).default(2),
        passTimeout: duration({ min: 10_000 }).default(1_800_000),
        fileMegabytes: z.int().min(1).max(1000).default(10),
      })
      .prefault({}),
    store: notYet("choice of a store"),
    redact: notYet("redaction patterns of one's own"),
  })
  .superRefine(({ clusters, grants }, context) => {
    for (const [index, one] of grants.entries()) {
      if (Object.hasOwn(clusters, one.cluster)) continue;
      const known = Object.keys(clusters).join(", ");
      const remedy = known === "" ? "add the cluster under clusters" : `the clusters are ${known}`;
      const path = ["grants", index, "cluster"];
      context.addIssue({ code: "custom", path, message: "is no alias of clusters", params: { remedy } });
    }
  });

function toConfig({
  version,
  stateDir,
  clusters,
  grants,
  charts: chartGrants,
  sources,
  exec: execGrants,
  plugins,
  limits,
}: z.output<typeof SCHEMA>): ServerConfig {
  return {
    version,
    stateDir,
    clusters: new Map(Object.entries(clusters).map(([alias, access]) => [alias, toAccess(access)])),
    grants,
    sources,
    exec: execGrants,
    plugins,
    charts: chartGrants.map(({ username, passwordEnv, plainHttp, ...one }) => ({
      ...one,
      ...(username === undefined ? {} : { username }),
      ...(passwordEnv === undefined ? {} : { passwordEnv }),
      ...(plainHttp === undefined ? {} : { plainHttp }),
    })),
    limits: {
      parallelPasses: limits.parallelPasses,
      passTimeoutMs: limits.passTimeout,
      fileBytes: limits.fileMegabytes * 1024 * 1024,
    },
  };
}

function toAccess({ inCluster, kubeconfig, context, mode, secrets }: z.output<typeof cluster>): ClusterAccess {
  if (inCluster === true) return { kind: "in-cluster", mode, secrets };
  return {
    kind: "kubeconfig",
    mode,
    secrets,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}
