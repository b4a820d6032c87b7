// Where charts come from, on this machine: a chart repository over HTTP with whatever is wrong with it, and a real registry.

import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { write } from "../desired/repositories.ts";
import { ensureBinary } from "./binaries.ts";
import { keepProcesses } from "./kept-processes.ts";
import { freePorts } from "./ports.ts";
import { folder } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const run = promisify(execFile);

/** `name-version.tgz` by `helm package`. */
export async function packed(
  dir: string,
  name: string,
  version: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const source = join(folder(), name);
  write(source, {
    "Chart.yaml": `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    "values.yaml": "colour: blue\nsize: small\n",
    "values-red.yaml": "colour: red\n",
    "templates/web.yaml":
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-{{ .Chart.Name }}\ndata:\n  version: "{{ .Chart.Version }}"\n  colour: "{{ .Values.colour }}"\n  size: "{{ .Values.size }}"\n',
    ...files,
  });
  mkdirSync(dir, { recursive: true });
  await run(await ensureBinary("helm"), ["package", source, "--destination", dir], { env: helmHome() });
  return join(dir, `${name}-${version}.tgz`);
}

export function helmHome(): NodeJS.ProcessEnv {
  const home = folder();
  return { HOME: home, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
}

export interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface ChartServer {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Of the files that it serves. */
  readonly dir: string;
  index(): Promise<void>;
}

export interface ChartServerOptions {
  readonly login?: string;
  /** `true` where it has answered. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** Serves a folder; ends with the test. */
export async function chartServer({ login, answer }: ChartServerOptions = {}): Promise<ChartServer> {
  const dir = folder();
  const seen: Seen[] = [];
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    seen.push({ path: request.url ?? "", authorization });
    if (wanted !== undefined && authorization !== wanted) return void response.writeHead(401).end("who are you");
    if (answer?.(request, response) === true) return;
    const name = (request.url ?? "").slice(1);
    if (!readdirSync(dir).includes(name)) return void response.writeHead(404).end();
    response.end(readFileSync(join(dir, name)));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    dir,
    async index() {
      await run(await ensureBinary("helm"), ["repo", "index", dir], { env: helmHome() });
    },
  };
}

export interface Registry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Pushes an archive to `oci://host/path`; the digest of its manifest. */
  readonly push: (archive: string, path: string) => Promise<string>;
}

/** A real one, over HTTP; ends with the test. `htpasswd` is a line of that file, for the login that goes with it. */
export async function registry(auth?: { readonly htpasswd: string; readonly login: string }): Promise<Registry> {
  const dir = folder();
  const [port = 0] = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  const file = join(dir, "htpasswd");
  if (auth !== undefined) writeFileSync(file, `${auth.htpasswd}\n`);
  const login = auth === undefined ? "" : `auth: {htpasswd: {realm: test, path: ${file}}}\n`;
  const config = join(dir, "config.yml");
  const storage = `storage: {filesystem: {rootdirectory: ${join(dir, "data")}}}`;
  writeFileSync(config, `version: 0.1\nlog: {level: error}\n${storage}\nhttp: {addr: "${host}"}\n${login}`);
  const command = await ensureBinary("registry");
  const processes = keepProcesses(dir);
  onTestFinished(() => processes.stop());
  const env = { OTEL_TRACES_EXPORTER: "none" };
  await processes.start({ name: "registry", command, args: ["serve", config], log: join(dir, "log"), env });
  await answering(`http://${host}/v2/`);
  const home = helmHome();
  if (auth !== undefined) {
    const encoded = Buffer.from(auth.login).toString("base64");
    mkdirSync(join(home["HOME"] ?? "", "registry"), { recursive: true });
    const text = JSON.stringify({ auths: { [host]: { auth: encoded } } });
    writeFileSync(join(home["HOME"] ?? "", "registry", "config.json"), text);
  }
  return {
    host,
    push: async (archive, path) => {
      const args = ["push", "--plain-http", archive, `oci://${host}/${path}`];
      const { stdout, stderr } = await run(await ensureBinary("helm"), args, { env: home });
      return /Digest: (sha256:[0-9a-f]{64})/.exec(stdout + stderr)?.[1] ?? "";
    },
  };
}

async function answering(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nobody answers at ${url}`);
}

/** A Flux Kustomization of a folder with a HelmRelease and its source. */
export function fluxOf(source: string, release: string): Files {
  return {
    "flux.yaml":
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec: {path: ./apps, sourceRef: {kind: GitRepository, name: own}}\n",
    "apps/source.yaml": `apiVersion: source.toolkit.fluxcd.io/v1\n${source}`,
    "apps/release.yaml": `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: shop, namespace: web}\nspec:\n${release}`,
  };
}

export function helmRepository(url: string, more = ""): string {
  return `kind: HelmRepository\nmetadata: {name: charts, namespace: web}\nspec: {url: "${url}"${more}}\n`;
}

export function chartSpec(version: string, more = ""): string {
  return `  chart: {spec: {chart: podinfo, version: "${version}", sourceRef: {kind: HelmRepository, name: charts}${more}}}\n`;
}

/** An Argo CD Application. */
export function application(source: string): Files {
  return {
    "app.yaml": `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n  destination: {server: "https://kubernetes.default.svc", namespace: web}\n${source}`,
  };
}

/** A chart repository with versions of one chart. */
export async function repositoryWith(versions: readonly string[], login?: string): Promise<ChartServer> {
  const server = await chartServer(login === undefined ? {} : { login });
  for (const version of versions) await packed(server.dir, "podinfo", version);
  await server.index();
  return server;
}
