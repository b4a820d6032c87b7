import { describe, expect, test } from "vitest";
import { systemMaker } from "../../src/kinds/system-made.ts";
import { liveOf, yaml } from "../drift/objects.ts";

const MADE: readonly [string, string][] = [
  ["the default ServiceAccount", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}"],
  ["the root certificates", "{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}}"],
  [
    "a Helm release",
    "{apiVersion: v1, kind: Secret, type: helm.sh/release.v1, metadata: {name: sh.helm.release.v1.web.v3, labels: {owner: helm}}}",
  ],
  [
    "a ServiceAccount's token",
    "{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: t, annotations: {kubernetes.io/service-account.uid: u}}}",
  ],
  [
    "a certificate's Secret",
    "{apiVersion: v1, kind: Secret, metadata: {name: tls, annotations: {cert-manager.io/certificate-name: web}}}",
  ],
  [
    "an EndpointSlice of the controller",
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-x, labels: {endpointslice.kubernetes.io/managed-by: c}}}",
  ],
  ["a Lease", "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: leader, namespace: shop}}"],
  ["an Event", "{apiVersion: v1, kind: Event, metadata: {name: web.1, namespace: shop}}"],
  ["the API server's Service", "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}}"],
  [
    "a role of the bootstrap policy",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:node', labels: {kubernetes.io/bootstrapping: rbac-defaults}}}",
  ],
  [
    "a binding of the bootstrap policy",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: 'system:controller:bootstrap-signer', namespace: kube-public, labels: {kubernetes.io/bootstrapping: rbac-defaults}}}",
  ],
];

const HAND_MADE: readonly [string, string][] = [
  [
    "a Service called kubernetes elsewhere",
    "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: shop}}",
  ],
  [
    "a role that only bears the bootstrap label",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: mine, labels: {kubernetes.io/bootstrapping: rbac-defaults}}}",
  ],
  [
    "a role that only bears a system name",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:mine'}}",
  ],
  [
    "a binding that looks like the bootstrap policy's, in a namespace of users",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: 'system:mine', namespace: shop, labels: {kubernetes.io/bootstrapping: rbac-defaults}}}",
  ],
  [
    "a Secret that only has a release's name",
    "{apiVersion: v1, kind: Secret, type: Opaque, metadata: {name: sh.helm.release.v1.web.v3}}",
  ],
  [
    "a ServiceAccount of another name",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: shop}}",
  ],
  ["another group's Lease", "{apiVersion: example.com/v1, kind: Lease, metadata: {name: car}}"],
];

describe("objects that the system makes", () => {
  test.each(MADE)("%s is known, with its source", (_, text) => {
    expect(systemMaker(liveOf(yaml(text)))?.source).toMatch(/./);
  });

  test.each(HAND_MADE)("%s is not taken for one", (_, text) => {
    expect(systemMaker(liveOf(yaml(text)))).toBeUndefined();
  });
});
