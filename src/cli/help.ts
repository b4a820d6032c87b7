/** What `--help` of each command says behind its options. */

function examples(notes: readonly string[], lines: readonly string[]): string {
  return [...notes.map((note) => `\n${note}`), "", "Examples:", ...lines.map((line) => `  holdfast ${line}`)].join(
    "\n",
  );
}

export const HELP = {
  scan: examples(
    ["Without --revision the working tree is read as it is, uncommitted changes included."],
    [
      "scan --repo infra --context prod",
      "scan --repo infra --live live.yaml --format json",
      "scan --repo infra --context prod --mode server-dry-run",
      "scan --repo infra --revision main --report html=drift.html --fail-on violating",
    ],
  ),
  reconcile: examples(
    [
      "With --publish github the head of the base branch is fetched and scanned, never the working tree.\nCredentials: GITHUB_TOKEN, or an App's APP_ID and PRIVATE_KEY; another server: GITHUB_API_URL.",
      "Exits 0 when the pass is complete and everything was published, 1 otherwise.",
    ],
    [
      "reconcile --repo infra --context prod --out holdfast-out",
      "reconcile --repo infra --context prod --dry-run",
      "reconcile --publish github --github acme/infra --context prod",
    ],
  ),
  serve: examples(
    [
      "Needs APP_ID, PRIVATE_KEY and WEBHOOK_SECRET; listens on HOST (127.0.0.1) and PORT (3000).\nThe server configuration says which repository may use which cluster.",
    ],
    ["serve --server-config /etc/holdfast/server.yml"],
  ),
  explain: examples([], ["explain Deployment/web -n shop --repo infra --context prod"]),
  snapshot: examples(
    ["Secrets stand in it as digests, everything else as it is: keep it as you keep your manifests."],
    ["snapshot --repo infra --context prod --out prod-snapshot", "scan --repo infra --live prod-snapshot"],
  ),
  targets: examples(
    [
      "Asks no cluster. What could not be understood (a chart from elsewhere, a template that fails) is named; exit code 1 then.",
    ],
    ["targets --repo infra", "targets --repo infra --revision main --format json"],
  ),
  policyTest: examples([], ["policy test policies/", "policy test config/policies/exposure/EX01.yaml --verbose"]),
  configCheck: examples([], ["config check --repo infra", "config check --repo infra --server-config server.yml"]),
} as const;
