import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/core/fault.ts";
import { grantedNamespaces, grantedPrograms, readServerConfig } from "../../src/config/server.ts";
import type { ServerConfig } from "../../src/config/server.ts";

function valid(text: string): ServerConfig {
  const read = readServerConfig(text, "server.yml");
  if (Array.isArray(read)) throw new Error(JSON.stringify(read));
  return read as ServerConfig;
}

const EXAMPLE = readFileSync(join(import.meta.dirname, "../../config/server.example.yml"), "utf8");

describe("the server config", () => {
  test("of the example is taken as it reads", () => {
    expect(valid(EXAMPLE)).toEqual({
      version: 1,
      stateDir: "/var/lib/holdfast",
      clusters: new Map([
        ["prod", { kind: "in-cluster", mode: "read-only", secrets: true }],
        [
          "staging",
          {
            kind: "kubeconfig",
            mode: "server-dry-run",
            secrets: false,
            kubeconfig: "/etc/holdfast/kubeconfig",
            context: "staging",
          },
        ],
      ]),
      grants: [
        { repository: "acme/platform", cluster: "prod", namespaces: "all" },
        { repository: "acme/shop", cluster: "prod", namespaces: ["shop", "payments"] },
        { repository: "acme/shop", cluster: "staging", namespaces: ["shop", "payments"] },
      ],
      sources: [{ url: "https://github.com/acme/base", path: "/srv/clones/base.git", repositories: ["acme/shop"] }],
      charts: [
        { address: "https://charts.example.com", repositories: "all" },
        {
          address: "oci://registry.example.com/acme",
          repositories: ["acme/shop"],
          username: "holdfast",
          passwordEnv: "ACME_CHARTS_PASSWORD",
        },
      ],
      exec: [{ program: "plugins/labels.sh", repositories: ["acme/shop"] }],
      plugins: [{ name: "tanka", command: ["/usr/local/bin/tk-show", "--all"], repositories: ["acme/shop"] }],
      limits: { parallelPasses: 2, passTimeoutMs: 1_800_000, fileBytes: 10_485_760 },
    });
  });

  test("lets a repository have run what it is granted, and no other repository", () => {
    const functions = ["plugins/labels.sh"];
    const plugins = new Map([["tanka", ["/usr/local/bin/tk-show", "--all"]]]);
    expect(grantedPrograms(valid(EXAMPLE), "Acme/Shop")).toEqual({ functions, plugins });
    for (const repository of ["acme/platform", "acme/shop2", "constructor"]) {
      expect(grantedPrograms(valid(EXAMPLE), repository)).toEqual({ functions: [], plugins: new Map() });
    }
  });

  test.each([
    "exec: [{program: ../x, repositories: all}]",
    "exec: [{program: /a/../x, repositories: all}]",
    "exec: [{program: a//x, repositories: all}]",
    "exec: [{program: '', repositories: all}]",
    "exec: [{program: x}]",
    "exec: [{program: x, repositories: ['*']}]",
    "plugins: [{name: x, command: [], repositories: all}]",
    "plugins: [{name: x, command: [sh, -c, x], repositories: all}]",
    "plugins: [{name: x, command: /bin/sh, repositories: all}]",
    "plugins: [{name: x, command: [/bin/sh]}]",
  ])("lets nothing be run by what is not clear: %s", (text) => {
    expect(readServerConfig(text, "server.yml")).toEqual([expect.objectContaining({ code: "config-invalid" })]);
  });

  test("that is empty grants nothing", () => {
    expect(valid("")).toMatchObject({ clusters: new Map(), grants: [] });
  });

  test.each([
    ["acme/platform", "prod", "all"],
    ["ACME/Platform", "prod", "all"],
    ["acme/platform", "staging", undefined],
    ["acme/shop", "prod", ["shop", "payments"]],
    ["acme/shop2", "prod", undefined],
    ["acme/shop", "constructor", undefined],
  ] as const)("grants %s of %s: %j", (repository, cluster, namespaces) => {
    expect(grantedNamespaces(valid(EXAMPLE), repository, cluster)).toEqual(namespaces);
  });

  test("adds up the grants of one repository", () => {
    const grants =
      "[{repository: a/b, cluster: c, namespaces: [x]}, {repository: a/b, cluster: c, namespaces: [z, x]}]";
    const config = valid(`clusters: {c: {inCluster: true}}\ngrants: ${grants}\n`);
    expect(grantedNamespaces(config, "a/b", "c")).toEqual(["x", "z"]);
  });
});

function grant(rest: string): string {
  return `clusters: {c: {inCluster: true}}\ngrants:\n  - ${rest}\n`;
}

describe("a server config is refused at the line and column of the problem:", () => {
  const cases: readonly (readonly [string, string, number, number, RegExp])[] = [
    ["an unknown key", "clustesr: {}\n", 1, 1, /did you mean "clusters"/],
    ["an unknown key of a cluster", "clusters:\n  c:\n    contxt: x\n", 3, 5, /did you mean "context"/],
    ["a cluster that is reached two ways", "clusters:\n  c: {inCluster: true, context: x}\n", 2, 3, /either/],
    ["a cluster that is reached in no way", "clusters:\n  c: {}\n", 2, 3, /either/],
    ["an unknown mode", "clusters:\n  c:\n    inCluster: true\n    mode: report\n", 4, 5, /read-only.*server-dry-run/],
    ["a relative kubeconfig", "clusters:\n  c:\n    kubeconfig: ./kc\n", 3, 5, /absolute/],
    ["an alias that is no name", 'clusters:\n  "a b": {inCluster: true}\n', 2, 3, /no name/],
    ["a grant of no cluster", grant("{repository: a/b, cluster: d, namespaces: all}"), 3, 23, /clusters are c/],
    ["a grant without namespaces", grant("{repository: a/b, cluster: c}"), 3, 3, /namespaces is missing/],
    ["a grant of no namespaces", grant("{repository: a/b, cluster: c, namespaces: []}"), 3, 35, /at least 1/],
    [
      "a grant of a bad namespace",
      grant("{repository: a/b, cluster: c, namespaces: [X_]}"),
      3,
      48,
      /no namespace's name/,
    ],
    ["a grant of a number", grant("{repository: a/b, cluster: c, namespaces: [5]}"), 3, 48, /\[0\] must be text/],
    [
      "a grant of a word",
      grant("{repository: a/b, cluster: c, namespaces: some}"),
      3,
      35,
      /list of namespaces, or all/,
    ],
    ["a grant to a pattern", grant("{repository: a/*, cluster: c, namespaces: all}"), 3, 6, /owner\/name/],
    ["a grant to everybody", grant("{repository: '*', cluster: c, namespaces: all}"), 3, 6, /owner\/name/],
    ["a state folder that is relative", "stateDir: state\n", 1, 1, /absolute/],
    ["no time", "limits: {passTimeout: soon}\n", 1, 10, /1h30m/],
    ["a store, which is to come", "store: {kind: sqlite}\n", 1, 1, /does not work yet/],
    [
      "a plugin's command that is no list",
      "plugins: [{name: x, command: /bin/x, repositories: all}]\n",
      1,
      21,
      /command must be a list \(write it as a list/,
    ],
    ["a duplicate key", "version: 1\nversion: 1\n", 2, 1, /two keys/],
  ];
  test.each(cases)("%s", (_, text, line, column, words) => {
    const read = readServerConfig(text, "server.yml");
    expect(Array.isArray(read)).toBe(true);
    const [first] = read as readonly Fault[];
    expect(first).toMatchObject({ code: "config-invalid", position: { file: "server.yml", line, column } });
    expect(`${first?.message} (${first?.remedy})`).toMatch(words);
  });
});

describe("charts of the server config", () => {
  test.each([
    ["{address: 'https://me:secret@example.com', repositories: all}", "is no address of charts"],
    ["{address: 'https://example.com/*', repositories: all}", "is no address of charts"],
    ["{address: everywhere, repositories: all}", "is no address of charts"],
    ["{address: public}", "repositories is missing"],
    ["{address: public, repositories: ['*']}", "is no repository"],
    [
      "{address: 'https://example.com', repositories: all, username: me}",
      "must have username and passwordEnv, or neither",
    ],
    ["{address: public, repositories: all, username: me, passwordEnv: X}", "in clear text"],
    ["{address: 'http://example.com', repositories: all, username: me, passwordEnv: X}", "in clear text"],
    ["{address: 'http://localhost.evil.net', repositories: all, username: me, passwordEnv: X}", "in clear text"],
    ["{address: 'oci://a.b', repositories: all, username: me, passwordEnv: X, plainHttp: true}", "in clear text"],
    [
      "{address: 'https://a.b', repositories: all, username: me, passwordEnv: '$(x)'}",
      "is no name of an environment variable",
    ],
  ])("refuse %s", (one, message) => {
    const read = readServerConfig(`charts: [${one}]`, "server.yml");
    expect((read as readonly Fault[]).map((fault) => fault.message).join()).toContain(message);
  });
});
