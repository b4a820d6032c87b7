/** Which charts one repository's manifests may have fetched, and with whose password: the operator's word, and nothing else. */

import { grantedCharts } from "../config/server.ts";
import type { ServerConfig } from "../config/server.ts";
import type { Fault } from "../core/fault.ts";
import type { ChartGrant } from "../desired/charts/charts.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** {@link missingPasswords} has seen to it that the passwords are there. */
export function chartGrants(server: ServerConfig, repository: string, environment: Environment): readonly ChartGrant[] {
  return grantedCharts(server, repository).map(({ address, username, passwordEnv, plainHttp }) => {
    const password = passwordEnv === undefined ? undefined : environment[passwordEnv];
    return {
      address,
      ...(username === undefined || password === undefined ? {} : { username, password }),
      ...(plainHttp === undefined ? {} : { plainHttp }),
    };
  });
}

/** Passwords that the configuration names, and the environment does not hold. */
export function missingPasswords(server: ServerConfig, environment: Environment): readonly Fault[] {
  const names = server.charts.flatMap(({ passwordEnv }) => passwordEnv ?? []);
  return [...new Set(names)]
    .filter((name) => (environment[name] ?? "") === "")
    .map((name) => ({
      kind: "fault",
      code: "usage",
      about: name,
      message: `the environment variable ${name} is not set, and the server configuration takes a password for charts from it`,
      remedy: "set it, or take username and passwordEnv out of charts",
      leavesUnknown: "nothing",
    }));
}
