// Which file an object of a kustomization comes from: how kustomize is asked, and what becomes of its answer.

import { describe, expect, test } from "vitest";
import { askingForOrigins, textAskingForOrigins, withoutNote } from "../../../src/desired/render/origins.ts";
import { desiredOf, yaml } from "../../drift/objects.ts";

describe("a kustomization asks for origins", () => {
  test.each([
    ["in a line of its own", "resources: [a.yaml]\n", "resources: [a.yaml]\nbuildMetadata: [originAnnotations]\n"],
    [
      "behind a missing end of the last line",
      "resources:\n- a.yaml",
      "resources:\n- a.yaml\nbuildMetadata: [originAnnotations]\n",
    ],
    ["but not where a line more would say something else", "{resources: [a.yaml]}\n", undefined],
    ["nor where it says something of it itself", "resources: [a.yaml]\nbuildMetadata: [managedByLabel]\n", undefined],
    ["nor in one of several documents", "resources: [a.yaml]\n---\nresources: [b.yaml]\n", undefined],
    [
      "nor behind a block that would take the line in",
      "resources: [a.yaml]\npatches:\n- patch: |\n    a\n...\n",
      undefined,
    ],
  ])("%s", (_name, text, expected) => {
    expect(textAskingForOrigins(text)).toBe(expected);
  });

  test.each([
    [{}, { buildMetadata: ["originAnnotations"] }],
    [{ buildMetadata: ["managedByLabel"] }, { buildMetadata: ["managedByLabel", "originAnnotations"] }],
    [{ buildMetadata: ["originAnnotations"] }, { buildMetadata: ["originAnnotations"] }],
    [{ buildMetadata: "odd" }, { buildMetadata: "odd" }],
  ])("as a value: %j", (before, after) => {
    expect(askingForOrigins(before)).toEqual(after);
  });
});

function noted(note: string, more = ""): ReturnType<typeof withoutNote> {
  const text = `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {${more}config.kubernetes.io/origin: ${JSON.stringify(note)}}}}`;
  return withoutNote(desiredOf(yaml(text)), "overlays/prod");
}

describe("the note is read and taken off", () => {
  test.each([
    ["path: ../../base/web.yaml\n", "base/web.yaml"],
    ["path: own.yaml\n", "overlays/prod/own.yaml"],
    [
      "configuredIn: kustomization.yaml\nconfiguredBy: {kind: ConfigMapGenerator}\n",
      "overlays/prod/kustomization.yaml",
    ],
    ["path: web.yaml\nrepo: https://example.com/x\nref: main\n", undefined],
    ["path: ../../../../etc/passwd\n", undefined],
    ["[\n", undefined],
  ])("%j", (note, file) => {
    expect(noted(note).file).toBe(file);
    expect(noted(note).object.value).toEqual({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } });
  });

  test("other annotations stay", () => {
    expect(noted("path: a.yaml\n", "team: x, ").object.value["metadata"]).toEqual({
      name: "a",
      annotations: { team: "x" },
    });
  });
});
