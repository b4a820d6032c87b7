/** The environment of an admission policy's expressions: its variables and Kubernetes' function libraries. */

import { Environment } from "@marcbachmann/cel-js";
import { registerAuthorizer } from "./library/authorizer.ts";
import { registerConversions } from "./library/conversions.ts";
import { registerIp } from "./library/ip.ts";
import { registerLists } from "./library/lists.ts";
import { registerMath } from "./library/math.ts";
import { registerNamedFormats } from "./library/named-formats.ts";
import { registerOptionals } from "./library/optionals.ts";
import { registerQuantity } from "./library/quantity.ts";
import { registerRegex } from "./library/regex.ts";
import { registerSemver } from "./library/semver.ts";
import { registerSets } from "./library/sets.ts";
import { registerStrings } from "./library/strings.ts";
import { registerTextFormat } from "./library/text-format.ts";
import { registerUrl } from "./library/url.ts";
import { registerMacros } from "./macros.ts";
import { AdmissionRequestRecord, Authorizer, Variables } from "./records.ts";
import { registerWith } from "./register.ts";
import type { Library } from "./register.ts";

const LIBRARIES: readonly Library[] = [
  registerAuthorizer,
  registerConversions,
  registerIp,
  registerLists,
  registerMath,
  registerNamedFormats,
  registerOptionals,
  registerQuantity,
  registerRegex,
  registerSemver,
  registerSets,
  registerStrings,
  registerTextFormat,
  registerUrl,
];

/** Fields of `request` (admission/v1 AdmissionRequest); what is not listed does not compile. */
const REQUEST_FIELDS = {
  dryRun: "dyn",
  kind: "dyn",
  name: "dyn",
  namespace: "dyn",
  operation: "string",
  options: "dyn",
  requestKind: "dyn",
  requestResource: "dyn",
  requestSubResource: "dyn",
  resource: "dyn",
  subResource: "dyn",
  uid: "dyn",
  userInfo: "dyn",
} as const;

/** A fresh environment; making one takes milliseconds, so make one for all policies. */
export function policyEnvironment(): Environment {
  const environment = libraryEnvironment();
  environment.registerType("kubernetes.Variables", Variables);
  environment.registerType("kubernetes.AdmissionRequest", {
    ctor: AdmissionRequestRecord,
    fields: { ...REQUEST_FIELDS },
  });
  for (const name of ["object", "oldObject", "namespaceObject", "params"]) environment.registerVariable(name, "dyn");
  environment.registerVariable("variables", "kubernetes.Variables");
  environment.registerVariable("request", "kubernetes.AdmissionRequest");
  environment.registerVariable("authorizer", "kubernetes.authorization.Authorizer");
  return environment;
}

/** The language and its libraries alone. */
export function libraryEnvironment(): Environment {
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  const register = registerWith(environment);
  registerMacros(register);
  environment.registerType("kubernetes.authorization.Authorizer", Authorizer);
  for (const library of LIBRARIES) library(environment, register);
  return environment;
}
