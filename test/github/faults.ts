/** What goes wrong with a request, and with which. */
export type Fault = {
  /** Any method where it is left out. */
  readonly method?: string;
  /** Matched against the path, without query and `/api/v3`. */
  readonly path: RegExp;
  /** The first matching request that goes wrong, counted from now; 1 where it is left out. */
  readonly nth?: number;
  /** How many go wrong from there on; 1 where it is left out. */
  readonly times?: number;
} & (
  | {
      /** Answered with this status; nothing happens. */
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
    }
  /** The connection is cut, and nothing happens. */
  | { readonly kind: "drop-before" }
  /** What was asked for happens, then the connection is cut instead of an answer. */
  | { readonly kind: "drop-after" }
  /** No answer ever; nothing happens. */
  | { readonly kind: "stall" }
  /** A list does not show yet what was created after the fault was ordered, as GitHub's lists lag behind its writes. */
  | { readonly kind: "lag" }
);

/** With the time of its order, in milliseconds. */
export type OrderedFault = Fault & { readonly ordered: number };

/** The faults on order. Each counts the requests that match it. */
export class Faults {
  #ordered: { fault: OrderedFault; seen: number }[] = [];

  add(fault: Fault): void {
    this.#ordered.push({ fault: { ...fault, ordered: Date.now() }, seen: 0 });
  }

  clear(): void {
    this.#ordered = [];
  }

  /** The fault of this request, if any; to be asked once for each. */
  next(method: string, path: string): OrderedFault | undefined {
    const matching = this.#ordered.filter(
      ({ fault }) => (fault.method === undefined || fault.method === method) && fault.path.test(path),
    );
    for (const entry of matching) entry.seen++;
    const due = matching.find(({ fault: { nth = 1, times = 1 }, seen }) => seen >= nth && seen < nth + times);
    return due?.fault;
  }
}
