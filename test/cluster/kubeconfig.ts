// The users of a test cluster, and the files with which they log in.

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";

/** A user whom the token file names. */
export interface TestUser {
  readonly name: string;
  readonly token: string;
  readonly groups: readonly string[];
}

/** The users that every test cluster has. */
export const STANDARD_USERS = ["admin", "reader", "viewer", "nobody"] as const;

/** `admin` may do everything; what the others may do is RBAC's say (see cluster-roles of cluster.ts). */
export function makeUsers(names: readonly string[]): readonly TestUser[] {
  return names.map((name) => ({
    name,
    token: randomBytes(24).toString("hex"),
    groups: name === "admin" ? ["system:masters"] : [],
  }));
}

/** The text of a `--token-auth-file`. */
export function tokenFile(users: readonly TestUser[]): string {
  return users.map(({ name, token, groups }) => `${token},${name},${name},"${groups.join(",")}"\n`).join("");
}

export interface KubeconfigContent {
  /** Name of the context, the cluster and the user alike. */
  readonly context: string;
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly authority: string;
  readonly token: string;
}

/** Writes a kubeconfig of one context, readable by its owner alone; JSON, which is YAML. Answers its path. */
export async function writeKubeconfig(file: string, content: KubeconfigContent): Promise<string> {
  const { context, server, authority, token } = content;
  const data = Buffer.from(authority).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: context, cluster: { server, "certificate-authority-data": data } }],
    users: [{ name: context, user: { token } }],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    "current-context": context,
  };
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return file;
}
