/**
 * The way to the network of one fetch: a proxy on this machine that Helm is told to use. It knows where the operator lets
 * charts come from; wherever else those servers lead (redirects, a registry's token server, what an index names) must be
 * everybody's: a server on the network may not have holdfast ask what only holdfast can reach.
 */

import { lookup } from "node:dns/promises";
import { createServer, request } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { isPublicAddress } from "./public-address.ts";

export interface ProxyInput {
  /** `host:port` that may be connected to wherever it is. */
  readonly listed: ReadonlySet<string>;
  /** From all servers together. */
  readonly maxBytes: number;
  /** Default: the system's. */
  readonly resolve?: (host: string) => Promise<string>;
}

export interface FetchProxy {
  readonly url: string;
  /** `host:port` that were asked for and refused. */
  readonly refused: ReadonlySet<string>;
  /** Whether more came than may. */
  readonly exceeded: () => boolean;
  close(): Promise<void>;
}

export async function openProxy(input: ProxyInput): Promise<FetchProxy> {
  const proxy = new Proxying(input);
  return await proxy.open();
}

class Proxying {
  readonly #input: ProxyInput;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #refused = new Set<string>();
  #bytes = 0;

  constructor(input: ProxyInput) {
    this.#input = input;
    this.#server = createServer((incoming, answer) => void this.#forward(incoming, answer));
    this.#server.on("connection", (socket) => this.#keep(socket));
    this.#server.on("connect", (incoming: IncomingMessage, socket: Duplex) => void this.#tunnel(incoming, socket));
  }

  async open(): Promise<FetchProxy> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    const { port } = this.#server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}`,
      refused: this.#refused,
      exceeded: () => this.#bytes > this.#input.maxBytes,
      close: () => this.#close(),
    };
  }

  async #close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy()); // Whoever left does not hear of it.
  }

  #count(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    return this.#bytes <= this.#input.maxBytes;
  }

  /** The address to connect to; `undefined` where that is refused. */
  async #addressOf(host: string, port: number): Promise<string | undefined> {
    const { listed, resolve = async (name) => (await lookup(name)).address } = this.#input;
    const place = `${host.toLowerCase()}:${port}`;
    const name = host.replace(/^\[|\]$/g, "");
    const isListed = listed.has(place);
    try {
      const address = isListed || port === 443 || port === 80 ? await resolve(name) : undefined;
      // It is this address that is connected to, and no other that the name stands for a moment later.
      if (address !== undefined && (isListed || isPublicAddress(address))) return address;
    } catch {
      return undefined; // A name that stands for nothing: Helm says which.
    }
    this.#refused.add(place);
    return undefined;
  }

  async #tunnel({ url = "" }: IncomingMessage, socket: Duplex): Promise<void> {
    const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(url) ?? [];
    const address = await this.#addressOf(host, Number(port));
    if (address === undefined) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const upstream: Socket = connect({ host: address, port: Number(port) }, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(upstream);
    });
    this.#keep(upstream);
    upstream.on("data", (chunk: Buffer) => {
      if (!this.#count(chunk)) return void upstream.destroy();
      if (!socket.write(chunk)) upstream.pause();
    });
    socket.on("drain", () => upstream.resume());
    upstream.on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
  }

  async #forward(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const target = URL.parse(incoming.url ?? "");
    const port = target === null || target.port === "" ? 80 : Number(target.port);
    const address = target?.protocol === "http:" ? await this.#addressOf(target.hostname, port) : undefined;
    if (target === null || address === undefined) return void answer.writeHead(403).end();
    const { "proxy-connection": _, ...headers } = incoming.headers;
    const asked = request(
      { host: address, port, method: incoming.method ?? "GET", path: `${target.pathname}${target.search}`, headers },
      (found) => {
        answer.writeHead(found.statusCode ?? 502, found.headers);
        found.on("data", (chunk: Buffer) => {
          if (!this.#count(chunk)) answer.destroy();
          else if (!answer.write(chunk)) found.pause();
        });
        answer.on("drain", () => found.resume());
        found.on("end", () => answer.end());
      },
    );
    asked.on("socket", (socket) => this.#keep(socket));
    asked.on("error", () => answer.destroy());
    answer.on("close", () => asked.destroy());
    incoming.pipe(asked);
  }
}
