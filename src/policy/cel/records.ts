/** Objects of the environment whose fields are worked out when asked for: `variables` and `request`. */

import type { CelValue } from "./value.ts";

/** Thrown where an expression reads what no one can know after the fact: who asked, what he was allowed. No error of the policy. */
export class NotKnowable extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotKnowable";
  }
}

type Lazy = () => CelValue;

/** A map whose entries are computed at first use; what throws once throws again. */
class LazyRecord extends Map<string, CelValue> {
  readonly #entries: ReadonlyMap<string, Lazy>;
  readonly #failures = new Map<string, unknown>();

  constructor(entries: ReadonlyMap<string, Lazy>) {
    super();
    this.#entries = entries;
  }

  override get(name: string): CelValue {
    if (super.has(name)) return super.get(name);
    if (this.#failures.has(name)) throw this.#failures.get(name);
    const compute = this.#entries.get(name);
    if (compute === undefined) return undefined;
    try {
      const value = compute();
      super.set(name, value);
      return value;
    } catch (error) {
      this.#failures.set(name, error);
      throw error;
    }
  }
}

/** `variables`: each computed at most once a request. */
export class Variables extends LazyRecord {}

/** `request`: fields that nobody can know throw {@link NotKnowable} when read. */
export class AdmissionRequestRecord extends LazyRecord {}

/** `authorizer`: everything that it is asked throws {@link NotKnowable}. */
export class Authorizer {
  readonly kind = "authorizer";
}
