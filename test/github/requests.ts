import { z } from "zod";

/**
 * The slice of GitHub's REST description that the stand-in enforces: which permission a request needs (any one of
 * `permissions`), and what its body must look like. Bodies are strict: GitHub ignores unknown keys, here they are
 * typing errors to be found.
 */
export interface RequestRule {
  readonly method: string;
  readonly path: RegExp;
  readonly permissions: readonly string[];
  readonly body?: z.ZodType;
}

/** The first rule that fits, undefined where the stand-in knows no such request. `path` has no query. */
export function ruleFor(method: string, path: string): RequestRule | undefined {
  return RULES.find((known) => known.method === method && known.path.test(path));
}

const names = z.array(z.string());
const oid = z.string().regex(/^[0-9a-f]{40}$/);
const person = z.strictObject({
  name: z.string(),
  email: z.string(),
  date: z.iso.datetime({ offset: true }).optional(),
});
const labels = z.strictObject({ labels: z.array(z.string().min(1).max(50)) });
const state = z.enum(["open", "closed"]);
const assignments = { assignees: names.optional(), milestone: z.number().nullable().optional() };

const treeEntry = z.strictObject({
  path: z.string(),
  mode: z.enum(["100644", "100755", "040000", "160000", "120000"]),
  type: z.enum(["blob", "tree", "commit"]),
  sha: oid.nullable().optional(),
  content: z.string().optional(),
});

const checkOutput = z.strictObject({
  title: z.string(),
  summary: z.string().max(65_535),
  text: z.string().max(65_535).optional(),
  annotations: z
    .array(
      z.strictObject({
        path: z.string(),
        start_line: z.int(),
        end_line: z.int(),
        start_column: z.int().optional(),
        end_column: z.int().optional(),
        annotation_level: z.enum(["notice", "warning", "failure"]),
        message: z.string(),
        title: z.string().optional(),
        raw_details: z.string().optional(),
      }),
    )
    .max(50)
    .optional(),
});

const checkRun = {
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  status: z.enum(["queued", "in_progress", "completed"]).optional(),
  started_at: z.iso.datetime({ offset: true }).optional(),
  conclusion: z
    .enum(["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"])
    .optional(),
  completed_at: z.iso.datetime({ offset: true }).optional(),
  output: checkOutput.optional(),
  actions: z.array(z.strictObject({ label: z.string(), description: z.string(), identifier: z.string() })).optional(),
};

const commitFields = {
  message: z.string(),
  branch: z.string().optional(),
  author: person.optional(),
  committer: person.optional(),
};
const contents = ["contents"];
const pulls = ["pull_requests"];
const issues = ["issues"];
const either = ["issues", "pull_requests"];

const RULES: readonly RequestRule[] = [
  rule("POST", "git/refs", contents, z.strictObject({ ref: z.string().regex(/^refs\/.+\/.+/), sha: oid })),
  rule("PATCH", "git/refs/.+", contents, z.strictObject({ sha: oid, force: z.boolean().optional() })),
  rule("DELETE", "git/refs/.+", contents),
  rule(
    "POST",
    "git/blobs",
    contents,
    z.strictObject({ content: z.string(), encoding: z.enum(["utf-8", "base64"]).optional() }),
  ),
  rule("POST", "git/trees", contents, z.strictObject({ tree: z.array(treeEntry), base_tree: oid.optional() })),
  rule(
    "POST",
    "git/commits",
    contents,
    z.strictObject({
      message: z.string(),
      tree: oid,
      parents: z.array(oid),
      author: person.optional(),
      committer: person.optional(),
    }),
  ),
  rule("PUT", "contents/.+", contents, z.strictObject({ ...commitFields, content: z.base64(), sha: oid.optional() })),
  rule("DELETE", "contents/.+", contents, z.strictObject({ ...commitFields, sha: oid })),
  rule(
    "POST",
    "pulls",
    pulls,
    z.strictObject({
      title: z.string(),
      head: z.string(),
      base: z.string(),
      body: z.string().nullable().optional(),
      draft: z.boolean().optional(),
      maintainer_can_modify: z.boolean().optional(),
    }),
  ),
  rule(
    "PATCH",
    "pulls/\\d+",
    pulls,
    z.strictObject({
      title: z.string().optional(),
      body: z.string().nullable().optional(),
      state: state.optional(),
      base: z.string().optional(),
      maintainer_can_modify: z.boolean().optional(),
    }),
  ),
  rule(
    "PUT",
    "pulls/\\d+/merge",
    contents,
    z.strictObject({
      commit_title: z.string().optional(),
      commit_message: z.string().optional(),
      sha: oid.optional(),
      merge_method: z.enum(["merge", "squash", "rebase"]).optional(),
    }),
  ),
  ...["POST", "DELETE"].map((method) =>
    rule(
      method,
      "pulls/\\d+/requested_reviewers",
      pulls,
      z.strictObject({ reviewers: names.optional(), team_reviewers: names.optional() }),
    ),
  ),
  rule(
    "POST",
    "issues",
    issues,
    z.strictObject({
      title: z.string(),
      body: z.string().nullable().optional(),
      labels: names.optional(),
      ...assignments,
    }),
  ),
  rule(
    "PATCH",
    "issues/\\d+",
    either,
    z.strictObject({
      title: z.string().optional(),
      body: z.string().nullable().optional(),
      state: state.optional(),
      state_reason: z.enum(["completed", "not_planned", "duplicate", "reopened"]).nullable().optional(),
      labels: names.optional(),
      ...assignments,
    }),
  ),
  rule("POST", "issues/\\d+/comments", either, z.strictObject({ body: z.string().min(1) })),
  rule("PATCH", "issues/comments/\\d+", either, z.strictObject({ body: z.string().min(1) })),
  rule("DELETE", "issues/comments/\\d+", either),
  rule("POST", "issues/\\d+/labels", either, labels),
  rule("PUT", "issues/\\d+/labels", either, labels),
  rule("DELETE", "issues/\\d+/labels(/[^/]+)?", either),
  rule("POST", "issues/\\d+/assignees", either, z.strictObject({ assignees: names })),
  rule(
    "POST",
    "labels",
    either,
    z.strictObject({
      name: z.string().min(1).max(50),
      color: z
        .string()
        .regex(/^[0-9a-f]{6}$/i)
        .optional(),
      description: z.string().max(100).optional(),
    }),
  ),
  rule("POST", "check-runs", ["checks"], z.strictObject({ name: z.string(), head_sha: oid, ...checkRun })),
  rule("PATCH", "check-runs/\\d+", ["checks"], z.strictObject({ name: z.string().optional(), ...checkRun })),
  rule(
    "POST",
    "code-scanning/sarifs",
    ["security_events"],
    z.strictObject({
      commit_sha: oid,
      ref: z.string().regex(/^refs\/(heads|tags|pull)\/.+/),
      sarif: z.base64(),
      checkout_uri: z.string().optional(),
      started_at: z.iso.datetime({ offset: true }).optional(),
      tool_name: z.string().optional(),
      validate: z.boolean().optional(),
    }),
  ),
  rule("GET", "commits/[^/]+/check-(runs|suites)", ["checks"]),
  rule("GET", "(git|contents|commits|compare|branches)(/.*)?", contents),
  rule("GET", "check-(runs|suites)/.+", ["checks"]),
  rule("GET", "pulls(/.*)?", pulls),
  rule("GET", "(issues|labels|milestones)(/.*)?", either),
];

function rule(method: string, path: string, permissions: readonly string[], body?: z.ZodType): RequestRule {
  return { method, path: new RegExp(`^/repos/[^/]+/[^/]+/${path}$`), permissions, ...(body ? { body } : {}) };
}
