/** Words of commands that somebody will paste into a shell. */

import type { ObjectRef } from "../core/refs.ts";

/** Quoted for a POSIX shell where it holds more than plain characters, and never read as an option. */
export function shellWord(text: string): string {
  const safe = text.startsWith("-") ? `./${text}` : text;
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** `deployment web --namespace shop`. */
export function objectWords(ref: ObjectRef): string {
  const words = `${shellWord(ref.kind.toLowerCase())} ${shellWord(ref.name)}`;
  return ref.namespace === undefined ? words : `${words} --namespace ${shellWord(ref.namespace)}`;
}
