// Charts that ask the cluster for what is there: it is empty here, and what they declare says that they asked.

import { beforeAll, describe, expect, test } from "vitest";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { chartOf, configMap, faults, render } from "./rendering.ts";

const unavailable = whyUnavailable(["helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

describe.skipIf(unavailable !== undefined)("a chart", () => {
  beforeAll(async () => void (await ensureBinary("helm")));

  test.for([
    ["that looks something up", '{{- if lookup "v1" "Secret" "shop" "db" }}\nx: {{ end }}\n', true],
    ["that looks it up by a value", "{{- $x := (lookup .Values.a .Values.b .Values.c .Values.d) }}\n", true],
    ["that only speaks of it", "{{- /* no lookup, here */}}\n", false],
    ["that looks nothing up", "", false],
  ] as const)("%s", async ([, template, expected]) => {
    const values = "a: v1\nb: Secret\nc: shop\nd: db\n";
    const state = await render(chartOf("app", { "a.yaml": configMap("a"), "b.yaml": template }, { values }));
    expect(faults(state)).toEqual([]);
    expect(state.objects.map(({ looksUp }) => looksUp === true)).toEqual([expected]);
  });
});
