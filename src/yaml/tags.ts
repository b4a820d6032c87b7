/** Tags in full, from the way they are written. */

/** `!!int` is `tag:yaml.org,2002:int`; `handles` are the document's `%TAG` directives. `!` stays as it is. */
export function fullTag(written: string, handles: ReadonlyMap<string, string>): string {
  if (written.startsWith("!<") && written.endsWith(">")) return decode(written.slice(2, -1));
  const end = written.indexOf("!", 1);
  const handle = end < 0 ? "!" : written.slice(0, end + 1);
  const prefix = handles.get(handle) ?? (handle === "!!" ? "tag:yaml.org,2002:" : handle);
  return prefix + decode(written.slice(handle.length));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
