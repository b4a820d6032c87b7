/**
 * Objects that ask a controller for a Secret: sealed or encrypted ones, references to a store outside, certificates. Each
 * says itself what its Secrets are called, so that an owner reference to it proves nothing about a Secret of another name.
 */

import type { LiveObject } from "../core/objects.ts";
import { groupOf } from "../core/refs.ts";
import type { ObjectRef } from "../core/refs.ts";
import { fieldAt, fieldOf, isList, textOf } from "../core/value.ts";
import type { Value } from "../core/value.ts";

/** A Secret that an object asks for. */
export interface AskedSecret {
  readonly name: string;
  /** One namespace; or those that one of the label selectors selects, or that are named. */
  readonly where: string | { readonly names: readonly string[]; readonly selectors: readonly Value[] };
  /** The controller writes into a Secret that somebody else makes, and makes none. */
  readonly fills: boolean;
}

interface SecretMaker {
  readonly group: string;
  readonly kinds: readonly string[];
  /** `undefined`: what they are called cannot be read from it. */
  readonly secrets: (object: Asking) => readonly AskedSecret[] | undefined;
  /** What its controller is called as a field manager; one that ends in `/` or `-` is the beginning of a name. */
  readonly writers: readonly string[];
  /** It makes other Secrets besides, and owns them. */
  readonly others?: true;
  /** Where the fact comes from. */
  readonly source: string;
}

type Asking = Pick<LiveObject, "ref" | "value">;

const MAKERS: readonly SecretMaker[] = [
  {
    group: "external-secrets.io",
    kinds: ["ExternalSecret"],
    secrets: ({ ref, value }) => externalSecret(fieldOf(value, "spec"), { name: ref.name, where: ref.namespace ?? "" }),
    writers: ["external-secrets", "externalsecrets.external-secrets.io/"],
    source: "external-secrets apis/externalsecrets/v1/externalsecret_types.go, pkg/controllers/externalsecret",
  },
  {
    group: "external-secrets.io",
    kinds: ["ClusterExternalSecret"],
    secrets: clusterExternalSecret,
    writers: ["external-secrets", "externalsecrets.external-secrets.io/"],
    source: "external-secrets apis/externalsecrets/v1/clusterexternalsecret_types.go",
  },
  {
    group: "bitnami.com",
    kinds: ["SealedSecret"],
    // Whatever its template says of names.
    secrets: ({ ref }) => named(ref, ref.name),
    writers: ["controller", "sealed-secrets-controller"],
    source: "sealed-secrets pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go, Unseal",
  },
  {
    group: "secrets.hashicorp.com",
    kinds: ["VaultStaticSecret", "VaultDynamicSecret", "VaultPKISecret", "HCPVaultSecretsApp"],
    secrets: ({ ref, value }) => {
      const to = fieldAt(value, "spec", "destination");
      return named(ref, textOf(to, "name")).map((one) => ({ ...one, fills: fieldOf(to, "create") !== true }));
    },
    writers: ["vault-secrets-operator"],
    source: "vault-secrets-operator api/v1beta1/common.go, Destination",
  },
  {
    group: "isindir.github.com",
    kinds: ["SopsSecret"],
    secrets: ({ ref, value }) => {
      const templates = fieldAt(value, "spec", "secretTemplates") ?? fieldAt(value, "spec", "secret_templates");
      const names = itemsOf(templates).map((template) => textOf(template, "name"));
      // Usual settings of SOPS encrypt the names, too.
      if (names.some((name) => name === undefined || name.startsWith("ENC["))) return undefined;
      return names.flatMap((name) => named(ref, name));
    },
    writers: ["manager", "sops-secrets-operator"],
    source: "isindir/sops-secrets-operator api/v1alpha3/sopssecret_types.go",
  },
  {
    group: "secrets.infisical.com",
    kinds: ["InfisicalSecret", "InfisicalDynamicSecret"],
    secrets: ({ ref, value }) =>
      [
        fieldAt(value, "spec", "managedSecretReference"),
        ...itemsOf(fieldAt(value, "spec", "managedKubeSecretReferences")),
      ].flatMap((to) => named(ref, textOf(to, "secretName"), textOf(to, "secretNamespace"))),
    writers: ["manager"],
    source: "infisical kubernetes-operator api/v1alpha1/infisicalsecret_types.go",
  },
  {
    group: "secrets.doppler.com",
    kinds: ["DopplerSecret"],
    secrets: ({ ref, value }) => {
      const to = fieldAt(value, "spec", "managedSecret");
      return named(ref, textOf(to, "name"), textOf(to, "namespace"));
    },
    writers: ["manager"],
    source: "doppler kubernetes-operator api/v1alpha1/dopplersecret_types.go",
  },
  {
    group: "onepassword.com",
    kinds: ["OnePasswordItem"],
    secrets: ({ ref }) => named(ref, ref.name),
    writers: ["manager", "onepassword-connect-operator"],
    source: "1Password/onepassword-operator internal/controller/onepassworditem_controller.go",
  },
  {
    group: "k8s.bitwarden.com",
    kinds: ["BitwardenSecret"],
    secrets: ({ ref, value }) => named(ref, textOf(fieldOf(value, "spec"), "secretName")),
    writers: ["manager"],
    source: "bitwarden/sm-kubernetes api/v1/bitwardensecret_types.go",
  },
  {
    group: "spv.no",
    kinds: ["AzureKeyVaultSecret"],
    secrets: ({ ref, value }) => named(ref, textOf(fieldAt(value, "spec", "output", "secret"), "name")),
    writers: ["azure-keyvault-controller"],
    source: "SparebankenVest/azure-key-vault-to-kubernetes pkg/k8s/apis/azurekeyvault/v2beta1/types.go",
  },
  {
    group: "secrets-store.csi.x-k8s.io",
    kinds: ["SecretProviderClass"],
    secrets: ({ ref, value }) =>
      itemsOf(fieldAt(value, "spec", "secretObjects")).flatMap((one) => named(ref, textOf(one, "secretName"))),
    writers: ["secrets-store-csi-driver"],
    source: "secrets-store-csi-driver apis/v1/secretproviderclass_types.go (owned by what its Pods are owned by)",
  },
  {
    group: "cert-manager.io",
    kinds: ["Certificate"],
    secrets: ({ ref, value }) => named(ref, textOf(fieldOf(value, "spec"), "secretName")),
    writers: ["cert-manager-"],
    // The next private key, under a made-up name.
    others: true,
    source: "cert-manager pkg/controller/certificates/issuing, keymanager",
  },
  {
    group: "cert-manager.io",
    kinds: ["Issuer"],
    secrets: ({ ref, value }) => named(ref, accountKey(value)),
    writers: ["cert-manager-"],
    source: "cert-manager pkg/issuer/acme/setup.go, createAccountPrivateKey",
  },
  {
    group: "cert-manager.io",
    kinds: ["ClusterIssuer"],
    // `--cluster-resource-namespace` is cert-manager's own, unless somebody sets it.
    secrets: ({ ref, value }) => named(ref, accountKey(value), "cert-manager"),
    writers: ["cert-manager-"],
    source: "cert-manager pkg/issuer/acme/setup.go, createAccountPrivateKey",
  },
];

export interface Asked {
  /** `undefined`: they have names that cannot be known from the object. */
  readonly secrets: readonly AskedSecret[] | undefined;
  readonly writers: readonly string[];
}

/** What Secrets the object asks a controller for; `undefined` where it is of no such kind. */
export function secretsAskedBy(object: Asking): Asked | undefined {
  const maker = makerOf(object.ref);
  return maker === undefined ? undefined : { secrets: maker.secrets(object), writers: maker.writers };
}

/** Whether an object of this kind owns Secrets of the names that it says, and no others. */
export function ownsNamedOnly(owner: Pick<ObjectRef, "apiVersion" | "kind">): boolean {
  const maker = makerOf(owner);
  return maker !== undefined && maker.others !== true;
}

/** Whether a field manager of this name is one of the writers. */
export function isWriter(manager: string, writers: readonly string[]): boolean {
  return writers.some((writer) => (/[-/]$/.test(writer) ? manager.startsWith(writer) : manager === writer));
}

function makerOf({ apiVersion, kind }: Pick<ObjectRef, "apiVersion" | "kind">): SecretMaker | undefined {
  const group = groupOf(apiVersion);
  return MAKERS.find((maker) => maker.group === group && maker.kinds.includes(kind));
}

function named({ namespace }: ObjectRef, name: string | undefined, other?: string): readonly AskedSecret[] {
  const where = other === undefined || other === "" ? namespace : other;
  return name === undefined || name === "" || where === undefined ? [] : [{ name, where, fills: false }];
}

/** `target.manifest`: something else than a Secret. */
function externalSecret(
  spec: Value | undefined,
  { name, where }: Pick<AskedSecret, "name" | "where">,
): readonly AskedSecret[] {
  const target = fieldOf(spec, "target");
  const policy = textOf(target, "creationPolicy");
  const kind = textOf(fieldOf(target, "manifest"), "kind") ?? "Secret";
  if (kind !== "Secret" || policy === "None") return [];
  const own = textOf(target, "name") ?? "";
  return [{ name: own === "" ? name : own, where, fills: policy === "Merge" }];
}

function clusterExternalSecret({ ref, value }: Asking): readonly AskedSecret[] {
  const spec = fieldOf(value, "spec");
  const own = textOf(spec, "externalSecretName") ?? "";
  const one = fieldOf(spec, "namespaceSelector");
  const selectors = [
    ...(one === undefined || one === null ? [] : [one]),
    ...itemsOf(fieldOf(spec, "namespaceSelectors")),
  ];
  const names = itemsOf(fieldOf(spec, "namespaces")).filter((name) => typeof name === "string");
  const asked = { name: own === "" ? ref.name : own, where: { names, selectors } };
  return externalSecret(fieldOf(spec, "externalSecretSpec"), asked);
}

function accountKey(issuer: Value): string | undefined {
  return textOf(fieldAt(issuer, "spec", "acme", "privateKeySecretRef"), "name");
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}
