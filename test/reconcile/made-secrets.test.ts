// Secrets that Git does not hold, and that something in Git asks a controller for.

import { describe, expect, test } from "vitest";
import { formatRef } from "../../src/core/refs.ts";
import type { LiveEvent, LiveSource } from "../../src/core/stages.ts";
import { builtinKind } from "../../src/kinds/scopes.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { compareLive } from "../../src/reconcile/compare-live.ts";
import type { LiveComparison } from "../../src/reconcile/compare-live.ts";
import { desiredOf, liveOf, refOf, yaml } from "../drift/objects.ts";

interface Cluster {
  readonly git: readonly string[];
  /** Of a target that is not looked at. */
  readonly beside?: readonly string[];
  readonly live: readonly string[];
  /** Kinds that could not be listed. */
  readonly unread?: readonly string[];
  readonly secrets?: boolean;
  /** Declared under names that are known up to a hash. */
  readonly unnamed?: readonly string[];
}

async function compare({
  git,
  beside = [],
  live,
  unread = [],
  secrets = true,
  unnamed = [],
}: Cluster): Promise<LiveComparison> {
  const objects = live.map((text) => liveOf(yaml(text)));
  const kinds = [...git, ...live, "{apiVersion: v1, kind: Secret, metadata: {name: x}}"].map((text) =>
    refOf(yaml(text)),
  );
  const source: LiveSource = {
    cluster: { name: "fake", version: "" },
    served: (kind) => builtinKind(kind),
    lacks: () => false,
    listable: [],
    schemas: { schemaOf: () => undefined },
    read: async function* (): AsyncGenerator<LiveEvent> {
      yield { kind: "objects", objects };
      for (const of of kinds) if (!unread.includes(of.kind)) yield { kind: "read", of };
    },
    close: async () => undefined,
  };
  return compareLive({
    declared: git.map((text) => ({ target: "default", object: desiredOf(yaml(text)) })),
    beside: beside.map((text) => desiredOf(yaml(text))),
    unnamed: unnamed.map((text) => refOf(yaml(text))),
    live: source,
    schemas: builtinSchemas,
    secrets,
    scope: { namespaces: new Map([["shop", "default"]]) },
    progress: () => undefined,
  });
}

/** What is unmanaged; what is excused, and by what. */
async function told(cluster: Cluster): Promise<readonly string[]> {
  const { drifts, questioned } = await compare(cluster);
  return [
    ...drifts.map(({ drift }) => `${drift.state} ${formatRef(drift.ref)}`),
    ...questioned.map(({ live, excuse }) => `${formatRef(live.ref)} by ${excuse.owner?.kind}/${excuse.owner?.name}`),
  ];
}

const UID = "11111111-1111-4111-8111-111111111111";
const secret = (name: string, more = "", metadata = ""): string =>
  `{apiVersion: v1, kind: Secret, metadata: {name: ${name}, namespace: shop${metadata}}${more}}`;
const owned = (name: string, apiVersion: string, kind: string, owner = "db"): string =>
  secret(
    name,
    "",
    `, ownerReferences: [{apiVersion: ${apiVersion}, kind: ${kind}, name: ${owner}, uid: ${UID}, controller: true}]`,
  );
const asking = (apiVersion: string, kind: string, spec = "{}", name = "db"): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: ${name}, namespace: shop, uid: ${UID}}, spec: ${spec}}`;
const external = (target: string, name = "db"): string =>
  asking("external-secrets.io/v1", "ExternalSecret", `{target: ${target}}`, name);
const cluster = (spec: string): string =>
  `{apiVersion: external-secrets.io/v1, kind: ClusterExternalSecret, metadata: {name: db}, spec: ${spec}}`;
const shop = (labels: string): string =>
  `{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {${labels}}}}`;

describe("a Secret that an object in Git asks for is managed", () => {
  test.each<[string, string, string]>([
    ["an ExternalSecret's own name", external("{}"), "db"],
    ["the name of its target", external("{name: made, creationPolicy: Orphan}"), "made"],
    ["an ExternalSecret of an older version", asking("external-secrets.io/v1beta1", "ExternalSecret"), "db"],
    ["a ClusterExternalSecret that names the namespace", cluster("{namespaces: [shop]}"), "db"],
    [
      "a ClusterExternalSecret's target",
      cluster("{namespaces: [a, shop], externalSecretName: es, externalSecretSpec: {target: {name: made}}}"),
      "made",
    ],
    [
      "the name of a ClusterExternalSecret's ExternalSecrets",
      cluster("{namespaces: [shop], externalSecretName: es}"),
      "es",
    ],
    [
      "a ClusterExternalSecret that selects the namespace",
      cluster("{namespaceSelectors: [{matchLabels: {team: other}}, {matchLabels: {team: shop}}]}"),
      "db",
    ],
    ["a SealedSecret", asking("bitnami.com/v1alpha1", "SealedSecret", "{template: {metadata: {name: x}}}"), "db"],
    [
      "a VaultStaticSecret",
      asking("secrets.hashicorp.com/v1beta1", "VaultStaticSecret", "{destination: {name: made, create: true}}"),
      "made",
    ],
    ["a SopsSecret", asking("isindir.github.com/v1alpha3", "SopsSecret", "{secretTemplates: [{name: made}]}"), "made"],
    [
      "an InfisicalSecret",
      asking(
        "secrets.infisical.com/v1alpha1",
        "InfisicalSecret",
        "{managedKubeSecretReferences: [{secretName: made, secretNamespace: shop}]}",
      ),
      "made",
    ],
    [
      "a DopplerSecret of another namespace",
      asking("secrets.doppler.com/v1alpha1", "DopplerSecret", "{managedSecret: {name: made, namespace: shop}}").replace(
        "namespace: shop, uid",
        "namespace: doppler, uid",
      ),
      "made",
    ],
    ["a Certificate", asking("cert-manager.io/v1", "Certificate", "{secretName: made}"), "made"],
    ["an Issuer", asking("cert-manager.io/v1", "Issuer", "{acme: {privateKeySecretRef: {name: made}}}"), "made"],
    [
      "a SecretProviderClass",
      asking("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "{secretObjects: [{secretName: made}]}"),
      "made",
    ],
  ])("by %s", async (_, maker, name) => {
    const { kind } = refOf(yaml(maker));
    const live = [shop("team: shop"), maker, secret(name)];
    expect(await told({ git: [maker], live })).toEqual([`Secret/${name} in shop by ${kind}/db`]);
    // Whatever target declares it.
    expect(await told({ git: [], beside: [maker], live: [shop("team: shop"), secret(name)] })).toEqual([
      `Secret/${name} in shop by ${kind}/db`,
    ]);
    expect(await told({ git: [], live: [shop("team: shop"), secret(name)] })).toEqual([
      `unmanaged Secret/${name} in shop`,
    ]);
  });
});

describe("a Secret that nothing in Git asks for is unmanaged", () => {
  const made = [secret("made")];
  const ES = "external-secrets.io/v1";
  test.each<[string, Cluster]>([
    ["another name", { git: [external("{}")], live: [external("{}"), ...made] }],
    [
      "another namespace",
      {
        git: [external("{name: made}").replace("shop", "other")],
        live: [external("{name: made}").replace("shop", "other"), ...made],
      },
    ],
    [
      "a target that makes none",
      {
        git: [external("{name: made, creationPolicy: None}")],
        live: [external("{name: made, creationPolicy: None}"), ...made],
      },
    ],
    [
      "a target that fills one",
      {
        git: [external("{name: made, creationPolicy: Merge}")],
        live: [external("{name: made, creationPolicy: Merge}"), ...made],
      },
    ],
    [
      "a target that is no Secret",
      {
        git: [external("{name: made, manifest: {kind: ConfigMap}}")],
        live: [external("{name: made, manifest: {kind: ConfigMap}}"), ...made],
      },
    ],
    [
      "a destination that somebody else makes",
      {
        git: [asking("secrets.hashicorp.com/v1beta1", "VaultStaticSecret", "{destination: {name: made}}")],
        live: [asking("secrets.hashicorp.com/v1beta1", "VaultStaticSecret", "{destination: {name: made}}"), ...made],
      },
    ],
    [
      "a namespace that no label selects",
      {
        git: [cluster("{externalSecretSpec: {target: {name: made}}, namespaceSelector: {matchLabels: {team: other}}}")],
        live: [
          cluster("{externalSecretSpec: {target: {name: made}}, namespaceSelector: {matchLabels: {team: other}}}"),
          shop("team: shop"),
          ...made,
        ],
      },
    ],
    [
      "a forged owner that asks for another",
      { git: [external("{}")], live: [external("{}"), owned("made", ES, "ExternalSecret")] },
    ],
    [
      "a forged owner, whichever comes first",
      { git: [external("{}")], live: [owned("made", ES, "ExternalSecret"), external("{}")] },
    ],
    [
      "a forged owner of another kind",
      {
        git: [asking("bitnami.com/v1alpha1", "SealedSecret")],
        live: [asking("bitnami.com/v1alpha1", "SealedSecret"), owned("made", "bitnami.com/v1alpha1", "SealedSecret")],
      },
    ],
    [
      "an owner that is not there",
      {
        git: [external("{}", "x")],
        live: [external("{}", "x").replace(UID, "2"), owned("made", ES, "ExternalSecret", "gone")],
      },
    ],
    [
      "a push of a Secret",
      {
        git: [asking("external-secrets.io/v1alpha1", "PushSecret", "{selector: {secret: {name: made}}}")],
        live: [asking("external-secrets.io/v1alpha1", "PushSecret", "{selector: {secret: {name: made}}}"), ...made],
      },
    ],
    [
      "a kind of another group",
      {
        git: [asking("example.com/v1", "ExternalSecret", "{target: {name: made}}")],
        live: [asking("example.com/v1", "ExternalSecret", "{target: {name: made}}"), ...made],
      },
    ],
    [
      "names from Object.prototype",
      {
        git: [asking("external-secrets.io/v1", "ExternalSecret", "{target: {__proto__: {name: made}}}")],
        live: [asking("external-secrets.io/v1", "ExternalSecret", "{target: {__proto__: {name: made}}}"), ...made],
      },
    ],
  ])("%s", async (_, facts) => {
    expect(await told(facts)).toEqual(["unmanaged Secret/made in shop"]);
  });

  test("but for one that an object which is there asks for: that object is told", async () => {
    const live = [external("{name: made}"), owned("made", "external-secrets.io/v1", "ExternalSecret")];
    const git = [external("{}", "other")];
    expect(await told({ git, live: [...git.map((text) => text.replace(UID, "2")), ...live] })).toEqual([
      "unmanaged ExternalSecret/db in shop",
      "Secret/made in shop by ExternalSecret/db",
    ]);
  });

  test("nor is it where the owner could not be read", async () => {
    const live = [owned("made", "external-secrets.io/v1", "ExternalSecret")];
    expect(await told({ git: [], live, unread: ["ExternalSecret"] })).toEqual([
      "Secret/made in shop by ExternalSecret/db",
    ]);
  });

  test("nor where a SopsSecret's names are encrypted, and it owns the Secret", async () => {
    const sops = asking("isindir.github.com/v1alpha3", "SopsSecret", "{secretTemplates: [{name: 'ENC[x]'}]}");
    const live = [sops, owned("made", "isindir.github.com/v1alpha3", "SopsSecret")];
    expect(await told({ git: [sops], live })).toEqual(["Secret/made in shop by SopsSecret/db"]);
  });
});

describe("a Secret that is asked for, and is not there", () => {
  const failing = external("{}").replace(
    "spec:",
    "status: {conditions: [{type: Ready, status: 'False', reason: SecretSyncedError, message: hunter2}]}, spec:",
  );
  const faults = async (facts: Cluster): Promise<readonly string[]> =>
    (await compare(facts)).faults.map(({ code, message, leavesUnknown }) => `${code} ${leavesUnknown}: ${message}`);

  test("is told with what its maker says, and is not missing", async () => {
    const { drifts } = await compare({ git: [external("{}")], live: [failing] });
    expect(drifts).toEqual([]);
    expect(await faults({ git: [external("{}")], live: [failing] })).toEqual([
      "secret-not-made nothing: ExternalSecret/db in shop is to make Secret/db in shop, which is not in the cluster; its status says that this is not so: Ready (SecretSyncedError)",
    ]);
  });

  test.each<[string, Cluster]>([
    ["it is there", { git: [external("{}")], live: [failing, secret("db")] }],
    ["its maker is not there, which is missing itself", { git: [external("{}")], live: [] }],
    ["Secrets could not be read", { git: [external("{}")], live: [failing], unread: ["Secret"] }],
    ["Secrets are not looked at", { git: [external("{}")], live: [failing], secrets: false }],
    ["Git declares it, so that it is missing", { git: [external("{}"), secret("db")], live: [failing] }],
    ["it is filled, and somebody else's to make", { git: [external("{creationPolicy: Merge}")], live: [failing] }],
  ])("is not told where %s", async (_, facts) => {
    expect(await faults(facts)).toEqual([]);
  });
});

describe("a Secret that Git declares, and a controller fills", () => {
  const written = (manager: string, apiVersion = "v1"): string =>
    secret(
      "db",
      ", type: Opaque, data: {user: c2hvcA==, password: aHVudGVyMg==}",
      `, labels: {app: shop, reconcile.external-secrets.io/managed: "true"}, managedFields: [
        {manager: kubectl, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {f:metadata: {f:labels: {f:app: {}}}, f:data: {f:user: {}}, f:type: {}}},
        {manager: ${manager}, operation: Update, apiVersion: ${apiVersion}, fieldsType: FieldsV1, fieldsV1: {f:metadata: {f:labels: {f:reconcile.external-secrets.io/managed: {}}}, f:data: {f:password: {}}}}]`,
    );
  const git = [external("{creationPolicy: Merge}"), secret("db", ", data: {user: c2hvcA==}", ", labels: {app: shop}")];
  const changes = async (manager: string, declared = git): Promise<number> => {
    const live = [external("{creationPolicy: Merge}"), written(manager)];
    const { drifts } = await compare({ git: declared, live });
    return drifts.flatMap(({ drift }) => (drift.state === "drifted" ? drift.changes : [])).length;
  };

  test.each<[string, string, number]>([
    ["the controller under its own name", "external-secrets", 0],
    ["the controller under the object's name", "externalsecrets.external-secrets.io/db", 0],
    ["a person", "kubectl-edit", 2],
    ["another controller", "controller", 2],
    ["a manager with a like name", "external-secrets-x", 2],
  ])("what %s wrote: %s, %i changes", async (_, manager, expected) => {
    expect(await changes(manager)).toBe(expected);
  });

  test("is drift where nothing in Git asks for it, whatever the manager is called", async () => {
    expect(await changes("external-secrets", [external("{}", "other"), ...git.slice(1)])).toBe(2);
  });
});

describe("a Secret that is called by a hash of what Git holds encrypted", () => {
  const unnamed = [secret("db-2k4h6mt8bc")];
  test.each<[string, string, boolean]>([
    ["is not unmanaged under another hash", "db-9f7gd5kmt4", true],
    ["is unmanaged where nothing generates it", "web-9f7gd5kmt4", false],
    ["is unmanaged without a hash", "db", false],
    ["is unmanaged behind what is no hash", "db-aaaaaaaaaa", false],
    ["is unmanaged behind more than a hash", "db-x-9f7gd5kmt4", false],
  ])("%s: %s", async (_, name, excused) => {
    const { drifts, questioned } = await compare({ git: [], unnamed, live: [secret(name)] });
    expect([drifts.length, questioned.length]).toEqual(excused ? [0, 1] : [1, 0]);
  });

  test("is another object in another namespace, or of another kind", async () => {
    const other = [
      secret("db-9f7gd5kmt4").replace("kind: Secret", "kind: ConfigMap"),
      secret("db-9f7gd5kmt4").replace("namespace: shop", "namespace: other"),
    ];
    expect((await compare({ git: [], unnamed, live: other })).questioned).toEqual([]);
  });
});
