import { describe, expect, it } from "vitest";
import { findObjects, objectAt, offsetOf } from "../../src/yaml/source-find.ts";
import { sourceFinder } from "../../src/yaml/source-finder.ts";
import { valueOfNode, visitNodes } from "../../src/yaml/source-node.ts";
import type { SourceNode } from "../../src/yaml/source-node.ts";
import { parseSource } from "../../src/yaml/source.ts";
import { readYaml } from "../../src/yaml/read.ts";
import { handWritten, made } from "../codify/awkward.ts";
import { at } from "../codify/workbench.ts";

function rootOf(text: string): SourceNode {
  const root = parseSource(text).documents[0]?.parse().root;
  if (root === undefined) throw new Error("no document");
  return root;
}

describe("a document's nodes", () => {
  it("have the places of their values, without anchors, tags and comments", () => {
    const text = "a: &x !!str one # c\nb: {d: 'two'}\nc: |\n  three\n";
    const places: string[] = [];
    visitNodes(rootOf(text), (node) => {
      if (node.kind === "scalar") places.push(text.slice(node.start, node.end));
    });
    expect(places).toEqual(["one", "'two'", "|\n  three\n"]);
  });

  it("have places in the whole file, behind a byte order mark and other documents too", () => {
    const text = "\uFEFFa: 1\n---\nb: two\n";
    const [first, second] = parseSource(text).documents.map((document) => document.parse().root);
    const shown = [first, second].map((root) =>
      root?.kind === "map" ? text.slice(root.entries[0]?.keyStart, root.entries[0]?.value.end) : "",
    );
    expect(shown).toEqual(["a: 1", "b: two"]);
  });

  it("read as the fast reader reads them, in every awkward file", () => {
    const differing = [...handWritten(), ...made()].filter(([file, text]) => {
      const source = parseSource(text);
      return readYaml(text, { file }).documents.some(({ index, value }) => {
        const root = source.documents[index]?.parse().root;
        return root === undefined || JSON.stringify(sorted(valueOfNode(root))) !== JSON.stringify(sorted(value));
      });
    });
    // `!!binary` and a directive by itself are read by the fast reader's fallback, or not at all, and refused here.
    expect(differing.map(([file]) => file)).toEqual([]);
  });
});

function sorted(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .map(([key, inner]) => [key, sorted(inner)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

describe("what is not fit for an edit is a problem of its document", () => {
  const cases = [
    { name: "a key that stands twice", text: "a: 1\nb: 2\na: 3\n", code: "duplicate-key", offset: 10 },
    { name: "a carriage return by itself", text: "a: 'x\ry'\n", code: "lone-cr", offset: 5 },
    { name: "a tab in the indentation", text: "a: {b: 1,\n  \tc: 2}\n", code: "tab-indent", offset: 10 },
    { name: "text that is no YAML", text: "a: [1\nb: 2\n", code: "syntax", offset: undefined },
    {
      name: "nesting that no manifest has",
      text: `a: ${"[".repeat(600)}${"]".repeat(600)}\n`,
      code: "too-deep",
      offset: 0,
    },
    { name: "text behind a separator", text: "a: 1\n--- b\n", code: "syntax", offset: 5 },
  ];

  it.each(cases)("$name", ({ text, code, offset }) => {
    const problems = parseSource(text).documents.flatMap((document) => document.parse().problems);
    expect(problems[0]).toMatchObject({ code, ...(offset === undefined ? {} : { offset }) });
  });

  it("and an alias that expands beyond any use has no value", () => {
    const bomb = [
      "a0: &a0 x",
      ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`),
    ];
    expect(valueOfNode(rootOf(`${bomb.join("\n")}\n`))).toBeUndefined();
  });

  it("and an alias without an anchor is an error", () => {
    expect(parseSource("a: *b\n").documents[0]?.parse()).toMatchObject({ problems: [{ code: "syntax" }] });
  });

  it("and a tab within text or JSON is none", () => {
    const texts = ["a: |\n  x\n  \tz\n", "a: 'x\n  \tz'\n", '{\n\t"a": 1\n}\n'];
    const problems = texts.flatMap((text) =>
      parseSource(text).documents.flatMap((document) => document.parse().problems),
    );
    expect(problems).toEqual([]);
  });
});

describe("objects are found by what they are", () => {
  const text =
    "apiVersion: v1\nkind: A\nmetadata: {name: one, namespace: x}\n---\napiVersion: v1\nkind: A\nmetadata: {name: one, namespace: z}\n---\napiVersion: v1\nkind: AList\nitems:\n- metadata: {name: two}\n";
  const origin = { file: "a.yaml", document: 0, items: [], layer: "literal", hash: "" } as const;

  it("whatever the document's index says", () => {
    const ref = { apiVersion: "v2", kind: "A", namespace: "z", name: "one" };
    const found = findObjects(parseSource(text), { ...origin, document: 0 }, { ...ref, apiVersion: "v1" });
    expect(found.map(({ document, items }) => ({ document: document.index, items }))).toEqual([
      { document: 1, items: [] },
    ]);
  });

  it("in a list of a kind, whose items leave it out, and without a namespace of their own", () => {
    const ref = { apiVersion: "v1", kind: "A", namespace: "z", name: "two" };
    const found = findObjects(parseSource(text), origin, ref);
    expect(found.map(({ document, items }) => ({ document: document.index, items }))).toEqual([
      { document: 2, items: [0] },
    ]);
  });

  it("and not in another namespace, group or kind", () => {
    const refs = [
      { apiVersion: "v1", kind: "A", namespace: "w", name: "one" },
      { apiVersion: "g/v1", kind: "A", namespace: "x", name: "one" },
      { apiVersion: "v1", kind: "B", namespace: "x", name: "one" },
    ];
    expect(refs.flatMap((ref) => findObjects(parseSource(text), origin, ref))).toEqual([]);
  });
});

describe("a path leads to the field, or to the nearest parent that is written", () => {
  const text = "spec:\n  ports:\n  - port: 53\n    name: dns\n  - port: 53\n    protocol: UDP\n  set: [a, b]\n";
  const root = objectAt(rootOf(text), []);
  it.each([
    { path: "spec", there: "spec:" },
    { path: "spec.ports", there: "ports:" },
    { path: "spec.ports[port=53,protocol=UDP].protocol", there: "protocol: UDP" },
    { path: "spec.ports[name=dns]", there: "- port: 53\n    name" },
    { path: "spec.ports[port=53,name=dns,protocol=TCP].name", there: "name: dns" },
    { path: "spec.ports[port=80]", there: "ports:" },
    { path: "spec.ports[1].port", there: "port: 53\n    protocol" },
    { path: 'spec.set["b"]', there: "b]" },
    { path: "spec.absent.more", there: "spec:" },
    { path: "", there: "spec:" },
  ])("$path", ({ path, there }) => {
    if (root === undefined) throw new Error("no object");
    expect(text.slice(offsetOf(root, at(path), sourceFinder()))).toMatch(
      new RegExp(`^${there.replace(/[[\]]/g, "\\$&")}`),
    );
  });
});
