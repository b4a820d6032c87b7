import { describe, expect, it } from "vitest";
import { gitHubAddresses } from "../../src/app/github-addresses.ts";

describe("where GitHub is", () => {
  it.each([
    [{}, "https://api.github.com", "https://github.com"],
    [{ GITHUB_API_URL: "https://api.github.com/" }, "https://api.github.com", "https://github.com"],
    [{ GITHUB_API_URL: "https://api.acme.ghe.com" }, "https://api.acme.ghe.com", "https://acme.ghe.com"],
    [
      { GITHUB_API_URL: "https://git.acme.example/api/v3" },
      "https://git.acme.example/api/v3",
      "https://git.acme.example",
    ],
    [
      { GITHUB_API_URL: "https://git.acme.example:8443/api/v3/" },
      "https://git.acme.example:8443/api/v3",
      "https://git.acme.example:8443",
    ],
    [
      { GITHUB_API_URL: "http://127.0.0.1:99", GITHUB_SERVER_URL: "http://localhost:98" },
      "http://127.0.0.1:99",
      "http://localhost:98",
    ],
  ])("%j", (environment: NodeJS.ProcessEnv, api, server) => {
    expect(gitHubAddresses(environment)).toEqual({ api, server });
  });

  it.each([
    { GITHUB_API_URL: "http://git.acme.example/api/v3" },
    { GITHUB_API_URL: "https://user:password@git.acme.example/api/v3" },
    { GITHUB_API_URL: "git.acme.example" },
    { GITHUB_API_URL: "https://git.acme.example/api/v3?x=1" },
    { GITHUB_API_URL: "https://api.evil.example" },
    { GITHUB_SERVER_URL: "http://git.acme.example" },
    { GITHUB_SERVER_URL: "file:///srv/git" },
  ])("refuses %j", (environment: NodeJS.ProcessEnv) => {
    const fault = gitHubAddresses(environment);
    expect(fault).toMatchObject({ kind: "fault", code: "usage" });
    expect(JSON.stringify(fault)).not.toContain("password");
  });
});
