/** The server's log: lines of JSON on standard error. */

import { destination, pino } from "pino";
import type { Logger, LoggerOptions } from "pino";

const STANDARD_ERROR = 2;

/** Should a token or a key ever get into a line's fields, it does not get out. */
const REDACT = [
  "token",
  "authorization",
  "headers",
  "secret",
  "privateKey",
  "payload",
  "body",
  "*.token",
  "*.authorization",
  "*.headers",
  "*.secret",
  "*.privateKey",
  "*.payload",
  "*.body",
];

export function serverLog(verbose: boolean): Logger {
  return pino(optionsOf(verbose), destination({ dest: STANDARD_ERROR, sync: true }));
}

/** A log for Probot: see {@link wordsOnlyOptions}. */
export function wordsOnly(verbose: boolean): Logger {
  return pino(wordsOnlyOptions(verbose), destination({ dest: STANDARD_ERROR, sync: true }));
}

/**
 * Probot hands whole events to its logger when a handler or a signature fails: only what stands in the messages' own
 * words is kept, and of errors the kind alone, since a parser's words quote what it read.
 */
export function wordsOnlyOptions(verbose: boolean): LoggerOptions {
  return {
    ...optionsOf(verbose),
    hooks: {
      logMethod(args, method) {
        method.apply(this, [args.map(wordOf).filter(Boolean).join(" ")]);
      },
    },
  };
}

function optionsOf(verbose: boolean): LoggerOptions {
  return {
    base: null,
    level: verbose ? "debug" : "info",
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACT, censor: "[redacted]" },
  };
}

function wordOf(part: unknown): string {
  if (typeof part === "string") return part;
  if (part instanceof AggregateError) return part.errors.map(wordOf).join(", ");
  return part instanceof Error ? part.name : "";
}
