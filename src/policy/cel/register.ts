/** How libraries register their functions with the engine. */

import type { Environment } from "@marcbachmann/cel-js";
import type { CelValue } from "./value.ts";

/** A function of the language; its arguments are what the signature says. It throws where CEL has an error. */
// oxlint-disable-next-line typescript/no-explicit-any -- the signature, not the compiler, tells each handler's arguments
type Handler = (...args: any[]) => CelValue;

/** `signature` as the engine writes it: `string.find(string): string`. */
export type Register = (signature: string, handler: Handler) => void;

/** A function's library: what it adds to the language. */
export type Library = (environment: Environment, register: Register) => void;

export function registerWith(environment: Environment): Register {
  // Handlers are synchronous: the engine would otherwise guard every call for promises.
  return (signature, handler) => void environment.registerFunction(signature, handler, { async: false });
}

/** An error of the language, such as an index out of range. */
export class CelFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CelFailure";
  }
}
