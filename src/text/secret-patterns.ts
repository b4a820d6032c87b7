/** What a secret looks like: names of fields that hold one, and texts that are one. */

// Names in parts (`DB_PASSWORD`, `apiKey`, `client-secret`): one part, or two in a row.
const SENSITIVE_PARTS = new Set(
  [
    "password passwords passwd passphrase passcode pwd pass secret secrets token apikey accesskey secretkey privatekey",
    "credential credentials creds authorization bearer dsn jwt kubeconfig htpasswd dockerconfigjson",
  ].flatMap((words) => words.split(" ")),
);
const SENSITIVE_PAIRS = new Set(
  [
    "api-key access-key secret-key private-key signing-key encryption-key master-key account-key storage-key",
    "service-key license-key ssh-key session-key hmac-key shared-key auth-key basic-auth connection-string",
    "conn-string database-url database-uri db-url db-uri redis-url mongo-url mongo-uri mongodb-url mongodb-uri",
    "postgres-url amqp-url broker-url webhook-url sas-url",
  ].flatMap((words) => words.split(" ")),
);
// What only points at a secret, or says something about it.
const HARMLESS_LAST = new Set(
  "name names ref refs file path dir mount enabled length ttl expiry expiration seconds type kind policy issuer audience count".split(
    " ",
  ),
);
const LONGEST_NAME = 512;

/** Whether what is called so is taken to hold a secret: `DB_PASSWORD`, `apiKey`, `example.com/client-secret`. */
export function sensitiveName(name: string): boolean {
  const parts = partsOf(name);
  if (HARMLESS_LAST.has(parts.at(-1) ?? "")) return false;
  return parts.some(
    (part, index) => SENSITIVE_PARTS.has(part) || SENSITIVE_PAIRS.has(`${part}-${parts[index + 1] ?? ""}`),
  );
}

/** Lower-case words of a name; the domain before a `/` does not count. */
function partsOf(name: string): readonly string[] {
  return name
    .slice(name.lastIndexOf("/") + 1)
    .slice(0, LONGEST_NAME)
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== "");
}

/**
 * Texts that are secrets whatever they stand in; what the group `keep` matched is no part of the secret. They take
 * linear time: each begins where its own characters have not begun yet, or repeats a limited number of times.
 */
export const SECRET_TEXTS: readonly RegExp[] = [
  // A private key as PEM, to its end or the text's.
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----[^]*?(?:-----END [A-Z0-9 ]{0,60}-----|$)/g,
  /AGE-SECRET-KEY-1[0-9A-Z]{20,80}/g,
  // AWS, Google, Azure.
  /(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])/g,
  /(?<![\w-])AIza[\w-]{35}(?![\w-])/g,
  /(?<![\w-])ya29\.[\w-]{20,2048}/g,
  /(?<keep>(?:AccountKey|SharedAccessKey|SharedAccessSignature)=)[^\s;"']{16,1024}/g,
  /(?<keep>[?&]sig=)[\w%+/=-]{20,512}/g,
  // GitHub, GitLab, package registries, hosting.
  /(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{20,255}/g,
  /(?<![A-Za-z0-9])github_pat_\w{20,255}/g,
  /(?<![A-Za-z0-9])gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[\w.-]{20,255}/g,
  /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/g,
  /(?<![A-Za-z0-9])pypi-[\w-]{50,512}/g,
  /(?<![A-Za-z0-9])(?:dop|doo|dor)_v1_[a-f0-9]{64}/g,
  /(?<![A-Za-z0-9])hv[sbr]\.[\w-]{24,512}/g,
  // Chat, payment, mail, models.
  /(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,512}/g,
  /(?<![A-Za-z0-9])xapp-[A-Za-z0-9-]{10,512}/g,
  /(?<keep>hooks\.slack\.com\/(?:services|workflows)\/)[\w/-]{10,256}/g,
  /(?<keep>discord(?:app)?\.com\/api\/webhooks\/)[\w/-]{10,256}/g,
  /(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,255}/g,
  /(?<![A-Za-z0-9])SG\.[\w-]{16,32}\.[\w-]{16,64}/g,
  /(?<![A-Za-z0-9])sk-[\w-]{20,255}/g,
  // JSON web tokens, and what stands in an Authorization header.
  /(?<![\w-])ey[IJ][\w-]{10,16384}\.[\w-]{10,16384}(?:\.[\w-]{0,16384})?/g,
  /(?<keep>(?<![A-Za-z])(?:Bearer|Basic) {1,4})[\w.~+/-]{16,16384}={0,2}/gi,
  // User and password, or a token, in a URL.
  /(?<keep>(?<![\w+.-])[A-Za-z][\w+.-]{1,30}:\/\/)[^\s:@/?#"']{0,256}:(?!\[redacted\])[^\s@/"']{1,256}(?=@)/g,
  /(?<keep>(?<![\w+.-])https?:\/\/)[\w.~%-]{16,256}(?=@)/g,
  // `--password=…`, `"apiKey": "…"`, `Pwd=…;`.
  /(?<keep>(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key)\\?["']?[ \t]{0,3}[:=][ \t]{0,3}\\?["']?)(?!\[redacted\]|\$[({]|\{\{|<|(?:true|false|null)\b)[^\s"',;&\\]{3,1024}/gi,
];
