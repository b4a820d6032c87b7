import { describe, expect, it, test } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import { field, fields } from "../../src/core/path.ts";
import type { FieldPath } from "../../src/core/path.ts";
import type { ObjectRef } from "../../src/core/refs.ts";
import type { Value } from "../../src/core/value.ts";
import { createDigester } from "../../src/text/digest.ts";
import { redactChange, redactText, sensitiveText, textRedactor } from "../../src/text/redact.ts";
import { sensitiveName } from "../../src/text/secret-patterns.ts";

const digester = createDigester(new TextEncoder().encode("a key for tests"));
const digest = (text: string): string => digester.digest(text);

// Put together here, so that no scanner takes this file for a leak.
const join = (...parts: readonly string[]): string => parts.join("");
const AWS = `AKIA${"Q".repeat(16)}`;
const GITHUB = `ghp_${"a1".repeat(18)}`;
const JWT = join("eyJ", "hbGciOiJIUzI1NiJ9", ".", "eyJzdWIiOiIxIn0", ".", "c2lnbmF0dXJl");
const PEM = join("-----BEGIN RSA PRIVATE", " KEY-----\nMIIB\n-----END RSA PRIVATE", " KEY-----");
const SLACK = join("xoxb-", "1234567890-abc");
const WEBHOOK = join("https://hooks.slack.com/services/", "T000/B000/xxxx");

describe("names", () => {
  it.each([
    ..."password PASSWORD DB_PASSWORD dbPassword db.password my-passwd apiKey API_KEY APIKey apikey x-api-key".split(
      " ",
    ),
    ..."AWS_SECRET_ACCESS_KEY clientSecret example.com/client-secret GITHUB_TOKEN refreshToken token".split(" "),
    ..."privateKey tls-private-key DATABASE_URL connectionString SMTP_PASS HTTPBearer JWT credentials".split(" "),
    "--password",
  ])("%s is called like a secret", (name) => {
    expect(sensitiveName(name)).toBe(true);
  });

  it.each([
    ..."name image replicas LOG_LEVEL PORT keyboard passenger monkey tokenizer author authorName compass".split(" "),
    ..."secretName secret-ref PASSWORD_FILE tokenExpirationSeconds secrets.example.com/injected PUBLIC_KEY".split(" "),
    ..."MAX_TOKENS credentialsPath accessKeyName".split(" "),
    "",
  ])("%s is not", (name) => {
    expect(sensitiveName(name)).toBe(false);
  });
});

describe("texts", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["an AWS key", `key ${AWS}.`, "key [redacted]."],
    ["a GitHub token", `x ${GITHUB}\n`, "x [redacted]\n"],
    ["a fine-grained GitHub token", `github_pat_${"a_1".repeat(20)}`, "[redacted]"],
    ["a Slack token", SLACK, "[redacted]"],
    ["a Slack webhook", WEBHOOK, "https://hooks.slack.com/services/[redacted]"],
    ["a web token", `t=${JWT}!`, "t=[redacted]!"],
    ["a private key", `a\n${PEM}\nb`, "a\n[redacted]\nb"],
    ["a private key that is cut off", PEM.slice(0, 40), "[redacted]"],
    ["a password in a URL", "postgres://app:hunter2@db:5432/x", "postgres://[redacted]@db:5432/x"],
    ["a password without a user", "redis://:hunter2@cache", "redis://[redacted]@cache"],
    ["a token in a URL", `https://${"t".repeat(20)}@example.com`, "https://[redacted]@example.com"],
    ["a flag", "--db-password=hunter2 --x", "--db-password=[redacted] --x"],
    ["properties", "user=app\nspring.password = hunter2\n", "user=app\nspring.password = [redacted]\n"],
    ["JSON", '{"apiKey": "hunter2"}', '{"apiKey": "[redacted]"}'],
    ["JSON within JSON", '{\\"apiKey\\":\\"hunter2\\"}', '{\\"apiKey\\":\\"[redacted]\\"}'],
    ["a header", `authorization: Bearer ${"x".repeat(20)}`, "authorization: Bearer [redacted]"],
    ["a connection string", `AccountName=x;AccountKey=${"Zm9v".repeat(8)}==;`, "AccountName=x;AccountKey=[redacted];"],
    ["two at once", `${AWS} ${GITHUB}`, "[redacted] [redacted]"],
  ];
  it.each(cases)("%s is taken out", (_what, text, expected) => {
    expect(sensitiveText(text)).toBe(true);
    expect(redactText(text)).toBe(expected);
    expect(sensitiveText(expected)).toBe(false);
    expect(redactText(expected)).toBe(expected);
  });

  it.each([
    `registry.example.com:5000/team/web@sha256:${"0123456789abcdef".repeat(4)}`,
    "https://example.com:8080/path?x=1",
    "http://[::1]:80/@x",
    'containers[name="web"].image',
    "password=${DB_PASSWORD}",
    "password: {{ .Values.password }}",
    "--token=$(TOKEN)",
    "automountServiceAccountToken: false",
    "docker.io/library/nginx:1.27",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "the secret of a good API is its name",
    digest("x"),
  ])("%s stays", (text) => {
    expect(sensitiveText(text)).toBe(false);
    expect(redactText(text)).toBe(text);
  });

  it.each([
    "eyJ-",
    "eyJa.",
    "a://",
    "a:",
    "://:",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN ",
    "password",
    "password=  ",
    "https://a@",
    "Bearer ",
    "xoxb-",
    "sk-",
    "\\\"'= \t",
    "AKIAQ",
    "?sig=",
  ])("half a megabyte of %s takes no second", (piece) => {
    const text = piece.repeat(Math.ceil(500_000 / piece.length));
    const started = performance.now();
    redactText(text);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

const DEPLOYMENT: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };
const CONFIG: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name: "web" };
const SECRET: ObjectRef = { apiVersion: "v1", kind: "Secret", namespace: "shop", name: "web" };
const CONTAINER: FieldPath = [...fields("spec", "containers"), { kind: "key", keys: { name: "web" } }];
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

describe("changes", () => {
  const hidden: readonly (readonly [string, ObjectRef, FieldPath, Value, Value])[] = [
    [
      "an environment variable that is called like a secret",
      DEPLOYMENT,
      [...CONTAINER, field("env"), { kind: "key", keys: { name: "DB_PASSWORD" } }, field("value")],
      "hunter2",
      digest("hunter2"),
    ],
    [
      "one that looks like a secret",
      DEPLOYMENT,
      [...CONTAINER, field("env"), { kind: "key", keys: { name: "X" } }, field("value")],
      `x ${AWS}`,
      digest(`x ${AWS}`),
    ],
    [
      "one that is known by its position alone",
      DEPLOYMENT,
      [...CONTAINER, field("env"), { kind: "index", index: 3 }, field("value")],
      "hunter2",
      digest("hunter2"),
    ],
    [
      "the environment of a container that was added",
      DEPLOYMENT,
      CONTAINER,
      {
        name: "web",
        image: "x",
        env: [
          { name: "TOKEN", value: "hunter2" },
          { name: "PORT", value: "80" },
        ],
      },
      {
        name: "web",
        image: "x",
        env: [
          { name: "TOKEN", value: digest("hunter2") },
          { name: "PORT", value: "80" },
        ],
      },
    ],
    [
      "an argument behind its flag",
      DEPLOYMENT,
      [...CONTAINER, field("args")],
      ["--user", "app", "--password", "hunter2"],
      ["--user", "app", "--password", digest("hunter2")],
    ],
    [
      "an argument with its flag",
      DEPLOYMENT,
      [...CONTAINER, field("args")],
      ["--password=hunter2", "x"],
      [digest("--password=hunter2"), "x"],
    ],
    ["a key of a ConfigMap", CONFIG, fields("data", "api-key"), "hunter2", digest("hunter2")],
    [
      "a file of a ConfigMap",
      CONFIG,
      fields("data"),
      { "app.properties": "password=hunter2\n", "b.txt": "x" },
      { "app.properties": digest("password=hunter2\n"), "b.txt": "x" },
    ],
    ["an annotation", DEPLOYMENT, fields("metadata", "annotations", "example.com/token"), "hunter2", digest("hunter2")],
    [
      "what kubectl noted as applied",
      DEPLOYMENT,
      fields("metadata", "annotations"),
      { [LAST_APPLIED]: "{}", a: "b" },
      { [LAST_APPLIED]: digest("{}"), a: "b" },
    ],
    ["a value of a Secret", SECRET, fields("data", "x"), "aGk=", digest("aGk=")],
    ["all of a Secret's data", SECRET, fields("stringData"), { a: "hi", b: 1 }, { a: digest("hi"), b: digest("1") }],
    [
      "a whole Secret",
      SECRET,
      [],
      { kind: "Secret", type: "Opaque", data: { a: "aGk=" } },
      { kind: "Secret", type: "Opaque", data: { a: digest("aGk=") } },
    ],
    [
      "a field called __proto__ beside a secret",
      CONFIG,
      fields("data"),
      JSON.parse('{"__proto__": "x", "token": "t"}') as Value,
      JSON.parse(`{"__proto__": "x", "token": "${digest("t")}"}`) as Value,
    ],
    ["what is a digest already", SECRET, fields("data", "x"), digest("x"), digest("x")],
  ];
  it.each(hidden)("hide %s", (_what, ref, path, value, expected) => {
    const change: Change = {
      path,
      operation: "replace",
      desired: "1",
      live: value,
      deployed: value,
      direction: "unknown",
    };
    const redacted = redactChange({ change, ref, digester });
    expect(redacted).toEqual({
      ...change,
      desired: expect.anything() as unknown,
      live: expected,
      deployed: expected,
      sensitive: true,
    });
    expect(JSON.stringify(redacted)).not.toContain("hunter2");
  });

  const shown: readonly (readonly [string, ObjectRef, FieldPath, Value])[] = [
    ["replicas", DEPLOYMENT, fields("spec", "replicas"), 5],
    ["an image", DEPLOYMENT, [...CONTAINER, field("image")], `x@sha256:${"ab".repeat(32)}`],
    ["a reference to a Secret", DEPLOYMENT, fields("x"), { secretKeyRef: { name: "db", key: "password" } }],
    ["a volume of a Secret", DEPLOYMENT, fields("volumes"), [{ name: "tls", secret: { secretName: "tls" } }]],
    ["a switch", DEPLOYMENT, fields("spec", "automountServiceAccountToken"), false],
    ["a Secret's labels", SECRET, fields("metadata", "labels", "app"), "web"],
    ["an empty password", CONFIG, fields("data", "password"), ""],
    ["a Secret of another group", { ...SECRET, apiVersion: "example.com/v1" }, fields("data", "x"), "y"],
  ];
  it.each(shown)("show %s", (_what, ref, path, value) => {
    const change: Change = { path, operation: "add", live: value, direction: "unknown" };
    const redacted = redactChange({ change, ref, digester });
    expect(redacted).toEqual(change);
    expect("sensitive" in redacted).toBe(false);
  });

  test("keep what was marked sensitive before", () => {
    const change: Change = {
      path: fields("x"),
      operation: "remove",
      desired: 1,
      direction: "unknown",
      sensitive: true,
    };
    expect(redactChange({ change, ref: DEPLOYMENT, digester })).toEqual(change);
  });

  test("hide the side that has the secret, and leave absent sides absent", () => {
    const change: Change = { path: fields("data", "token"), operation: "add", live: "hunter2", direction: "unknown" };
    expect(Object.keys(redactChange({ change, ref: CONFIG, digester })).toSorted()).toEqual([
      "direction",
      "live",
      "operation",
      "path",
      "sensitive",
    ]);
  });
});

describe("a text about objects", () => {
  const ref: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };
  const env = [
    { name: "DB_PASSWORD", value: "hunter2" },
    { name: "OLD_PASSWORD", value: "hunter2-old" },
    { name: "LOG", value: "debug" },
    { name: "A_TOKEN", value: "x" },
  ];
  const redact = textRedactor([{ ref, value: { spec: { containers: [{ name: "web", env }] } } }]);

  it.each([
    ["env has hunter2, hunter2-old and debug", "env has [redacted], [redacted] and debug"],
    [`token ${GITHUB}`, "token [redacted]"],
    ["exactly one", "exactly one"],
  ])("%s: has no value of theirs that is secret", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});

describe("a secret in a path", () => {
  const ref: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };

  it.each<[string, FieldPath, FieldPath]>([
    [
      "a set's value",
      [field("finalizers"), { kind: "value", value: GITHUB }],
      [field("finalizers"), { kind: "value", value: digest(GITHUB) }],
    ],
    [
      "a list's key",
      [field("env"), { kind: "key", keys: { name: GITHUB, port: 1 } }],
      [field("env"), { kind: "key", keys: { name: digest(GITHUB), port: 1 } }],
    ],
    ["a map's key", fields("data", GITHUB), fields("data", digest(GITHUB))],
  ])("%s is a digest, and the change is never codified", (_what, path, expected) => {
    const change: Change = { path, operation: "add", live: "x", direction: "unknown" };
    expect(redactChange({ change, ref, digester })).toEqual({ ...change, path: expected, sensitive: true });
  });
});
