import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const LOAD = `
  const { registerHooks } = await import("node:module");
  const seen = [];
  registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) });
  const { loadKubeLibrary } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/live/kube-library.ts"))});
  const { KubeConfig } = await loadKubeLibrary();
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "c", server: "https://127.0.0.1:1", skipTLSVerify: false }],
    users: [{ name: "u", token: "secret" }],
    contexts: [{ name: "x", cluster: "c", user: "u" }],
    currentContext: "x",
  });
  const options = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const models = seen.filter((url) => /client-node\\/dist\\/gen\\/(?!rxjsStub)/.test(url)).length;
  process.stdout.write(JSON.stringify({ models, login: options.headers.Authorization }));
`;

test("the library logs in, and its generated models are not loaded", () => {
  const answer = execFileSync(process.execPath, ["--input-type=module", "-e", LOAD], { encoding: "utf8" });
  expect(JSON.parse(answer)).toEqual({ models: 0, login: "Bearer secret" });
});
