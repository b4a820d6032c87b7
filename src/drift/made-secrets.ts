/**
 * Secrets that controllers make because an object asks for them (kinds/secret-makers.ts). What Git declares decides: such an
 * object in Git makes the Secret that it names a managed one, whose content Git does not know. Whoever writes a Secret may
 * name any owner; a reference to an object that asks for another Secret excuses nothing.
 */

import type { LiveObject } from "../core/objects.ts";
import { groupOf, kindKey, refKey } from "../core/refs.ts";
import type { KindRef, ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";
import { ownsNamedOnly, secretsAskedBy } from "../kinds/secret-makers.ts";
import type { AskedSecret } from "../kinds/secret-makers.ts";
import { selects } from "./mutators.ts";

type Declared = Pick<LiveObject, "ref" | "value">;

export interface MadeSecrets {
  /** Live objects of any kind; Namespaces and makers are remembered. */
  saw(live: LiveObject): void;
  /** The object in Git that has a controller make this Secret. */
  makerOf(secret: ObjectRef): ObjectRef | undefined;
  /** Field managers that write into this Secret for what Git declares. */
  writersOf(secret: ObjectRef): readonly string[];
  /** Whether an owner of this kind that is there may own the object: of a Secret, one that names it or whose names are not known. */
  mayOwn(owner: KindRef, object: ObjectRef): boolean;
  /** What Git has controllers make, and was not among the live Secrets: {@link AbsentSecret}. */
  absent(wasRead: (secret: ObjectRef) => boolean): readonly AbsentSecret[];
}

/** A Secret that is not there, though the object that asks for it is. */
export interface AbsentSecret {
  readonly maker: ObjectRef;
  readonly secret: ObjectRef;
  /** `Ready (SecretSyncedError)`: what the maker's status says is not so; a type and a reason, no message. */
  readonly says?: string;
}

interface Maker {
  readonly ref: ObjectRef;
  readonly secrets: readonly AskedSecret[];
  readonly writers: readonly string[];
}

export function madeSecrets(declared: Iterable<Declared>): MadeSecrets {
  // Many objects ask for a Secret of one name in different namespaces.
  const makers = new Map<string, Maker[]>();
  for (const object of declared) {
    const asked = secretsAskedBy(object);
    const { ref } = object;
    for (const secret of asked?.secrets ?? []) {
      const known = makers.get(secret.name) ?? [];
      makers.set(secret.name, known);
      known.push({ ref, secrets: [secret], writers: asked?.writers ?? [] });
    }
  }
  const labels = new Map<string, Value>();
  const live = liveMakers();
  const seen = new Set<string>();
  const asking = (secret: ObjectRef): readonly Maker[] =>
    (isSecret(secret) ? (makers.get(secret.name) ?? []) : []).filter((maker) =>
      maker.secrets.some(({ where }) => isWhere(where, secret.namespace ?? "", labels)),
    );
  const making = (secret: ObjectRef): Maker | undefined =>
    asking(secret).find(({ secrets }) => secrets.some(({ fills }) => !fills));
  return {
    saw(object) {
      const { ref, value } = object;
      if (ref.kind === "Namespace" && ref.apiVersion === "v1") labels.set(ref.name, labelsOf(value));
      if (isSecret(ref) && makers.has(ref.name)) seen.add(refKey(ref));
      live.saw(object);
    },
    makerOf: (secret) => making(secret)?.ref,
    writersOf: (secret) => asking(secret).flatMap(({ writers }) => writers),
    mayOwn: (owner, object) => !isSecret(object) || !ownsNamedOnly(owner) || live.names(owner, object),
    absent: (wasRead) =>
      [...makers].flatMap(([name, some]) =>
        some.flatMap(({ ref, secrets }) => {
          const status = live.statusOf(ref);
          if (status === undefined) return [];
          return secrets.flatMap(({ where, fills }): readonly AbsentSecret[] => {
            // Where it selects namespaces, what it asks for tells of itself.
            if (fills || typeof where !== "string") return [];
            const secret = { apiVersion: "v1", kind: "Secret", namespace: where, name };
            if (seen.has(refKey(secret)) || !wasRead(secret)) return [];
            return [{ maker: ref, secret, ...(status === "" ? {} : { says: status }) }];
          });
        }),
      ),
  };
}

interface LiveMakers {
  saw(live: LiveObject): void;
  names(owner: KindRef, secret: ObjectRef): boolean;
  /** What is not so by its conditions, `""` where nothing is said; `undefined`: it was not seen. */
  statusOf(maker: ObjectRef): string | undefined;
}

function liveMakers(): LiveMakers {
  const named = new Set<string>();
  // Those whose Secrets are called nobody knows how, or that stand in namespaces that only labels tell.
  const open = new Set<string>();
  const status = new Map<string, string>();
  return {
    saw({ ref, value }) {
      const asked = secretsAskedBy({ ref, value });
      if (asked === undefined) return;
      status.set(refKey(ref), failing(value));
      if (asked.secrets === undefined) open.add(placeKey(ref, ref.namespace));
      for (const { name, where } of asked.secrets ?? []) {
        named.add(typeof where === "string" ? `${placeKey(ref, where)}\0${name}` : `${placeKey(ref, "")}\0${name}`);
      }
    },
    names: (owner, { namespace = "", name }) =>
      open.has(placeKey(owner, namespace)) || named.has(`${placeKey(owner, namespace)}\0${name}`),
    statusOf: (maker) => status.get(refKey(maker)),
  };
}

function placeKey(kind: KindRef, namespace = ""): string {
  return `${kindKey(kind)}\0${namespace}`;
}

/** The type and reason of the first condition that does not hold: a message might quote what is secret. */
function failing(value: Value): string {
  const conditions = fieldAt(value, "status", "conditions");
  const first = (isList(conditions) ? conditions : []).find((one) => fieldOf(one, "status") === "False");
  const [type = "", reason = ""] = [textOf(first, "type"), textOf(first, "reason")];
  if (!/^[A-Za-z]{1,64}$/.test(type)) return "";
  return /^[A-Za-z]{1,64}$/.test(reason) ? `${type} (${reason})` : type;
}

function isWhere(where: AskedSecret["where"], namespace: string, labels: ReadonlyMap<string, Value>): boolean {
  if (typeof where === "string") return where === namespace;
  if (where.names.includes(namespace)) return true;
  const known = labels.get(namespace);
  // A namespace that was not read may have any labels.
  return where.selectors.some((selector) => known === undefined || selects(selector, known));
}

function labelsOf(value: Value): Value {
  return fieldAt(value, "metadata", "labels") ?? {};
}

function isSecret({ apiVersion, kind }: KindRef): boolean {
  return kind === "Secret" && groupOf(apiVersion) === "";
}
