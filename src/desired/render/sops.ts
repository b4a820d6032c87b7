/**
 * Files that SOPS encrypted, and that a renderer reads: what generators take in, values of charts. Nobody decrypts them here.
 * Two sets of stand-ins take their places, so that what comes out the same of both is what Git says, and the rest is unknown.
 * SOPS keeps the shape of YAML, JSON, dotenv and INI files (getsops/sops `stores/`); of what it calls binary nothing is left.
 * Manifests stay as they are: their encrypted fields are told when they are read.
 */

import { ENCRYPTED_VALUES } from "../../core/stand-ins.ts";
import { fieldAt, fieldOf, isList, isMap, setField, textOf } from "../../core/value.ts";
import type { Value, ValueMap } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { printJson } from "../../yaml/json.ts";
import { readYaml } from "../../yaml/read.ts";
import { isEncrypted } from "../secrets.ts";
import { folderOf, joinPath } from "../paths.ts";

/** By path: the bytes that are rendered first, and those that are rendered again. */
export type StandIns = ReadonlyMap<string, readonly [Uint8Array, Uint8Array]>;

/** Of all files that one root reads; none where SOPS hides nothing. */
export function standIns(files: ReadonlyMap<string, Uint8Array>): StandIns {
  const found = new Map<string, readonly [Uint8Array, Uint8Array]>();
  for (const [path, bytes] of files) {
    const make = standInFor(path, bytes, files);
    if (make === undefined) continue;
    found.set(path, [Buffer.from(make(FIRST)), Buffer.from(make(SECOND))]);
  }
  return found;
}

/** Stands for what is encrypted, of each type that SOPS notes. */
interface Dye {
  readonly text: string;
  readonly int: number;
  readonly float: number;
  readonly bool: boolean;
}

const FIRST: Dye = { text: ENCRYPTED_VALUES[0], int: 1, float: 1.5, bool: true };
const SECOND: Dye = { text: ENCRYPTED_VALUES[1], int: 2, float: 2.5, bool: false };

type Make = (dye: Dye) => string;

const MARK = "ENC[AES256_GCM,";

function standInFor(path: string, bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>): Make | undefined {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.includes(KSOPS)) return generatorOfSops(path, data, files);
  if (!data.includes(MARK) || !data.includes("sops")) return undefined;
  const text = decodeText(bytes);
  if (text === undefined) return undefined;
  if (/^sops_(?:mac|version)=/m.test(text)) return (dye) => dotenv(text, dye);
  if (/^\[sops\]\s*$/m.test(text)) return (dye) => ini(text, dye);
  return structured(path, text);
}

/** YAML and JSON; several documents each with its own `sops`. */
function structured(path: string, text: string): Make | undefined {
  const { documents, faults } = readYaml(text, { file: path });
  const maps = documents.map(({ value }) => value).filter(isMap);
  const hidden = maps.filter(isEncrypted);
  if (faults.length > 0 || hidden.length === 0 || hidden.some(isManifest)) return undefined;
  const [only] = maps;
  // What SOPS calls binary: the file was anything at all.
  if (maps.length === 1 && only !== undefined && Object.keys(only).toSorted().join() === "data,sops") {
    return ({ text: dyed }) => `${dyed}\n`;
  }
  return (dye) => maps.map((map) => printJson(dyedMap(map, dye, isEncrypted(map)))).join("\n---\n");
}

function isManifest(value: ValueMap): boolean {
  return textOf(value, "apiVersion") !== undefined && textOf(value, "kind") !== undefined;
}

function dyedMap(map: ValueMap, dye: Dye, top = false): ValueMap {
  const dyed: Record<string, Value> = {};
  for (const key of Object.keys(map)) {
    if (!(top && key === "sops")) setField(dyed, key, dyedValue(map[key] as Value, dye));
  }
  return dyed;
}

function dyedValue(value: Value, dye: Dye): Value {
  if (isList(value)) return value.map((item) => dyedValue(item, dye));
  if (isMap(value)) return dyedMap(value, dye);
  return typeof value === "string" && value.startsWith(MARK) ? ofType(value, dye) : value;
}

/** `ENC[AES256_GCM,data:…,iv:…,tag:…,type:int]` (getsops/sops `aes/cipher.go`). */
function ofType(ciphertext: string, dye: Dye): Value {
  switch (/,type:(\w+)\]$/.exec(ciphertext)?.[1]) {
    case "int":
      return dye.int;
    case "float":
      return dye.float;
    case "bool":
      return dye.bool;
    default:
      return dye.text;
  }
}

function dotenv(text: string, dye: Dye): string {
  const kept = text.split(/\r?\n/).filter((line) => !/^sops_\w+=/.test(line) && !line.startsWith("#"));
  return kept.map((line) => withoutCiphertext(line, dye)).join("\n");
}

function ini(text: string, dye: Dye): string {
  const sections = text.split(/^(?=\[)/m).filter((section) => !section.startsWith("[sops]"));
  return withoutCiphertext(sections.join(""), dye);
}

function withoutCiphertext(text: string, dye: Dye): string {
  return text.replaceAll(/ENC\[AES256_GCM,[^\]\n]*\]/g, dye.text);
}

const KSOPS = "viaduct.ai/v1";

/**
 * KSOPS, a plugin of kustomize's (viaduct-ai/kustomize-sops): it decrypts manifests and hands them on. In the place of its
 * configuration stands that of a built-in generator that makes the same Secrets, but for what they hold. `undefined` where
 * it makes anything else: the plugin is then refused by its name.
 */
function generatorOfSops(path: string, data: Buffer, files: ReadonlyMap<string, Uint8Array>): Make | undefined {
  const { documents, faults } = readYaml(data.toString("utf8"), { file: path });
  const configs = documents.map(({ value }) => value).filter((value) => value !== null);
  if (faults.length > 0 || configs.length === 0 || !configs.every(isKsops)) return undefined;
  const named = configs.flatMap((config) => itemsOf(fieldOf(config, "files")));
  const secrets = named.map((name) =>
    secretsIn(typeof name === "string" ? joinPath(folderOf(path), clean(name)) : "", files),
  );
  if (secrets.some((some) => some === undefined)) return undefined;
  return (dye) =>
    secrets
      .flatMap((some) => some ?? [])
      .map((secret) => printJson(generatorOf(secret, dye)))
      .join("\n---\n");
}

function isKsops(value: Value): boolean {
  return (
    textOf(value, "apiVersion") === KSOPS &&
    textOf(value, "kind") === "ksops" &&
    fieldOf(value, "secretFrom") === undefined
  );
}

function clean(name: string): string {
  return name.replace(/^(?:\.\/)+/, "");
}

/** All that the file declares, where that is Secrets whose keys are in clear. */
function secretsIn(file: string, files: ReadonlyMap<string, Uint8Array>): readonly ValueMap[] | undefined {
  const bytes = files.get(file);
  const text = bytes === undefined ? undefined : decodeText(bytes);
  if (text === undefined) return undefined;
  const { documents, faults } = readYaml(text, { file });
  const maps = documents.map(({ value }) => value).filter(isMap);
  return faults.length === 0 && maps.length > 0 && maps.every(isEncryptedSecret) ? maps : undefined;
}

function isEncryptedSecret(map: ValueMap): boolean {
  return (
    isEncrypted(map) &&
    textOf(map, "kind") === "Secret" &&
    textOf(map, "apiVersion") === "v1" &&
    !(textOf(fieldOf(map, "metadata"), "name") ?? MARK).startsWith(MARK)
  );
}

/** kustomize `api/types/secretargs.go`; annotations as KSOPS and kustomize's generators know them. */
function generatorOf(secret: ValueMap, dye: Dye): ValueMap {
  const metadata = fieldOf(secret, "metadata");
  const { [NEEDS_HASH]: needsHash, [BEHAVIOR]: behavior, ...annotations } = textsOf(fieldOf(metadata, "annotations"));
  const keys = new Set(["data", "stringData"].flatMap((field) => Object.keys(mapOf(fieldOf(secret, field)))));
  const [name, namespace, type] = [textOf(metadata, "name"), textOf(metadata, "namespace"), textOf(secret, "type")];
  return {
    apiVersion: "builtin",
    kind: "SecretGenerator",
    metadata: { name: name ?? "", ...(namespace === undefined ? {} : { namespace }) },
    ...(type === undefined ? {} : { type }),
    ...(behavior === undefined ? {} : { behavior }),
    literals: [...keys].map((key) => `${key}=${dye.text}`),
    options: {
      labels: textsOf(fieldOf(metadata, "labels")),
      annotations,
      disableNameSuffixHash: needsHash !== "true",
      ...(fieldAt(secret, "immutable") === true ? { immutable: true } : {}),
    },
  };
}

const NEEDS_HASH = "kustomize.config.k8s.io/needs-hash";
const BEHAVIOR = "kustomize.config.k8s.io/behavior";

function textsOf(value: Value | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(mapOf(value))) {
    if (typeof text === "string" && !text.startsWith(MARK) && key !== "__proto__") texts[key] = text;
  }
  return texts;
}

function mapOf(value: Value | undefined): ValueMap {
  return isMap(value) ? value : {};
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}
