/** What kubectl calls built-in kinds for short (`kubectl api-resources`, pkg/registry's `ShortNames`). */

const SHORT_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    cj: "cronjob",
    cm: "configmap",
    crd: "customresourcedefinition",
    csr: "certificatesigningrequest",
    deploy: "deployment",
    ds: "daemonset",
    ep: "endpoints",
    hpa: "horizontalpodautoscaler",
    ing: "ingress",
    limits: "limitrange",
    netpol: "networkpolicy",
    no: "node",
    ns: "namespace",
    pc: "priorityclass",
    pdb: "poddisruptionbudget",
    po: "pod",
    pv: "persistentvolume",
    pvc: "persistentvolumeclaim",
    quota: "resourcequota",
    rc: "replicationcontroller",
    rs: "replicaset",
    sa: "serviceaccount",
    sc: "storageclass",
    sts: "statefulset",
    svc: "service",
  }),
);

/** The kind, in lower case, that a short name stands for; other names stand for themselves. */
export function kindOfShortName(name: string): string {
  return SHORT_NAMES.get(name) ?? name;
}
