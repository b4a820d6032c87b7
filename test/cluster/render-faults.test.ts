// What cannot, or must not, be rendered: a clear fault each, and nothing else harmed. The real programs, and false ones.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DesiredState, Progress } from "../../src/core/stages.ts";
import { networkIsolation } from "../../src/desired/render/process.ts";
import { deployment } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import {
  at,
  chartOf,
  configMap,
  faults,
  folder,
  names,
  objectOf,
  render,
  renderRepository,
  script,
} from "./rendering.ts";
import type { Files, Rendering } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm", "helm4"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const CM = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n";
const GOOD = { "good/kustomization.yaml": "resources: [web.yaml]\n", "good/web.yaml": deployment("good") };

beforeAll(async () => {
  if (unavailable === undefined) for (const name of ["kustomize", "helm", "helm4"] as const) await ensureBinary(name);
});

/** The faults of what is bad, with a good root beside it, which must not care. */
async function bad(files: Files, options: Rendering = {}): Promise<readonly string[]> {
  return faultsBeside(await render({ ...files, ...GOOD }, options));
}

function faultsBeside(state: DesiredState): readonly string[] {
  expect(names(state)).toEqual(["Deployment/good"]);
  expect(state.complete).toBe(false);
  return faults(state);
}

const gen = (text: string): Files => ({
  "bad/kustomization.yaml": "generators: [gen.yaml]\n",
  "bad/gen.yaml": `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\n${text}\n`,
});

describe.skipIf(unavailable !== undefined)("kustomizations that do not build", () => {
  const TABLE: readonly (readonly [string, Files, RegExp])[] = [
    [
      "YAML that does not parse",
      { "bad/kustomization.yaml": "resources: [\n" },
      /^render-failed: bad cannot be rendered: kustomize says: /,
    ],
    ["an unknown field", { "bad/kustomization.yaml": "resorces: []\n" }, /^render-failed: .*unknown field/],
    [
      "a file that is not there",
      { "bad/kustomization.yaml": "resources: [gone.yaml]\n" },
      /^render-failed: .*gone\.yaml/,
    ],
    ["a base that is not there", { "bad/kustomization.yaml": "resources: [../gone]\n" }, /^render-failed: .*gone/],
    [
      "a base without a kustomization",
      { "bad/kustomization.yaml": "resources: [sub]\n", "bad/sub/x.txt": "" },
      /^render-failed: .*sub/,
    ],
    ["itself", { "bad/kustomization.yaml": "resources: [../bad]\n" }, /^render-failed: .*cycle/],
    [
      "a cycle of three",
      {
        "bad/a/kustomization.yaml": "resources: [../b]\n",
        "bad/b/kustomization.yaml": "resources: [../c]\n",
        "bad/c/kustomization.yaml": "resources: [../a]\n",
      },
      /^render-failed: bad\/a cannot be rendered: .*cycle/,
    ],
    [
      "a parent as a base",
      { "bad/kustomization.yaml": "resources: [sub]\n", "bad/sub/kustomization.yaml": "resources: [..]\n" },
      /^render-failed: .*cycle/,
    ],
    [
      "a path out of the repository",
      { "bad/kustomization.yaml": "resources: [../../../etc]\n" },
      /^render-refused: bad needs what is not in the repository: "\.\.\/\.\.\/\.\.\/etc"/,
    ],
    [
      "an absolute path",
      { "bad/kustomization.yaml": "resources: [/etc/passwd]\n" },
      /^render-refused: .*"\/etc\/passwd"/,
    ],
    [
      "an absolute path of a patch",
      { "bad/kustomization.yaml": "patches: [{path: /etc/passwd}]\n" },
      /^render-refused: .*"\/etc\/passwd"/,
    ],
    [
      "an absolute path of a generator",
      { "bad/kustomization.yaml": "configMapGenerator: [{name: x, files: [k=/etc/passwd]}]\n" },
      /^render-refused: .*"\/etc\/passwd"/,
    ],
    [
      "an absolute path in another case",
      { "bad/kustomization.yaml": "ConfigMapGenerator: [{name: x, FILES: [k=/etc/passwd]}]\n" },
      /^render-refused: .*"\/etc\/passwd"/,
    ],
    [
      "an absolute path of environment variables",
      { "bad/kustomization.yaml": "secretGenerator: [{name: x, envs: [/proc/self/environ]}]\n" },
      /^render-refused: .*environ"/,
    ],
    ["an absolute path in a generator's own file", gen("files: [/etc/passwd]"), /^render-refused: .*"\/etc\/passwd"/],
    [
      "a path out of its folder in a generator's own file",
      gen("files: [../good/web.yaml]"),
      /^render-failed: .*not in or below/,
    ],
    [
      "an absolute path in what another kustomization configures",
      {
        "bad/kustomization.yaml": "generators: [sub]\n",
        "bad/sub/kustomization.yaml":
          "resources: [gen.yaml]\npatches:\n- target: {kind: ConfigMapGenerator}\n  patch: |-\n    - {op: replace, path: /files/0, value: /etc/passwd}\n",
        "bad/sub/gen.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nfiles: [x]\n",
      },
      /^render-failed: .*not in or below/,
    ],
    [
      "an executable plugin",
      {
        "bad/kustomization.yaml": "generators: [gen.yaml]\n",
        "bad/gen.yaml":
          "apiVersion: example.com/v1\nkind: Mine\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n",
        "bad/run.sh": "#!/bin/sh\n",
      },
      /^render-refused: bad needs the plugin Mine/,
    ],
    [
      "a function in a container, inline",
      {
        "bad/kustomization.yaml":
          "resources: [web.yaml]\ntransformers:\n- |-\n  apiVersion: example.com/v1\n  kind: Boxed\n  metadata:\n    name: x\n    annotations:\n      config.kubernetes.io/function: |\n        container: {image: example.com/x}\n",
        "bad/web.yaml": deployment("web"),
      },
      /^render-refused: bad needs the plugin Boxed/,
    ],
    [
      "a chart from a registry",
      { "bad/kustomization.yaml": "helmCharts: [{name: redis, version: 1.2.3, repo: oci://u:p@charts.example.com}]\n" },
      /^chart-missing: bad needs the chart redis 1\.2\.3 from oci:\/\/charts\.example\.com, which/,
    ],
    [
      "a chart in the older field",
      {
        "bad/kustomization.yaml":
          "helmChartInflationGenerator: [{chartName: redis, chartVersion: 1.2.3, chartRepoUrl: https://charts.example.com}]\n",
      },
      /^chart-missing: bad needs the chart redis 1\.2\.3 from https/,
    ],
    [
      "a chart at an absolute path",
      { "bad/kustomization.yaml": "helmGlobals: {chartHome: /etc}\nhelmCharts: [{name: ssl}]\n" },
      /^chart-missing: bad needs the chart ssl/,
    ],
    [
      "a release whose name is an option that would run a program",
      {
        "bad/kustomization.yaml": "helmCharts: [{name: app, releaseName: --post-renderer=/bin/sh, nameTemplate: x}]\n",
        ...chartOf(
          "bad/charts/app",
          { "a.yaml": CM.replace("name: x", '"$(touch /tmp/holdfast-was-here)": x') },
          { values: "a: b\n" },
        ),
      },
      /^render-failed: .*the release's name is an option of helm's/,
    ],
    [
      "an output that is no object",
      { "bad/kustomization.yaml": "resources: [x.yaml]\n", "bad/x.yaml": "just: text\n" },
      /^render-failed: /,
    ],
  ];

  test.for(TABLE)("%s", async ([, files, expected]) => {
    const [fault, ...others] = await bad(files);
    expect(fault).toMatch(expected);
    expect(others).toEqual([]);
    expect(existsSync("/tmp/holdfast-was-here")).toBe(false);
  });

  // As kustomize's own tests have them (`api/internal/git/repospec_test.go`), and older ones.
  const REMOTE = [
    "https://github.com/org/repo//path?ref=v1",
    "HTTPS://github.com/org/repo",
    "http://example.com/x.yaml",
    "https:example.com/x.yaml",
    "github.com/org/repo/path?ref=v1",
    "GitHub.com/org/repo",
    "github.com:org/repo.git",
    "git@github.com:org/repo.git//path",
    "git@example.com:org/repo",
    "org-12345@github.com:org/repo",
    "user@host.xz/path/to/repo.git",
    "ssh://git@example.com:7999/org/repo.git",
    "git::https://example.com/org/repo.git",
    "git::git@example.com:org/repo.git",
    "git::ssh://example.com/x",
    "file:///etc",
    "https://user:hunter2@example.com/org/repo",
    "https://org.visualstudio.com/p/_git/repo//x",
    "https://git-codecommit.us-east-2.amazonaws.com/org/repo",
    "gh:org/repo",
    "s3::https://s3.amazonaws.com/b/x",
    "../base?ref=main",
  ];

  test.for(
    REMOTE.flatMap((address) => ["resources", "components", "bases", "crds"].map((field) => [field, address] as const)),
  )("a remote base in %s: %s", async ([field, address]) => {
    const [fault, ...others] = await bad({ "bad/kustomization.yaml": `${field}: [${JSON.stringify(address)}]\n` });
    expect(fault).toMatch(/^render-refused: bad needs what is not in the repository: /);
    expect(fault).not.toContain("hunter2");
    expect(others).toEqual([]);
  });

  test.for(["gitlab.com/org/base", "a@b", "x.github.com/y/base", "org/repo.git/base"])(
    "what looks like a remote base, and is a folder to kustomize: %s",
    async (path) => {
      const state = await render({
        "over/kustomization.yaml": `resources: [${path}]\n`,
        [`over/${path}/kustomization.yaml`]: "resources: [web.yaml]\n",
        [`over/${path}/web.yaml`]: deployment("web"),
      });
      expect(faults(state)).toEqual([]);
      expect(names(state)).toEqual(["Deployment/web"]);
    },
  );

  test("links out of the repository, to files and to folders", async () => {
    const state = await renderRepository(
      {
        ...GOOD,
        "bad/kustomization.yaml": "resources: [link.yaml]\n",
        "worse/kustomization.yaml": "resources: [base]\n",
        "round/kustomization.yaml": "configMapGenerator: [{name: x, files: [a]}]\n",
      },
      (dir) => {
        symlinkSync("/etc/passwd", join(dir, "bad/link.yaml"));
        symlinkSync("../../..", join(dir, "worse/base"));
        symlinkSync("a", join(dir, "round/a"));
      },
    );
    expect(faultsBeside(state)).toEqual([
      expect.stringMatching(/^render-failed: bad .*link\.yaml/),
      expect.stringMatching(/^render-failed: round /),
      expect.stringMatching(/^render-failed: worse .*base/),
    ]);
  });

  test("two roots that declare one object: both are named, and neither counts", async () => {
    const state = await render({
      ...GOOD,
      "a/kustomization.yaml": "resources: [w.yaml]\n",
      "a/w.yaml": deployment("web"),
      "b/kustomization.yaml": "resources: [w.yaml]\n",
      "b/w.yaml": deployment("web"),
    });
    expect(faultsBeside(state)).toEqual([
      expect.stringMatching(
        /^duplicate-object: Deployment\/web in default is declared 2 times, \w+: a\/w\.yaml:1.* and b\/w\.yaml:1/,
      ),
    ]);
  });

  test("10,000 YAML files none of which is a manifest are read once, and told of while they are", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`data/${index % 50}/f${index}.yaml`, `some: text\nn: ${index}\n`]),
    );
    const told: number[] = [];
    const progress: Progress = ({ what, done, total }) => {
      if (what === "files" && total === 10_000) told.push(done);
    };
    const state = await render({ ...files, ...GOOD }, { progress });
    expect(names(state)).toEqual(["Deployment/good"]);
    expect(faults(state)).toEqual([]);
    expect(told.length).toBeGreaterThan(10);
    expect(told).toEqual(told.toSorted((one, other) => one - other));
    expect(told.at(-1)).toBe(10_000);
  });
});

describe.skipIf(unavailable !== undefined).each(["helm", "helm4"] as const)(
  "charts that do not render, with %s",
  (helm) => {
    const TABLE: readonly (readonly [string, Files, RegExp, Partial<Rendering>?])[] = [
      [
        "a template that does not parse",
        chartOf("bad", { "a.yaml": "{{ if }}" }),
        /^render-failed: bad cannot be rendered: helm says: /,
      ],
      ["a template whose output is no YAML", chartOf("bad", { "a.yaml": "a: b: c\n" }), /^render-failed: /],
      [
        "a chart without a name",
        { "bad/Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n" },
        /^render-failed: bad .*no name/,
      ],
      [
        "a chart whose name is an option",
        { "bad/Chart.yaml": "apiVersion: v2\nname: --debug\nversion: 1.0.0\n" },
        /^render-failed: bad /,
      ],
      [
        "a chart that wants another Kubernetes",
        chartOf("bad", {}, { chart: "kubeVersion: '>=9'\n" }),
        /^render-failed: .*kubeVersion/,
      ],
      [
        "values that are not there",
        chartOf("bad", {}),
        /^render-failed: .*values file "gone.yaml" is not in the repository/,
        { target: { path: "bad", helm: { values: ["gone.yaml"] } } },
      ],
      [
        "a dependency that is not vendored",
        chartOf(
          "bad",
          {},
          { chart: "dependencies: [{name: redis, version: 1.2.x, repository: 'https://charts.example.com'}]\n" },
        ),
        /^chart-missing: bad needs the chart redis 1\.2\.x from https:\/\/charts\.example\.com, which/,
      ],
      [
        "a dependency whose folder is not there",
        chartOf("bad", {}, { chart: "dependencies: [{name: redis, version: 1.0.0, repository: 'file://../gone'}]\n" }),
        /^chart-missing: bad needs the chart redis/,
      ],
      [
        "a dependency out of the repository",
        chartOf("bad", {}, { chart: "dependencies: [{name: ssl, version: 1.0.0, repository: 'file:///etc'}]\n" }),
        /^chart-missing: bad needs the chart ssl/,
      ],
      [
        "a dependency whose name is a path",
        {
          ...chartOf(
            "bad",
            {},
            { chart: "dependencies: [{name: ../../../../escaped, version: 1.0.0, repository: 'file://dep'}]\n" },
          ),
          "bad/dep/Chart.yaml": "apiVersion: v2\nname: dep\nversion: 1.0.0\n",
        },
        /^render-failed: bad cannot be rendered: a dependency's name is no name of a chart/,
      ],
      [
        "a file where dependencies must stand",
        {
          ...chartOf("bad", {}, { chart: "dependencies: [{name: dep, version: 1.0.0, repository: 'file://dep'}]\n" }),
          "bad/dep/Chart.yaml": "apiVersion: v2\nname: dep\nversion: 1.0.0\n",
          "bad/charts": "a file",
        },
        /^render-failed: bad cannot be rendered: its files cannot be written to a temporary folder \(E/,
      ],
      [
        "dependencies that go round",
        {
          ...chartOf("bad", {}, { chart: "dependencies: [{name: dep, version: 1.0.0, repository: 'file://dep'}]\n" }),
          "bad/dep/Chart.yaml":
            "apiVersion: v2\nname: dep\nversion: 1.0.0\ndependencies: [{name: bad, version: 1.0.0, repository: 'file://..'}]\n",
        },
        /^render-failed: bad cannot be rendered: the dependency on bad goes round/,
      ],
      [
        "a template that calls itself",
        chartOf("bad", { "a.yaml": '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}' }),
        /^render-failed: bad /,
      ],
      [
        "a template that loops for long",
        chartOf("bad", { "a.yaml": "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}" }),
        /^render-failed: bad .*took too long/,
        { limits: { milliseconds: 3000 } },
      ],
      [
        "a template that prints 100 MB",
        chartOf("bad", { "a.yaml": '# {{ repeat 10000000 "0123456789" }}\na: b\n' }),
        /^render-failed: bad .*(?:more than the limit|too much memory)/,
      ],
      [
        "a template that takes all memory",
        chartOf("bad", { "a.yaml": '{{ $x := "0123456789" }}{{ range until 40 }}{{ $x = cat $x $x }}{{ end }}' }),
        /^render-failed: bad .*too much memory/,
        { limits: { memoryBytes: 1024 ** 3, milliseconds: 30_000 } },
      ],
    ];

    test.for(TABLE)("%s", async ([, files, expected, options]) => {
      const state = await render({ ...files, ...(options?.target === undefined ? GOOD : {}) }, { helm, ...options });
      const [fault, ...others] = options?.target === undefined ? faultsBeside(state) : faults(state);
      expect(fault).toMatch(expected);
      expect(others).toEqual([]);
    });

    const SECRET = "hunter2-of-the-chart";
    const LEAKS: readonly (readonly [string, Files])[] = [
      [
        "a schema that refuses it",
        {
          ...chartOf("bad", {}, { values: `some: ${SECRET}\n` }),
          "bad/values.schema.json":
            '{"properties": {"some": {"type": "string", "pattern": "^x$", "enum": ["x"], "const": "x"}}}',
        },
      ],
      [
        "a template that fails with it",
        chartOf("bad", { "a.yaml": '{{ fail (printf "bad %s" .Values.some) }}' }, { values: `some: ${SECRET}\n` }),
      ],
      [
        "a template that fails with it in another form",
        chartOf(
          "bad",
          { "a.yaml": '{{ fail (printf "bad %s %s" (upper .Values.some) (b64enc .Values.some)) }}' },
          { values: `some: ${SECRET}\n` },
        ),
      ],
      [
        "a value among very many",
        chartOf(
          "bad",
          { "a.yaml": "{{ fail .Values.some }}" },
          {
            values: `${Array.from({ length: 60_000 }, (_, index) => `k${index}: value-${index}\n`).join("")}some: ${SECRET}\n`,
          },
        ),
      ],
      [
        "a message that is cut",
        chartOf(
          "bad",
          { "a.yaml": '{{ fail (printf "%s%s" (repeat 1596 "ten chars ") .Values.some) }}' },
          { values: `some: ${SECRET}\n` },
        ),
      ],
      [
        "a number that is none",
        chartOf("bad", { "a.yaml": "{{ .Values.some | toYaml | mustFromJson }}" }, { values: `some: ${SECRET}\n` }),
      ],
      [
        "output that is no YAML",
        chartOf("bad", { "a.yaml": "{{ .Values.some }}: b: c\n" }, { values: `some: ${SECRET}\n` }),
      ],
      ["a values file that is not YAML", chartOf("bad", {}, { values: `some: '${SECRET}\nother: [\n` })],
      ["a values file that is a list", chartOf("bad", {}, { values: `- ${SECRET}\n` })],
      ["a values file that is a text", chartOf("bad", {}, { values: `${SECRET}\n` })],
      [
        "a text where a map is",
        chartOf("bad", { "a.yaml": "{{ .Values.some.other.more }}" }, { values: `some: ${SECRET}\n` }),
      ],
      ["a generator's literal", { "bad/kustomization.yaml": `secretGenerator: [{name: s, literals: [${SECRET}]}]\n` }],
      [
        "a generator's configuration",
        { "bad/kustomization.yaml": `secretGenerator: [{name: s, literals: [p=${SECRET}], files: [gone.txt]}]\n` },
      ],
      [
        "a patch",
        {
          "bad/kustomization.yaml": `patches:\n- patch: |-\n    apiVersion: v1\n    kind: Secret\n    stringData: {p: ${SECRET}}\n`,
        },
      ],
      [
        "a patch in a file",
        {
          "bad/kustomization.yaml": "patches: [{path: p.yaml}]\n",
          "bad/p.yaml": `apiVersion: v1\nkind: Secret\nstringData: {p: ${SECRET}}\nbad: [\n`,
        },
      ],
      [
        "a Secret",
        {
          "bad/kustomization.yaml": "resources: [s.yaml]\n",
          "bad/s.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: ${SECRET}}}\n`,
        },
      ],
      [
        "an inflated chart's values",
        {
          "bad/kustomization.yaml": `helmCharts: [{name: app, valuesInline: {some: ${SECRET}}}]\n`,
          ...chartOf("bad/charts/app", { "a.yaml": "{{ fail .Values.some }}" }, { values: "a: b\n" }),
        },
      ],
    ];

    test.for(LEAKS)("no fault shows a value: %s", async ([, files]) => {
      const state = await render({ ...files, ...GOOD }, { helm });
      expect(faultsBeside(state)).toHaveLength(1);
      const shown = JSON.stringify(state.faults).toLowerCase();
      expect(shown).not.toContain("hunter2");
      expect(shown).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 8).toLowerCase());
    });

    test("neither the caller's environment, nor files outside, nor names of hosts reach a template", async () => {
      process.env["HOLDFAST_TEST_LEAK"] = "leaked";
      try {
        for (const asked of ['env "HOLDFAST_TEST_LEAK"', 'expandenv "$HOLDFAST_TEST_LEAK"']) {
          expect(await bad(chartOf("bad", { "a.yaml": `${CM}  a: {{ ${asked} }}\n` }), { helm })).toEqual([
            expect.stringMatching(/^render-failed: .*function "(?:env|expandenv)" not defined/),
          ]);
        }
        const files = ["/etc/passwd", "../../../../etc/passwd", "../values.yaml", "../../good/web.yaml"];
        const data = files
          .map((file, index) => `  f${index}: {{ .Files.Get ${JSON.stringify(file)} | quote }}\n`)
          .join("");
        const state = await render(
          chartOf("app", { "a.yaml": `${CM}${data}  host: {{ getHostByName "localhost" | quote }}\n` }),
          { helm },
        );
        expect(faults(state)).toEqual([]);
        expect(at(state, "ConfigMap", "data")).toEqual({ f0: "", f1: "", f2: "", f3: "", host: "" });
        expect(objectOf(state, "ConfigMap").again).toBeUndefined();
      } finally {
        delete process.env["HOLDFAST_TEST_LEAK"];
      }
    });
  },
);

describe.skipIf(unavailable !== undefined)("the network", () => {
  let requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    response.end(configMap("fetched"));
  });
  beforeAll(async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", resolve);
    await promise;
  });
  afterAll(() => void server.close());

  const FETCHING: readonly (readonly [string, (url: string) => Files])[] = [
    ["a resource", (url) => ({ "bad/kustomization.yaml": `resources: [${url}]\n` })],
    ["a resource in another case", (url) => ({ "bad/kustomization.yaml": `RESOURCES: [${url}]\n` })],
    [
      "a generator's file",
      (url) => ({ "bad/kustomization.yaml": `configMapGenerator: [{name: x, files: [${url}]}]\n` }),
    ],
    ["a patch", (url) => ({ "bad/kustomization.yaml": `patches: [{path: ${url}}]\n` })],
    ["a generator's own file", (url) => gen(`files: [k=${url}]`)],
    [
      "a generator written out",
      (url) => ({
        "bad/kustomization.yaml": `generators:\n- |-\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: x}\n  files: [k=${url}]\n`,
      }),
    ],
    [
      "a generator that another kustomization configures, and patches",
      (url) => ({
        "bad/kustomization.yaml": "generators: [sub]\n",
        "bad/sub/kustomization.yaml": `resources: [gen.yaml]\npatches:\n- target: {kind: ConfigMapGenerator}\n  patch: |-\n    - {op: replace, path: /files/0, value: "k=${url}"}\n`,
        "bad/sub/gen.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nfiles: [x]\n",
      }),
    ],
    ["a chart", (url) => ({ "bad/kustomization.yaml": `helmCharts: [{name: app, version: 1.0.0, repo: ${url}}]\n` })],
    [
      "values of a chart",
      (url) => ({
        "bad/kustomization.yaml": `helmCharts: [{name: app, valuesFile: ${url}}]\n`,
        ...chartOf("bad/charts/app", {}),
      }),
    ],
  ];

  test.for(
    FETCHING.flatMap(([what, files]) => [
      [what, "a namespace of its own", files, networkIsolation()] as const,
      [what, "no namespace", files, []] as const,
    ]),
  )("is not asked for %s, with %s", async ([, , files, isolation]) => {
    requests = [];
    const { port } = server.address() as AddressInfo;
    const found = await bad(files(`http://127.0.0.1:${port}/x.yaml`), { isolation });
    expect(found).toEqual([expect.stringMatching(/^(?:render-refused|render-failed|chart-missing): /)]);
    expect(requests).toEqual([]);
  });
});

describe.skipIf(unavailable !== undefined)("the program", () => {
  const files = { "bad/kustomization.yaml": "resources: []\n", "plain/web.yaml": deployment("good") };
  const version = 'case "$1" in version) echo v5.8.1; exit ;; esac\n';
  const TABLE: readonly (readonly [string, () => string, RegExp])[] = [
    [
      "is not there",
      () => "/nowhere/kustomize",
      /^renderer-missing: kustomize is not where HOLDFAST_KUSTOMIZE says: it is needed to render bad/,
    ],
    ["is no absolute path", () => "kustomize", /^renderer-missing: /],
    ["may not be started", () => join(folder(), "none"), /^renderer-missing: /],
    ["is no program", () => notExecutable(), /^renderer-missing: /],
    [
      "is too old",
      () => script("echo '{Version:kustomize/v4.5.7 GitCommit:x}'"),
      /^renderer-missing: kustomize is v4\.5\.7, which is too old: 5\.0 is the oldest/,
    ],
    ["does not say its version", () => script("echo hello"), /^renderer-missing: kustomize does not say its version/],
    ["fails to say its version", () => script("exit 3"), /^renderer-missing: /],
    ["hangs when it is asked for its version", () => script("while :; do :; done"), /^renderer-missing: /],
    ["hangs", () => script(`${version}while :; do :; done`), /^render-failed: bad .*took too long, and was ended/],
    [
      "hangs, and cannot be asked to end",
      () => script(`${version}trap '' TERM HUP INT\nwhile :; do :; done`),
      /^render-failed: bad .*took too long/,
    ],
    [
      "is killed",
      () => script(`${version}kill -KILL $$`),
      /^render-failed: bad .*ended by SIGKILL: it may have used too much memory/,
    ],
    [
      "prints without end",
      () =>
        script(`${version}while :; do echo "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; done`),
      /^render-failed: bad .*printed more than the limit/,
    ],
    [
      "complains without end",
      () => script(`${version}while :; do echo "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" >&2; done`),
      /^render-failed: bad .*took too long/,
    ],
    ["fails and says nothing", () => script(`${version}exit 1`), /^render-failed: bad .*kustomize says: nothing/],
    [
      "prints what is not UTF-8",
      () => script(`${version}printf '\\377\\376'`),
      /^render-failed: bad is rendered to something that is not UTF-8/,
    ],
    [
      "says what a terminal would obey",
      () => script(`${version}printf 'a\\033[31mb\\007' >&2; exit 1`),
      /^render-failed: bad .*kustomize says: a \[31mb$/,
    ],
  ];

  test.for(TABLE)("%s", async ([, program, expected]) => {
    const state = await render(files, {
      environment: { HOLDFAST_KUSTOMIZE: program() },
      limits: { milliseconds: 1500, outputBytes: 100_000 },
    });
    expect(faultsBeside(state)).toEqual([expect.stringMatching(expected)]);
  });

  test("gets nothing of the caller's environment, and no programs to call", async () => {
    process.env["HOLDFAST_TEST_LEAK"] = "leaked";
    process.env["KUBECONFIG"] = "/secret";
    try {
      const printed =
        `printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: x}\\ndata: {leak: "%s", path: "%s", kubeconfig: "%s"}\\n'` +
        ` "$HOLDFAST_TEST_LEAK" "$PATH" "$KUBECONFIG"`;
      const state = await render(
        { "app/kustomization.yaml": "resources: []\n" },
        { environment: { HOLDFAST_KUSTOMIZE: script(`${version}${printed}`), HOLDFAST_TEST_LEAK: "leaked" } },
      );
      expect(faults(state)).toEqual([]);
      expect(at(state, "ConfigMap", "data")).toEqual({ leak: "", path: "", kubeconfig: "/dev/null" });
    } finally {
      delete process.env["HOLDFAST_TEST_LEAK"];
      delete process.env["KUBECONFIG"];
    }
  });

  test("that is missing is told once, with the roots that need it", async () => {
    const more = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [`k${index}/kustomization.yaml`, "resources: []\n"]),
    );
    const state = await render(
      { ...more, "plain/web.yaml": deployment("good") },
      { environment: { HOLDFAST_KUSTOMIZE: "/nowhere" } },
    );
    expect(faultsBeside(state)).toEqual([
      expect.stringMatching(/^renderer-missing: .*: it is needed to render k0, k1, k2 and 2 more$/),
    ]);
  });
});

function notExecutable(): string {
  const file = join(folder(), "kustomize");
  writeFileSync(file, "text");
  return file;
}
