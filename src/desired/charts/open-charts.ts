/** Fetches charts for one pass: each once, from where the operator allows it, or from the cache. */

import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isFault } from "../../core/fault.ts";
import type { Fault } from "../../core/fault.ts";
import { textOf } from "../../core/value.ts";
import { decodeText } from "../../yaml/content.ts";
import { readYaml } from "../../yaml/read.ts";
import { CHART_NAME } from "../render/helm.ts";
import { chartMissing } from "../render/kustomize.ts";
import type { RendererBinary } from "../render/binaries.ts";
import { addressText, chartAddress, grantFor } from "./address.ts";
import { ArchiveRefused, readArchive } from "./archive.ts";
import type { ChartCache } from "./cache.ts";
import { chartUnfetched } from "./charts.ts";
import type { ChartGrant, ChartSource, FetchedChart, WantedChart } from "./charts.ts";
import { addRepository, FETCH_LIMITS, pullChart } from "./pull.ts";
import type { Asked, FetchLimits, NotPulled, PullInput } from "./pull.ts";

/** The operator's: what may be fetched, and where it is kept. */
export interface ChartsInput {
  readonly grants: readonly ChartGrant[];
  readonly cache?: ChartCache;
  readonly limits?: Partial<FetchLimits>;
  /** Where a name leads; default: as the system says. */
  readonly resolve?: (host: string) => Promise<string>;
}

export interface OpenCharts extends ChartsInput {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly helm: () => Promise<RendererBinary | Fault>;
  /** A folder that is removed in the end: what Helm keeps between two runs, credentials among it. */
  readonly folder: () => Promise<string>;
  readonly signal?: AbortSignal;
}

export function openCharts(input: OpenCharts): ChartSource {
  return new Charts(input);
}

class Charts implements ChartSource {
  readonly #input: OpenCharts;
  readonly #fetched = new Map<string, Promise<FetchedChart | NotPulled | Fault>>();
  readonly #repositories = new Map<string, Promise<NotPulled | undefined>>();
  #homes = 0;

  constructor(input: OpenCharts) {
    this.#input = input;
  }

  async fetch(wanted: WantedChart): Promise<FetchedChart | Fault> {
    return await this.#find(wanted, (asked, key) => this.#fetch(asked, key));
  }

  offline(): ChartSource {
    const source: ChartSource = {
      fetch: (wanted) => this.#find(wanted, () => undefined),
      offline: () => source,
    };
    return source;
  }

  async #find(
    wanted: WantedChart,
    fetch: (asked: Asked, key: readonly string[]) => Promise<FetchedChart | NotPulled | Fault> | undefined,
  ): Promise<FetchedChart | Fault> {
    const address = chartAddress(wanted.repository);
    const grant = address === undefined ? undefined : grantFor(addressOf(wanted, address), this.#input.grants);
    if (address === undefined || grant === undefined) return chartMissing(wanted);
    const shown = addressText(address);
    const wrong = wrongIn(wanted);
    if (wrong !== undefined) return chartUnfetched(wanted, shown, wrong);
    const { name, version, whole, digest } = wanted;
    const key = [shown, name, version ?? "", String(whole === true), digest ?? ""];
    const id = JSON.stringify(key);
    const known = this.#fetched.get(id) ?? fetch({ wanted, address, grant }, key);
    if (known === undefined) return chartMissing(wanted);
    this.#fetched.set(id, known);
    const found = await known;
    return "why" in found ? chartUnfetched(wanted, shown, found.why) : found;
  }

  async #fetch(asked: Asked, key: readonly string[]): Promise<FetchedChart | NotPulled | Fault> {
    const { cache } = this.#input;
    const lasting = isExact(asked.wanted);
    const kept = lasting ? await cache?.get(key) : undefined;
    const archive = kept ?? (await this.#pull(asked));
    if (!Buffer.isBuffer(archive)) return archive;
    const chart = await chartIn(archive, addressText(asked.address));
    if (kept === undefined && lasting && !("why" in chart)) await cache?.put(key, archive);
    return chart;
  }

  async #pull(asked: Asked): Promise<Buffer | NotPulled | Fault> {
    const helm = await this.#input.helm();
    if (isFault(helm)) return helm;
    const { environment, grants, limits, resolve, signal } = this.#input;
    const input: PullInput = {
      helm: helm.path,
      environment,
      grants,
      limits: { ...FETCH_LIMITS, ...limits },
      ...(resolve === undefined ? {} : { resolve }),
      ...(signal === undefined ? {} : { signal }),
    };
    if (asked.address.scheme === "oci") {
      const home = await this.#home();
      await mkdir(home, { mode: 0o700 });
      return await pullChart(input, asked, home);
    }
    const { home, added } = await this.#repository(input, asked);
    return (await added) ?? (await pullChart(input, asked, home));
  }

  /** An index serves all charts of its repository. */
  async #repository(input: PullInput, asked: Asked) {
    const url = addressText(asked.address);
    const home = join(await this.#input.folder(), `repository-${createHash("sha256").update(url).digest("hex")}`);
    const added = this.#repositories.get(url) ?? addRepository(input, asked, home);
    this.#repositories.set(url, added);
    return { home, added };
  }

  async #home(): Promise<string> {
    this.#homes += 1;
    const number = this.#homes;
    return join(await this.#input.folder(), `registry-${number}`);
  }
}

/** The operator's word is about where the chart stands. */
function addressOf({ name, whole }: WantedChart, address: ReturnType<typeof chartAddress> & object) {
  if (address.scheme !== "oci" || whole === true) return address;
  return { ...address, path: address.path === "" ? name : `${address.path}/${name}` };
}

/** What would be an option of Helm's, or another address. */
function wrongIn({ name, version, digest }: WantedChart): string | undefined {
  if (!CHART_NAME.test(name) || name.startsWith("-")) return "that is no name of a chart";
  if (version !== undefined && !/^[\w.+*^~<>=!|, -]{1,200}$/.test(version)) return "that is no version, and no range";
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) return "that is no SHA-256 digest";
  return undefined;
}

/** What is called so stays the same, or should. */
function isExact({ version, digest }: WantedChart): boolean {
  return digest !== undefined || (version !== undefined && /^v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/.test(version));
}

async function chartIn(archive: Buffer, repository: string): Promise<FetchedChart | NotPulled> {
  try {
    const files = await readArchive(archive);
    const text = decodeText(files.get("Chart.yaml") ?? new Uint8Array());
    const chart = text === undefined ? undefined : readYaml(text, { file: "Chart.yaml" }).documents[0]?.value;
    const name = textOf(chart, "name") ?? "";
    const version = textOf(chart, "version") ?? "";
    // Both become a folder's name.
    if (!CHART_NAME.test(name) || !/^[0-9A-Za-z][0-9A-Za-z.+-]{0,200}$/.test(version)) {
      return { why: "its Chart.yaml says no name, or no version" };
    }
    const digest = createHash("sha256").update(archive).digest("hex");
    return { name, version, repository, digest, files };
  } catch (error) {
    if (error instanceof ArchiveRefused) return { why: `the archive cannot be used: ${error.message}` };
    throw error;
  }
}
