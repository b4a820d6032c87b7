/** A scalar's tag in full, from the way it is written: `!!int` is `tag:yaml.org,2002:int`; `!` and `!own` stay as they are. */
export function fullTag(written: string): string {
  if (written.startsWith("!<") && written.endsWith(">")) return decode(written.slice(2, -1));
  return written.startsWith("!!") ? `tag:yaml.org,2002:${decode(written.slice(2))}` : decode(written);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
