import { describe, expect, it } from "vitest";
import { readRepositoryConfig } from "../../src/config/repository.ts";
import type { RepositoryConfig } from "../../src/config/repository.ts";
import { readServerConfig } from "../../src/config/server.ts";
import type { ServerConfig } from "../../src/config/server.ts";
import type { LiveObject } from "../../src/core/objects.ts";
import { formatRef } from "../../src/core/refs.ts";
import type { KindRef } from "../../src/core/refs.ts";
import type { DryRunSource, LiveEvent, LiveQuery, LiveSource } from "../../src/core/stages.ts";
import { isFault } from "../../src/core/fault.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { clusterTargets, openGranted } from "../../src/app/clusters.ts";
import { grantedLive } from "../../src/app/granted-live.ts";
import { createDigester } from "../../src/text/digest.ts";
import { desiredOf, liveOf } from "../drift/objects.ts";
import { startFakeApi } from "../live/fake-api.ts";

const SERVER = readServerConfig(
  `clusters:
  prod: { inCluster: true }
  staging: { context: staging }
grants:
  - { repository: acme/one, cluster: prod, namespaces: [shop] }
  - { repository: acme/one, cluster: prod, namespaces: [pay] }
  - { repository: acme/two, cluster: prod, namespaces: all }
  - { repository: acme/two, cluster: staging, namespaces: [shop] }
`,
  "server.yml",
) as ServerConfig;

function targets(text: string): RepositoryConfig {
  return readRepositoryConfig(`targets: ${text}\n`, "holdfast.yml") as RepositoryConfig;
}

function refusalOf(cluster: string): string | undefined {
  const config = targets(`[{ name: a, cluster: ${cluster} }]`);
  return clusterTargets(SERVER, "acme/one", config).faults[0]?.message;
}

describe("clusterTargets", () => {
  it("takes the only cluster that is granted for a target that names none, and adds grants up", () => {
    const { clusters, faults } = clusterTargets(
      SERVER,
      "Acme/One",
      readRepositoryConfig(undefined, "holdfast.yml") as RepositoryConfig,
    );
    expect(faults).toEqual([]);
    expect(clusters).toEqual([
      {
        alias: "prod",
        access: { kind: "in-cluster", mode: "read-only", secrets: true },
        namespaces: ["shop", "pay"],
        targets: ["default"],
      },
    ]);
  });

  it("keeps the targets of each cluster together", () => {
    const config = targets("[{ name: a, cluster: prod }, { name: b, cluster: staging }, { name: c, cluster: prod }]");
    const { clusters } = clusterTargets(SERVER, "acme/two", config);
    expect(clusters.map(({ alias, namespaces, targets: names }) => [alias, namespaces, names])).toEqual([
      ["prod", "all", ["a", "c"]],
      ["staging", ["shop"], ["b"]],
    ]);
  });

  it.each([
    ["a cluster of somebody else", "acme/one", "[{ name: a, cluster: staging }]"],
    ["a cluster that is not there", "acme/one", "[{ name: a, cluster: nowhere }]"],
    ["none where several are granted", "acme/two", "[{ name: a }]"],
    ["none where none is granted", "acme/three", "[{ name: a }]"],
    ["any where none is granted", "acme/three", "[{ name: a, cluster: prod }]"],
    ["a member of every object", "acme/one", "[{ name: a, cluster: constructor }]"],
  ])("refuses a target that names %s", (_, repository, text) => {
    const { clusters, faults } = clusterTargets(SERVER, repository, targets(text));
    expect(clusters).toEqual([]);
    expect(faults.map(({ code }) => code)).toEqual(["cluster-not-granted"]);
  });

  it("does not tell whether there is a cluster that is not granted", () => {
    expect(refusalOf("staging")?.replace("staging", "x")).toBe(refusalOf("nowhere")?.replace("nowhere", "x"));
  });

  it("lets a target that is refused cost no other", () => {
    const { clusters, faults } = clusterTargets(
      SERVER,
      "acme/one",
      targets("[{ name: a, cluster: staging }, { name: b, cluster: prod }]"),
    );
    expect(clusters.map(({ targets: names }) => names)).toEqual([["b"]]);
    expect(faults).toHaveLength(1);
  });
});

const DEPLOYMENT: KindRef = { apiVersion: "apps/v1", kind: "Deployment" };
const NAMESPACE: KindRef = { apiVersion: "v1", kind: "Namespace" };
const WIDGET: KindRef = { apiVersion: "x.example/v1", kind: "Widget" };

/** Reads everything that it is asked for, and keeps what that was. */
function liveWith(asked: LiveQuery[]): LiveSource {
  return {
    cluster: { name: "prod", version: "v1" },
    served: (kind) =>
      kind.kind === "Widget"
        ? { apiVersion: kind.apiVersion, kind: kind.kind, resource: "widgets", namespaced: false, verbs: ["list"] }
        : builtinKind(kind),
    lacks: () => false,
    listable: [],
    schemas: { schemaOf: () => undefined },
    async *read(query): AsyncGenerator<LiveEvent> {
      asked.push(query);
      for (const of of query.kinds) for (const namespace of query.namespaces) yield { kind: "read", of, namespace };
    },
    close: async () => undefined,
  };
}

async function readThrough(
  query: LiveQuery,
  granted: readonly string[] | "all",
): Promise<{ readonly asked: readonly LiveQuery[]; readonly events: readonly LiveEvent[] }> {
  const asked: LiveQuery[] = [];
  const events: LiveEvent[] = [];
  for await (const event of grantedLive(liveWith(asked), granted).read(query)) events.push(event);
  return { asked, events };
}

describe("grantedLive", () => {
  it("hands everything on where everything is granted", async () => {
    const query: LiveQuery = { kinds: [DEPLOYMENT, NAMESPACE], namespaces: ["shop"], secrets: true };
    expect((await readThrough(query, "all")).asked).toEqual([query]);
  });

  it("asks for the granted namespaces alone, and says what it left out in one fault", async () => {
    const { asked, events } = await readThrough(
      { kinds: [DEPLOYMENT], namespaces: ["kube-system", "shop", "infra"], secrets: true },
      ["shop", "pay"],
    );
    expect(asked).toEqual([{ kinds: [DEPLOYMENT], namespaces: ["shop"], secrets: true }]);
    const faults = events.flatMap((event) => (event.kind === "fault" ? [event.fault] : []));
    expect(faults).toMatchObject([{ code: "namespace-not-granted", leavesUnknown: "declared" }]);
    expect(faults[0]?.about).toBe("namespace kube-system, namespace infra");
    expect(events.some((event) => event.kind === "read" && event.namespace !== "shop")).toBe(false);
  });

  it("takes the whole cluster for the granted namespaces", async () => {
    const { asked } = await readThrough({ kinds: [DEPLOYMENT], namespaces: "all", secrets: true }, ["shop"]);
    expect(asked).toEqual([{ kinds: [DEPLOYMENT], namespaces: ["shop"], secrets: true }]);
  });

  it("leaves what is in no namespace unread, Namespaces and custom resources too", async () => {
    const { asked, events } = await readThrough(
      { kinds: [NAMESPACE, WIDGET, DEPLOYMENT], namespaces: ["shop"], secrets: true },
      ["shop"],
    );
    expect(asked.flatMap(({ kinds }) => kinds)).toEqual([DEPLOYMENT]);
    expect(events.filter(({ kind }) => kind === "unread")).toMatchObject([
      { of: NAMESPACE, fault: { code: "namespace-not-granted" } },
      { of: WIDGET, fault: { code: "namespace-not-granted" } },
    ]);
  });

  it("asks the cluster for nothing where nothing is left", async () => {
    const { asked, events } = await readThrough({ kinds: [DEPLOYMENT], namespaces: ["infra"], secrets: true }, [
      "shop",
    ]);
    expect(asked).toEqual([]);
    expect(events.map(({ kind }) => kind)).toEqual(["fault"]);
  });

  it("makes no dry run outside the granted namespaces, nor of what is in none", async () => {
    const asked: string[] = [];
    const note = async (live: LiveObject): Promise<LiveObject> => {
      asked.push(formatRef(live.ref));
      return live;
    };
    const dryRun: DryRunSource = { applied: ({ live }) => note(live), without: note };
    const { dryRun: granted } = grantedLive({ ...liveWith([]), dryRun }, ["shop"]);
    const answers = [];
    for (const namespace of ["shop", "infra", undefined]) {
      const value = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web", ...(namespace && { namespace }) } };
      const live = liveOf(value);
      answers.push(await granted?.applied({ desired: desiredOf(value), live, manager: "kubectl" }));
      answers.push(await granted?.without(live, []));
    }
    expect(asked).toEqual(["ConfigMap/web in shop", "ConfigMap/web in shop"]);
    expect(answers.slice(2).map((answer) => answer && "why" in answer)).toEqual([true, true, true, true]);
    expect(grantedLive(liveWith([]), ["shop"]).dryRun).toBeUndefined();
  });
});

describe("openGranted", () => {
  it.each([
    ["read-only", "all", false],
    ["read-only", ["shop"], false],
    ["server-dry-run", "all", true],
    ["server-dry-run", ["shop"], true],
  ] as const)("makes a source of the cluster's mode: %s of %j", async (mode, namespaces, asks) => {
    const api = await startFakeApi();
    const live = await openGranted({
      cluster: {
        alias: "prod",
        access: { kind: "kubeconfig", kubeconfig: api.kubeconfig, mode, secrets: true },
        namespaces,
        targets: [],
      },
      digester: createDigester(Buffer.from("a key for this test")),
      signal: new AbortController().signal,
    });
    if (isFault(live)) throw new Error(live.message);
    expect(live.dryRun !== undefined).toBe(asks);
    expect(live.cluster.name).toBe("prod");
    await live.close();
    await api.close();
  });
});
