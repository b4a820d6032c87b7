// The command lines of the servers. Flags: `kube-apiserver --help` and its like of the built version.

import { join } from "node:path";
import type { StartOrder } from "./keeper.ts";

export interface ServerSetup {
  readonly folder: string;
  readonly ports: { readonly etcdClient: number; readonly etcdPeer: number; readonly api: number };
  /** File for `--token-auth-file`. */
  readonly tokens: string;
  /** RSA key in PEM, of the service accounts' tokens. */
  readonly serviceAccountKey: string;
  readonly certificates: string;
  readonly certificate: string;
  readonly certificateKey: string;
  readonly adminKubeconfig: string;
  readonly controllerManager: boolean;
}

export function etcdOrder(command: string, { folder, ports }: ServerSetup): StartOrder {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return order({ name: "etcd", command, folder }, [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ]);
}

export function apiServerOrder(
  command: string,
  setup: ServerSetup & { readonly flags: readonly string[] },
): StartOrder {
  return order({ name: "kube-apiserver", command, folder: setup.folder }, [
    `--etcd-servers=http://127.0.0.1:${setup.ports.etcdClient}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${setup.ports.api}`,
    // Goes into the endpoints of the `kubernetes` Service, where a loopback address is invalid, and a machine may have
    // no other. Nobody calls it: 192.0.2.0/24 is reserved for documentation.
    "--advertise-address=192.0.2.1",
    `--cert-dir=${setup.certificates}`,
    `--service-account-issuer=https://kubernetes.default.svc`,
    `--service-account-signing-key-file=${setup.serviceAccountKey}`,
    `--service-account-key-file=${setup.serviceAccountKey}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    `--token-auth-file=${setup.tokens}`,
    "--authorization-mode=RBAC",
    "--allow-privileged=true",
    // Without the controller manager there is no `default` ServiceAccount, and this plugin would refuse every Pod.
    ...(setup.controllerManager ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    ...setup.flags,
  ]);
}

export function controllerManagerOrder(command: string, setup: ServerSetup): StartOrder {
  return order({ name: "kube-controller-manager", command, folder: setup.folder }, [
    `--kubeconfig=${setup.adminKubeconfig}`,
    `--service-account-private-key-file=${setup.serviceAccountKey}`,
    "--use-service-account-credentials=true",
    "--leader-elect=false",
    "--secure-port=0",
    // The default of 20 requests a second makes the ServiceAccounts of its own controllers take 5 seconds.
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    // There are no nodes, and Pods that wait for one forever are to be left alone.
    "--controllers=*,-nodelifecycle",
  ]);
}

interface Server {
  readonly name: string;
  readonly command: string;
  readonly folder: string;
}

function order({ name, command, folder }: Server, args: readonly string[]): StartOrder {
  // An empty environment but for these: no proxy variable and no cloud credential of the machine reaches a server.
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder };
  return { name, command, args, log: join(folder, `${name}.log`), env };
}
