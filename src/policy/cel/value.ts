/** Values as the engine takes them. */

/** What expressions work on: strings, booleans, null, bigint (int), number (double), arrays, Maps and opaque classes. */
export type CelValue = unknown;
