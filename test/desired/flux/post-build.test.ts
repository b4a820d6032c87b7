import { describe, expect, test } from "vitest";
import { postBuild } from "../../../src/desired/flux/post-build.ts";
import type { LoadedVariables, PostBuild } from "../../../src/desired/flux/post-build.ts";
import type { Variable } from "../../../src/desired/flux/substitute.ts";
import { readYaml } from "../../../src/yaml/read.ts";

const DYE = "dye0f3c";

function step(inline: Readonly<Record<string, string>>, rest: Partial<PostBuild> = {}): PostBuild {
  return { inline: new Map(Object.entries(inline)), from: [], always: false, dye: DYE, ...rest };
}

function loaded(values: Readonly<Record<string, string | undefined>>): LoadedVariables {
  const variables = Object.entries(values).map(([name, value]): [string, Variable] => {
    return [name, value === undefined ? { kind: "unknown" } : { kind: "known", value }];
  });
  return { kind: "loaded", variables: new Map(variables) };
}

function object(spec: string, metadata = ""): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n${metadata}  name: web\ndata:\n  ${spec}\n`;
}

/** What stands under `data.a` in each document. */
function valuesIn(text: string): readonly unknown[] {
  return readYaml(text, { file: "built" }).documents.map(({ value }) => (value as { data: { a: unknown } }).data.a);
}

describe("the step after a build", () => {
  test.each([
    ["decides the type of what has no quotes", "a: ${x}", "true", true],
    ["leaves what has quotes a string", 'a: "${x}"', "true", "true"],
    ["takes out the newlines of a value", "a: ${x}", "one\ntwo\n", "onetwo"],
    ["may open a map", "a: ${x}", "{b: 1}", { b: 1 }],
    ["may begin a comment", "a: ${x}", "#1", null],
    ["makes nothing of what is escaped", "a: $${x}", "1", "${x}"],
  ])("%s", (_what, spec, x, expected) => {
    const done = postBuild(object(spec), step({ x }));
    expect(done.kind === "done" ? valuesIn(done.text) : done).toEqual([expected]);
  });

  test("goes through all documents and keeps what is between them", () => {
    const text = `${object("a: ${x}")}---\n${object("a: 2")}---\n# \${x}\n${object("a: ${y:=3}")}`;
    const done = postBuild(text, step({ x: "1" }));
    expect(done).toEqual({
      kind: "done",
      text: `${object("a: 1")}---\n${object("a: 2")}---\n# 1\n${object("a: 3")}`,
      unknown: [],
    });
  });

  test.each([
    ["a label", "labels", "disabled", "${x}"],
    ["an annotation", "annotations", "disabled", "${x}"],
    ["a label of another value", "labels", "enabled", 1],
    ["a label of a value made by substitution", "labels", "${off}", 1],
  ])("passes over an object as %s says", (_what, field, value, expected) => {
    const metadata = `  ${field}:\n    kustomize.toolkit.fluxcd.io/substitute: ${value}\n`;
    const done = postBuild(object("a: ${x}", metadata), step({ x: "1", off: "disabled" }));
    expect(done.kind === "done" ? valuesIn(done.text) : done).toEqual([expected]);
  });

  test.each([
    ["without variables nothing is substituted", step({}), "${x:-1}"],
    ["an empty source is no variable", step({}, { from: [loaded({})] }), "${x:-1}"],
    ["without variables too, where it is always to be", step({}, { always: true }), 1],
    ["later sources count before earlier ones", step({}, { from: [loaded({ x: "2" }), loaded({ x: "3" })] }), 3],
    ["inline variables count before all sources", step({ x: "4" }, { from: [loaded({ x: "2" })] }), 4],
    ["a value that is not known is dyed", step({}, { from: [loaded({ x: undefined })] }), DYE],
    ["a source that was not read may hold any variable", step({ y: "1" }, { from: [{ kind: "unread" }] }), DYE],
    ["and may change those before it", step({}, { from: [loaded({ x: "2" }), { kind: "unread" }] }), DYE],
    ["not those behind it", step({}, { from: [{ kind: "unread" }, loaded({ x: "2" })] }), 2],
  ])("%s", (_what, given, expected) => {
    const done = postBuild(object("a: ${x:-1}"), given);
    expect(done.kind === "done" ? valuesIn(done.text) : done).toEqual([expected]);
  });

  test.each([
    ["a name that no variable can have", "a: 1", step({ "my-name": "hidden" }), /^ConfigMap\/web: .*"my-name"/],
    ["a variable that is not closed", "a: ${x", step({ x: "hidden" }), /^ConfigMap\/web: line 6: /],
    ["what is no YAML any more", "a: ${x}", step({ x: "hidden: [" }), /^ConfigMap\/web: .*no YAML/],
    ["one that is not set, where that is strict", "a: ${y}", step({ x: "hidden" }, { strict: true }), /"y" is not set/],
  ])("refuses %s, and tells no value", (_what, spec, given, why) => {
    const done = postBuild(
      `${object("a: 1", "  labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n")}---\n${object(spec)}`,
      given,
    );
    expect(done).toEqual({ kind: "refused", why: expect.stringMatching(why) as string });
    expect(JSON.stringify(done)).not.toContain("hidden");
  });

  test("a bad name is nothing where no object is substituted in", () => {
    const text = object("a: 1", "  labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n");
    expect(postBuild(text, step({ "my-name": "1" }))).toEqual({ kind: "done", text, unknown: [] });
  });

  test("many objects share one bound", () => {
    const long = "a".repeat(2000);
    const text = Array.from({ length: 1000 }, () => object("a: ${long##*b*b*c}")).join("---\n");
    expect(postBuild(text, step({ long }))).toMatchObject({ kind: "refused" });
  });
});
