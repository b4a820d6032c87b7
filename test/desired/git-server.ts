import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createGunzip } from "node:zlib";
import { onTestFinished } from "vitest";

export interface GitServer {
  readonly url: string;
  /** Requests answered with 200, as `GET info/refs`, `POST git-upload-pack`. */
  readonly requests: string[];
}

export interface GitServerOptions {
  readonly token?: string;
  /** Whether it knows partial clones. */
  readonly filter?: boolean;
  /** Told of each pack request before it is answered. */
  readonly onRequest?: () => void;
}

/** Git's smart HTTP protocol on loopback, read only, answered by git itself. */
export async function serveRepository(dir: string, options: GitServerOptions = {}): Promise<GitServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => answer(dir, options, requests, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme/platform.git`, requests };
}

function answer(
  dir: string,
  { token, filter = true, onRequest }: GitServerOptions,
  requests: string[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const expected = `Basic ${Buffer.from(`x-access-token:${token ?? ""}`).toString("base64")}`;
  if (token !== undefined && request.headers.authorization !== expected) {
    response.writeHead(401, { "www-authenticate": "Basic realm=git" }).end();
    return;
  }
  onRequest?.();
  const refs = request.method === "GET";
  requests.push(refs ? "GET info/refs" : "POST git-upload-pack");
  const service = refs ? "advertisement" : "result";
  response.writeHead(200, { "content-type": `application/x-git-upload-pack-${service}`, "cache-control": "no-cache" });
  if (refs) response.write("001e# service=git-upload-pack\n0000");
  const settings = ["-c", `uploadpack.allowFilter=${filter}`, "-c", "uploadpack.allowAnySHA1InWant=true"];
  const mode = refs ? ["--advertise-refs"] : [];
  const child = spawn("git", [...settings, "upload-pack", "--stateless-rpc", ...mode, dir], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, GIT_PROTOCOL: String(request.headers["git-protocol"] ?? "") },
  });
  const body = request.headers["content-encoding"] === "gzip" ? request.pipe(createGunzip()) : request;
  body.pipe(child.stdin);
  child.stdin.on("error", () => undefined);
  child.stdout.pipe(response);
}
