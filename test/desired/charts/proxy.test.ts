import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { openProxy } from "../../../src/desired/charts/proxy.ts";
import type { FetchProxy, ProxyInput } from "../../../src/desired/charts/proxy.ts";

async function serving(body: string): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((incoming, answer) => {
    asked.push(`${incoming.headers.host} ${incoming.url}`);
    answer.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

async function proxyOf(input: Partial<ProxyInput>): Promise<FetchProxy> {
  const proxy = await openProxy({ listed: new Set(), maxBytes: 1000, resolve: toLoopback, ...input });
  onTestFinished(() => proxy.close());
  return proxy;
}

function toLoopback(): Promise<string> {
  return Promise.resolve("127.0.0.1");
}

/** The status, or `closed`. */
async function get(proxy: FetchProxy, path: string): Promise<string> {
  const { port } = new URL(proxy.url);
  return await new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path, agent: false }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("error", () => resolve("closed"));
      answer.on("end", () => resolve(`${answer.statusCode} ${text.length}`));
    });
    asked.on("error", () => resolve("closed"));
    asked.end();
  });
}

/** What came through a tunnel before it ended. */
async function tunnel(proxy: FetchProxy, place: string): Promise<string> {
  const { port } = new URL(proxy.url);
  return await new Promise((resolve) => {
    let text = "";
    const socket = connect(Number(port), "127.0.0.1", () =>
      socket.write(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`),
    );
    socket.on("data", (chunk: Buffer) => {
      if (text === "" && chunk.includes(" 200 ")) socket.write("GET /x HTTP/1.0\r\nHost: tunnelled\r\n\r\n");
      text += chunk.toString();
    });
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
  });
}

describe("the proxy", () => {
  test("goes where it is listed, wherever that is, by either way", async () => {
    const { port, asked } = await serving("hello");
    const proxy = await proxyOf({ listed: new Set([`charts.test:${port}`]) });
    expect(await get(proxy, `http://charts.test:${port}/a?b`)).toBe("200 5");
    expect(await tunnel(proxy, `charts.test:${port}`)).toContain("hello");
    expect(asked).toEqual([`127.0.0.1:${new URL(proxy.url).port} /a?b`, "tunnelled /x"]);
    expect([...proxy.refused]).toEqual([]);
  });

  test("goes nowhere else on a network of its own", async () => {
    const { port, asked } = await serving("hello");
    const proxy = await proxyOf({ listed: new Set([`charts.test:${port}`]) });
    for (const place of [`other.test:${port}`, "other.test:80", "other.test:443", "169.254.169.254:80", "[::1]:443"]) {
      expect(await get(proxy, `http://${place}/`)).toBe("403 0");
      expect(await tunnel(proxy, place)).toMatch(/^HTTP\/1.1 403 /);
    }
    expect(asked).toEqual([]);
    expect(proxy.refused.has(`other.test:${port}`)).toBe(true);
  });

  test("takes nothing else for an address", async () => {
    const proxy = await proxyOf({});
    for (const path of ["/", "ftp://other.test/", "https://other.test/"]) expect(await get(proxy, path)).toBe("403 0");
    for (const place of ["", "other.test", "a:99999999"]) expect(await tunnel(proxy, place)).not.toContain(" 200 ");
  });

  test("asks once where a name leads, and goes there", async () => {
    const answers = ["127.0.0.1", "10.0.0.1"];
    const { port } = await serving("hello");
    const resolve = (): Promise<string> => Promise.resolve(answers.shift() ?? "");
    const proxy = await proxyOf({ listed: new Set([`charts.test:${port}`]), resolve });
    expect(await get(proxy, `http://charts.test:${port}/`)).toBe("200 5");
    expect(answers).toEqual(["10.0.0.1"]);
  });

  test("stops at its limit", async () => {
    const { port } = await serving("x".repeat(5000));
    const proxy = await proxyOf({ listed: new Set([`charts.test:${port}`]) });
    expect(await get(proxy, `http://charts.test:${port}/`)).toBe("closed");
    expect((await tunnel(proxy, `charts.test:${port}`)).length).toBeLessThan(5000);
    expect(proxy.exceeded()).toBe(true);
  });
});
