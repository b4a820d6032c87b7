import { describe, expect, test } from "vitest";
import { fieldAt } from "../../src/core/value.ts";
import { createTemplates } from "../../src/drift/templates.ts";
import type { Doubt } from "../../src/drift/templates.ts";
import type { FoundOwner } from "../../src/drift/owners.ts";
import { hashed, liveOf, refOf, yaml } from "./objects.ts";

const UID = "11111111-1111-4111-8111-111111111111";
const CONTAINER = "name: web, image: 'registry.example/web:1', securityContext: {privileged: true}";
const TEMPLATE = `{metadata: {labels: {app: web}}, spec: {containers: [{${CONTAINER}}]}}`;

function set(more = "replicas: 2", status = "{replicas: 2}", template = TEMPLATE): string {
  return `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web, namespace: shop, uid: ${UID}}, spec: {${more}, template: ${template}}, status: ${status}}`;
}

function pod(spec: string, more = ""): string {
  return `{apiVersion: v1, kind: Pod, metadata: {name: web-x, namespace: shop${more}}, spec: ${spec}}`;
}

function doubt(
  owner: string,
  made: string,
  { mutated = false, going = false, unread = false } = {},
): Doubt | undefined {
  const templates = createTemplates({ isMutated: () => mutated, isGoing: () => going, hash: hashed });
  const live = liveOf(yaml(owner));
  templates.saw(live);
  const found: FoundOwner = { ref: refOf(yaml(owner)), uid: unread ? "other" : UID, how: "made" };
  return templates.doubtOf(liveOf(yaml(made)), unread ? { ...found, unread: true } : found);
}

/** Names of the containers that the template, or admission, accounts for. */
function accounted(found: Doubt | undefined): unknown {
  return fieldAt(found?.accounted?.value, "spec", "containers");
}

const SIDECAR = "{name: spy, image: 'registry.example/spy:1', securityContext: {privileged: true}}";
const TOKEN =
  "{name: web, image: 'registry.example/web:1', imagePullPolicy: Always, resources: {limits: {cpu: 1}}, securityContext: {privileged: true}, volumeMounts: [{name: kube-api-access-x7x2q, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}";

const record = (names: readonly string[]): string =>
  `, managedFields: [{manager: kube-controller-manager, operation: Update, fieldsV1: {"f:spec": {"f:containers": {${names
    .map((name) => `'k:{"name":"${name}"}': {}`)
    .join(", ")}}}}}]`;
const writtenBy = (manager: string): string =>
  `, managedFields: [{manager: ${manager}, operation: Update, fieldsV1: {'f:spec': {}, 'f:data': {}}}, {manager: label, operation: Update, fieldsV1: {'f:metadata': {}}}, {manager: x, operation: Update, subresource: status, fieldsV1: {}}]`;

describe("a Pod that is said to be made of a template", () => {
  test.each<[string, string]>([
    ["is just that", pod(`{containers: [{${CONTAINER}}]}`)],
    [
      "has besides what the API server and the scheduler give every Pod",
      pod(
        `{nodeName: n, priority: 0, serviceAccountName: default, hostNetwork: false, securityContext: {}, tolerations: [{operator: Exists}], containers: [${TOKEN}], volumes: [{name: kube-api-access-x7x2q, projected: {sources: []}}]}`,
      ),
    ],
  ])("%s", (_, made) => {
    expect(doubt(set(), made)).toBeUndefined();
  });

  test.each<[string, string]>([
    ["runs another image", `{containers: [{${CONTAINER.replace("web:1", "evil:1")}}]}`],
    ["has a container more", `{containers: [{${CONTAINER}}, ${SIDECAR}]}`],
    ["is being debugged", `{containers: [{${CONTAINER}}], ephemeralContainers: [${SIDECAR}]}`],
    ["runs in the host's network", `{hostNetwork: true, containers: [{${CONTAINER}}]}`],
    ["has a volume of the host's", `{volumes: [{name: h, hostPath: {path: /}}], containers: [{${CONTAINER}}]}`],
    [
      "has a volume of the host's that is called like a token",
      `{volumes: [{name: kube-api-access-x7x2q, hostPath: {path: /}}], containers: [{${CONTAINER}}]}`,
    ],
    ["has another account", `{serviceAccountName: admin, containers: [{${CONTAINER}}]}`],
  ])("%s, and policies are asked", (_, spec) => {
    expect(doubt(set(), pod(spec))?.asked.ref.kind).toBe("Pod");
  });

  test.each(["automountServiceAccountToken", "hostUsers"])("lacks what its template gives up: %s", (field) => {
    const spec = `{${field}: false, containers: [{${CONTAINER}}]}`;
    const given = set("replicas: 2", "{replicas: 2}", `{spec: ${spec}}`);
    expect(doubt(given, pod(`{containers: [{${CONTAINER}}]}`))?.asked.ref.kind).toBe("Pod");
    expect(doubt(given, pod(spec))).toBeUndefined();
  });

  test("has what the template has accounted for, and nothing else", () => {
    const found = doubt(set(), pod(`{hostPID: true, containers: [{${CONTAINER}}, ${SIDECAR}]}`, record([])));
    expect(accounted(found)).toEqual([yaml(`{${CONTAINER}}`)]);
    expect(fieldAt(found?.accounted?.value, "spec", "hostPID")).toBeUndefined();
  });

  test("has a container with another image: what else it has is accounted for", () => {
    const found = doubt(set(), pod(`{containers: [{${CONTAINER.replace("web:1", "web@sha256:0")}}]}`, record([])));
    expect(accounted(found)).toEqual([{ name: "web", securityContext: { privileged: true } }]);
  });

  const both = `{containers: [{${CONTAINER}}, ${SIDECAR}]}`;
  test.each<[string, string, boolean, number]>([
    ["that a webhook may have added, and nobody owns", pod(both, record(["web"])), true, 2],
    ["that somebody owns", pod(both, record(["web", "spy"])), true, 1],
    ["that nobody owns, where no webhook is", pod(both, record(["web"])), false, 1],
    ["that stands beside what nobody owns either", pod(both, record([])), true, 2],
  ])("has a container %s", (_, made, mutated, count) => {
    expect(accounted(doubt(set(), made, { mutated }))).toHaveLength(count);
  });

  test.each([
    ["somebody", record([]).replace("kube-controller-manager", "kubectl-create")],
    ["nobody", ""],
  ])("was written by %s on record: nothing of it is accounted for where it runs anything else", (_, by) => {
    expect(doubt(set(), pod(both, by))?.asked).toBeDefined();
    expect(doubt(set(), pod(both, by))?.accounted).toBeUndefined();
  });

  test("runs, though the template is of a set without Pods", () => {
    const [none, made] = [set("replicas: 0", "{replicas: 0}"), pod(`{containers: [{${CONTAINER}}]}`)];
    expect(doubt(none, made)).toEqual({ asked: expect.anything() as unknown });
    expect(doubt(none, made, { going: true })).toBeUndefined();
  });

  test("is as some template of the namespace says, where its own owner was not read", () => {
    expect(doubt(set(), pod(`{containers: [{${CONTAINER}}]}`), { unread: true })).toBeUndefined();
    expect(doubt(set(), pod(both), { unread: true })).toEqual({ asked: expect.anything() as unknown });
  });
});

describe("what is at rest", () => {
  const job = (metadata: string, status: string): string =>
    `{apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: shop${metadata}}, spec: {template: ${TEMPLATE.replace("web:1", "old:1")}}, status: ${status}}`;
  const revision = (metadata: string): string =>
    `{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: r, namespace: shop${metadata}}, data: {spec: {template: ${TEMPLATE.replace("web:1", "old:1")}}}}`;
  const cron = `{apiVersion: batch/v1, kind: CronJob, metadata: {name: c, namespace: shop, uid: ${UID}}, spec: {jobTemplate: {spec: {template: ${TEMPLATE}}}}}`;
  const done = "{conditions: [{type: Complete, status: 'True'}]}";

  test.each<[string, string, boolean]>([
    ["a Job that is done", job(writtenBy("kube-controller-manager"), done), false],
    ["a Job that is done, and that somebody made", job(writtenBy("kubectl-create"), done), true],
    ["a Job that is done, of which there is no record", job("", done), true],
    ["a Job of an older template that runs", job(writtenBy("kube-controller-manager"), "{active: 1}"), true],
    ["an older revision", revision(writtenBy("kube-controller-manager")), false],
    ["a revision that somebody made", revision(writtenBy("kubectl-create")), true],
  ])("%s", (_, made, asked) => {
    expect(doubt(cron, made) !== undefined).toBe(asked);
  });

  test("a revision is asked about as the Pod that it would make", () => {
    const asked = doubt(cron, revision(""))?.asked;
    expect(asked?.ref).toMatchObject({ apiVersion: "v1", kind: "Pod", namespace: "shop" });
    expect(fieldAt(asked?.value, "spec", "containers")).toHaveLength(1);
  });
});

const deployment = (spec: string, reason: string, generation = 2): string =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: ${UID}, generation: ${generation}}, spec: {${spec}template: ${TEMPLATE.replace("web:1", "web:2")}}, status: {observedGeneration: 2, conditions: [{type: Progressing, status: ${reason === "ProgressDeadlineExceeded" ? "'False'" : "'True'"}, reason: ${reason}}]}}`;
const older = (manager: string): string => set().replace(`uid: ${UID}`, `uid: other${writtenBy(manager)}`);

describe("a ReplicaSet of an older template, with Pods", () => {
  const controller = "kube-controller-manager";

  test.each<[string, string, string, boolean]>([
    ["goes while its Deployment rolls out", deployment("", "ReplicaSetUpdated"), controller, false],
    [
      "goes where its Deployment was not looked at since",
      deployment("", "NewReplicaSetAvailable", 3),
      controller,
      false,
    ],
    ["is asked about where somebody made it", deployment("", "ReplicaSetUpdated"), "kubectl-create", true],
    ["is asked about where the rollout is over", deployment("", "NewReplicaSetAvailable"), controller, true],
    ["is asked about where the rollout is stuck", deployment("", "ProgressDeadlineExceeded"), controller, true],
    ["is asked about where the rollout is paused", deployment("paused: true, ", "ReplicaSetUpdated"), controller, true],
  ])("%s", (_, owner, manager, asked) => {
    expect(doubt(owner, older(manager)) !== undefined).toBe(asked);
  });
});
