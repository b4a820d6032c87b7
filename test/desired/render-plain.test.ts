import { describe, expect, test } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import { plainRenderer } from "../../src/desired/render-plain.ts";
import { deployment, digester, isNamespaced, treeOf } from "./repositories.ts";

const FILES = {
  "apps/a.yaml": `${deployment("a")}---\n${deployment("b")}`,
  "apps/c.yaml": deployment("c"),
  "apps/half.yaml": `apiVersion: [\n---\n${deployment("e")}`,
  "k/kustomization.yaml": "resources: [d.yaml]\n",
  "k/d.yaml": deployment("d"),
};

function renderer() {
  const target = { name: "t", path: "", exclude: [] };
  return plainRenderer({ tree: treeOf(FILES), target, digester, isNamespaced });
}

describe("rendering plain manifests", () => {
  test("gives the changed files' objects before and after, and no others", async () => {
    const changed = FILES["apps/a.yaml"].replace("replicas: 3", "replicas: 5");
    const rendered = await renderer().render(new Map([["apps/a.yaml", changed]]));
    if (isFault(rendered)) throw new Error(rendered.message);
    expect(rendered.before.map(({ ref, value }) => [ref.name, value["spec"]])).toEqual([
      ["a", { replicas: 3 }],
      ["b", { replicas: 3 }],
    ]);
    expect(rendered.after.map(({ ref, value }) => [ref.name, value["spec"]])).toEqual([
      ["a", { replicas: 5 }],
      ["b", { replicas: 3 }],
    ]);
    expect(rendered.roots).toMatchObject([{ path: "", renderer: "plain" }]);
  });

  test("passes over a document that was faulty before: it costs itself, not its neighbours", async () => {
    const changed = FILES["apps/half.yaml"].replace("replicas: 3", "replicas: 5");
    const rendered = await renderer().render(new Map([["apps/half.yaml", changed]]));
    if (isFault(rendered)) throw new Error(rendered.message);
    expect(rendered.after.map(({ ref, value }) => [ref.name, value["spec"]])).toEqual([["e", { replicas: 5 }]]);
  });

  test.each([
    ["a file that is not there", "absent.yaml", deployment("x"), "file-unreadable"],
    ["a file of a kustomization", "k/d.yaml", deployment("x"), "file-unreadable"],
    [
      "a file of which one more document does not parse after",
      "apps/half.yaml",
      `apiVersion: [\n---\napiVersion: {\n`,
      "yaml-invalid",
    ],
    ["a file that does not parse after", "apps/c.yaml", "apiVersion: [\n", "yaml-invalid"],
    ["a file whose object loses its name", "apps/c.yaml", "apiVersion: v1\nkind: Service\n", "manifest-invalid"],
  ])("proves nothing of %s", async (_, file, text, code) => {
    expect(await renderer().render(new Map([[file, text]]))).toMatchObject({ kind: "fault", code });
  });
});
