import { expect, test } from "vitest";
import { chartGrants, missingPasswords } from "../../src/app/granted-charts.ts";
import { readServerConfig } from "../../src/config/server.ts";
import type { ServerConfig } from "../../src/config/server.ts";

const CONFIG = readServerConfig(
  `charts:
  - {address: public, repositories: all}
  - {address: "oci://registry.example.com/acme", repositories: [acme/shop], username: holdfast, passwordEnv: CHARTS}
`,
  "server.yml",
) as ServerConfig;

test("charts are granted to the repositories that are named, with the password that the environment holds", () => {
  const environment = { CHARTS: "hunter22" };
  const all = { address: "public" };
  expect(chartGrants(CONFIG, "acme/other", environment)).toEqual([all]);
  expect(chartGrants(CONFIG, "ACME/Shop", environment)).toEqual([
    all,
    { address: "oci://registry.example.com/acme", username: "holdfast", password: "hunter22" },
  ]);
});

test("a password that the environment lacks keeps the server from starting", () => {
  expect(missingPasswords(CONFIG, { CHARTS: "x" })).toEqual([]);
  expect(missingPasswords(CONFIG, { CHARTS: "" })).toMatchObject([{ code: "usage", about: "CHARTS" }]);
});
