/** `url` and its parts (kubernetes/apiserver `pkg/cel/library/urls.go`): what Go's `url.ParseRequestURI` takes. */

import type { Environment } from "@marcbachmann/cel-js";
import { CelFailure } from "../register.ts";
import type { Register } from "../register.ts";

interface Parts {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class Url {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }
  get parts(): Parts {
    return this.#parts;
  }
}

const TYPE = "kubernetes.URL";

export function registerUrl(environment: Environment, register: Register): void {
  environment.registerType(TYPE, Url);
  environment.registerOperator(
    `${TYPE} == ${TYPE}`,
    (a: Url, b: Url) => JSON.stringify(a.parts) === JSON.stringify(b.parts),
  );
  register(`url(string): ${TYPE}`, (text: string) => {
    const parts = parseUrl(text);
    if (parts === undefined) throw new CelFailure("no URL in this text");
    return new Url(parts);
  });
  register("isURL(string): bool", (text: string) => parseUrl(text) !== undefined);
  register(`${TYPE}.getScheme(): string`, ({ parts }: Url) => parts.scheme);
  register(`${TYPE}.getHost(): string`, ({ parts }: Url) => parts.host);
  register(`${TYPE}.getHostname(): string`, ({ parts }: Url) => splitPort(parts.host)[0]);
  register(`${TYPE}.getPort(): string`, ({ parts }: Url) => splitPort(parts.host)[1]);
  register(`${TYPE}.getEscapedPath(): string`, ({ parts }: Url) => parts.path);
  register(`${TYPE}.getQuery(): map<string, list<string>>`, ({ parts }: Url) => parseQuery(parts.query));
}

const HOST = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9a-fA-F:.%]+\])(?::\d*)?$/;

/** An absolute URL, or an absolute path; a fragment is no part of a request. */
export function parseUrl(text: string): Parts | undefined {
  // oxlint-disable-next-line no-control-regex -- Go refuses control characters, too
  if (text === "" || /[\u0000-\u0020\u007f]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/.exec(text);
  if (match === null) return undefined;
  const [, scheme = "", authority, path = "", query = ""] = match;
  const host = authority === undefined ? "" : authority.slice(authority.lastIndexOf("@") + 1);
  if (scheme === "" && !text.startsWith("/")) return undefined;
  if (!HOST.test(host)) return undefined;
  return { scheme: scheme.toLowerCase(), host, path, query };
}

function splitPort(host: string): readonly [string, string] {
  const match = /^(.*?)(?::(\d*))?$/.exec(host);
  const [, name = "", port = ""] = match ?? [];
  const bracketed = /^\[(.*)\]$/.exec(name);
  return [bracketed?.[1] ?? name, port];
}

function parseQuery(query: string): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) result.set(name, [...(result.get(name) ?? []), value]);
  return result;
}
