/** Titles of pull requests and issues, names of branches, messages of commits: forges act on words in them. */

/** A word that a title may take from a cluster or a repository: a validated Kubernetes name, kind or namespace. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

// Words by which GitHub, GitLab and CI services close issues, refer to them, or leave runs out.
const ACTING =
  /\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)\b|\b(?:skip|no)[ -](?:ci|actions|checks|deploy)\b|\bci[ -]skip\b|\bGH-(?=\d)/gi;
const TRAILER = /^[A-Za-z-]+-by:|^BREAKING[ -]CHANGE:|^Change-Id:/i;

const LONGEST = 200;

/** Whether a name may stand in a title as it is: a Kubernetes name with no word that a forge acts on. */
export function isPlainName(name: string): boolean {
  return NAME.test(name) && name.replace(ACTING, "") === name;
}

/**
 * A title, a branch's words, a commit's subject: one line of ASCII letters, digits, blanks and `.,:/()'-`. What a forge
 * would act on loses its meaning: other characters (`@`, `#`, brackets) and acting words are taken out. At most 200
 * characters; the words around the names are the program's own.
 */
export function plainTitle(text: string): string {
  let title = text.replace(/[^A-Za-z0-9.,:/()'-]+/g, " ");
  // Taking a word out can bring the halves of another together.
  for (let before = ""; before !== title;) {
    before = title;
    title = title.replace(ACTING, " ").replace(/ {2,}/g, " ");
    title = title.replace(/^[^A-Za-z0-9]+/, "").replace(TRAILER, (trailer) => trailer.slice(0, -1));
  }
  return title.slice(0, LONGEST).trimEnd();
}
