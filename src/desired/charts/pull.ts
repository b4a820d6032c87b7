/** Has Helm fetch charts: in a home of its own, through a proxy that knows where it may go, within limits of time and size. */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { redactText } from "../../text/redact.ts";
import { runRenderer } from "../render/process.ts";
import type { RendererEnd } from "../render/process.ts";
import { addressText, chartAddress, isLoopbackHost, PUBLIC, withPort } from "./address.ts";
import type { ChartAddress } from "./address.ts";
import type { ChartGrant, WantedChart } from "./charts.ts";
import { registryConfig, repositorySettings } from "./helm-settings.ts";
import { openProxy } from "./proxy.ts";

export interface FetchLimits {
  /** Of one chart, and of one repository's index. */
  readonly milliseconds: number;
  /** Of an archive, as it comes. */
  readonly archiveBytes: number;
  /** Of an index, and of all that comes over the network for one chart. */
  readonly indexBytes: number;
}

export const FETCH_LIMITS: FetchLimits = {
  milliseconds: 60_000,
  archiveBytes: 32 * 1024 * 1024,
  indexBytes: 96 * 1024 * 1024,
};

const MEMORY_BYTES = 3 * 1024 * 1024 * 1024;

export interface PullInput {
  /** Helm's own path. */
  readonly helm: string;
  /** The operator's. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly grants: readonly ChartGrant[];
  readonly limits: FetchLimits;
  /** Where a name leads; default: as the system says. */
  readonly resolve?: (host: string) => Promise<string>;
  readonly signal?: AbortSignal;
}

export interface Asked {
  readonly wanted: WantedChart;
  readonly address: ChartAddress;
  readonly grant: ChartGrant;
}

/** What kept a chart from coming, for people: no credentials, and no words of a server's but its status. */
export interface NotPulled {
  readonly why: string;
}

/** Brings the repository's index, once for each `home`. */
export async function addRepository(
  input: PullInput,
  { address, grant }: Asked,
  home: string,
): Promise<NotPulled | undefined> {
  await mkdir(home, { mode: 0o700 });
  const url = addressText(address);
  const told = mayLogIn(grant) ? await repositorySettings(url, input.environment) : undefined;
  const { username, password } = grant.username === undefined ? (told ?? {}) : grant;
  const login = username === undefined || password === undefined ? [] : ["--username", username, "--password-stdin"];
  const end = await run(input, {
    home,
    args: ["repo", "add", ...login, ...(told?.options ?? []), "--", NAME, url],
    ...(password === undefined ? {} : { input: password }),
  });
  return "why" in end ? end : undefined;
}

/** Whoever may name any address may not have the operator log in there. */
function mayLogIn({ address }: ChartGrant): boolean {
  return address !== PUBLIC;
}

/** What a repository is called in a home of its own. */
const NAME = "holdfast";

/** The archive of a chart. Of a repository `home` has the index already. */
export async function pullChart(input: PullInput, asked: Asked, home: string): Promise<Buffer | NotPulled> {
  const { wanted, address, grant } = asked;
  const { name, version, whole, digest } = wanted;
  const destination = join(home, "pulled", randomUUID());
  await mkdir(destination, { recursive: true, mode: 0o700 });
  const versioned = version === undefined ? [] : [`--version=${version}`];
  const common = ["pull", ...versioned, "--destination", destination];
  if (address.scheme !== "oci")
    return await pulled(input, { home, args: [...common, "--", `${NAME}/${name}`], destination });
  const chart = addressText(address) + (whole === true ? "" : `/${name}`) + (digest === undefined ? "" : `@${digest}`);
  const plain = grant.plainHttp === true || isLoopbackHost(address.host) ? ["--plain-http"] : [];
  const login = await loginFile(grant, address, home);
  const config = login ?? (mayLogIn(grant) ? registryConfig(input.environment) : undefined);
  return await pulled(input, {
    home,
    args: [...common, ...plain, "--", chart],
    destination,
    environment: config === undefined ? {} : { HELM_REGISTRY_CONFIG: config },
  });
}

/** As Docker's clients keep it (`config.json`). */
async function loginFile(grant: ChartGrant, { host }: ChartAddress, home: string): Promise<string | undefined> {
  const { username, password } = grant;
  if (username === undefined || password === undefined) return undefined;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const file = join(home, "login.json");
  await writeFile(file, JSON.stringify({ auths: { [host]: { auth } } }), { mode: 0o600 });
  return file;
}

interface HelmRun {
  readonly home: string;
  readonly args: readonly string[];
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

async function pulled(
  input: PullInput,
  { destination, ...command }: HelmRun & { readonly destination: string },
): Promise<Buffer | NotPulled> {
  const end = await run(input, command);
  if ("why" in end) return end;
  const [file] = await readdir(destination);
  if (file === undefined) return { why: "Helm fetched nothing" };
  const path = join(destination, file);
  if ((await stat(path)).size > input.limits.archiveBytes) return tooLarge(input.limits.archiveBytes);
  return await readFile(path);
}

/** Settings of Go's for certificates, and where registries' login helpers are found, are the operator's too. */
const HANDED_ON = ["PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"] as const;

async function run(input: PullInput, command: HelmRun): Promise<NotPulled | { readonly done: true }> {
  const { helm, limits, grants, signal, resolve } = input;
  const { home } = command;
  const listed = new Set(grants.flatMap(({ address }) => placeOf(address)));
  const proxy = await openProxy({ listed, maxBytes: limits.indexBytes, ...(resolve === undefined ? {} : { resolve }) });
  try {
    const handed = HANDED_ON.flatMap((name) => {
      const value = input.environment[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const end = await runRenderer({
      binary: helm,
      args: command.args,
      cwd: home,
      home,
      isolation: [],
      limits: {
        milliseconds: limits.milliseconds,
        outputBytes: 1024 * 1024,
        memoryBytes: MEMORY_BYTES,
        fileBytes: limits.indexBytes,
      },
      variables: {
        ...Object.fromEntries(handed),
        HTTP_PROXY: proxy.url,
        HTTPS_PROXY: proxy.url,
        http_proxy: proxy.url,
        https_proxy: proxy.url,
        ...command.environment,
      },
      ...(command.input === undefined ? {} : { input: command.input }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (end.kind === "done") return { done: true };
    if (proxy.exceeded()) return tooLarge(limits.indexBytes);
    const [refused] = proxy.refused;
    if (refused !== undefined) {
      return { why: `it leads to ${refused}, which is no public address and none that the operator allows` };
    }
    return { why: whyOf(end, limits) };
  } finally {
    await proxy.close();
  }
}

function placeOf(granted: string): readonly string[] {
  const address = chartAddress(granted);
  if (address === undefined) return [];
  // A registry without TLS is at HTTP's port.
  return address.scheme === "oci" ? [withPort(address), withPort({ ...address, scheme: "http" })] : [withPort(address)];
}

function tooLarge(limit: number): NotPulled {
  return { why: `it is larger than ${Math.round(limit / 1024 / 1024)} MiB, the limit` };
}

function whyOf(end: Exclude<RendererEnd, { kind: "done" }>, limits: FetchLimits): string {
  switch (end.kind) {
    case "failed":
      return reasonIn(end.message, limits);
    case "too-long":
      return `it took longer than ${limits.milliseconds / 1000} s, the limit`;
    case "too-much-output":
      return "Helm printed more than the limit";
    case "killed":
      return end.by === "SIGXFSZ" ? tooLarge(limits.indexBytes).why : `Helm was ended by ${end.by}`;
    case "not-started":
      return `Helm could not be started (${end.reason})`;
    case "interrupted":
      return "it was interrupted";
  }
}

/** What Helm, ORAS and Go say, in fewer words: theirs hold addresses that may be signed, and what a server wrote. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/file too large/i, "it is larger than the limit"],
  [/401|unauthorized|authentication required|basic credential not found/i, "the server wants other credentials (401)"],
  [/403|denied|forbidden/i, "the server refuses it to these credentials (403)"],
  [
    /no chart name found|no chart version found|not found in \S+ index|could not locate a version|unable to locate any tags|improper constraint/i,
    "it has no such chart, or no version that matches",
  ],
  [/404|not found|manifest unknown|name unknown/i, "it is not there (404)"],
  [
    /mismatch(?:ed)? (?:digest|size)|digest mismatch|digest of content/i,
    "its content does not have the digest that was asked for",
  ],
  [/certificate|x509|tls:/i, "its certificate is not trusted"],
  [/no such host|server misbehaving/i, "its name stands for no address"],
  [/connection refused/i, "nobody answers there"],
  [/timeout|deadline exceeded/i, "it took too long"],
  [/EOF|connection reset/i, "the connection ended"],
  [/does not contain a layer|manifest does not contain|mediatype/i, "it is no Helm chart"],
  [/yaml|json|cannot unmarshal|no API version specified/i, "its index cannot be read"],
];

const MAX_SAID = 200;

function reasonIn(message: string, limits: FetchLimits): string {
  const known = REASONS.find(([pattern]) => pattern.test(message))?.[1];
  if (known !== undefined) return known.replace("the limit", `${limits.indexBytes / 1024 / 1024} MiB, the limit`);
  const said = redactText(
    message
      .replaceAll(/\b[a-z]+:\/\/\S+/gi, "…")
      .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
      .trim(),
  );
  return `Helm says: ${said.slice(0, MAX_SAID)}`;
}
