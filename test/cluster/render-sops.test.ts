// What SOPS encrypted, where a renderer reads it: never decrypted, and what comes of it is not known.

import { beforeAll, describe, expect, test } from "vitest";
import { fieldAt } from "../../src/core/value.ts";
import { deployment } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { at, chartOf, faults, names, objectOf, render } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm", "helm4"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const enc = (type = "str"): string => `ENC[AES256_GCM,data:q1w2,iv:e3r4,tag:t5y6,type:${type}]`;
const SOPS = `sops:\n    age: [{recipient: age1x, enc: x}]\n    mac: ${enc()}\n    version: 3.9.0\n`;
const DOTENV = `HOST=db\nPASSWORD=${enc()}\n#${enc("comment")}\nsops_mac=${enc()}\nsops_version=3.9.0\n`;
const YAML = `host: db\npassword: ${enc()}\n${SOPS}`;
const JSON_TEXT = JSON.stringify({ host: "db", password: enc(), sops: { mac: enc(), version: "3.9.0" } });
const BINARY = JSON.stringify({ data: enc(), sops: { mac: enc(), version: "3.9.0" } });
const INI = `[db]\nhost = db\npassword = ${enc()}\n\n[sops]\nmac = ${enc()}\nversion = 3.9.0\n`;
const FIXED = "generatorOptions: {disableNameSuffixHash: true}\n";

beforeAll(async () => {
  if (unavailable === undefined) for (const name of ["kustomize", "helm", "helm4"] as const) await ensureBinary(name);
});

/** Whether two renderings agree on the field. */
async function isKnown(files: Files, kind: string, ...path: readonly string[]): Promise<boolean> {
  const state = await render(files);
  expect(state.complete).toBe(true);
  const { value, again } = objectOf(state, kind);
  expect(fieldAt(value, ...path)).toBeDefined();
  return again === undefined || fieldAt(value, ...path) === fieldAt(again, ...path);
}

const generator = (what: string): Files => ({
  "app/kustomization.yaml": `secretGenerator: [{name: db, ${what}}]\n${FIXED}`,
  "app/web.yaml": deployment("web"),
  "app/db.env": DOTENV,
  "app/db.yaml": YAML,
  "app/db.json": JSON_TEXT,
  "app/db.bin": BINARY,
  "app/db.ini": INI,
  "app/clear.txt": "clear",
});

const KSOPS =
  "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata:\n  name: g\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ksops}\nfiles: [./s.enc.yaml]\n";
const ksops = (secret: string, config = KSOPS): Files => ({
  "app/kustomization.yaml": "generators: [ksops.yaml]\nnamePrefix: x-\n",
  "app/ksops.yaml": config,
  "app/s.enc.yaml": secret,
});
const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {app: web}}\ntype: Opaque\nstringData: {a: "${enc()}"}\n${SOPS}`;

describe.skipIf(unavailable !== undefined)("a kustomization's generator that reads", () => {
  test.for([
    ["a dotenv file: what is encrypted", "envs: [db.env]", "PASSWORD", false],
    ["a dotenv file: what is in clear", "envs: [db.env]", "HOST", true],
    ["a YAML file", "files: [db.yaml]", "db.yaml", false],
    ["a JSON file", "files: [k=db.json]", "k", false],
    ["a binary file", "files: [db.bin]", "db.bin", false],
    ["an INI file", "files: [db.ini]", "db.ini", false],
    ["a file that nobody encrypted, beside one", "files: [clear.txt, db.yaml]", "clear.txt", true],
  ] as const)("%s", async ([, what, key, known]) => {
    expect(await isKnown(generator(what), "Secret", "data", key)).toBe(known);
    const state = await render(generator(what));
    expect(faults(state)).toEqual([
      "secrets-encrypted: 1 object is encrypted by SOPS: the encrypted fields are not compared",
    ]);
    // SOPS' own notes are none of the content.
    expect(Object.keys(at(state, "Secret", "data") ?? {}).filter((name) => name.startsWith("sops"))).toEqual([]);
  });

  test("under a name with a hash: neither its name nor what refers to it is known, and all else is", async () => {
    const web = `${deployment("web").trimEnd()}\n`;
    const state = await render({
      ...generator("envs: [db.env]"),
      "app/kustomization.yaml": "resources: [pod.yaml]\nsecretGenerator: [{name: db, envs: [db.env]}]\n",
      "app/web.yaml": web,
      "app/pod.yaml":
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web, envFrom: [{secretRef: {name: db}}]}]}\n",
    });
    expect(state.complete).toBe(true);
    expect(faults(state)).toEqual([
      "secrets-encrypted: 2 objects are encrypted by SOPS: the encrypted fields are not compared",
    ]);
    expect(objectOf(state, "Secret")).toMatchObject({ unnamed: true });
    expect(objectOf(state, "Secret").ref.name).toMatch(/^db-\w{10}$/);
    const pod = objectOf(state, "Pod");
    expect(pod.unnamed).toBeUndefined();
    expect(JSON.stringify(pod.again)).not.toBe(JSON.stringify(pod.value));
    expect(fieldAt(pod.again, "metadata")).toEqual(fieldAt(pod.value, "metadata"));
  });

  test("a manifest that SOPS encrypted is read as one", async () => {
    const state = await render({
      "app/kustomization.yaml": "resources: [s.yaml]\n",
      "app/s.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: Opaque\ndata: {a: "${enc()}", b: YQ==}\n${SOPS}`,
    });
    expect(objectOf(state, "Secret")).toMatchObject({ sealed: [expect.anything()], value: { type: "Opaque" } });
    expect(objectOf(state, "Secret").again).toBeUndefined();
    expect(Object.keys(at(state, "Secret", "data") ?? {})).toEqual(["b"]);
  });

  test("by KSOPS: the Secrets that it decrypts, without their content", async () => {
    const state = await render(ksops(secret));
    expect(faults(state)).toEqual([
      "secrets-encrypted: 1 object is encrypted by SOPS: the encrypted fields are not compared",
    ]);
    expect(names(state)).toEqual(["Secret/x-s"]);
    expect(at(state, "Secret", "metadata", "labels")).toEqual({ app: "web" });
    expect(await isKnown(ksops(secret), "Secret", "data", "a")).toBe(false);
    expect(await isKnown(ksops(secret), "Secret", "type")).toBe(true);
  });

  test.for([
    ["another kind", ksops(secret.replace("kind: Secret", "kind: ConfigMap").replace("stringData", "data"))],
    ["a Secret whose name is encrypted", ksops(secret.replace("name: s", `name: "${enc()}"`))],
    ["a file that is not there", ksops(secret, KSOPS.replace("s.enc.yaml", "gone.yaml"))],
    ["a file that nobody encrypted", ksops(secret.replace(/sops:[^]*/, ""))],
    ["what it makes of other files", ksops(secret, `${KSOPS}secretFrom: [{metadata: {name: x}}]\n`)],
  ] as const)("by KSOPS is refused as any plugin where it names %s", async ([, files]) => {
    const state = await render(files);
    expect(state.complete).toBe(false);
    expect(faults(state)).toEqual([expect.stringMatching(/^render-(?:refused|failed): app /)]);
  });
});

describe.skipIf(unavailable !== undefined).each(["helm", "helm4"] as const)(
  "values that SOPS encrypted, with %s",
  (helm) => {
    const files = chartOf(
      "app",
      {
        "s.yaml":
          "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: {{ .Values.password }}\n  host: {{ .Values.host }}\n",
        "c.yaml":
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  host: {{ .Values.host }}\n  port: {{ add .Values.port 1 | quote }}\n  values: {{ keys .Values | sortAlpha | join " " }}\n',
      },
      { values: "host: none\nport: 0\n" },
    );
    const values = { "app/secrets.yaml": `${YAML}port: ${enc("int")}\n` };

    test("leave what comes of them unknown, by their types, and all else known", async () => {
      const target = { path: "app", helm: { values: ["secrets.yaml"] } };
      const state = await render({ ...files, ...values }, { helm, target });
      expect(faults(state)).toEqual([
        "secrets-encrypted: 2 objects are encrypted by SOPS: the encrypted fields are not compared",
      ]);
      const [made, config] = [objectOf(state, "Secret"), objectOf(state, "ConfigMap")];
      const known = (one: typeof made, key: string): boolean =>
        fieldAt(one.value, "data", key) === fieldAt(one.again, "data", key);
      expect([known(made, "password"), known(made, "host"), known(config, "port"), known(config, "host")]).toEqual([
        false,
        true,
        false,
        true,
      ]);
      expect(fieldAt(config.value, "data", "values")).toBe("host password port");
      expect(JSON.stringify(state)).not.toContain("ENC[");
    });
  },
);
