/** Where a server's log lines go. Fields are names, codes, counts and addresses: never a payload, a token or an object. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
