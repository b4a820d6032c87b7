import { describe, expect, it } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import { field, fields } from "../../src/core/path.ts";
import type { FieldSchema } from "../../src/core/schema.ts";
import { add, at, edited, manifest, remove, replace } from "./workbench.ts";

interface Case {
  readonly name: string;
  readonly before: string;
  readonly changes: readonly Change[];
  readonly after: string;
}

/** The texts stand below a head that makes them an object. */
function table(cases: readonly Case[]): void {
  it.each(cases)("$name", async ({ before, changes, after }) => {
    const result = await edited({ text: manifest(before), changes });
    expect(result.codes).toEqual(changes.map(() => "edited"));
    expect(result.text).toBe(manifest(after));
  });
}

describe("a scalar is replaced in the style that it has", () => {
  table([
    {
      name: "a number",
      before: "spec:\n  replicas: 3 # three\n",
      changes: [replace(at("spec.replicas"), 5)],
      after: "spec:\n  replicas: 5 # three\n",
    },
    {
      name: "an integer beyond 2^53",
      before: "a: 1\n",
      changes: [replace(at("a"), 9007199254740993n)],
      after: "a: 9007199254740993\n",
    },
    { name: "a boolean", before: "a: yes\n", changes: [replace(at("a"), false)], after: "a: false\n" },
    {
      name: "plain text",
      before: "image: web:1.0\n",
      changes: [replace(at("image"), "web:1.1")],
      after: "image: web:1.1\n",
    },
    { name: "single quotes", before: "a: 'x' # c\n", changes: [replace(at("a"), "it's")], after: "a: 'it''s' # c\n" },
    {
      name: "double quotes",
      before: 'a: "x"\n',
      changes: [replace(at("a"), 'say "hi" \\ now')],
      after: 'a: "say \\"hi\\" \\\\ now"\n',
    },
    {
      name: "plain text becomes quoted where it would be a boolean",
      before: "a: x\n",
      changes: [replace(at("a"), "yes")],
      after: 'a: "yes"\n',
    },
    {
      name: "plain text becomes quoted where it would be an octal number",
      before: "a: x\n",
      changes: [replace(at("a"), "0644")],
      after: 'a: "0644"\n',
    },
    {
      name: "plain text becomes quoted where YAML 1.1 reads base 60",
      before: "a: x\n",
      changes: [replace(at("a"), "12:30:45")],
      after: 'a: "12:30:45"\n',
    },
    {
      name: "plain text becomes quoted where it would be a date",
      before: "a: x\n",
      changes: [replace(at("a"), "2001-12-14")],
      after: 'a: "2001-12-14"\n',
    },
    {
      name: "plain text becomes quoted where a comment would begin",
      before: "a: x\n",
      changes: [replace(at("a"), "b #c")],
      after: 'a: "b #c"\n',
    },
    {
      name: "a quoted string becomes a number without quotes",
      before: 'a: "1"\n',
      changes: [replace(at("a"), 2)],
      after: "a: 2\n",
    },
    {
      name: "an empty value before a comment",
      before: "a: # why\nb: 1\n",
      changes: [replace(at("a"), "x")],
      after: "a: x # why\nb: 1\n",
    },
    {
      name: "an empty value right before the line's end",
      before: "a:\nb: 1\n",
      changes: [add(at("a"), "x")],
      after: "a: x\nb: 1\n",
    },
    { name: "a null", before: "a: ~ # none\n", changes: [replace(at("a"), 1)], after: "a: 1 # none\n" },
    {
      name: "a plain scalar that runs over several lines",
      before: "a: one\n  two\n  three # c\nb: 1\n",
      changes: [replace(at("a"), "four")],
      after: "a: four # c\nb: 1\n",
    },
    {
      name: "a literal block keeps its style",
      before: "a: |\n    one\n    two\n\nb: 1\n",
      changes: [replace(at("a"), "one\nthree\n")],
      after: "a: |\n    one\n    three\n\nb: 1\n",
    },
    {
      name: "a literal block without its last line break",
      before: "a: | # why\n  one\nb: 1\n",
      changes: [replace(at("a"), "two")],
      after: "a: |- # why\n  two\nb: 1\n",
    },
    {
      name: "a folded block of one line stays folded",
      before: "a: >-\n  one\n  two\nb: 1\n",
      changes: [replace(at("a"), "three")],
      after: "a: >-\n  three\nb: 1\n",
    },
    {
      name: "a literal block becomes a number",
      before: "a: |\n  one\nb: 1\n",
      changes: [replace(at("a"), 1)],
      after: "a: 1\nb: 1\n",
    },
    {
      name: "a line becomes a literal block, its comment stays",
      before: "a: one # c\nb: 1\n",
      changes: [replace(at("a"), "x\ny\n")],
      after: "a: | # c\n  x\n  y\nb: 1\n",
    },
    {
      name: "a line becomes a literal block at the end of a text without a line break",
      before: "a: one",
      changes: [replace(at("a"), "x\ny")],
      after: "a: |-\n  x\n  y",
    },
    {
      name: "several lines that no block can hold",
      before: "a: one\n",
      changes: [replace(at("a"), " x\n\ty\n\n")],
      after: 'a: " x\\n\\ty\\n\\n"\n',
    },
    {
      name: "control characters are escaped",
      before: "a: one\n",
      changes: [replace(at("a"), "\0\u001b[31m\u0085\u202e")],
      after: 'a: "\\0\\x1b[31m\\x85\\u202e"\n',
    },
    {
      name: "an item of a set or an atomic list",
      before: "a:\n- x\n- y # c\n",
      changes: [replace(at("a[1]"), "z")],
      after: "a:\n- x\n- z # c\n",
    },
  ]);
});

describe("a field is added where its siblings stand", () => {
  table([
    {
      name: "behind the last sibling and before the comments that follow",
      before: "spec:\n  a: 1 # one\n  # end of spec\n\n# status\nstatus: {}\n",
      changes: [add(at("spec.b"), 2)],
      after: "spec:\n  a: 1 # one\n  b: 2\n  # end of spec\n\n# status\nstatus: {}\n",
    },
    {
      name: "at the end of a text without a line break",
      before: "spec:\n  a: 1",
      changes: [add(at("spec.b"), 2)],
      after: "spec:\n  a: 1\n  b: 2",
    },
    {
      name: "behind a literal block, whose blank lines stay",
      before: "spec:\n  a: |\n    x\n\nb: 1\n",
      changes: [add(at("spec.c"), 2)],
      after: "spec:\n  a: |\n    x\n  c: 2\n\nb: 1\n",
    },
    {
      name: "behind a literal block that keeps its blank lines",
      before: "spec:\n  a: |+\n    x\n\nb: 1\n",
      changes: [add(at("spec.c"), 2)],
      after: "spec:\n  a: |+\n    x\n\n  c: 2\nb: 1\n",
    },
    {
      name: "in a list's item, below its first key",
      before: "l:\n  -  name: x\n     v: 1\n  -  name: y\n",
      changes: [add(at("l[name=x].w"), 2)],
      after: "l:\n  -  name: x\n     v: 1\n     w: 2\n  -  name: y\n",
    },
    {
      name: "with its absent parents, in the document's indentation",
      before: "spec:\n  a: 1\n",
      changes: [add(at("spec.template.labels.app"), "web")],
      after: "spec:\n  a: 1\n  template:\n    labels:\n      app: web\n",
    },
    {
      name: "two of one absent parent",
      before: "spec:\n  a: 1\n",
      changes: [add(at("spec.t.b"), 1), add(at("spec.t.c"), 2)],
      after: "spec:\n  a: 1\n  t:\n    b: 1\n    c: 2\n",
    },
    {
      name: "below an empty value",
      before: "spec:\nb: 1\n",
      changes: [add(at("spec.a"), 1)],
      after: "spec:\n  a: 1\nb: 1\n",
    },
    {
      name: "below a null that has a comment",
      before: "spec: null # none\nb: 1\n",
      changes: [add(at("spec.a"), 1)],
      after: "spec: # none\n  a: 1\nb: 1\n",
    },
    {
      name: "below an empty map",
      before: "spec: {} # none\nb: 1\n",
      changes: [add(at("spec.a"), 1)],
      after: "spec: {a: 1} # none\nb: 1\n",
    },
    {
      name: "in a flow map of one line",
      before: "spec: { a: 1 } # c\n",
      changes: [add(at("spec.b"), "x, y")],
      after: 'spec: { a: 1, b: "x, y" } # c\n',
    },
    {
      name: "a list and a map at once",
      before: "spec:\n  a: 1\n",
      changes: [add(at("spec.ports"), [{ name: "http", port: 80 }])],
      after: "spec:\n  a: 1\n  ports:\n    - name: http\n      port: 80\n",
    },
    {
      name: "with a key that YAML would take for a boolean",
      before: "spec:\n  a: 1\n",
      changes: [add([field("spec"), field("y")], "n")],
      after: 'spec:\n  a: 1\n  "y": "n"\n',
    },
    {
      name: "with a key called __proto__",
      before: "spec:\n  a: 1\n",
      changes: [add(fields("spec", "__proto__"), "n")],
      after: 'spec:\n  a: 1\n  __proto__: "n"\n',
    },
    {
      name: "an empty map",
      before: "spec:\n  a: 1\n",
      changes: [add(at("spec.emptyDir"), {})],
      after: "spec:\n  a: 1\n  emptyDir: {}\n",
    },
  ]);
});

describe("an item is added where its siblings stand", () => {
  table([
    {
      name: "with the siblings' dashes at the key's column",
      before: "env:\n- name: A\n  value: x\n# end\n",
      changes: [add(at("env[name=B]"), { value: "w", name: "B" })],
      after: "env:\n- name: A\n  value: x\n- name: B\n  value: w\n# end\n",
    },
    {
      name: "with the siblings' spaces behind the dash",
      before: "env:\n  -   name: A\n",
      changes: [add(at("env[name=B]"), { name: "B", value: "w" })],
      after: "env:\n  -   name: A\n  -   name: B\n      value: w\n",
    },
    { name: "to a set", before: "f:\n  - a\n", changes: [add(at('f["b"]'), "b")], after: "f:\n  - a\n  - b\n" },
    {
      name: "two at once, in their order",
      before: "f:\n  - a\n",
      changes: [add(at('f["b"]'), "b"), add(at('f["c"]'), "c")],
      after: "f:\n  - a\n  - b\n  - c\n",
    },
    { name: "to a flow list", before: "f: [a]\n", changes: [add(at('f["b"]'), "b")], after: "f: [a, b]\n" },
    { name: "to an empty list", before: "f: []\n", changes: [add(at('f["b"]'), "b")], after: "f: [b]\n" },
    {
      name: "to an absent list",
      before: "a: 1\n",
      changes: [add(at("env[name=B]"), { name: "B" })],
      after: "a: 1\nenv:\n  - name: B\n",
    },
    {
      name: "in the middle of an atomic list",
      before: "args:\n- a # first\n- c # last\n",
      changes: [replace(at("args"), ["a", "b", "c"])],
      after: "args:\n- a # first\n- b\n- c # last\n",
    },
    {
      name: "at the head of an atomic list",
      before: "args:\n- b # first\n",
      changes: [replace(at("args"), ["a", "b"])],
      after: "args:\n- a\n- b # first\n",
    },
  ]);
});

describe("what is removed takes its lines along, and no other", () => {
  table([
    {
      name: "a field with its comment",
      before: "spec:\n  a: 1\n  b: 2 # two\n  # more\n  c: 3\n",
      changes: [remove(at("spec.b"))],
      after: "spec:\n  a: 1\n  # more\n  c: 3\n",
    },
    {
      name: "a map with all that is in it",
      before: "spec:\n  a: 1\n  b:\n    c: [1,\n      2]\n    d: |\n      x\n\n  e: 1\n",
      changes: [remove(at("spec.b"))],
      after: "spec:\n  a: 1\n\n  e: 1\n",
    },
    {
      name: "a sole child leaves an empty map",
      before: "spec:\n  a: 1 # one\nb: 1\n",
      changes: [remove(at("spec.a"))],
      after: "spec: {}\nb: 1\n",
    },
    {
      name: "all children leave an empty map",
      before: "spec:\n  a: 1\n  b: 2\nb: 1\n",
      changes: [remove(at("spec.a")), remove(at("spec.b"))],
      after: "spec: {}\nb: 1\n",
    },
    {
      name: "a sole item leaves an empty list",
      before: "f:\n- a\nb: 1\n",
      changes: [remove(at('f["a"]'))],
      after: "f: []\nb: 1\n",
    },
    {
      name: "the first key behind a dash gives its place to the next",
      before: "l:\n  - image: a # c\n    name: x\n",
      changes: [remove(at("l[name=x].image"))],
      after: "l:\n  - name: x\n",
    },
    {
      name: "the first key behind a dash, comments below it stay",
      before: "l:\n  - image: a\n    # its name\n    name: x\n",
      changes: [remove(at("l[name=x].image"))],
      after: "l:\n  -\n    # its name\n    name: x\n",
    },
    {
      name: "an item",
      before: "l:\n  - name: x\n    v: 1\n  # two\n  - name: y\n",
      changes: [remove(at("l[name=x]"))],
      after: "l:\n  # two\n  - name: y\n",
    },
    {
      name: "the last line of a text without a line break",
      before: "spec:\n  a: 1\n  b: 2",
      changes: [remove(at("spec.b"))],
      after: "spec:\n  a: 1",
    },
    {
      name: "the first of a flow map",
      before: "s: {a: 1, b: 2}\n",
      changes: [remove(at("s.a"))],
      after: "s: {b: 2}\n",
    },
    {
      name: "the last of a flow map",
      before: "s: { a: 1, b: 2 }\n",
      changes: [remove(at("s.b"))],
      after: "s: { a: 1 }\n",
    },
    { name: "the only one of a flow map", before: "s: { a: 1 }\n", changes: [remove(at("s.a"))], after: "s: {}\n" },
    {
      name: "one of an atomic list",
      before: "args: \n  - a\n  - b\n  - c\n",
      changes: [replace(at("args"), ["a", "c"])],
      after: "args: \n  - a\n  - c\n",
    },
    {
      name: "one removed and one added in one map",
      before: "s:\n  a: 1\n  b: 2",
      changes: [remove(at("s.b")), add(at("s.c"), 3)],
      after: "s:\n  a: 1\n  c: 3",
    },
  ]);
});

describe("a text without a line break at its end never ends with a block scalar that would need one", () => {
  table([
    {
      name: "new text is quoted there",
      before: "a: one",
      changes: [replace(at("a"), "x\nz\n")],
      after: 'a: "x\\nz\\n"',
    },
    {
      name: "a block that comes last because of a removal gets its line break",
      before: "a: |\n  x\nb: 1",
      changes: [remove(at("b"))],
      after: "a: |\n  x\n",
    },
    {
      name: "one that stands there stays there, and other fields are edited",
      before: "b: 1\na: |\n  x",
      changes: [replace(at("b"), 2)],
      after: "b: 2\na: |\n  x",
    },
  ]);

  it("and nothing is added behind it", async () => {
    const { codes } = await edited({ text: manifest("a: |\n  x"), changes: [add(at("b"), 1)] });
    expect(codes).toEqual(["proof-failed"]);
  });
});

describe("a collection is written over another value", () => {
  table([
    {
      name: "a map over a scalar",
      before: "a: 1 # c\nb: 1\n",
      changes: [replace(at("a"), { x: 1 })],
      after: "a: # c\n  x: 1\nb: 1\n",
    },
    {
      name: "a scalar over a map",
      before: "a:\n  x: 1\n  y: 2\nb: 1\n",
      changes: [replace(at("a"), 7)],
      after: "a: 7\nb: 1\n",
    },
    {
      name: "a list over a map",
      before: "a:\n  x: 1\nb: 1\n",
      changes: [replace(at("a"), ["x"])],
      after: "a:\n  - x\nb: 1\n",
    },
    {
      name: "a map over an item",
      before: "l:\n  - x # c\n",
      changes: [replace(at("l"), [{ a: 1, b: 2 }])],
      after: "l:\n  - a: 1 # c\n    b: 2\n",
    },
    {
      name: "an atomic map keeps what is equal in it",
      before: "sel:\n  a: 1 # c\n  b: 2\n",
      changes: [replace(at("sel"), { a: 1, c: 3 })],
      after: "sel:\n  a: 1 # c\n  c: 3\n",
    },
  ]);
});

describe("JSON obeys JSON's rules", () => {
  const head = '{\n  "apiVersion": "v1",\n  "kind": "Thing",\n  "metadata": {\n    "name": "web"\n  },\n';
  it.each([
    {
      name: "a string with escapes",
      before: '  "a": "x"\n}\n',
      changes: [replace(at("a"), 'q" \\ \u0001é\n')],
      after: '  "a": "q\\" \\\\ \\u0001é\\n"\n}\n',
    },
    {
      name: "a new key behind the last",
      before: '  "a": {\n    "b": 1\n  }\n}',
      changes: [add(at("a.c"), { d: [1, "y"] })],
      after: '  "a": {\n    "b": 1,\n    "c": {\n      "d": [\n        1,\n        "y"\n      ]\n    }\n  }\n}',
    },
    {
      name: "a new item",
      before: '  "a": [\n    {"name": "x"}\n  ]\n}\n',
      changes: [add(at("a[name=y]"), { name: "y" })],
      after: '  "a": [\n    {"name": "x"},\n    {\n      "name": "y"\n    }\n  ]\n}\n',
    },
    {
      name: "the first key goes",
      before: '  "a": {\n    "b": 1,\n    "c": 2\n  }\n}\n',
      changes: [remove(at("a.b"))],
      after: '  "a": {\n    "c": 2\n  }\n}\n',
    },
    {
      name: "the last key goes",
      before: '  "a": 1,\n  "b": 2\n}\n',
      changes: [remove(at("b"))],
      after: '  "a": 1\n}\n',
    },
  ])("$name", async ({ before, changes, after }) => {
    const result = await edited({ text: head + before, changes, file: "a.json" });
    expect(result.codes).toEqual(changes.map(() => "edited"));
    expect(result.text).toBe(head + after);
    expect(() => JSON.parse(result.text) as unknown).not.toThrow();
  });

  it("writes one line into a file of one line", async () => {
    const text = '{"apiVersion":"v1","kind":"Thing","metadata":{"name":"web"},"a":{"b":1}}';
    const result = await edited({ text, changes: [add(at("a.c"), { d: 1 })], file: "a.json" });
    expect(result.text).toBe(text.replace('"b":1', '"b":1,"c":{"d": 1}'));
  });

  it("takes tabs for indentation, as JSON does", async () => {
    const text =
      '{\n\t"apiVersion": "v1",\n\t"kind": "Thing",\n\t"metadata": {\n\t\t"name": "web"\n\t},\n\t"a": {\n\t\t"b": 1\n\t}\n}\n';
    const result = await edited({ text, changes: [add(at("a.c"), [2])], file: "a.json" });
    expect(result.text).toBe(text.replace('"b": 1', '"b": 1,\n\t\t"c": [\n\t\t\t2\n\t\t]'));
  });
});

describe("the right object is edited", () => {
  const two =
    "# first\n---\napiVersion: v1\nkind: A\nmetadata:\n  name: x\nv: 1\n---\n# second\napiVersion: v1\nkind: A\nmetadata:\n  name: z\nv: 1\n";

  it("of several documents", async () => {
    const result = await edited({ text: two, changes: [replace(at("v"), 2)], pick: ({ ref }) => ref.name === "z" });
    expect(result.text).toBe(`${two.slice(0, -2)}2\n`);
  });

  it("in the items of a List", async () => {
    const text =
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata: {name: x}\n  v: 1\n- apiVersion: v1\n  kind: A\n  metadata: {name: z}\n  v: 1\n";
    const result = await edited({ text, changes: [replace(at("v"), 2)], pick: ({ ref }) => ref.name === "z" });
    expect(result.text).toBe(`${text.slice(0, -2)}2\n`);
  });

  it("behind a byte order mark, which stays", async () => {
    const text = `\uFEFF${manifest("a: 1\n")}`;
    const result = await edited({ text, changes: [add(at("b"), 2)] });
    expect(result.text).toBe(`${text}b: 2\n`);
  });

  it("in a text whose lines end with carriage returns, which new lines have too", async () => {
    const text = crlf(manifest("a: 1\nb: |\n  x\n  w\nc:\n  d: 1\n"));
    const changes = [replace(at("b"), "x\nz\n"), replace(at("a"), 2), add(at("c.e"), { f: 1 }), remove(at("c.d"))];
    const result = await edited({ text, changes });
    expect(result.text).toBe(crlf(manifest("a: 2\nb: |\n  x\n  z\nc:\n  e:\n    f: 1\n")));
  });

  it("in the indentation that its document has", async () => {
    const text = "apiVersion: v1\nkind: Thing\nmetadata:\n    name: web\nspec:\n    l:\n    - a: 1\n";
    const result = await edited({ text, changes: [add(at("spec.t.u"), [{ v: 1 }])] });
    expect(result.text).toBe(`${text}    t:\n        u:\n        - v: 1\n`);
  });

  it("by the item's key, with the schema's default for what the item leaves out", async () => {
    const schema: FieldSchema = {
      fields: { ports: { list: { kind: "map", keys: ["port", "protocol"], defaults: { protocol: "TCP" } } } },
    };
    const text = manifest("ports:\n- port: 53\n  protocol: UDP\n  v: a\n- port: 53\n  v: b\n");
    const result = await edited({ text, schema, changes: [replace(at("ports[port=53,protocol=TCP].v"), "c")] });
    expect(result.text).toBe(text.replace("v: b", "v: c"));
  });

  it("and several changes of it are one edit each, with their own place", async () => {
    const text = manifest("spec:\n  a: 1\n  b: 2\n");
    const { result } = await edited({ text, changes: [replace(at("spec.a"), 3), add(at("spec.c"), 4)] });
    const edits = (result.answers[0] ?? []).map((answer) => ("edit" in answer ? answer.edit : undefined));
    expect(edits.map((edit) => edit?.position)).toEqual([
      { file: "a.yaml", line: 6, column: 3 },
      { file: "a.yaml", line: 8, column: 1 },
    ]);
    expect(edits.map((edit) => edit?.splices.map((splice) => splice.text))).toEqual([["3"], ["  c: 4\n"]]);
    expect(result.proof).toMatchObject({ renderer: "plain", objectsCompared: 1, editedObjects: 1 });
  });
});

function crlf(text: string): string {
  return text.replaceAll("\n", "\r\n");
}
