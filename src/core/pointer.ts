/** JSON pointers (RFC 6901), by which places in a document are named. */

/** The names and positions on the way; none of the document itself. */
export function pointerSteps(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** What {@link pointerSteps} gives back. */
export function printPointer(steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${pointerName(String(step))}`).join("");
}

/** A name as it stands in one. */
export function pointerName(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
