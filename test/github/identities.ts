import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Permissions } from "./app-manifest.ts";
import { parsed } from "./backend.ts";
import type { Answer } from "./backend.ts";
import { refusal } from "./refusals.ts";

/** Whom a request comes from, as its Authorization header shows. */
export type Identity =
  | { readonly kind: "anonymous"; readonly login: "anonymous" }
  | { readonly kind: "app"; readonly login: string; readonly slug: string; readonly authorization: string }
  | ({ readonly kind: "installation"; readonly login: string; readonly authorization: string } & Installation)
  | {
      readonly kind: "user";
      readonly login: string;
      readonly scopes: readonly string[];
      readonly authorization: string;
    };

export interface Installation {
  readonly slug: string;
  /** The owner whose repositories it may see. */
  readonly account: string;
  readonly permissions: Permissions;
  readonly repositories: "all" | ReadonlySet<number>;
}

/** An App of the stand-in: holdfast itself, and GitHub Actions, whose tokens workflows get as GITHUB_TOKEN. */
export interface App {
  readonly id: number;
  readonly slug: string;
  readonly privateKey: string;
  readonly permissions: Permissions;
}

/** The tokens that were given out, and who is behind each. */
export class Identities {
  readonly apps: readonly App[];
  readonly #users = new Map<string, { login: string; scopes: readonly string[] }>();
  readonly #installations = new Map<string, Installation>();

  constructor(apps: readonly App[]) {
    this.apps = apps;
  }

  addUserToken(token: string, login: string, scopes: readonly string[]): void {
    this.#users.set(token, { login, scopes });
  }

  addInstallationToken(token: string, installation: Installation): void {
    this.#installations.set(token, installation);
  }

  /** The token stops working at once: expired, revoked, or the App was removed. */
  forget(token: string): void {
    this.#users.delete(token);
    this.#installations.delete(token);
  }

  /** All tokens of installations stop working, as after an hour. */
  forgetInstallationTokens(): void {
    this.#installations.clear();
  }

  /** Refuses (401) what GitHub takes for bad credentials; no credentials at all are an identity too. */
  identify(headers: IncomingHttpHeaders): Identity {
    const header = headers.authorization;
    if (header === undefined) return { kind: "anonymous", login: "anonymous" };
    const token = tokenIn(header);
    const authorization = `token ${token}`;
    const user = this.#users.get(token);
    if (user) return { kind: "user", authorization: `token ${backendToken(user.login)}`, ...user };
    const installation = this.#installations.get(token);
    if (installation)
      return { kind: "installation", login: `${installation.slug}[bot]`, authorization, ...installation };
    if (token.startsWith("eyJ")) return this.#app(token);
    throw refusal(401, "Bad credentials");
  }

  #app(token: string): Identity {
    const [head = "", payload = "", signature = ""] = token.split(".");
    const claims = claimsOf(payload);
    const app = this.apps.find(({ id }) => String(id) === claims.iss);
    const now = Math.floor(Date.now() / 1000);
    const genuine =
      app !== undefined &&
      verify(
        "sha256",
        Buffer.from(`${head}.${payload}`),
        createPublicKey(createPrivateKey(app.privateKey)),
        Buffer.from(signature, "base64url"),
      );
    if (!genuine) throw refusal(401, "A JSON web token could not be decoded");
    if (!(claims.exp > now)) throw refusal(401, "'Expiration time' claim ('exp') must be in the future");
    if (claims.exp > now + 600) throw refusal(401, "'Expiration time' claim ('exp') is too far in the future");
    if (!(claims.iat <= now)) throw refusal(401, "'Issued at' claim ('iat') must not be in the future");
    return { kind: "app", login: `app/${app.slug}`, slug: app.slug, authorization: `Bearer ${token}` };
  }
}

/** The token by which the emulator knows a user; the tokens that clients hold carry scopes and map to it. */
export function backendToken(login: string): string {
  return `emulate-${login}`;
}

/** A key pair for an App, in the form in which GitHub hands it out. */
export function newPrivateKey(): string {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  }).privateKey;
}

/** An App's JSON web token, valid for nine minutes. */
export function appJwt(app: App): string {
  const now = Math.floor(Date.now() / 1000);
  const header = jwtPart({ alg: "RS256", typ: "JWT" });
  const content = `${header}.${jwtPart({ iat: now - 60, exp: now + 540, iss: String(app.id) })}`;
  return `${content}.${sign("sha256", Buffer.from(content), app.privateKey).toString("base64url")}`;
}

/** The installation behind an answer of `POST /app/installations/{id}/access_tokens`. */
export function issuedToken(
  answer: Answer,
  slug: string,
  account: string,
): { token: string; installation: Installation } {
  const { token, permissions, repository_selection, repositories } = parsed(answer) as {
    token: string;
    permissions: Permissions;
    repository_selection: "all" | "selected";
    repositories?: readonly { id: number }[];
  };
  const selected = new Set((repositories ?? []).map(({ id }) => id));
  return {
    token,
    installation: { slug, account, permissions, repositories: repository_selection === "all" ? "all" : selected },
  };
}

function jwtPart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** `Basic` is how git sends a token: as the password of any user, or as the user. */
function tokenIn(header: string): string {
  const [scheme = "", value = ""] = header.split(/\s+/, 2);
  if (scheme.toLowerCase() !== "basic") return value;
  const [user = "", password = ""] = Buffer.from(value, "base64").toString().split(":", 2);
  return password === "" || password === "x-oauth-basic" ? user : password;
}

function claimsOf(payload: string): { iss: string; iat: number; exp: number } {
  try {
    const { iss, iat, exp } = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    return { iss: String(iss), iat: Number(iat), exp: Number(exp) };
  } catch {
    throw refusal(401, "A JSON web token could not be decoded");
  }
}
