/** What webhooks mean for the schedule. A delivery comes once, twice or never: the same event again only hurries again. */

export type Wish =
  /** Look at this repository (`owner/name`) soon. */
  | { readonly kind: "pass"; readonly repository: string }
  /** Look soon where the App is installed. */
  | { readonly kind: "installations" };

export interface Delivery {
  readonly name: string;
  readonly payload: unknown;
}

/** Events of the App itself (`login`) are what a pass did: they ask for nothing. Payloads are read as what they are: anybody's data. */
export function wishOf({ name, payload }: Delivery, login: string): Wish | undefined {
  const event = toEvent(payload);
  const { action, repository } = event;
  switch (name) {
    case "installation":
    case "installation_repositories":
    case "repository":
      return { kind: "installations" };
    case "push":
      return event.ref === `refs/heads/${event.defaultBranch}` ? passOf(repository) : undefined;
    case "pull_request":
    case "issues": {
      const moved = action === "closed" || action === "reopened";
      return moved && event.sender.toLowerCase() !== login.toLowerCase() ? passOf(repository) : undefined;
    }
    default:
      return undefined;
  }
}

/** Remembers the newest ids, so that a delivery that is sent again (by anybody who recorded it) is not looked at twice. */
export interface SeenDeliveries {
  /** Whether it is new; it is not new afterwards. */
  first(id: string): boolean;
}

export function rememberDeliveries(most: number): SeenDeliveries {
  const seen = new Set<string>();
  return {
    first: (id) => {
      if (seen.has(id)) return false;
      seen.add(id);
      const [oldest] = seen;
      if (seen.size > most && oldest !== undefined) seen.delete(oldest);
      return true;
    },
  };
}

function passOf(repository: string): Wish | undefined {
  return repository === "" ? undefined : { kind: "pass", repository };
}

interface Event {
  readonly action: string;
  readonly ref: string;
  readonly repository: string;
  readonly defaultBranch: string;
  readonly sender: string;
}

function toEvent(payload: unknown): Event {
  const repository = field(payload, "repository");
  return {
    action: text(payload, "action"),
    ref: text(payload, "ref"),
    repository: text(repository, "full_name"),
    defaultBranch: text(repository, "default_branch"),
    sender: text(field(payload, "sender"), "login"),
  };
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}
