import { describe, expect, test } from "vitest";
import { overlaid } from "../../../src/desired/flux/overlay.ts";
import type { OverlayInput } from "../../../src/desired/flux/overlay.ts";
import type { ValueMap } from "../../../src/core/value.ts";

const KIND = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };

function built(spec: ValueMap, rest: Partial<OverlayInput> = {}): ValueMap {
  return overlaid({ own: { resources: ["a.yaml"] }, resources: [], spec, ...rest });
}

/** Facts: fluxcd `pkg/kustomize` v1.35.6, GenerateManifest. */
describe("what a Flux Kustomization asks for, on top of the folder's kustomization", () => {
  test.each<readonly [string, ValueMap, ValueMap, ValueMap]>([
    ["nothing", {}, {}, {}],
    ["a namespace takes the place of its own", { targetNamespace: "b" }, { namespace: "a" }, { namespace: "b" }],
    ["an empty namespace is none", { targetNamespace: "" }, { namespace: "a" }, { namespace: "a" }],
    ["a prefix takes the place of its own", { namePrefix: "b-" }, { namePrefix: "a-" }, { namePrefix: "b-" }],
    ["a suffix", { nameSuffix: "-b" }, {}, { nameSuffix: "-b" }],
    [
      "patches come after its own",
      { patches: [{ patch: "b" }] },
      { patches: [{ path: "a" }] },
      { patches: [{ path: "a" }, { patch: "b" }] },
    ],
    [
      "components come after its own",
      { components: ["../b"] },
      { components: ["../a"] },
      { components: ["../a", "../b"] },
    ],
    ["older patches", { patchesJson6902: [{ patch: "b" }] }, {}, { patchesJson6902: [{ patch: "b" }] }],
    [
      "notes take the place of its own",
      { buildMetadata: ["managedByLabel"] },
      { buildMetadata: ["originAnnotations"] },
      { buildMetadata: ["managedByLabel"] },
    ],
    ["what is no list is nothing", { patches: "x", components: 1, images: {} }, {}, {}],
  ])("%s", (_what, spec, own, expected) => {
    const resources = ["a.yaml"];
    expect(built(spec, { own: { resources, ...own } })).toEqual({ ...KIND, resources, ...expected });
  });

  const OWN = [{ name: "web", newName: "registry/web", newTag: "1" }];

  test.each<readonly [string, ValueMap, readonly ValueMap[]]>([
    [
      "a tag alone keeps the name",
      { name: "web", newTag: "2" },
      [{ name: "web", newName: "registry/web", newTag: "2" }],
    ],
    [
      "a digest takes the tag away",
      { name: "web", digest: "sha256:a" },
      [{ name: "web", newName: "registry/web", digest: "sha256:a" }],
    ],
    [
      "a name alone keeps the tag",
      { name: "web", newName: "other/web" },
      [{ name: "web", newName: "other/web", newTag: "1" }],
    ],
    ["nothing leaves all of it", { name: "web" }, OWN],
    ["another image comes after it", { name: "db", newTag: "9" }, [...OWN, { name: "db", newTag: "9" }]],
  ])("of images: %s", (_what, image, expected) => {
    const own = { resources: ["a.yaml"], images: OWN };
    expect(built({ images: [image] }, { own })["images"]).toEqual(expected);
  });

  test("a folder without a kustomization takes in what it holds", () => {
    const resources = ["./a.yaml", "./b"];
    expect(overlaid({ resources, spec: { targetNamespace: "x" } })).toEqual({ ...KIND, resources, namespace: "x" });
  });

  test("an empty folder still builds", () => {
    expect(overlaid({ resources: [], spec: {} })).toEqual({ ...KIND, namespace: "_placeholder" });
  });

  test("a kustomization without resources gets notes, whatever it asks for itself", () => {
    const own = { components: ["../a"], buildMetadata: ["managedByLabel"] };
    expect(built({}, { own })["buildMetadata"]).toEqual(["originAnnotations"]);
  });

  test("its own version and kind stay", () => {
    const own = { apiVersion: "kustomize.config.k8s.io/v1alpha1", kind: "Component", resources: ["a.yaml"] };
    expect(built({}, { own })).toEqual(own);
  });

  test.each([
    ["are asked for all the same", false, ["../a", "../b"]],
    ["are left out where that is asked for", true, ["../a"]],
  ])("components that are not there %s", (_what, ignoreMissingComponents, expected) => {
    const spec = { components: ["../a", "../b"], ignoreMissingComponents };
    expect(built(spec, { exists: (path) => path === "../a" })["components"]).toEqual(expected);
  });

  test("names that JavaScript gives a meaning are names", () => {
    const own = JSON.parse('{"resources": ["a"], "__proto__": {"x": 1}}') as ValueMap;
    const result = built({ targetNamespace: "n" }, { own });
    expect(Object.hasOwn(result, "__proto__")).toBe(true);
    expect((result as { x?: unknown }).x).toBeUndefined();
  });
});
