/** The environment of an admission policy's expressions: its variables and Kubernetes' function libraries. */

import { Environment } from "@marcbachmann/cel-js";
import { registerAuthorizer } from "./cel/library/authorizer.ts";
import { registerConversions } from "./cel/library/conversions.ts";
import { registerIp } from "./cel/library/ip.ts";
import { registerLists } from "./cel/library/lists.ts";
import { registerMath } from "./cel/library/math.ts";
import { registerNamedFormats } from "./cel/library/named-formats.ts";
import { registerOptionals } from "./cel/library/optionals.ts";
import { registerQuantity } from "./quantity-library.ts";
import { registerRegex } from "./cel/library/regex.ts";
import { registerSemver } from "./cel/library/semver.ts";
import { registerSets } from "./cel/library/sets.ts";
import { registerStrings } from "./cel/library/strings.ts";
import { registerTextFormat } from "./cel/library/text-format.ts";
import { registerUrl } from "./cel/library/url.ts";
import { registerMacros } from "./cel/macros.ts";
import { AdmissionRequestRecord, Authorizer, Variables } from "./cel/records.ts";
import { registerWith } from "./cel/register.ts";
import type { Library } from "./cel/register.ts";

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
