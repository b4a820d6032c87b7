/** Makes live objects of what the API server, or `kubectl get`, prints. */

import type { LiveObject, ManagedFields } from "../core/objects.ts";
import type { KindRef } from "../core/refs.ts";
import { fieldOf, isList, isMap, textOf } from "../core/value.ts";
import type { Value, ValueMap } from "../core/value.ts";
import { isSecret, withoutSecretValues } from "./secrets.ts";
import type { SecretOptions } from "./secrets.ts";

export interface ObjectOptions extends SecretOptions {
  /** The items of a typed list carry neither their API version nor their kind: the list's are theirs. */
  readonly of?: KindRef;
}

/** The live object, or `undefined` where the value is none: no API version, kind or name. */
export function toLiveObject(value: Value, options: ObjectOptions): LiveObject | undefined {
  if (!isMap(value)) return undefined;
  const apiVersion = textOf(value, "apiVersion") ?? options.of?.apiVersion;
  const kind = textOf(value, "kind") ?? options.of?.kind;
  const metadata = fieldOf(value, "metadata");
  const name = textOf(metadata, "name");
  if (apiVersion === undefined || kind === undefined || !isMap(metadata) || name === undefined || name === "") {
    return undefined;
  }
  const namespace = textOf(metadata, "namespace");
  const ref =
    namespace === undefined || namespace === "" ? { apiVersion, kind, name } : { apiVersion, kind, namespace, name };
  const { managedFields, ...rest } = metadata;
  const whole: ValueMap = { apiVersion, kind, ...value, metadata: rest };
  return {
    ref,
    // By what it is taken for, whatever it says itself: an item of a SecretList with `kind: null` is a Secret.
    value: isSecret({ apiVersion, kind }) ? withoutSecretValues(whole, options) : whole,
    managers: managersOf(managedFields),
  };
}

/** The object as the API server would print it, field managers included: the reverse of {@link toLiveObject}. */
export function toPrinted(object: LiveObject): ValueMap {
  if (object.managers.length === 0) return object.value;
  const metadata = fieldOf(object.value, "metadata");
  const managedFields = object.managers.map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    ...(entry.subresource === undefined ? {} : { subresource: entry.subresource }),
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: "FieldsV1",
    fieldsV1: entry.fields,
  }));
  return { ...object.value, metadata: { ...(isMap(metadata) ? metadata : {}), managedFields } };
}

/** Entries without fields, or of another form than `FieldsV1`, tell of no field and are left out. */
function managersOf(entries: Value | undefined): readonly ManagedFields[] {
  return isList(entries) ? entries.flatMap(managerOf) : [];
}

function managerOf(entry: Value): readonly ManagedFields[] {
  const operation = textOf(entry, "operation");
  const fields = fieldOf(entry, "fieldsV1");
  if ((operation !== "Apply" && operation !== "Update") || !isMap(fields)) return [];
  const subresource = textOf(entry, "subresource");
  const time = textOf(entry, "time");
  return [
    {
      manager: textOf(entry, "manager") ?? "",
      operation,
      ...(subresource === undefined || subresource === "" ? {} : { subresource }),
      ...(time === undefined ? {} : { time }),
      fields,
    },
  ];
}
