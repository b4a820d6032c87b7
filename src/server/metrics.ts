/**
 * Metrics for Prometheus. No repository's name is among the labels: who may reach the webhooks' port may read them, and a
 * private repository's name is private.
 */

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import type { RepositoryOutcome } from "../app/server-pass.ts";

export interface Metrics {
  /** Counts one pass. */
  take(outcome: RepositoryOutcome, milliseconds: number): void;
  readonly contentType: string;
  text(): Promise<string>;
}

const DURATIONS = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** Drifts of each repository's last pass: state and verdict → how many. */
type Drifts = Map<string, ReadonlyMap<string, number>>;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const drifts: Drifts = new Map();
  const passes = new Counter({
    name: "holdfast_passes_total",
    help: "Passes over a repository, by result",
    labelNames: ["result"],
    registers,
  });
  const duration = new Histogram({
    name: "holdfast_pass_duration_seconds",
    help: "Length of a pass over a repository",
    buckets: DURATIONS,
    registers,
  });
  const faults = new Counter({
    name: "holdfast_faults_total",
    help: "Faults of passes, by code",
    labelNames: ["code"],
    registers,
  });
  const published = new Counter({
    name: "holdfast_published_total",
    help: "What was done to pull requests and issues",
    labelNames: ["kind", "did"],
    registers,
  });
  registry.registerMetric(driftGauge(drifts));
  return {
    take: (outcome, milliseconds) => {
      passes.inc({ result: resultOf(outcome) });
      duration.observe(milliseconds / 1000);
      for (const code of faultsOf(outcome)) faults.inc({ code });
      for (const { kind, did } of outcome.clusters.flatMap((cluster) => cluster.published.actions))
        published.inc({ kind, did });
      // A pass that compared nothing leaves what the one before it saw.
      if (outcome.clusters.length > 0) drifts.set(outcome.repository.toLowerCase(), driftsOf(outcome));
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/** Counted when it is asked for. */
function driftGauge(drifts: Drifts): Gauge<"state" | "verdict"> {
  return new Gauge({
    name: "holdfast_drifts",
    help: "Objects that differ, of each repository's last pass, by state and verdict",
    labelNames: ["state", "verdict"],
    registers: [],
    collect() {
      this.reset();
      for (const counts of drifts.values()) {
        for (const [key, count] of counts) {
          const [state = "", verdict = ""] = key.split(" ");
          this.inc({ state, verdict }, count);
        }
      }
    },
  });
}

function driftsOf({ clusters }: RepositoryOutcome): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { drift, judgement } of clusters.flatMap(({ pass }) => pass.results)) {
    const key = `${drift.state} ${judgement.verdict}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function faultsOf({ faults, clusters }: RepositoryOutcome): readonly string[] {
  const all = [...faults, ...clusters.flatMap(({ pass, published }) => [...pass.faults, ...published.faults])];
  return all.map(({ code }) => code);
}

function resultOf(outcome: RepositoryOutcome): "complete" | "incomplete" | "failed" {
  if (outcome.clusters.length === 0) return "failed";
  const published = outcome.clusters.every((cluster) => cluster.published.faults.length === 0);
  return outcome.faults.length === 0 && published && outcome.clusters.every(({ pass }) => pass.complete)
    ? "complete"
    : "incomplete";
}
