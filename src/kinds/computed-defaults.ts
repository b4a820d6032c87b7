/** Defaults that the API server computes from other fields, so that no table can hold them. */

import type { Value } from "../core/value.ts";
import type { DefaultQuery } from "./defaults.ts";

/** As `serverDefault`, for the fields listed here; `undefined` for all others. */
export function computedDefault({ names, parent }: DefaultQuery): Value | undefined {
  switch (names.at(-1)) {
    case "targetPort":
      return names.at(-2) === "ports" ? parent["port"] : undefined;
    default:
      return undefined;
  }
}
