import { describe, expect, it } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import type { Fault } from "../../src/core/fault.ts";
import type { DesiredObject } from "../../src/core/objects.ts";
import type { RefusalCode } from "../../src/core/proposal.ts";
import type { Value } from "../../src/core/value.ts";
import { withField } from "../../src/core/value.ts";
import { add, at, edited, manifest, objectsOf, plainRenderer, remove, replace, run } from "./workbench.ts";
import type { Bench } from "./workbench.ts";

describe("a change is refused with its code, and the file stays as it is", () => {
  const cases: readonly { name: string; text: string; change: Change; code: RefusalCode }[] = [
    {
      name: "of an anchored value that is used elsewhere",
      text: manifest("a: &x 1\nb: *x\n"),
      change: replace(at("a"), 2),
      code: "alias",
    },
    { name: "of an alias", text: manifest("a: &x 1\nb: *x\n"), change: replace(at("b"), 2), code: "alias" },
    {
      name: "below an anchored map that is used elsewhere",
      text: manifest("a: &x {k: 1}\nb: *x\n"),
      change: replace(at("a.k"), 2),
      code: "alias",
    },
    { name: "through an alias", text: manifest("a: &x {k: 1}\nb: *x\n"), change: replace(at("b.k"), 2), code: "alias" },
    {
      name: "that removes an anchor which is used elsewhere",
      text: manifest("a:\n  k: &x 1\nb: *x\n"),
      change: remove(at("a")),
      code: "alias",
    },
    {
      name: "that removes what a merge key would bring back",
      text: manifest("a: &x {k: 1}\nb:\n  <<: *x\n  k: 2\n"),
      change: remove(at("b.k")),
      code: "merge-key",
    },
    {
      name: "below a field that a merge key brings in",
      text: manifest("a: &x {k: {l: 1}}\nb:\n  <<: *x\n"),
      change: replace(at("b.k.l"), 2),
      code: "merge-key",
    },
    {
      name: "of a field that stands before a merge key",
      text: manifest("a: &x {k: 1}\nb:\n  k: 2\n  <<: *x\n"),
      change: replace(at("b.k"), 3),
      code: "merge-key",
    },
    {
      name: "in a document with a key that stands twice",
      text: manifest("a: 1\na: 2\nb: 1\n"),
      change: replace(at("b"), 3),
      code: "duplicate-key",
    },
    {
      name: "in a template",
      text: manifest("a: 1\n# {{ .Values.x }}\n"),
      change: replace(at("a"), 2),
      code: "template",
    },
    {
      name: "in a template whose values are plain text",
      text: manifest("a: 1\nb: x-{{ y }}\n"),
      change: replace(at("a"), 2),
      code: "template",
    },
    {
      name: "in a document with a sops key",
      text: manifest("a: 1\nsops:\n  mac: x\n"),
      change: replace(at("a"), 2),
      code: "encrypted",
    },
    {
      name: "in a document with encrypted values",
      text: manifest("a: 1\nb: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\n"),
      change: replace(at("a"), 2),
      code: "encrypted",
    },
    {
      name: "of a Secret's data",
      text: "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: eA==}\n",
      change: replace(at("data.a"), "eQ=="),
      code: "secret",
    },
    {
      name: "of a Secret's stringData",
      text: "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: x}\n",
      change: add(at("stringData.b"), "v"),
      code: "secret",
    },
    {
      name: "that is marked sensitive",
      text: manifest("a: 1\n"),
      change: { ...replace(at("a"), 2), sensitive: true },
      code: "secret",
    },
    {
      name: "that holds a digest",
      text: manifest("a: 1\n"),
      change: replace(at("a"), { b: [`hmac-sha256:00000000:${"0".repeat(64)}`] }),
      code: "secret",
    },
    {
      name: "that adds to a flow map of several lines",
      text: manifest("a: {k: 1,\n  l: 2}\n"),
      change: add(at("a.m"), 2),
      code: "flow-multi-line",
    },
    {
      name: "that adds to a flow list of several lines",
      text: manifest("a: [1,\n  2]\n"),
      change: replace(at("a"), [1, 2, 3]),
      code: "flow-multi-line",
    },
    {
      name: "in a document that a tab indents",
      text: manifest("a: {b: 1,\n  \tc: 2}\nd: 1\n"),
      change: replace(at("d"), 2),
      code: "not-round-trip",
    },
    {
      name: "in a text with a carriage return by itself",
      text: manifest("a: 1\nb: 'x\r  y'\n"),
      change: replace(at("a"), 2),
      code: "not-round-trip",
    },
    { name: "of a tagged value", text: manifest("a: !!int 1\n"), change: replace(at("a"), 2), code: "unsupported" },
    {
      name: "in a map with an explicit key",
      text: manifest("a:\n  ? k\n  : 1\n"),
      change: replace(at("a.k"), 2),
      code: "unsupported",
    },
    { name: "of a field that Git does not have", text: manifest("a: 1\n"), change: remove(at("b")), code: "not-found" },
    { name: "of a field below a scalar", text: manifest("a: 1\n"), change: replace(at("a.b"), 2), code: "not-found" },
    { name: "that Git has already", text: manifest("a: 1\n"), change: replace(at("a"), 1), code: "not-found" },
    { name: "of the whole object", text: manifest("a: 1\n"), change: replace([], { a: 1 }), code: "unsupported" },
    {
      name: "with a lone surrogate",
      text: manifest("a: x\n"),
      change: replace(at("a"), "\ud800"),
      code: "unsupported",
    },
    {
      name: "with a number that JSON does not have",
      text: manifest("a: 1\n"),
      change: replace(at("a"), Number.NaN),
      code: "unsupported",
    },
    {
      name: "with a key that is longer than a simple key may be",
      text: manifest("a: {}\n"),
      change: add(at(`a.${"k".repeat(2000)}`), 1),
      code: "unsupported",
    },
    {
      name: "that would make a merge key",
      text: manifest("a:\n  b: 1\n"),
      change: add(at("a.<<"), { c: 1 }),
      code: "unsupported",
    },
    {
      name: "of a position that is not the list's end",
      text: manifest("a: [1]\n"),
      change: add(at("a[5]"), 2),
      code: "ambiguous",
    },
  ];

  it.each(cases)("$name", async ({ text, change, code }) => {
    const result = await edited({ text, changes: [change] });
    expect(result.codes).toEqual([code]);
    expect(result.result.files).toEqual([]);
    expect(result.result).not.toHaveProperty("proof");
  });

  it("at a place in the file, where one is to blame", async () => {
    const { result } = await edited({ text: manifest("a: &x 1\nb: *x\n"), changes: [replace(at("a"), 2)] });
    expect(result.answers).toMatchObject([[{ refusal: { position: { file: "a.yaml", line: 5, column: 7 } } }]]);
  });

  it("and costs only itself", async () => {
    const text = manifest("a: &x 1\nb: *x\nc: 1\n");
    const result = await edited({ text, changes: [replace(at("c"), 2), replace(at("a"), 2), add(at("d"), 3)] });
    expect(result.codes).toEqual(["edited", "alias", "edited"]);
    expect(result.text).toBe(text.replace("c: 1", "c: 2\nd: 3"));
  });

  it("while a template's braces inside quotes are only text", async () => {
    const text = manifest("a: 1\nb: '{{ $x }}'\nc: |\n  {{ y }}\n");
    const result = await edited({ text, changes: [replace(at("a"), 2)] });
    expect(result.codes).toEqual(["edited"]);
  });

  it("while the other documents of a file with a bad one can be edited", async () => {
    const text = `${manifest("a: 1\n")}---\na: [\n---\n{{ x }}\n`;
    const result = await edited({ text, changes: [replace(at("a"), 2)] });
    expect(result.text).toBe(text.replace("a: 1", "a: 2"));
  });

  it("while a local key behind a merge key can be edited, and added", async () => {
    const text = manifest("a: &x {k: 1}\nb:\n  <<: *x\n  l: 2\n");
    const result = await edited({ text, changes: [replace(at("b.l"), 3), replace(at("b.k"), 4)] });
    expect(result.text).toBe(text.replace("l: 2\n", "l: 3\n  k: 4\n"));
  });
});

describe("a file is refused with its code", () => {
  const text = manifest("a: 1\n");
  const bench = (file: string, extra: Partial<Bench> = {}, of: Partial<DesiredObject["origin"]> = {}): Bench => {
    const [desired] = objectsOf(file, text) as [DesiredObject];
    const request = { desired: { ...desired, origin: { ...desired.origin, ...of } }, changes: [replace(at("a"), 2)] };
    return { files: { [file]: text }, requests: [request], ...extra };
  };
  const unreadable: Fault = {
    kind: "fault",
    code: "file-unreadable",
    about: "a.yaml",
    message: "x",
    remedy: "x",
    leavesUnknown: "declared",
  };
  const cases: readonly { name: string; bench: Bench; code: RefusalCode }[] = [
    { name: "outside of the repository", bench: bench("../a.yaml"), code: "outside-repository" },
    { name: "with a path that climbs in its middle", bench: bench("a/../../b.yaml"), code: "outside-repository" },
    { name: "with an absolute path", bench: bench("/etc/a.yaml"), code: "outside-repository" },
    {
      name: "that is a symbolic link",
      bench: bench("a.yaml", { modes: { "a.yaml": "120000" } }),
      code: "outside-repository",
    },
    { name: "that is a submodule", bench: bench("a.yaml", { modes: { "a.yaml": "160000" } }), code: "unsupported" },
    { name: "of .github", bench: bench(".github/workflows/a.yaml"), code: "protected-path" },
    { name: "of a .git folder, however it is written", bench: bench("x/.GIT/a.yaml"), code: "protected-path" },
    {
      name: "that changed since it was compared",
      bench: bench("a.yaml", {}, { hash: "sha256:0" }),
      code: "file-changed",
    },
    { name: "that is made by a renderer", bench: bench("a.yaml", {}, { layer: "kustomize" }), code: "generated" },
    { name: "that cannot be read", bench: bench("a.yaml", { read: () => unreadable }), code: "not-found" },
    {
      name: "that changes while it is read",
      bench: bench("a.yaml", { read: () => ({ ...unreadable, code: "file-changed" }) }),
      code: "file-changed",
    },
    {
      name: "that is no UTF-8",
      bench: bench("a.yaml", { read: () => Uint8Array.of(0x61, 0xff) }),
      code: "not-round-trip",
    },
  ];

  it.each(cases)("$name", async (row) => {
    const { answers, files } = await run(row.bench);
    expect(answers.flat().map((answer) => ("refusal" in answer ? answer.refusal.code : "edited"))).toEqual([row.code]);
    expect(files).toEqual([]);
  });

  it("which does not have the object", async () => {
    const [desired] = objectsOf("a.yaml", text) as [DesiredObject];
    const other = { ...desired, ref: { ...desired.ref, name: "other" } };
    const { answers } = await run({
      files: { "a.yaml": text },
      requests: [{ desired: other, changes: [replace(at("a"), 2)] }],
    });
    expect(answers).toMatchObject([[{ refusal: { code: "not-found" } }]]);
  });

  it("which has the object twice", async () => {
    const twice = `${text}---\n${text}`;
    const [desired] = objectsOf("a.yaml", twice) as [DesiredObject];
    const { answers } = await run({
      files: { "a.yaml": twice },
      requests: [{ desired, changes: [replace(at("a"), 2)] }],
    });
    expect(answers).toMatchObject([[{ refusal: { code: "ambiguous" } }]]);
  });

  it("but executable files are edited, and keep their mode", async () => {
    const { files } = await run(bench("a.yaml", { modes: { "a.yaml": "100755" } }));
    expect(files).toMatchObject([{ path: "a.yaml", mode: "100755" }]);
  });
});

describe("an edit that rendering does not confirm is dropped", () => {
  const files = {
    "a.yaml": manifest("a: 1\n"),
    "b.yaml": manifest("a: 1\n").replace("web", "db"),
    "c.yaml": manifest("a: 1\n").replace("web", "cache"),
  };
  const requests = Object.entries(files).map(([file, text]) => ({
    desired: objectsOf(file, text)[0] as DesiredObject,
    changes: [replace(at("a"), 2)],
  }));
  /** A renderer whose results after a change are tampered with. */
  const tampering = (tamper: (object: DesiredObject, changed: ReadonlyMap<string, string>) => Value) => {
    const plain = plainRenderer(files);
    return {
      render: async (changed: ReadonlyMap<string, string>) => {
        const rendered = await plain.render(changed);
        if ("kind" in rendered) return rendered;
        const after = rendered.after.map((object) => ({
          ...object,
          value: tamper(object, changed) as DesiredObject["value"],
        }));
        return { ...rendered, after };
      },
    };
  };

  it("where its object is not what it should be, and the others go on", async () => {
    const renderer = tampering(({ ref, value }, changed) =>
      ref.name === "db" && changed.has("b.yaml") ? withField(value, "a", 3) : value,
    );
    const result = await run({ files, requests, renderer });
    expect(codesOf(result)).toEqual(["edited", "proof-failed", "edited"]);
    expect(result.files.map(({ path }) => path)).toEqual(["a.yaml", "c.yaml"]);
    expect(result.proof).toMatchObject({ editedObjects: 2, objectsCompared: 3 });
  });

  it("where something else in its object changes too", async () => {
    const renderer = tampering(({ ref, value }, changed) =>
      ref.name === "web" && changed.has("a.yaml") ? withField(value, "b", 1) : value,
    );
    expect(codesOf(await run({ files, requests, renderer }))).toEqual(["proof-failed", "edited", "edited"]);
  });

  it("where another object changes with it", async () => {
    const renderer = tampering(({ ref, value }, changed) =>
      ref.name === "cache" && changed.has("a.yaml") ? withField(value, "b", 1) : value,
    );
    const result = await run({ files, requests: requests.slice(0, 2), renderer });
    expect(codesOf(result)).toEqual(["proof-failed", "edited"]);
  });

  it("where rendering fails because of one file", async () => {
    const plain = plainRenderer(files);
    const fault: Fault = {
      kind: "fault",
      code: "manifest-invalid",
      about: "b",
      message: "x",
      remedy: "x",
      leavesUnknown: "declared",
    };
    const renderer = {
      render: (changed: ReadonlyMap<string, string>) =>
        changed.has("b.yaml") ? Promise.resolve(fault) : plain.render(changed),
    };
    const result = await run({ files, requests, renderer });
    expect(codesOf(result)).toEqual(["edited", "proof-failed", "edited"]);
  });

  it("where rendering always fails, with all others", async () => {
    const fault: Fault = {
      kind: "fault",
      code: "manifest-invalid",
      about: "b",
      message: "x",
      remedy: "x",
      leavesUnknown: "declared",
    };
    const result = await run({ files, requests, renderer: { render: () => Promise.resolve(fault) } });
    expect(codesOf(result)).toEqual(["proof-failed", "proof-failed", "proof-failed"]);
    expect(result).toMatchObject({ files: [] });
    expect(result).not.toHaveProperty("proof");
  });
});

function codesOf(result: Awaited<ReturnType<typeof run>>): readonly string[] {
  return result.answers.flat().map((answer) => ("refusal" in answer ? answer.refusal.code : "edited"));
}
