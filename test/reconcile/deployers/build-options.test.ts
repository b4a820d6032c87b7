import { expect, test } from "vitest";
import { unfollowedOptions } from "../../../src/reconcile/deployers/build-options.ts";

test.each<readonly [string, string, readonly string[]]>([
  ["nothing at all", "", []],
  ["what is let in here, too", "--load-restrictor LoadRestrictionsNone --enable-helm", []],
  ["values behind a sign", "--load-restrictor=LoadRestrictionsNone  --enable-helm=true -e A=b", []],
  ["what is refused wherever it is asked for", "--enable-alpha-plugins --enable-exec --network --mount type=bind", []],
  ["what adds a label", "--enable-helm --enable-managedby-label", ["--enable-managedby-label (known)"]],
  ["a label that is not asked for", "--enable-managedby-label=false", []],
  ["another cluster for charts", "--helm-kube-version 1.20 --enable-helm", ["--helm-kube-version (known)"]],
  ["what kustomize does not know, once", "--nope 1 --nope", ["--nope (unknown)", "1 (unknown)"]],
  ["names that every object has", "__proto__ constructor=x", ["__proto__ (unknown)", "constructor (unknown)"]],
])("%s", (_what, text, expected) => {
  const found = unfollowedOptions(text).map(({ option, known }) => `${option} (${known ? "known" : "unknown"})`);
  expect(found).toEqual(expected);
});
