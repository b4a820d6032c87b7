/** The operator's key, under which secrets are digested and markers signed. */

import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { createDigester } from "../text/digest.ts";
import type { Digester } from "../text/digest.ts";
import { usage } from "./failure.ts";

const KEY_BYTES = 32;
const SHORTEST_SECRET = 16;

/** `HOLDFAST_SECRET`, or a key file that is made once in the user's state folder (readable by its owner alone). */
export async function operatorKey(environment: NodeJS.ProcessEnv): Promise<Uint8Array> {
  const secret = environment["HOLDFAST_SECRET"];
  if (secret === undefined || secret === "") return await keyFile(environment);
  if (secret.length < SHORTEST_SECRET) {
    throw usage(`HOLDFAST_SECRET is shorter than ${SHORTEST_SECRET} characters`, "make one with: openssl rand -hex 32");
  }
  return Buffer.from(secret, "utf8");
}

export async function operatorDigester(environment: NodeJS.ProcessEnv): Promise<Digester> {
  return createDigester(await operatorKey(environment));
}

async function keyFile(environment: NodeJS.ProcessEnv): Promise<Uint8Array> {
  const state = environment["XDG_STATE_HOME"];
  const folder = join(state !== undefined && state !== "" ? state : join(homedir(), ".local", "state"), "holdfast");
  const file = join(folder, "key");
  const existing = await readKey(file);
  if (existing !== undefined) return existing;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeKeyOnce(file);
  } catch (error) {
    throw usage(
      `cannot make the key file ${file}: ${error instanceof Error ? error.message : String(error)}`,
      "set HOLDFAST_SECRET, or XDG_STATE_HOME to a folder that can be written",
    );
  }
  const made = await readKey(file);
  if (made === undefined) throw usage(`the key file ${file} vanished`, "set HOLDFAST_SECRET");
  return made;
}

/** Two first runs at once agree on one key: the file is written aside and linked into place, which only one can do. */
async function writeKeyOnce(file: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, randomBytes(KEY_BYTES).toString("hex"), { mode: 0o600 });
  try {
    await link(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw usage(`cannot read the key file ${file}`, "make it readable, or set HOLDFAST_SECRET");
  }
  const key = Buffer.from(text.trim(), "hex");
  if (key.length !== KEY_BYTES)
    throw usage(`the key file ${file} is damaged`, "restore it, or remove it to make a new key");
  return key;
}
