import { expect, test } from "vitest";
import { DEFAULT_KUBE_VERSION, kubeVersionOf } from "../../src/core/kube-version.ts";

test.for([
  ["what was asked for, whatever the cluster says", "v1.30.0", "v1.33.4", { version: "v1.30.0", from: "asked" }],
  ["what the cluster says", undefined, "v1.33.4-gke.1", { version: "v1.33.4-gke.1", from: "cluster" }],
  ["the newest, of a dump", undefined, "", { version: DEFAULT_KUBE_VERSION, from: "assumed" }],
  [
    "the newest, where what is said is no version",
    undefined,
    "dev",
    { version: DEFAULT_KUBE_VERSION, from: "assumed" },
  ],
] as const)("charts are rendered for %s", ([, asked, told, expected]) => {
  expect(kubeVersionOf(asked, told)).toEqual(expected);
});
