/** As whom holdfast goes to GitHub, and the keys that follow from it. */

import { createPrivateKey, hkdfSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Fault } from "../core/fault.ts";
import { isFault } from "../core/fault.ts";

export type Credentials = AppCredentials | TokenCredentials;

export interface AppCredentials {
  readonly kind: "app";
  readonly appId: number;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  /** The operator's key: digests are made under it. */
  readonly key: Uint8Array;
}

export interface TokenCredentials {
  readonly kind: "token";
  readonly token: string;
  readonly key: Uint8Array;
}

const SHORTEST_SECRET = 16;

/**
 * An App's `APP_ID` and `PRIVATE_KEY` (the PEM, with line ends as they are or as `\n`; the PEM in Base64; or the path of
 * its file, also as `PRIVATE_KEY_PATH`), or a `GITHUB_TOKEN`. Where both are there the App is taken: nobody sets it by
 * accident, while runners set tokens by themselves.
 *
 * The key is `HOLDFAST_SECRET`, else it is derived from the App's private key. A bare token needs the secret: markers
 * signed under a key that is made anew on every runner would not be known again, and all would be opened twice.
 */
export function readCredentials(environment: NodeJS.ProcessEnv): Credentials | Fault {
  const { APP_ID: appId, GITHUB_TOKEN: token } = environment;
  if (appId || keySetting(environment) !== undefined) return appCredentials(environment);
  if (!token) {
    return usage(
      "GITHUB_TOKEN",
      "there are no credentials for GitHub",
      "set GITHUB_TOKEN, or an App's APP_ID and PRIVATE_KEY",
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return usage(
      "GITHUB_TOKEN",
      "GITHUB_TOKEN holds characters that no token has",
      "set it without spaces and line ends",
    );
  }
  const secret = secretOf(environment);
  if (isFault(secret)) return secret;
  if (secret !== undefined) return { kind: "token", token, key: secret };
  return usage(
    "HOLDFAST_SECRET",
    "HOLDFAST_SECRET is not set: with a token alone, what holdfast opens could not be known again",
    "make one with openssl rand -hex 32, keep it as a secret, and set it for every run",
  );
}

/** An App's credentials, whatever tokens there are. */
export function appCredentials(environment: NodeJS.ProcessEnv): AppCredentials | Fault {
  const appId = environment["APP_ID"] ?? "";
  if (!/^[1-9]\d{0,15}$/.test(appId)) {
    const message = appId === "" ? "APP_ID is not set" : "APP_ID is no number";
    return usage("APP_ID", message, "set it to the App's id, as its settings page shows it");
  }
  const pem = privateKeyPem(environment);
  if (isFault(pem)) return pem;
  const privateKey = parseKey(pem);
  if (privateKey?.asymmetricKeyType !== "rsa") {
    return usage(
      "PRIVATE_KEY",
      "PRIVATE_KEY is no RSA private key",
      "set it to the PEM that GitHub gave for the App, or to its file's path",
    );
  }
  const secret = secretOf(environment);
  if (isFault(secret)) return secret;
  const normal = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  return { kind: "app", appId: Number(appId), privateKey: normal, key: secret ?? keyFromApp(privateKey) };
}

/**
 * The key of markers and commits. Apart from the digests' key, and not to be had by a digest: whoever may write a Secret
 * into the cluster chooses what is digested, and sees the digest.
 */
export function markerKey(key: Uint8Array): Uint8Array {
  return derived(key, "markers v1");
}

function keyFromApp(privateKey: KeyObject): Uint8Array {
  return derived(privateKey.export({ type: "pkcs8", format: "der" }), "app v1");
}

function derived(from: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", from, "holdfast", purpose, 32));
}

function secretOf(environment: NodeJS.ProcessEnv): Uint8Array | undefined | Fault {
  const secret = environment["HOLDFAST_SECRET"];
  if (!secret) return undefined;
  if (secret.length >= SHORTEST_SECRET) return Buffer.from(secret, "utf8");
  const message = `HOLDFAST_SECRET is shorter than ${SHORTEST_SECRET} characters`;
  return usage("HOLDFAST_SECRET", message, "make one with: openssl rand -hex 32");
}

function keySetting({ PRIVATE_KEY: key, PRIVATE_KEY_PATH: path }: NodeJS.ProcessEnv): string | undefined {
  return key || path || undefined;
}

function privateKeyPem(environment: NodeJS.ProcessEnv): string | Fault {
  const setting = keySetting(environment)?.trim();
  if (!setting)
    return usage(
      "PRIVATE_KEY",
      "PRIVATE_KEY is not set",
      "set it to the App's private key (PEM), or to its file's path",
    );
  if (setting.startsWith("-----BEGIN")) return setting.replaceAll(String.raw`\n`, "\n");
  const decoded = Buffer.from(setting, "base64").toString("latin1");
  if (decoded.startsWith("-----BEGIN")) return decoded;
  try {
    return readFileSync(setting, "latin1");
  } catch {
    // The setting is not repeated: it may be a key after all, only damaged.
    return usage(
      "PRIVATE_KEY",
      "PRIVATE_KEY is neither a private key nor a file that can be read",
      "set it to the PEM that GitHub gave for the App, or to its file's path",
    );
  }
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function usage(about: string, message: string, remedy: string): Fault {
  return { kind: "fault", code: "usage", about, message, remedy, leavesUnknown: "nothing" };
}
