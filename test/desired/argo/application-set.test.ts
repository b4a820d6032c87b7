import { describe, expect, test } from "vitest";
import { isFault } from "../../../src/core/fault.ts";
import { generatedApplications } from "../../../src/desired/argo/application-set.ts";
import { applicationSetOf } from "../../../src/desired/argo/objects.ts";
import { KustomizationFolders } from "../../../src/desired/kustomization-folders.ts";
import { contextOf, readManifests } from "../../../src/desired/manifests.ts";
import { digester, isNamespaced, RENDERING, treeOf } from "../repositories.ts";
import { applicationSet, REPOSITORY } from "./applications.ts";

const FILES = {
  "apps/web/a.yaml": "x",
  "apps/api/a.yaml": "x",
  "apps/old/a.yaml": "x",
  "apps/.hidden/a.yaml": "x",
  "env/prod.json": '{"cluster": {"name": "p", "size": 1000000}, "on": true}',
  "env/dev.yaml": "- {cluster: {name: d1}}\n- {cluster: {name: d2}}\n",
  "env/bad.txt": "just text",
};

/** Names and paths of what is generated, or the message. */
async function generated(
  generators: string,
  name = "'{{path.basename}}'",
  source = "path: '{{path}}'",
): Promise<unknown> {
  const text = applicationSet("apps", generators, name, source);
  const context = contextOf({ digester, isNamespaced, target: {} });
  const [object] = readManifests("set.yaml", Buffer.from(text), context).objects;
  const set = object === undefined ? undefined : applicationSetOf(object);
  if (set === undefined) throw new Error(text);
  const tree = treeOf(FILES);
  const files = await tree.list("");
  if (isFault(files)) throw new Error("no files");
  const repository = {
    tree,
    files,
    folders: new KustomizationFolders(tree, files),
    origin: REPOSITORY,
  };
  const found = await generatedApplications({ set, repository, renderers: RENDERING.renderers });
  return isFault(found) ? found.message : found.map(({ ref, sources }) => `${ref.name}: ${sources[0]?.path}`);
}

const GIT = `repoURL: ${REPOSITORY}, revision: HEAD`;

describe("what an ApplicationSet generates", () => {
  const SETS: readonly (readonly [string, string, readonly string[] | string, string?, string?])[] = [
    [
      "a list, with values",
      "- list: {elements: [{path: p, path.basename: x}, {path: q, path.basename: z, values: {a: b}}]}",
      ["x: p", "z: q"],
    ],
    [
      "folders of the repository, none hidden, one left out",
      `- git: {${GIT}, directories: [{path: apps/*}, {path: apps/old, exclude: true}]}`,
      ["api: apps/api", "web: apps/web"],
    ],
    [
      "files: one map, and a list of maps",
      `- git: {${GIT}, files: [{path: 'env/*.json'}, {path: env/dev.yaml}]}`,
      ["d1: dev.yaml", "d2: dev.yaml", "p: prod.json"],
      "'{{cluster.name}}'",
      "path: '{{ path.filename }}'",
    ],
    [
      "numbers as Go prints them",
      `- git: {${GIT}, files: [{path: env/prod.json}]}`,
      ["p: 1e+06 true env"],
      "'{{cluster.name}}'",
      "path: '{{cluster.size}} {{on}} {{path[0]}}'",
    ],
    [
      "a matrix, whose second generator is filled by the first",
      `- matrix: {generators: [{list: {elements: [{dir: apps}, {dir: env}]}}, {git: {${GIT}, directories: [{path: '{{dir}}/w*'}], values: {id: '{{path.basename}}-{{dir}}'}}}]}`,
      ["web-apps: apps/web"],
      "'{{values.id}}'",
    ],
    [
      "a merge, by a key",
      "- merge: {mergeKeys: [id], generators: [{list: {elements: [{id: a, p: one}, {id: b, p: two}]}}, {list: {elements: [{id: b, p: three}, {id: c, p: four}]}}]}",
      ["a: one", "b: three"],
      "'{{id}}'",
      "path: '{{p}}'",
    ],
    [
      "what a selector lets through",
      `- git: {${GIT}, directories: [{path: apps/*}]}\n  selector: {matchExpressions: [{key: path.basename, operator: In, values: [api]}]}`,
      ["api: apps/api"],
    ],
    [
      "a generator's own template over the set's",
      `- git: {${GIT}, directories: [{path: apps/web}], template: {metadata: {name: 'own-{{path.basename}}'}, spec: {project: '', destination: {}}}}`,
      ["own-web: apps/web"],
    ],
    [
      "what is not known stays as it stands",
      "- list: {elements: [{a: x}]}",
      ["x: {{nope}}"],
      "'{{a}}'",
      "path: '{{nope}}'",
    ],
    [
      "another repository",
      "- git: {repoURL: 'https://me:secret@git.example.com/org/other', directories: [{path: '*'}]}",
      'ApplicationSet/apps in argocd reads another repository, "https://git.example.com/org/other"',
    ],
    [
      "clusters",
      "- clusters: {}",
      "ApplicationSet/apps in argocd generates Applications by clusters, which only Argo CD can tell",
    ],
    [
      "pull requests in a matrix",
      "- matrix: {generators: [{pullRequest: {}}, {list: {elements: []}}]}",
      "ApplicationSet/apps in argocd generates Applications by pullRequest, which only Argo CD can tell",
    ],
    [
      "a name twice",
      "- list: {elements: [{path: p}, {path: q}]}",
      'ApplicationSet/apps in argocd generates two Applications called "x"',
      "x",
    ],
    [
      "a name that is none",
      "- list: {elements: [{path: p}]}",
      'ApplicationSet/apps in argocd generates an Application with the name "{{path.basename}}", which is none',
    ],
    [
      "a file of text",
      `- git: {${GIT}, files: [{path: env/bad.txt}]}`,
      'ApplicationSet/apps in argocd reads "env/bad.txt", which holds no maps',
    ],
    [
      "a matrix that disagrees",
      "- matrix: {generators: [{list: {elements: [{a: x}]}}, {list: {elements: [{a: z}]}}]}",
      "ApplicationSet/apps in argocd has a matrix whose generators give one parameter two values",
    ],
    [
      "a merge with a key twice",
      "- merge: {mergeKeys: [id], generators: [{list: {elements: [{id: a}, {id: a}]}}, {list: {elements: []}}]}",
      "ApplicationSet/apps in argocd has a merge in which one generator gives a key twice",
    ],
    [
      "a matrix of a thousand by a thousand",
      `- matrix: {generators: [{list: {elements: [${"{a: x},".repeat(1000)}]}}, {list: {elements: [${"{b: z},".repeat(1000)}]}}]}`,
      "ApplicationSet/apps in argocd generates more than 5000 Applications",
    ],
    [
      "a tag without an end",
      "- list: {elements: [{a: x}]}",
      'ApplicationSet/apps in argocd has a template that is none: "{{a}} {{b"',
      "x",
      "path: '{{a}} {{b'",
    ],
  ];

  test.each(SETS.map((one) => ({ what: one[0], one })))(
    "$what",
    async ({ one: [, generators, expected, name, source] }) => {
      expect(await generated(generators, name, source)).toEqual(expected);
    },
  );
});
