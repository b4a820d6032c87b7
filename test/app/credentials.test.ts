import { createPrivateKey, createHmac, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isFault } from "../../src/core/fault.ts";
import { markerKey, readCredentials } from "../../src/app/credentials.ts";
import { createDigester } from "../../src/text/digest.ts";

const { privateKey: PEM } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "pkcs1", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});
const PKCS8 = createPrivateKey(PEM).export({ type: "pkcs8", format: "pem" }) as string;
const EC = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
}).privateKey;
const SECRET = "0123456789abcdef";

const folder = mkdtempSync(join(tmpdir(), "holdfast-key-"));
const file = join(folder, "app.pem");
writeFileSync(file, PEM);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("credentials", () => {
  it.each([
    ["the PEM", { PRIVATE_KEY: PEM }],
    ["the PEM as PKCS#8", { PRIVATE_KEY: PKCS8 }],
    ["the PEM in one line", { PRIVATE_KEY: PEM.replaceAll("\n", String.raw`\n`) }],
    ["the PEM in Base64", { PRIVATE_KEY: Buffer.from(PEM).toString("base64") }],
    ["its file", { PRIVATE_KEY: file }],
    ["its file, as Probot has it", { PRIVATE_KEY_PATH: file }],
  ])("takes an App's key as %s, and derives the same key from each", (_, key) => {
    const credentials = readCredentials({ APP_ID: "12", ...key });
    expect(credentials).toMatchObject({ kind: "app", appId: 12, privateKey: PKCS8 });
    const same = readCredentials({ APP_ID: "13", PRIVATE_KEY: PEM });
    expect(isFault(credentials) || isFault(same) ? undefined : Buffer.compare(credentials.key, same.key)).toBe(0);
  });

  it("takes HOLDFAST_SECRET before the key that the App's gives", () => {
    const credentials = readCredentials({ APP_ID: "12", PRIVATE_KEY: PEM, HOLDFAST_SECRET: SECRET });
    expect(credentials).toMatchObject({ key: Buffer.from(SECRET) });
  });

  it("takes the App where there is a token, too", () => {
    const environment = { APP_ID: "12", PRIVATE_KEY: PEM, GITHUB_TOKEN: "t", HOLDFAST_SECRET: SECRET };
    expect(readCredentials(environment)).toMatchObject({ kind: "app" });
    expect(readCredentials({ GITHUB_TOKEN: "t", HOLDFAST_SECRET: SECRET })).toMatchObject({
      kind: "token",
      token: "t",
    });
  });

  it.each([
    ["nothing", {}, "GITHUB_TOKEN"],
    ["empty variables", { APP_ID: "", PRIVATE_KEY: "", GITHUB_TOKEN: "" }, "GITHUB_TOKEN"],
    ["a token alone", { GITHUB_TOKEN: "t" }, "HOLDFAST_SECRET"],
    ["a token of two lines", { GITHUB_TOKEN: "t\nInjected: x", HOLDFAST_SECRET: SECRET }, "GITHUB_TOKEN"],
    ["a short secret", { GITHUB_TOKEN: "t", HOLDFAST_SECRET: "short" }, "HOLDFAST_SECRET"],
    ["a short secret of an App", { APP_ID: "1", PRIVATE_KEY: PEM, HOLDFAST_SECRET: "short" }, "HOLDFAST_SECRET"],
    [
      "an App without its key, though there is a token",
      { APP_ID: "1", GITHUB_TOKEN: "t", HOLDFAST_SECRET: SECRET },
      "PRIVATE_KEY",
    ],
    ["a key without its App", { PRIVATE_KEY: PEM }, "APP_ID"],
    ["an App's name", { APP_ID: "holdfast", PRIVATE_KEY: PEM }, "APP_ID"],
    ["half a key", { APP_ID: "1", PRIVATE_KEY: PEM.slice(0, 400) }, "PRIVATE_KEY"],
    ["a key that is not RSA", { APP_ID: "1", PRIVATE_KEY: EC }, "PRIVATE_KEY"],
    ["a file that is not there", { APP_ID: "1", PRIVATE_KEY: join(folder, "none.pem") }, "PRIVATE_KEY"],
  ])("refuses %s, naming the variable and repeating nothing", (_, environment: NodeJS.ProcessEnv, about) => {
    const fault = readCredentials(environment);
    expect(fault).toMatchObject({ kind: "fault", code: "usage", about });
    const said = JSON.stringify(fault);
    const long = Object.values(environment).filter((value) => value !== undefined && value.length > 20);
    expect(long.filter((value) => said.includes(value?.slice(30, 80) ?? ""))).toEqual([]);
  });

  it("keeps the markers' key out of reach of whoever can have a digest made", () => {
    const key = Buffer.from(SECRET);
    const marker = Buffer.from(markerKey(key)).toString("hex");
    // What a digest is: the HMAC of anything that somebody writes into a Secret.
    for (const text of ["markers v1", "holdfast", "holdfastmarkers v1", "markers v1\u0001"]) {
      expect(createDigester(key).digest(text)).not.toContain(marker);
      expect(createHmac("sha256", key).update(text).digest("hex")).not.toBe(marker);
    }
    expect(Buffer.from(markerKey(key)).toString("hex")).toBe(marker);
  });
});
