// `node bench/large/server.ts RECORDING COPIES`: answers as the recorded API server did, with its one namespace as often as
// it is told, each with its own name and uids. A process of its own, whose processor time is told apart: `GET /spent`.
// Prints its address when it is ready.

import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Recording, RecordedList } from "./recording.ts";

const [file = "", copies = "1"] = process.argv.slice(2);
const COPIES = Number(copies);
const { lists, answers, serving } = JSON.parse(readFileSync(file, "utf8")) as Recording;
const served = new Map(lists.map((list) => [`${list.root}/${list.resource}`, prepared(list)]));
let bytes = 0;

const server = createServer({ cert: serving.certificate, key: serving.key }, answer);
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`https://127.0.0.1:${port}\n`);
});

interface Prepared {
  readonly list: RecordedList;
  /** Of each item the texts between the places that differ from copy to copy. */
  readonly parts: readonly (readonly string[])[];
}

/** Places are the namespace and the first half of uids' first group. */
function prepared(list: RecordedList): Prepared {
  return {
    list,
    parts: list.copied.map((text) =>
      text
        .split(/(?<="uid":"[0-9a-f]{4})([0-9a-f]{4})(?=-)|(?<=namespace\\?":\\?")(copied)(?=\\?")/)
        .filter((part) => part !== undefined),
    ),
  };
}

function item(parts: readonly string[], copy: number): string {
  const uid = copy.toString(16).padStart(4, "0");
  return parts.map((part, place) => (place % 2 === 0 ? part : part === "copied" ? `app-${copy}` : uid)).join("");
}

function answer({ url = "/" }: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, "https://127.0.0.1");
  const known = answers[pathname];
  if (pathname === "/spent") return send(response, 200, JSON.stringify({ ...process.cpuUsage(), bytes }));
  if (known !== undefined) return send(response, 200, known.body, known.type);
  const [, root = "", namespace, resource = ""] =
    /^(\/apis?\/.*?v[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(pathname) ?? [];
  const list = served.get(`${root}/${resource}`);
  if (list === undefined) return send(response, 404, JSON.stringify({ kind: "Status", code: 404 }));
  const start = Number(searchParams.get("continue") ?? 0);
  const limit = Number(searchParams.get("limit") ?? 500);
  send(response, 200, page(list, { start, limit, namespace }));
}

function page(
  { list, parts }: Prepared,
  { start, limit, namespace }: { start: number; limit: number; namespace: string | undefined },
): string {
  const one = /^app-(\d+)$/.exec(namespace ?? "")?.[1];
  const first = one === undefined ? 0 : Number(one) * parts.length;
  const count = one === undefined ? (namespace === undefined ? parts.length * COPIES : 0) : parts.length;
  const others = namespace === undefined ? list.others : [];
  const end = Math.min(start + limit, count + others.length);
  const items: string[] = [];
  for (let index = start; index < end; index++) {
    const at = first + index;
    items.push(
      index < count
        ? item(parts[at % parts.length] ?? [], Math.floor(at / parts.length))
        : (others[index - count] ?? ""),
    );
  }
  const more =
    end < count + others.length ? { continue: String(end), remainingItemCount: count + others.length - end } : {};
  const head = JSON.stringify({ ...list.head, metadata: { resourceVersion: "1", ...more } });
  return `${head.slice(0, -1)},"items":[${items.join(",")}]}\n`;
}

function send(response: ServerResponse, status: number, body: string, type = "application/json"): void {
  const data = Buffer.from(body);
  bytes += data.length;
  response.writeHead(status, { "content-type": type, "content-length": data.length }).end(data);
}
