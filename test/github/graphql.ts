import { z } from "zod";
import { json } from "./backend.ts";
import type { Answer } from "./backend.ts";
import { refuseUnknownRemovals, WEB_FLOW, writeCommit } from "./commits.ts";
import { Refusal, refusal } from "./refusals.ts";
import { assertWritable, visibleRepository } from "./repositories.ts";
import { mirrorOf, onBehalf } from "./stand.ts";
import type { ClientRequest, Stand } from "./stand.ts";

const commitInput = z.strictObject({
  clientMutationId: z.string().optional(),
  branch: z.strictObject({ repositoryNameWithOwner: z.string(), branchName: z.string() }),
  expectedHeadOid: z.string().regex(/^[0-9a-f]{40}$/),
  message: z.strictObject({ headline: z.string().min(1), body: z.string().optional() }),
  fileChanges: z
    .strictObject({
      additions: z.array(z.strictObject({ path: z.string(), contents: z.base64() })).optional(),
      deletions: z.array(z.strictObject({ path: z.string() })).optional(),
    })
    .optional(),
});

const envelope = z.strictObject({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).optional(),
  operationName: z.string().optional(),
});

/** A GraphQL error: GitHub answers 200 with it, and null for the field. */
class GraphqlError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/**
 * The two things that holdfast asks of GitHub's GraphQL: `createCommitOnBranch`, whose commits GitHub signs, and
 * `viewer`, which tells any token whose it is. The input must come as a variable; the selection is checked and obeyed.
 */
export async function answerGraphql(stand: Stand, request: ClientRequest): Promise<Answer> {
  if (request.identity.kind === "anonymous") throw refusal(401, "This endpoint requires you to be authenticated.");
  const { query, variables = {} } = envelope.parse(JSON.parse(request.body.toString()));
  const operation = operationOf(query);
  const { field, input, selection } = operation;
  try {
    const result =
      field === "viewer"
        ? { login: request.identity.login }
        : await createCommitOnBranch(stand, request, parsedInput(input === undefined ? undefined : variables[input]));
    return json(200, { data: { [field]: project(result, selection, field) } });
  } catch (error) {
    const { type, message } = asGraphqlError(error);
    const errors = [{ type, path: [field], locations: [{ line: 1, column: 1 }], message }];
    return json(200, { data: { [field]: null }, errors });
  }
}

/** Whether the request writes; a GraphQL query is a POST too. */
export function isMutation(body: Buffer): boolean {
  return body.includes("createCommitOnBranch");
}

async function createCommitOnBranch(
  stand: Stand,
  request: ClientRequest,
  input: z.infer<typeof commitInput>,
): Promise<unknown> {
  const { branch, expectedHeadOid, message, fileChanges = {} } = input;
  const { repositoryNameWithOwner: fullName, branchName } = branch;
  const repo = await visibleRepository(stand, request.identity, fullName);
  await assertWritable(stand, request.identity, repo, ["contents"]);
  const mirror = await mirrorOf(stand, fullName);
  const head = (await mirror.sync()).get(`refs/heads/${branchName.replace(/^refs\/heads\//, "")}`);
  if (head === undefined) throw new GraphqlError("NOT_FOUND", `The branch "${branchName}" does not exist.`);
  if (head !== expectedHeadOid)
    throw new GraphqlError("STALE_DATA", `Expected branch to point to "${head}" but it did not.  Pull and try again.`);
  const changes = [
    ...(fileChanges.deletions ?? []).map(({ path }) => ({ path, content: undefined })),
    ...(fileChanges.additions ?? []).map(({ path, contents }) => ({ path, content: Buffer.from(contents, "base64") })),
  ];
  refuseUnknownRemovals(changes, await mirror.filesAt(head));
  const text = message.body === undefined ? message.headline : `${message.headline}\n\n${message.body}`;
  const written = { fullName, base: head, parents: [head], changes, message: text, committer: WEB_FLOW };
  const oid = await writeCommit(stand, request.identity, written);
  const path = `/repos/${fullName}/git/refs/heads/${branchName.replace(/^refs\/heads\//, "")}`;
  await onBehalf(stand, request.identity, { method: "PATCH", path, body: { sha: oid } });
  stand.signed.add(oid);
  const url = `${stand.url}/${fullName}/commit/${oid}`;
  return {
    clientMutationId: input.clientMutationId ?? null,
    commit: {
      oid,
      url,
      commitUrl: url,
      messageHeadline: message.headline,
      signature: { isValid: true, state: "VALID" },
    },
    ref: { name: branchName, prefix: "refs/heads/", target: { oid } },
  };
}

function parsedInput(value: unknown): z.infer<typeof commitInput> {
  const input = commitInput.safeParse(value);
  if (input.success) return input.data;
  const [issue] = input.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw new GraphqlError(
    "INVALID",
    `Variable $input of type CreateCommitOnBranchInput! was provided invalid value for ${where} (${issue?.message ?? ""})`,
  );
}

function asGraphqlError(error: unknown): { type: string; message: string } {
  if (error instanceof GraphqlError) return { type: error.type, message: error.message };
  if (!(error instanceof Refusal)) throw error;
  const { message } = JSON.parse(error.answer.body.toString()) as { message: string };
  const types: Readonly<Record<number, string>> = { 403: "FORBIDDEN", 404: "NOT_FOUND", 422: "UNPROCESSABLE" };
  return { type: types[error.answer.status] ?? "INTERNAL", message };
}

/** The fields of a selection, each with its own. */
interface Selection {
  readonly [field: string]: Selection;
}

/** Reads `mutation name($v: T!) { field(input: $v) { … } }` or `query { field { … } }`, with one field at the top. */
function operationOf(query: string): {
  field: "createCommitOnBranch" | "viewer";
  input?: string;
  selection: Selection;
} {
  const body = query.replace(/#[^\n]*/g, "");
  const top = /\{\s*(createCommitOnBranch|viewer)\s*(?:\(\s*input\s*:\s*\$(\w+)\s*\))?\s*\{/.exec(body);
  const field = top?.[1];
  if (!top || (field !== "createCommitOnBranch" && field !== "viewer"))
    throw refusal(400, "The stand-in knows the mutation createCommitOnBranch(input: $variable) and the query viewer");
  const tokens = body.slice(top.index + top[0].length).match(/[{}]|\w+/g) ?? [];
  return { field, ...(top[2] === undefined ? {} : { input: top[2] }), selection: selectionFrom(tokens) };
}

/** Consumes `tokens` up to the brace that closes the selection. */
function selectionFrom(tokens: string[]): Selection {
  const fields: Record<string, Selection> = {};
  let last = "";
  for (let token = tokens.shift(); token !== undefined && token !== "}"; token = tokens.shift()) {
    if (token === "{") fields[last] = selectionFrom(tokens);
    else fields[(last = token)] = {};
  }
  return fields;
}

function project(value: unknown, selection: Selection, type: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(selection).map(([field, inner]) => {
      if (!(field in known))
        throw new GraphqlError("undefinedField", `Field '${field}' doesn't exist on type '${type}'`);
      return [field, project(known[field], inner, field)];
    }),
  );
}
