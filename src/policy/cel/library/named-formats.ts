/** `format.dns1123Label().validate(text)` and the like (kubernetes/apiserver `pkg/cel/library/format.go`). */

import { Optional } from "@marcbachmann/cel-js";
import type { Environment } from "@marcbachmann/cel-js";
import type { Register } from "../register.ts";
import { registerNamespace } from "./namespaces.ts";
import { parseUrl } from "./url.ts";

class NamedFormat {
  readonly #accepts: (text: string) => boolean;
  constructor(accepts: (text: string) => boolean) {
    this.#accepts = accepts;
  }
  accepts(text: string): boolean {
    return this.#accepts(text);
  }
}

const TYPE = "kubernetes.NamedFormat";

export function registerNamedFormats(environment: Environment, register: Register): void {
  environment.registerType(TYPE, NamedFormat);
  const namespace = registerNamespace(environment, "format");
  const formats = new Map(Object.entries(FORMATS).map(([name, accepts]) => [name, new NamedFormat(accepts)]));
  for (const [name, format] of formats) register(`${namespace}.${name}(): ${TYPE}`, () => format);
  register(`${namespace}.named(string): optional<${TYPE}>`, (_: unknown, name: string) => {
    const format = formats.get(name);
    return format === undefined ? Optional.none() : Optional.of(format);
  });
  register(`${TYPE}.validate(string): optional<list<string>>`, (format: NamedFormat, text: string) =>
    format.accepts(text) ? Optional.none() : Optional.of(["does not have this format"]),
  );
}

// Every pattern is tried on texts of bounded length, and none backtracks over more than a label.
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[-+]\d{2}:\d{2})$/;

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  dns1123Label: isLabel,
  dns1123LabelPrefix: (text) => isLabel(unprefixed(text)),
  dns1123Subdomain: isSubdomain,
  dns1123SubdomainPrefix: (text) => isSubdomain(unprefixed(text)),
  dns1035Label: (text) => text.length <= 63 && LABEL_1035.test(text),
  dns1035LabelPrefix: (text) => text.length <= 63 && LABEL_1035.test(unprefixed(text)),
  qualifiedName: isQualifiedName,
  labelValue: (text) => text === "" || (text.length <= 63 && NAME.test(text)),
  uri: (text) => parseUrl(text) !== undefined,
  uuid: (text) => UUID.test(text),
  byte: (text) => text.length % 4 === 0 && BASE64.test(text),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isDate(text),
  datetime: (text) => text.length <= 64 && TIME.test(text) && isDate(text.slice(0, 10)),
};

/** A prefix for generated names may end with a dash. */
function unprefixed(text: string): string {
  return text.length > 1 && text.endsWith("-") ? `${text.slice(0, -1)}a` : text;
}

function isLabel(text: string): boolean {
  return text.length <= 63 && LABEL.test(text);
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && text.split(".").every((label) => LABEL.test(label));
}

function isQualifiedName(text: string): boolean {
  const parts = text.split("/");
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? (parts[0] as string) : undefined;
  return parts.length <= 2 && name.length <= 63 && NAME.test(name) && (prefix === undefined || isSubdomain(prefix));
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
