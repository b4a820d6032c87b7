// Of a text of several lines, one of which is another one in the cluster: the line of that one, or none.

import { beforeAll, describe, expect, test } from "vitest";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import { expected, fields, toldOf } from "./origin-cases.ts";
import type { Case } from "./origin-cases.ts";
import { chartOf, configMap } from "./rendering.ts";
import type { Files } from "./rendering.ts";

const unavailable = whyUnavailable(["kustomize", "helm"]);
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const REDIS = "# redis\nport 6379\nmaxmemory 100mb\nappendonly yes\n";

const GENERATED = (text: string): Files => ({
  "kustomization.yaml":
    "configMapGenerator:\n- name: c\n  files: [redis.conf]\n  options: {disableNameSuffixHash: true}\n",
  "redis.conf": text,
});

const OBJECT = { object: "ConfigMap/c", path: fields("data", "redis.conf") } as const;

const MAP = (data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata:\n  redis.conf: |-\n${data}`;

const TEMPLATED = chartOf(
  "web",
  {
    "cm.yaml": MAP(
      '    port {{ .Values.port }}\n    maxmemory 100mb\n    loglevel {{ .Values.level }} # of all\n    save {{ default "60" .Values.save }}\n    appendonly yes\n',
    ),
  },
  { values: "port: 6379\nlevel: notice\n" },
);
const RENDERED = "port 6379\nmaxmemory 100mb\nloglevel notice # of all\nsave 60\nappendonly yes";

const IN_CHART = { object: "ConfigMap/web", path: fields("data", "redis.conf") } as const;

const VALUES_TEXT = chartOf(
  "web",
  { "cm.yaml": MAP("    head 1\n{{ tpl .Values.config . | indent 4 }}\n") },
  { values: "b: 77\nconfig: |-\n  port {{ .Values.b }}\n  # more\n  mem 2\n" },
);

const AS_YAML = chartOf(
  "web",
  { "cm.yaml": MAP("{{ toYaml .Values.config | indent 4 }}\n") },
  { values: "a: 1\nconfig:\n  debug: false\n  port: 80\n  other: false\n" },
);

const BLOCK = (block: string): Files =>
  chartOf("web", { "cm.yaml": `${MAP("")}  text: ${block}` }, { values: "a: 1\ntext: |\n  port 1\n  mem 2\n" });
const IN_BLOCK = { object: "ConfigMap/web", path: fields("data", "text"), live: "port 1\nmem 3\n" } as const;

const RANGE = chartOf(
  "web",
  {
    "cm.yaml": MAP(
      "    start\n    {{- range $k, $v := .Values.config }}\n    {{ $k }} {{ $v }}\n    {{- end }}\n    stop\n",
    ),
  },
  { values: "a: 1\nconfig:\n  maxmemory: 100mb\n  policy: lru\n" },
);

const FLUX: Files = {
  "ks.yaml":
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec:\n  path: ./apps\n  prune: true\n  sourceRef: {kind: GitRepository, name: flux-system}\n  postBuild:\n    substitute:\n      LEVEL: chatty\n",
  "apps/c.yaml": configMap("c", "redis.conf: |\n    port 1\n    level ${LEVEL}\n    mem 100mb"),
};

const CASES: Readonly<Record<string, Case>> = {
  "a generator's file": {
    files: GENERATED(REDIS),
    ...OBJECT,
    live: REDIS.replace("100mb", "200mb"),
    told: "redis.conf:3 generator feeds 0",
    edit: ["100mb", "200mb"],
  },
  "a generator's file whose lines end as in Windows": {
    files: GENERATED(REDIS.replaceAll("\n", "\r\n")),
    ...OBJECT,
    live: REDIS.replaceAll("\n", "\r\n").replace("100mb", "200mb"),
    told: "redis.conf:3 generator feeds 0",
    edit: ["100mb", "200mb"],
  },
  "a line that the cluster has not": {
    files: GENERATED(REDIS),
    ...OBJECT,
    live: REDIS.replace("maxmemory 100mb\n", ""),
    told: "redis.conf:3 generator feeds 0",
  },
  "a line that only the cluster has: the one before it": {
    files: GENERATED(REDIS),
    ...OBJECT,
    live: REDIS.replace("maxmemory", "save 60\nmaxmemory"),
    told: "redis.conf:2 generator feeds 0",
  },
  "a line that only the cluster has, and one that differs behind it": {
    files: GENERATED(REDIS),
    ...OBJECT,
    live: REDIS.replace("port", "save 60\nport").replace("100mb", "200mb"),
    told: "redis.conf:3 generator feeds 0",
    edit: ["100mb", "200mb"],
  },
  "a file of which it is not known which line differs": {
    files: GENERATED(REDIS),
    ...OBJECT,
    told: "redis.conf generator feeds 0",
  },
  "a secret file, of which it never is": {
    files: {
      ...GENERATED(REDIS),
      "kustomization.yaml":
        "secretGenerator:\n- name: c\n  files: [redis.conf]\n  options: {disableNameSuffixHash: true}\n",
    },
    object: "Secret/c",
    path: fields("data", "redis.conf"),
    told: "redis.conf generator feeds 0",
  },
  "a manifest": {
    files: {
      "kustomization.yaml": "resources: [c.yaml]\n",
      "c.yaml": configMap("c", "redis.conf: |\n    port 1\n    mem 2\n    app 3"),
    },
    ...OBJECT,
    live: "port 1\nmem 3\napp 3\n",
    told: 'c.yaml:8 resource data["redis.conf"] feeds 0',
    edit: ["2", "3"],
  },
  "a manifest that has all lines on one": {
    files: {
      "kustomization.yaml": "resources: [c.yaml]\n",
      "c.yaml": configMap("c", 'redis.conf: "port 1\\nmem 2\\n"'),
    },
    ...OBJECT,
    live: "port 1\nmem 3\n",
    told: 'c.yaml:6 resource data["redis.conf"] feeds 0',
    edit: ["mem 2", "mem 3"],
  },
  "an inline patch, which ends with the text": {
    files: {
      "kustomization.yaml":
        "resources: [c.yaml]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: c}\n    data:\n      redis.conf: |\n        port 1\n        mem 2\n",
      "c.yaml": configMap("c", "redis.conf: none"),
    },
    ...OBJECT,
    live: "port 1\nmem 3",
    told: 'kustomization.yaml:10 patch patches[0].patch: data["redis.conf"] feeds 0 overlaid c.yaml:6 resource data["redis.conf"]',
    edit: ["2", "3"],
  },
  "a line that a template writes out": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("100mb", "200mb"),
    told: "web/templates/cm.yaml:7 template feeds 0 part",
    edit: ["100mb", "200mb"],
  },
  "a line of a template that the cluster has not": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("maxmemory 100mb\n", ""),
    told: "web/templates/cm.yaml:7 template feeds 0 part",
    edit: ["100mb", "200mb"],
  },
  "a value within a line of a template": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("notice", "debug"),
    told: "web/values.yaml:2 chart-defaults level feeds 0 part",
    edit: ["notice", "debug"],
  },
  "what a template writes out before a value": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("loglevel", "log"),
    told: "web/templates/cm.yaml:8 template feeds 0 part",
    edit: ["loglevel", "log"],
  },
  "what a template writes out behind a value": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("of all", "of some"),
    told: "web/templates/cm.yaml:8 template feeds 0 part",
    edit: ["of all", "of some"],
  },
  "a value, and what a template writes out before it": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("loglevel notice", "log debug"),
    told: "nothing",
  },
  "a line with a value that the cluster has not": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("port 6379\n", ""),
    told: "nothing",
  },
  "a line that only the cluster has, in a template": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("maxmemory", "maxclients 3\nmaxmemory"),
    told: "nothing",
  },
  "the default that a template has": {
    files: TEMPLATED,
    ...IN_CHART,
    live: RENDERED.replace("60", "70"),
    told: "web/templates/cm.yaml:9 template feeds 0 part computed",
    edit: ['"60"', '"70"'],
  },
  "a file that a template reads": {
    files: {
      ...chartOf("web", { "cm.yaml": MAP('{{ .Files.Get "redis.conf" | indent 4 }}\n') }),
      "web/redis.conf": REDIS,
    },
    ...IN_CHART,
    live: REDIS.replace("100mb", "200mb").trimEnd(),
    told: "web/redis.conf:3 chart-file feeds 0 part",
    edit: ["100mb", "200mb"],
  },
  "a text of a chart's values": {
    files: VALUES_TEXT,
    ...IN_CHART,
    live: "head 1\nport 77\n# more\nmem 3",
    told: "web/values.yaml:5 chart-defaults config feeds 0 part",
    edit: ["2", "3"],
  },
  "a value in a text of a chart's values": {
    files: VALUES_TEXT,
    ...IN_CHART,
    live: "head 1\nport 78\n# more\nmem 2",
    told: "web/values.yaml:1 chart-defaults b feeds 0 part",
    edit: ["77", "78"],
  },
  "a text of a chart's values, in a block that ends with a line": {
    files: BLOCK("|\n{{ .Values.text | indent 4 }}\n"),
    ...IN_BLOCK,
    told: "web/values.yaml:4 chart-defaults text feeds 0",
    edit: ["2", "3"],
  },
  "the same, where the template begins the line": {
    files: BLOCK("|\n    {{- .Values.text | nindent 4 }}\n"),
    ...IN_BLOCK,
    told: "web/values.yaml:4 chart-defaults text feeds 0",
    edit: ["2", "3"],
  },
  "the same, in a block that has no end of a line": {
    files: BLOCK("|-\n    {{- .Values.text | nindent 4 }}\n"),
    ...IN_BLOCK,
    live: "port 1\nmem 3",
    told: "web/values.yaml:4 chart-defaults text feeds 0",
    edit: ["2", "3"],
  },
  "the same, in quotes": {
    files: BLOCK("{{ .Values.text | quote }}\n"),
    ...IN_BLOCK,
    told: "web/values.yaml:4 chart-defaults text feeds 0",
    edit: ["2", "3"],
  },
  "values that are written as YAML": {
    files: AS_YAML,
    ...IN_CHART,
    live: "debug: false\nother: false\nport: 81",
    told: "web/values.yaml:4 chart-defaults config.port feeds 0 part",
    edit: ["80", "81"],
  },
  "the second of two values that are false": {
    files: AS_YAML,
    ...IN_CHART,
    live: "debug: false\nother: true\nport: 80",
    told: "web/values.yaml:5 chart-defaults config.other feeds 0",
    edit: ["false", "true"],
  },
  "one of the values that a template goes through": {
    files: RANGE,
    ...IN_CHART,
    live: "start\nmaxmemory 200mb\npolicy lru\nstop",
    told: "web/values.yaml:3 chart-defaults config.maxmemory feeds 0 part",
    edit: ["100mb", "200mb"],
  },
  "the name of a value that a template goes through": {
    files: RANGE,
    ...IN_CHART,
    live: "start\nmemory 100mb\npolicy lru\nstop",
    told: "nothing",
  },
  "what stands behind them": {
    files: RANGE,
    ...IN_CHART,
    live: "start\nmaxmemory 100mb\npolicy lru\nhalt",
    told: "web/templates/cm.yaml:10 template feeds 0 part",
    edit: ["stop", "halt"],
  },
  "a line with a variable of Flux's": {
    files: FLUX,
    ...OBJECT,
    live: "port 1\nlevel quiet\nmem 100mb\n",
    told: 'ks.yaml:10 deployer spec.postBuild.substitute.LEVEL feeds 1 part part apps/c.yaml:6 resource data["redis.conf"]',
    edit: ["chatty", "quiet"],
  },
  "a line beside one with a variable of Flux's": {
    files: FLUX,
    ...OBJECT,
    live: "port 1\nlevel chatty\nmem 200mb\n",
    told: 'apps/c.yaml:9 resource data["redis.conf"] feeds 0 part',
    edit: ["100mb", "200mb"],
  },
  "what a template writes out on one line, behind a value": {
    files: chartOf(
      "web",
      {
        "cm.yaml":
          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata:\n  url: http://{{ .Values.host }}/path\n",
      },
      { values: "host: example.org\n" },
    ),
    object: "ConfigMap/web",
    path: fields("data", "url"),
    live: "http://example.org/other",
    told: "web/templates/cm.yaml:5 template feeds 0 part",
    edit: ["/path", "/other"],
  },
  "of a list the item that differs": {
    files: {
      "kustomization.yaml": "resources: [c.yaml]\n",
      "c.yaml":
        "apiVersion: v1\nkind: Pod\nmetadata: {name: c}\nspec:\n  containers:\n  - name: web\n    args:\n    - --one=1\n    - --two=2\n",
    },
    object: "Pod/c",
    path: [...fields("spec", "containers"), { kind: "key", keys: { name: "web" } }, ...fields("args")],
    live: ["--one=1", "--two=3"],
    told: "c.yaml:9 resource spec.containers[0].args[1] feeds 0",
    edit: ["2", "3"],
  },
};

describe.skipIf(unavailable !== undefined)("of a text of several lines", () => {
  beforeAll(async () => void (await Promise.all([ensureBinary("kustomize"), ensureBinary("helm")])));

  test.each(Object.entries(CASES))("%s", async (_name, one) => {
    expect(await toldOf(one)).toEqual(expected(one));
  });
});
