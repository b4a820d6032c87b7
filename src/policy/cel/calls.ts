/**
 * Some of the engine's own functions differ from Kubernetes' and cannot be replaced by name (an overload may not be
 * registered twice). Calls of them are renamed before parsing, to a name of the same length so that every position
 * in the source stays what it was: `matches(` becomes `matche_(`.
 */

/** Functions that are ours instead of the engine's. */
const REPLACED: ReadonlySet<string> = new Set([
  "has",
  "indexOf",
  "int",
  "lastIndexOf",
  "lowerAscii",
  "matches",
  "split",
  "substring",
  "upperAscii",
]);

/** The name under which a replaced function is registered; any other name is left as it is. */
export function registeredName(name: string): string {
  return REPLACED.has(name) ? `${name.slice(0, -1)}_` : name;
}

// One alternative for each thing that must not be taken for a call: comments, strings (raw or not, triple or not).
const TOKENS =
  /\/\/[^\n]*|[bB]?[rR][bB]?(?:"""[^]*?"""|'''[^]*?'''|"[^"\n]*"|'[^'\n]*')|[bB]?(?:"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*')|([A-Za-z_]\w*)(?=\s*\()|[A-Za-z_]\w*/g;

/** The source with calls of replaced functions renamed, of the same length. */
export function renameCalls(source: string): string {
  return source.replace(TOKENS, (token, call: string | undefined) =>
    call === undefined ? token : registeredName(call),
  );
}

/** An error message with the names that the author wrote. */
export function restoreNames(message: string): string {
  return message.replace(/\b\w+_\b/g, (word) => {
    const original = [...REPLACED].find((name) => registeredName(name) === word);
    return original ?? word;
  });
}
