/** What a kind's resource is called where nobody says it. */

/** The plural as Kubernetes guesses it (apimachinery `meta.UnsafeGuessKindToResource`). */
export function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (lower === "endpoints") return lower;
  if (/(?:s|x|ch|sh)$/.test(lower)) return `${lower}es`;
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}
