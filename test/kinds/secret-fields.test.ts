import { describe, expect, test } from "vitest";
import { fields } from "../../src/core/path.ts";
import { digestKey, isSecretPath } from "../../src/kinds/secret-fields.ts";
import { createDigester } from "../../src/text/digest.ts";

const SECRET = { apiVersion: "v1", kind: "Secret" };

describe("secret fields", () => {
  test.each([
    ["a value of data", SECRET, fields("data", "password"), true],
    ["data as a whole", SECRET, fields("data"), true],
    ["stringData", SECRET, fields("stringData", "password"), true],
    [
      "the manifest that kubectl noted",
      SECRET,
      fields("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
      true,
    ],
    ["a Secret's type", SECRET, fields("type"), false],
    ["a ConfigMap's data", { apiVersion: "v1", kind: "ConfigMap" }, fields("data", "password"), false],
    ["another group's Secret", { apiVersion: "example.com/v1", kind: "Secret" }, fields("data", "a"), false],
  ])("%s", (_, kind, path, secret) => {
    expect(isSecretPath(kind, path)).toBe(secret);
  });

  test("digests are recognised as they are made", () => {
    const digester = createDigester(Buffer.from("key"));
    expect(digestKey(digester.digest("hunter2"))).toBe(digester.keyId);
    expect(digestKey("hunter2")).toBeUndefined();
    expect(digestKey(7)).toBeUndefined();
  });
});
