/**
 * Fields that the API server keeps alike under an older and a present name: it writes both, whichever it was sent. Who
 * sent one by server-side apply owns that one alone.
 */

import type { KindRef } from "../core/refs.ts";
import { builtinKind } from "./scopes.ts";

interface Twins {
  /** Of one kind; absent: of all built-in ones, which have the type in many places. */
  readonly kind?: string;
  readonly holder: string;
  readonly names: readonly [string, string];
  readonly source: string;
}

const TWINS: readonly Twins[] = [
  {
    holder: "spec",
    names: ["serviceAccount", "serviceAccountName"],
    source: "kubernetes pkg/apis/core/v1/conversion.go, Convert_v1_PodSpec_To_core_PodSpec",
  },
  {
    kind: "Node",
    holder: "spec",
    names: ["podCIDR", "podCIDRs"],
    source: "kubernetes pkg/apis/core/v1/conversion.go, Convert_v1_NodeSpec_To_core_NodeSpec",
  },
];

/** The other name of a field in a map that is called `holder`; `undefined` where it has none. */
export type OtherName = (holder: string | undefined, name: string) => string | undefined;

export function otherNames(kind: KindRef): OtherName {
  const known = builtinKind(kind) === undefined ? [] : TWINS.filter((one) => (one.kind ?? kind.kind) === kind.kind);
  return (holder, name) => {
    const [one, other] = known.find((twins) => twins.holder === holder && twins.names.includes(name))?.names ?? [];
    return name === one ? other : one;
  };
}
