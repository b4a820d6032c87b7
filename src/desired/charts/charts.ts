/**
 * Charts that the repository names and does not hold: fetched by Helm itself from where the operator allows it, outside of the
 * renderers' sandbox, into a cache by content. Nothing in a repository has a say in what may be fetched, or by whose password.
 */

import type { Fault } from "../../core/fault.ts";

/** What Git asks for. All of it is text that anybody who may commit has written. */
export interface WantedChart {
  /** The object or folder that needs it, and the file that says so. */
  readonly about: string;
  readonly file: string;
  readonly name: string;
  /** A version, a range, or a tag; absent: the newest. */
  readonly version?: string;
  /** The address of a chart repository, or of a registry (`oci://`). */
  readonly repository: string;
  /** The address is the chart's own (Flux' OCIRepository), and not of what holds it. */
  readonly whole?: boolean;
  /** `sha256:…` of the manifest in the registry. */
  readonly digest?: string;
}

export interface FetchedChart {
  /** As Chart.yaml says them. */
  readonly name: string;
  readonly version: string;
  /** Where it came from, without credentials. */
  readonly repository: string;
  /** SHA-256 of the archive, in hexadecimal digits. */
  readonly digest: string;
  /** By path below the chart's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface ChartSource {
  /** Faults: `chart-missing` for what nobody allowed, `chart-unfetched` for what was allowed and did not come. */
  fetch(wanted: WantedChart): Promise<FetchedChart | Fault>;
  /** The same without a network: what was fetched already, and `chart-missing` for all else. For what Git does not really ask for. */
  offline(): ChartSource;
}

/** The operator's word about one address. */
export interface ChartGrant {
  /** This address, and everything below it; `public`: whatever stands on a public address, without a password. */
  readonly address: string;
  readonly username?: string;
  readonly password?: string;
  /** A registry without TLS; on this machine it is one anyway. */
  readonly plainHttp?: boolean;
}

/** One that was allowed, and did not come. `why` holds no credentials. */
export function chartUnfetched(wanted: WantedChart, shown: string, why: string): Fault {
  const { about, file, name, version } = wanted;
  const which = `${name}${version === undefined ? "" : ` ${version}`}`;
  return {
    kind: "fault",
    code: "chart-unfetched",
    about: about === "" ? "." : about,
    message: `the chart ${which} cannot be fetched from ${shown}: ${why}`,
    remedy:
      "see to it that the chart is there and the operator's credentials may read it, or vendor it in the repository",
    position: { file, line: 1 },
    leavesUnknown: "declared",
  };
}
