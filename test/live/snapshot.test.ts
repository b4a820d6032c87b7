import { randomBytes } from "node:crypto";
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import type { Fault } from "../../src/core/fault.ts";
import { SNAPSHOT_MARKER } from "../../src/core/markers.ts";
import type { KindRef } from "../../src/core/refs.ts";
import type { LiveEvent, LiveQuery, LiveSource } from "../../src/core/stages.ts";
import { fieldAt } from "../../src/core/value.ts";
import { openSnapshot } from "../../src/live/snapshot.ts";
import { writeSnapshot } from "../../src/live/write-snapshot.ts";
import { createDigester } from "../../src/text/digest.ts";

const digester = createDigester(randomBytes(32));
const DEPLOYMENT: KindRef = { apiVersion: "apps/v1", kind: "Deployment" };
const SERVICE: KindRef = { apiVersion: "v1", kind: "Service" };
const SECRET: KindRef = { apiVersion: "v1", kind: "Secret" };
const INGRESS: KindRef = { apiVersion: "networking.k8s.io/v1", kind: "Ingress" };
const NAMESPACE: KindRef = { apiVersion: "v1", kind: "Namespace" };

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-snapshot-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(name: string, text: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, text);
  return file;
}

async function open(path: string | AsyncIterable<Uint8Array>, by = digester): Promise<LiveSource> {
  const source = await openSnapshot({ path, digester: by });
  if (isFault(source)) throw new Error(JSON.stringify(source));
  return source;
}

async function openFault(path: string, bytes?: number): Promise<Fault> {
  const source = await openSnapshot({ path, digester, ...(bytes === undefined ? {} : { limits: { bytes } }) });
  if (!isFault(source)) throw new Error("it opened");
  return source;
}

async function read(source: LiveSource, query: Partial<LiveQuery> = {}): Promise<readonly LiveEvent[]> {
  const events: LiveEvent[] = [];
  for await (const event of source.read({ kinds: [DEPLOYMENT], namespaces: ["shop"], secrets: true, ...query })) {
    events.push(event);
  }
  return events;
}

function names(events: readonly LiveEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "objects" ? event.objects.map(({ ref }) => ref.name) : []));
}

function outcomes(events: readonly LiveEvent[]): readonly string[] {
  return events.flatMap((event) => {
    if (event.kind === "objects") return [];
    if (event.kind === "fault") return [`fault: ${event.fault.code}`];
    const where = event.namespace === undefined ? "" : ` in ${event.namespace}`;
    return [`${event.kind} ${event.of.kind}${where}${event.kind === "unread" ? `: ${event.fault.code}` : ""}`];
  });
}

function object(kind: KindRef, name: string, namespace?: string, more: object = {}): object {
  return { ...kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...more };
}

const list = (...items: readonly object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });

async function* stream(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const web = object(DEPLOYMENT, "web", "shop");
const api = object(DEPLOYMENT, "api", "shop");

function at(resourceVersion: string): object {
  return { ...DEPLOYMENT, metadata: { name: "web", namespace: "shop", resourceVersion } };
}

function objectsOf(events: readonly LiveEvent[]) {
  return events.flatMap((event) => (event.kind === "objects" ? event.objects : []));
}

describe("forms of a dump", () => {
  test.each<[string, string, string]>([
    ["a List as JSON", "live.json", list(web, api)],
    ["JSON line by line", "live.jsonl", `${JSON.stringify(web)}\n${JSON.stringify(api)}\n`],
    ["JSON, one behind the other", "live.json", `${JSON.stringify(web, null, 2)}${JSON.stringify(api, null, 2)}`],
    [
      "a typed list, whose items have no kind",
      "live.json",
      JSON.stringify({
        apiVersion: "apps/v1",
        kind: "DeploymentList",
        items: [{ metadata: { name: "web", namespace: "shop" } }, { metadata: { name: "api", namespace: "shop" } }],
      }),
    ],
    [
      "a List as YAML",
      "live.yaml",
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}}\n",
    ],
    [
      "several YAML documents",
      "live.yaml",
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, namespace: shop}\n",
    ],
  ])("%s", async (_, file, text) => {
    const events = await read(await open(await put(file, text)));
    expect(names(events)).toEqual(["web", "api"]);
    expect(outcomes(events)).toEqual(["read Deployment in shop"]);
  });

  test("a folder is read with its folders; what is no dump, or hidden, is passed over", async () => {
    await put("b/web.yaml", JSON.stringify(web));
    await put("a.json", list(api));
    await put("README.md", "# not an object");
    await put(".git/x.yaml", "nor: this");
    expect(names(await read(await open(folder)))).toEqual(["api", "web"]);
  });

  test("standard input, in chunks", async () => {
    const text = list(web, api);
    expect(names(await read(await open(stream(text.slice(0, 20), text.slice(20)))))).toEqual(["web", "api"]);
  });

  test("UTF-16, as older PowerShells write it, and a byte order mark", async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(list(web), "utf16le")]);
    expect(names(await read(await open(await put("a/live.json", utf16))))).toEqual(["web"]);
    expect(names(await read(await open(await put("b/live.json", `\uFEFF${list(web)}`))))).toEqual(["web"]);
  });

  test("integers stay exact and managers come apart", async () => {
    const managedFields = [
      {
        manager: "kubectl",
        operation: "Update",
        apiVersion: "apps/v1",
        time: "2026-01-01T00:00:00Z",
        fieldsV1: { "f:spec": {} },
      },
    ];
    const text = JSON.stringify({
      ...DEPLOYMENT,
      metadata: { name: "web", namespace: "shop", managedFields },
      spec: { big: "BIG" },
    }).replace('"BIG"', "9007199254740993");
    const [first] = await read(await open(await put("live.json", text)));
    const found = first?.kind === "objects" ? first.objects[0] : undefined;
    expect(fieldAt(found?.value, "spec", "big")).toBe(9007199254740993n);
    expect(fieldAt(found?.value, "metadata", "managedFields")).toBeUndefined();
    expect(found?.managers).toEqual([
      { manager: "kubectl", operation: "Update", time: "2026-01-01T00:00:00Z", fields: { "f:spec": {} } },
    ]);
  });
});

describe("what a dump of kubectl's counts as", () => {
  test("a kind that occurs was read wherever the dump holds anything; one that does not is unread", async () => {
    const path = await put("live.json", list(web, object(SERVICE, "db", "infra")));
    const events = await read(await open(path), { kinds: [DEPLOYMENT, INGRESS], namespaces: ["shop", "infra", "dev"] });
    expect(outcomes(events)).toEqual([
      "read Deployment in shop",
      "read Deployment in infra",
      "unread Deployment in dev: snapshot-incomplete",
      "unread Ingress: snapshot-incomplete",
    ]);
  });

  test("one object that stands in no list tells of itself alone", async () => {
    const path = await put("live.json", JSON.stringify(web));
    const events = await read(await open(path), { kinds: [DEPLOYMENT] });
    expect(names(events)).toEqual(["web"]);
    expect(outcomes(events)).toEqual(["unread Deployment: snapshot-incomplete"]);
    const listed = await open(await put("listed.json", list(web)));
    expect(outcomes(await read(listed, { kinds: [DEPLOYMENT] }))).toEqual(["read Deployment in shop"]);
  });

  test("an empty typed list tells that there is none", async () => {
    const empty = JSON.stringify({ apiVersion: "networking.k8s.io/v1", kind: "IngressList", items: [] });
    const path = await put("live.json", list(web) + empty);
    expect(outcomes(await read(await open(path), { kinds: [INGRESS] }))).toEqual(["read Ingress in shop"]);
  });

  test("a Namespace that is there was dumped, whatever it holds", async () => {
    const path = await put("live.json", list(web, object(NAMESPACE, "empty")));
    expect(outcomes(await read(await open(path), { kinds: [DEPLOYMENT, NAMESPACE], namespaces: ["empty"] }))).toEqual([
      "read Deployment in empty",
      "read Namespace",
    ]);
  });

  test("the same namespace is told once for all kinds", async () => {
    const path = await put("live.json", list(web, object(SERVICE, "s", "shop")));
    const events = await read(await open(path), { kinds: [DEPLOYMENT, SERVICE], namespaces: ["dev"] });
    const faults = events.flatMap((event) => (event.kind === "unread" ? [event.fault] : []));
    expect(faults).toHaveLength(2);
    expect(new Set(faults).size).toBe(1);
  });

  test("only the namespaces that are asked for are given", async () => {
    const path = await put("live.json", list(web, object(DEPLOYMENT, "other", "infra"), object(NAMESPACE, "infra")));
    expect(names(await read(await open(path), { kinds: [DEPLOYMENT, NAMESPACE] }))).toEqual(["web", "infra"]);
  });

  test.each<[string, string]>([
    ["an error of kubectl's", "Error from server (Forbidden): services is forbidden"],
    ["an answer of the API server that refused", '{"kind": "Status", "apiVersion": "v1", "status": "Failure"}'],
    ["an object without a name", '{"apiVersion": "v1", "kind": "Service", "metadata": {}}'],
    ["a text", "hello"],
  ])("with %s in it no kind counts as read to its end", async (_, text) => {
    const path = await put("live.yaml", `${JSON.stringify(web)}\n---\n${text}\n`);
    const events = await read(await open(path), { kinds: [DEPLOYMENT] });
    expect(names(events)).toEqual(["web"]);
    expect(outcomes(events)).toEqual(["fault: snapshot-invalid"]);
    expect(events.find((event) => event.kind === "fault")?.fault.position).toEqual({ file: path, line: 3 });
  });

  test("a document that does not parse is told with line and column, and the rest is given", async () => {
    const path = await put("live.yaml", `${JSON.stringify(web)}\n---\nkind: [\n`);
    const events = await read(await open(path));
    expect(names(events)).toEqual(["web"]);
    const [fault] = events.flatMap((event) => (event.kind === "fault" ? [event.fault] : []));
    expect(fault).toMatchObject({ code: "yaml-invalid", position: { file: path, line: 4, column: 1 } });
    expect(outcomes(events).some((outcome) => outcome.startsWith("read"))).toBe(false);
  });

  test("of JSON line by line, the line is told", async () => {
    const path = await put("live.jsonl", `${JSON.stringify(web)}\n\n{"kind": "Service"}\n`);
    const [fault] = (await read(await open(path))).flatMap((event) => (event.kind === "fault" ? [event.fault] : []));
    expect(fault).toMatchObject({ code: "snapshot-invalid", position: { file: path, line: 3 } });
  });

  test("one page of a longer list does not count as the whole", async () => {
    const text = JSON.stringify({
      apiVersion: "apps/v1",
      kind: "DeploymentList",
      metadata: { continue: "x" },
      items: [web],
    });
    expect(outcomes(await read(await open(await put("live.json", text))))).toEqual(["fault: snapshot-invalid"]);
  });

  test("of an object dumped twice the later one counts", async () => {
    const events = await read(await open(await put("live.json", list(at("9"), at("10"), at("8")))));
    const [first] = events;
    expect(first?.kind === "objects" && fieldAt(first.objects[0]?.value, "metadata", "resourceVersion")).toBe("10");
    expect(outcomes(events)).toEqual(["read Deployment in shop"]);
  });

  test("an object that stands there twice and differs is a fault", async () => {
    const path = await put("live.json", list(web, { ...web, spec: { replicas: 3 } }));
    expect(outcomes(await read(await open(path)))).toEqual(["fault: duplicate-object"]);
  });

  test("a custom kind is known by its definition: scope, plural and schema", async () => {
    const crd = object(
      { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
      "fleets.shop.example",
      undefined,
      {
        spec: {
          group: "shop.example",
          scope: "Cluster",
          names: { kind: "Fleet", plural: "fleets" },
          versions: [{ name: "v1", schema: { openAPIV3Schema: { type: "object" } } }],
        },
      },
    );
    const FLEET = { apiVersion: "shop.example/v1", kind: "Fleet" };
    const source = await open(await put("live.json", list(crd, object(FLEET, "f"))));
    expect(source.served(FLEET)).toMatchObject({ resource: "fleets", namespaced: false });
    expect(source.schemas.schemaOf("shop.example/v1", "Fleet")?.type).toBe("object");
    expect(outcomes(await read(source, { kinds: [FLEET] }))).toEqual(["read Fleet"]);
  });

  test("the version in the dump is the one that is served", async () => {
    const source = await open(await put("live.json", list(web)));
    expect(source.served({ apiVersion: "apps/v1beta1", kind: "Deployment" })?.apiVersion).toBe("apps/v1");
    expect(outcomes(await read(source, { kinds: [{ apiVersion: "apps/v1beta1", kind: "Deployment" }] }))).toEqual([
      "read Deployment in shop",
    ]);
  });
});

describe("what cannot be opened", () => {
  test.each<[string, string]>([
    ["an empty file", ""],
    ["an empty List", '{"apiVersion": "v1", "kind": "List", "items": []}'],
    ["only an error of kubectl's", "Error from server (Forbidden): nothing for you\n"],
    ["bytes that are no text", "\u0000"],
  ])("%s", async (_, text) => {
    expect(isFault(await openSnapshot({ path: await put("live.yaml", text), digester }))).toBe(true);
  });

  test("a path that is not there", async () => {
    expect(await openFault(join(folder, "nowhere"))).toMatchObject({ code: "snapshot-invalid" });
  });

  test("a file over the limit is not read", async () => {
    expect(await openFault(await put("live.json", list(web)), 10)).toMatchObject({ code: "file-too-large" });
  });
});

describe("Secrets of a dump", () => {
  const secret = object(SECRET, "db", "shop", {
    data: { password: Buffer.from("hunter2").toString("base64") },
    stringData: { user: "hunter2" },
  });

  test("are digests of the decoded bytes", async () => {
    const events = await read(await open(await put("live.json", list(secret))), { kinds: [SECRET] });
    const value = events[0]?.kind === "objects" ? events[0].objects[0]?.value : undefined;
    expect(fieldAt(value, "data", "password")).toBe(digester.digest("hunter2"));
    expect(fieldAt(value, "stringData", "user")).toBe(digester.digest("hunter2"));
  });

  test("are not given where they are not asked for", async () => {
    const events = await read(await open(await put("live.json", list(secret, web))), {
      kinds: [SECRET, DEPLOYMENT],
      secrets: false,
    });
    expect(names(events)).toEqual(["web"]);
    expect(outcomes(events)).toEqual(["read Deployment in shop"]);
  });

  test("a digest in a dump is a value like any other: only holdfast's own folder holds digests", async () => {
    const forged = object(SECRET, "db", "shop", { data: { a: digester.digest("x") } });
    const events = await read(await open(await put("live.json", list(forged))), { kinds: [SECRET] });
    const value = events[0]?.kind === "objects" ? events[0].objects[0]?.value : undefined;
    expect(fieldAt(value, "data", "a")).not.toBe(digester.digest("x"));
  });

  test("an item of a SecretList is a Secret, whatever it says of its kind", async () => {
    const item = { kind: null, metadata: { name: "db", namespace: "shop" }, data: { a: "aHVudGVyMg==" } };
    const text = JSON.stringify({ apiVersion: "v1", kind: "SecretList", items: [item] });
    const events = await read(await open(await put("live.json", text)), { kinds: [SECRET] });
    expect(names(events)).toEqual(["db"]);
    expect(JSON.stringify(events)).not.toContain("aHVudGVyMg==");
  });

  test("no fault quotes a value", async () => {
    const path = await put("live.json", `{"kind":"Secret","data":{"password":"aHVudGVyMg==}`);
    expect(JSON.stringify(await openFault(path))).not.toContain("aHVudGVy");
  });
});

describe("holdfast's own snapshot", () => {
  const everything: LiveQuery = {
    kinds: [DEPLOYMENT, SERVICE, SECRET, INGRESS, NAMESPACE],
    namespaces: ["shop", "infra"],
    secrets: true,
  };
  const dump = list(
    object(DEPLOYMENT, "web", "shop", { spec: { note: "line\u2028separator" } }),
    object(DEPLOYMENT, "api", "infra"),
    object(SECRET, "db", "shop", { data: { password: Buffer.from("hunter2").toString("base64") } }),
    object(SERVICE, "web", "shop"),
    object(NAMESPACE, "shop"),
  );

  async function write(out: string, source?: LiveSource, more: Partial<Parameters<typeof writeSnapshot>[0]> = {}) {
    const from = source ?? (await open(await put("source/live.json", dump)));
    return writeSnapshot({ source: from, query: everything, out, digestKey: digester.keyId, ...more });
  }

  test("gives back the same objects, and says of each kind what the first reading said", async () => {
    const source = await open(await put("source/live.json", dump));
    const out = join(folder, "out");
    expect(await write(out, source)).toMatchObject({ objects: 5, faults: [{ code: "snapshot-incomplete" }] });
    const again = await open(out);
    const [before, after] = [await read(source, everything), await read(again, everything)];
    expect(new Set(objectsOf(after))).toEqual(new Set(objectsOf(before)));
    expect(outcomes(after)).toEqual(outcomes(before));
    expect(again.served(DEPLOYMENT)).toEqual(source.served(DEPLOYMENT));
    expect(again.cluster).toEqual(source.cluster);
  });

  test("holds digests in the place of secrets, and its bytes are the same the second time", async () => {
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    await write(first);
    await write(second);
    const files = (await readdir(first, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files.map((entry) => entry.name).toSorted()).toEqual([
      SNAPSHOT_MARKER,
      "Deployment.v1.apps.jsonl",
      "Deployment.v1.apps.jsonl",
      "Namespace.v1.jsonl",
      "Secret.v1.jsonl",
      "Service.v1.jsonl",
    ]);
    for (const entry of files) {
      const path = join(entry.parentPath, entry.name);
      const text = await readFile(path, "utf8");
      expect(text).not.toMatch(/hunter2|aHVudGVyMg/);
      expect(await readFile(path.replace(first, second), "utf8")).toBe(text);
    }
  });

  test("managers and exact integers survive", async () => {
    const managedFields = [{ manager: "m", operation: "Apply", time: "2026-01-01T00:00:00Z", fieldsV1: { "f:a": {} } }];
    const text = JSON.stringify({
      ...DEPLOYMENT,
      metadata: { name: "web", namespace: "shop", managedFields },
      spec: { big: "BIG" },
    }).replace('"BIG"', "9007199254740993");
    const source = await open(await put("source/live.json", text));
    await write(join(folder, "out"), source);
    const [first] = await read(await open(join(folder, "out")));
    const [original] = await read(source);
    expect(first).toEqual(original);
    expect(JSON.stringify(first, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value))).toContain(
      "9007199254740993n",
    );
  });

  test("under another key its digests stay as they are, and that is said once", async () => {
    const out = join(folder, "out");
    await write(out);
    const events = await read(await open(out, createDigester(randomBytes(32))), everything);
    expect(outcomes(events).filter((outcome) => outcome.startsWith("fault"))).toEqual(["fault: secrets-other-key"]);
    expect(JSON.stringify(events)).toContain(digester.digest("hunter2"));
    expect(
      outcomes(await read(await open(out, createDigester(randomBytes(32))), { ...everything, secrets: false })),
    ).not.toContain("fault: secrets-other-key");
  });

  test("a kind that was not read is unread for ever, with the reason", async () => {
    const out = join(folder, "out");
    await write(out);
    const events = await read(await open(out), { kinds: [INGRESS, { apiVersion: "batch/v1", kind: "Job" }] });
    expect(outcomes(events)).toEqual(["unread Ingress: snapshot-incomplete", "unread Job: snapshot-incomplete"]);
  });

  test("notes API versions that the cluster does not serve, and says what can be listed", async () => {
    const source = await open(await put("source/live.json", dump));
    const old = { apiVersion: "apps/v1beta1", kind: "Deployment" };
    const query = { ...everything, kinds: [...everything.kinds, old] };
    const lacks: LiveSource["lacks"] = ({ apiVersion }) => apiVersion === old.apiVersion;
    await write(join(folder, "out"), { ...source, lacks }, { query });
    const again = await open(join(folder, "out"));
    expect([again.lacks(old), again.lacks(DEPLOYMENT)]).toEqual([true, false]);
    expect(again.listable.map(({ kind }) => kind)).toContain("Deployment");
  });

  test.each<[string, (file: string) => Promise<void>]>([
    ["gone", (file) => rm(file)],
    ["cut", (file) => writeFile(file, "")],
    ["longer than it was", (file) => appendFile(file, JSON.stringify(object(DEPLOYMENT, "new", "shop")))],
    ["no JSON", (file) => writeFile(file, "{\n")],
    ["of another kind", (file) => writeFile(file, `${JSON.stringify(object(SERVICE, "web", "shop"))}\n`)],
    ["of another namespace", (file) => writeFile(file, `${JSON.stringify(object(DEPLOYMENT, "web", "infra"))}\n`)],
  ])("a file that is %s leaves its kind unread", async (_, harm) => {
    const out = join(folder, "out");
    await write(out);
    await harm(join(out, "shop", "Deployment.v1.apps.jsonl"));
    expect(outcomes(await read(await open(out), { kinds: [DEPLOYMENT, SERVICE] }))).toEqual([
      "unread Deployment: snapshot-invalid",
      "read Service in shop",
    ]);
  });

  test.each(["../secret.jsonl", "/etc/passwd", "a/../../b", "a//b", ".", ""])(
    "a manifest may not name %j",
    async (file) => {
      const out = join(folder, "out");
      await write(out);
      const marker = join(out, SNAPSHOT_MARKER);
      const text = await readFile(marker, "utf8");
      await writeFile(marker, text.replace('"shop/Deployment.v1.apps.jsonl"', JSON.stringify(file)));
      expect(await openFault(out)).toMatchObject({ code: "snapshot-invalid" });
    },
  );

  test("a marker that is no manifest", async () => {
    await put(`bad/${SNAPSHOT_MARKER}`, "{}");
    expect(await openFault(join(folder, "bad"))).toMatchObject({ code: "snapshot-invalid" });
  });

  test("a snapshot within a folder of dumps is not read as one of them", async () => {
    await write(join(folder, "dumps/out"));
    expect(await openFault(join(folder, "dumps"))).toMatchObject({ code: "snapshot-invalid" });
  });
});

describe("writing a snapshot", () => {
  const query: LiveQuery = { kinds: [DEPLOYMENT], namespaces: ["shop"], secrets: true };
  const digestKey = digester.keyId;

  test("a snapshot is replaced, and an empty folder filled", async () => {
    const out = join(folder, "out");
    await mkdir(out);
    await writeSnapshot({ source: await open(await put("one.json", list(web, api))), query, out, digestKey });
    await writeSnapshot({ source: await open(await put("two.json", list(api))), query, out, digestKey });
    expect(names(await read(await open(out)))).toEqual(["api"]);
    expect((await readdir(folder)).toSorted()).toEqual(["one.json", "out", "two.json"]);
  });

  test("a folder that holds something else stays untouched", async () => {
    const kept = await put("out/precious.txt", "mine");
    const source = await open(await put("one.json", list(web)));
    const written = await writeSnapshot({ source, query, out: join(folder, "out"), digestKey });
    expect(written).toMatchObject({ code: "output-unwritable" });
    expect(await readFile(kept, "utf8")).toBe("mine");
  });

  test.each([
    ["a file in the way", async () => put("out", "a file")],
    ["a file above it", async () => join(await put("file", "a file"), "out")],
  ])("%s is one fault, and nothing is left behind", async (_, prepare) => {
    const out = await prepare();
    const source = await open(await put("one.json", list(web)));
    const before = (await readdir(folder)).toSorted();
    expect(await writeSnapshot({ source, query, out, digestKey })).toMatchObject({ code: "output-unwritable" });
    expect((await readdir(folder)).toSorted()).toEqual(before);
  });

  test.skipIf(process.getuid?.() === 0)("a folder that may not be written to (skipped for root, who may)", async () => {
    const source = await open(await put("one.json", list(web)));
    await mkdir(join(folder, "locked"));
    await chmod(join(folder, "locked"), 0o500);
    const written = await writeSnapshot({ source, query, out: join(folder, "locked/out"), digestKey });
    expect(written).toMatchObject({ code: "output-unwritable" });
  });

  test("an interruption leaves what was there before, and nothing half-written", async () => {
    const out = join(folder, "out");
    const source = await open(await put("one.json", list(web)));
    await writeSnapshot({ source, query, out, digestKey });
    const stop = new AbortController();
    const halting: LiveSource = {
      ...source,
      read: async function* halt(asked) {
        for await (const event of source.read(asked)) {
          yield event;
          stop.abort();
        }
      },
    };
    const written = await writeSnapshot({ source: halting, query, out, digestKey, signal: stop.signal });
    expect(written).toMatchObject({ code: "interrupted" });
    expect((await readdir(folder)).toSorted()).toEqual(["one.json", "out"]);
    expect(names(await read(await open(out)))).toEqual(["web"]);
  });

  test("a reading that was interrupted is no snapshot", async () => {
    const out = join(folder, "out");
    const source = await open(await put("one.json", list(web)));
    const fault = { ...(await openFault(join(folder, "nowhere"))), code: "interrupted" as const };
    const cut: LiveSource = {
      ...source,
      read: async function* cutShort() {
        yield { kind: "unread", of: DEPLOYMENT, fault };
      },
    };
    expect(await writeSnapshot({ source: cut, query, out, digestKey })).toMatchObject({ code: "interrupted" });
    await expect(stat(out)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test.each(["../../escaped", ".", "..", "a/b", ""])(
    "a namespace called %j stays within the folder",
    async (namespace) => {
      const source = await open(await put("one.json", list(object(DEPLOYMENT, "web", namespace))));
      const out = join(folder, "deep/er/out");
      await writeSnapshot({ source, query: { ...query, namespaces: "all" }, out, digestKey });
      expect(await readdir(join(folder, "deep"))).toEqual(["er"]);
      expect(await readdir(join(folder, "deep/er"))).toEqual(["out"]);
      expect(names(await read(await open(out), { namespaces: "all" }))).toEqual(["web"]);
    },
  );
});
