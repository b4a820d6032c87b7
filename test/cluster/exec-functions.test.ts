// Programs that kustomizations have for functions, where the operator lets them be run.

import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { DesiredState } from "../../src/core/stages.ts";
import { diskCache } from "../../src/desired/render/cache.ts";
import { canSandbox } from "../../src/desired/render/sandbox.ts";
import { repositoryOf, temporaryFolder, treeOf } from "../desired/repositories.ts";
import { ensureBinary, whyUnavailable } from "./binaries.ts";
import {
  at,
  chartOf,
  configMap,
  faults,
  folder,
  names,
  probeFolder,
  renderRepository,
  renderTree,
  script,
} from "./rendering.ts";
import type { Rendering } from "./rendering.ts";

const unavailable =
  whyUnavailable(["kustomize", "helm"]) ??
  (canSandbox(probeFolder()) ? undefined : "no user, mount and pid namespaces can be made here");
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

beforeAll(async () => {
  if (unavailable === undefined) for (const name of ["kustomize", "helm"] as const) await ensureBinary(name);
});

const ENC = "ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]";

/** A program that prints this object, in a `ResourceList`, whatever it is given. */
function printing(data: string, before = ""): string {
  return `#!/bin/sh\n${before}\ncat <<END\napiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: made}\n  data: {told: "${data}"}\nEND\n`;
}

const CONFIG = (program: string, name = "gen"): string =>
  `apiVersion: example.com/v1\nkind: Mine\nmetadata:\n  name: ${name}\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ${program}}\n`;

const OVER = {
  "over/kustomization.yaml": "generators: [gen.yaml]\n",
  "over/gen.yaml": CONFIG("./run.sh"),
  "good/kustomization.yaml": "resources: [a.yaml]\n",
  "good/a.yaml": configMap("a"),
};

const GRANTED = { programs: { functions: ["over/run.sh"], plugins: new Map() } };

/** The repository, with programs that may be run. */
async function run(
  files: Readonly<Record<string, string>>,
  options: Rendering = GRANTED,
  programs: readonly string[] = ["over/run.sh"],
): Promise<DesiredState> {
  const change = (dir: string): void => {
    for (const one of programs) if (existsSync(join(dir, one))) chmodSync(join(dir, one), 0o755);
  };
  return await renderRepository(files, change, options);
}

describe.skipIf(unavailable !== undefined)("an exec function that the operator lets be run", () => {
  test("is run from the repository, beside the files that it has there; its objects begin with the kustomization", async () => {
    const state = await run({
      ...OVER,
      "over/run.sh": printing("$(cat ../shared/data.txt)-$0"),
      "shared/data.txt": "text",
    });
    expect(faults(state)).toEqual([]);
    expect(names(state)).toEqual(["ConfigMap/a", "ConfigMap/made"]);
    expect(state.objects[1]?.value).toMatchObject({ data: { told: "text-./run.sh" } });
    expect(state.objects[1]?.origin.file).toMatch(/^over\//);
  });

  test("transforms, and may be a program of this machine, by its path or by its name", async () => {
    const program = script(`sed 's/  told: x/  told: y/'`);
    for (const written of [program, "program"]) {
      const files = {
        "over/kustomization.yaml": "resources: [own.yaml]\ntransformers: [gen.yaml]\n",
        "over/own.yaml": configMap("own", "told: x"),
        "over/gen.yaml": CONFIG(written),
      };
      const state = await run(files, { programs: { functions: [program], plugins: new Map() } });
      expect(faults(state)).toEqual([]);
      expect(at(state, "ConfigMap", "data", "told")).toBe("y");
    }
  });

  test("is run where an Application deploys, beside charts and what SOPS hides", async () => {
    const state = await run({
      ...chartOf("over/charts/shop", { "map.yaml": configMap("{{ .Release.Name }}") }),
      "over/kustomization.yaml":
        "generators: [gen.yaml]\nhelmCharts: [{name: shop, releaseName: shop}]\nsecretGenerator: [{name: s, envs: [s.env]}]\n",
      "over/gen.yaml": CONFIG("./run.sh"),
      "over/run.sh": printing("x"),
      "over/s.env": `a=${ENC}\nsops_version=3.9.0\nsops_mac=${ENC}\nsops_lastmodified=2026-01-01T00:00:00Z\n`,
      "app.yaml":
        'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n  destination: {server: "https://kubernetes.default.svc", namespace: web}\n  source: {repoURL: "https://git.example.com/acme/own", path: over, kustomize: {namePrefix: p-}}\n',
    });
    expect(state.complete).toBe(true);
    expect(names(state)).toEqual(
      expect.arrayContaining(["ConfigMap/p-made", "ConfigMap/p-shop", expect.stringMatching(/^Secret\/p-s-/)]),
    );
    expect(faults(state)).toEqual([expect.stringMatching(/^secrets-encrypted: 1 object/)]);
  });

  test("is one that it named: no other program of the repository or of this machine is", async () => {
    for (const program of ["./other.sh", "../over/other.sh", "/bin/sh", "sh", "../../../bin/sh"]) {
      const state = await run({ ...OVER, "over/gen.yaml": CONFIG(program), "over/other.sh": printing("x") });
      expect(names(state)).toEqual(["ConfigMap/a"]);
      expect(faults(state)).toEqual([
        expect.stringMatching(
          /^render-refused: over needs the plugin Mine, which runs ".*": the operator lets no such/,
        ),
      ]);
    }
    const [fault] = (await run({ ...OVER, "over/run.sh": printing("x") }, {})).faults;
    expect(fault?.remedy).toContain("--allow-exec over/run.sh, or exec in the server's configuration");
  });

  test("is named by its name by itself where its absolute path is granted, which the remedy says", async () => {
    const [fault] = (await run({ ...OVER, "over/gen.yaml": CONFIG("labels"), labels: printing("x") })).faults;
    expect(fault?.remedy).toContain("--allow-exec /path/to/labels, or exec");
  });

  test.each([
    ["by a way through a link and up again", "ln/../run.sh", { "over/ln": "../evil/plug" }, /with \.\. after a name/],
    ["by a way through a folder and up again", "./plain/../run.sh", {}, /with \.\. after a name/],
    ["where it is a link", "./link.sh", { "over/link.sh": "../evil/run.sh" }, /through a symbolic link/],
    ["where it is a link to itself, as it were", "./link.sh", { "over/link.sh": "run.sh" }, /through a symbolic link/],
    ["below a link", "./bin/run.sh", { "over/bin": "../evil" }, /through a symbolic link/],
    ["below a link that leads nowhere", "./bin/run.sh", { "over/bin": "/usr" }, /through a symbolic link/],
    ["where it is not there", "./gone.sh", {}, /it is no file of the repository/],
    ["where it is a folder", "./plain", {}, /it is no file of the repository/],
  ])("is the file at its path: not %s", async (_, program, links, message) => {
    const files = {
      ...OVER,
      "over/gen.yaml": CONFIG(program),
      "over/run.sh": printing("fine"),
      "over/plain/x": "x",
      "evil/run.sh": printing("evil"),
      "evil/plug/x": "x",
    };
    const functions = ["run.sh", "link.sh", "bin/run.sh", "gone.sh", "plain"].map((one) => `over/${one}`);
    const state = await renderRepository(
      files,
      (dir) => {
        for (const one of ["over/run.sh", "evil/run.sh"]) chmodSync(join(dir, one), 0o755);
        for (const [path, to] of Object.entries(links)) symlinkSync(to, join(dir, path));
      },
      { programs: { functions, plugins: new Map() } },
    );
    expect(names(state)).toEqual(["ConfigMap/a"]);
    expect(faults(state)).toEqual([expect.stringMatching(message)]);
    expect(state.faults[0]).toMatchObject({
      code: "render-refused",
      remedy: expect.stringMatching(/^write the path of a regular file/),
    });
  });

  test.each([
    ["envs", 'envs: ["BASH_ENV=./evil.sh"]'],
    ["Envs", 'Envs: ["LD_PRELOAD=./evil.so"]'],
    ["args", "args: [./evil.sh]"],
    ["Path", "Path: ./evil.sh"],
    ["__proto__", "__proto__: {envs: [BASH_ENV=./evil.sh]}"],
  ])("is given its path, and is refused with %s beside", async (key, more) => {
    const program = script("cat");
    for (const written of ["./run.sh", program]) {
      const state = await run(
        {
          ...OVER,
          "over/gen.yaml": CONFIG(`${written}, ${more}`),
          "over/run.sh": printing("x"),
          "over/evil.sh": printing("evil"),
        },
        { programs: { functions: ["over/run.sh", program], plugins: new Map() } },
      );
      expect(names(state)).toEqual(["ConfigMap/a"]);
      expect(faults(state)).toEqual([
        `render-refused: over needs the plugin Mine, which gives its program "${key}": only a path is let run, without arguments and variables`,
      ]);
    }
  });

  test("is refused beside what is not", async () => {
    const boxed = CONFIG("x", "box").replace("exec: {path: x}", "container: {image: example.com/x}");
    const both = CONFIG("x", "both").replace(
      "exec: {path: x}",
      "exec: {path: ./run.sh}\n      container: {image: example.com/y}",
    );
    const home = "apiVersion: example.com/v1\nkind: Home\nmetadata: {name: x}\n";
    for (const [config, message] of [
      [boxed, /in a container: holdfast starts no container engine/],
      [both, /in a container: holdfast starts no container engine/],
      [home, /needs the plugin Home, which is none of kustomize's own/],
    ] as const) {
      const files = {
        ...OVER,
        "over/kustomization.yaml": "generators: [gen.yaml, more.yaml]\n",
        "over/more.yaml": config,
      };
      const state = await run({ ...files, "over/run.sh": printing("x") });
      expect(faults(state)).toEqual([expect.stringMatching(message)]);
    }
    const dark = await run({
      ...OVER,
      "over/kustomization.yaml": "generators: [gen.yaml, more]\n",
      "over/more/kustomization.yaml": "resources: [x.yaml]\n",
      "over/more/x.yaml": CONFIG("/bin/sh"),
      "over/run.sh": printing("x"),
    });
    expect(faults(dark)).toContainEqual(expect.stringMatching(/^render-refused: over .*can be read before/));
  });

  test("is refused beside what a link hides", async () => {
    const files = {
      "over/kustomization.yaml": "generators: [gen.yaml]\nresources: [link]\n",
      "over/gen.yaml": CONFIG("./run.sh"),
      "over/run.sh": printing("x"),
      "hidden/kustomization.yaml": "generators: [gen.yaml]\n",
      "hidden/gen.yaml": CONFIG("./other.sh", "other"),
      "hidden/other.sh": printing("hidden").replace("made", "hidden"),
      "app.yaml":
        'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n  destination: {server: "https://kubernetes.default.svc", namespace: web}\n  source: {repoURL: "https://git.example.com/acme/own", path: over}\n',
    };
    const state = await renderRepository(
      files,
      (dir) => {
        symlinkSync("../hidden", join(dir, "over/link"));
        for (const one of ["over/run.sh", "hidden/other.sh"]) chmodSync(join(dir, one), 0o755);
      },
      GRANTED,
    );
    expect(names(state)).not.toContain("ConfigMap/hidden");
    expect(faults(state)).toContainEqual(
      expect.stringMatching(/render-refused: .*over needs the plugin Mine, which runs "\.\/other\.sh"/),
    );
  });

  test("is refused where a remote base names it, and where Flux deploys", async () => {
    const program = script("cat");
    for (const written of ["./run.sh", program]) {
      const dir = repositoryOf({
        "over/kustomization.yaml": "generators: [gen.yaml]\n",
        "over/gen.yaml": CONFIG(written),
        "over/run.sh": printing("x"),
      });
      const remote = await run(
        { "top/kustomization.yaml": 'resources: ["https://github.com/acme/base//over"]\n' },
        {
          programs: { functions: ["over/run.sh", program], plugins: new Map() },
          repositories: [{ url: "https://github.com/acme/base", dir }],
        },
      );
      expect(faults(remote)).toEqual([expect.stringMatching(/^render-refused: .*of another repository: none is run/)]);
    }
    const flux = await run({
      ...OVER,
      "over/run.sh": printing("x"),
      "flux.yaml":
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: over, namespace: flux-system}\nspec: {path: ./over, sourceRef: {kind: GitRepository, name: own}}\n",
    });
    expect(faults(flux)).toContainEqual(expect.stringMatching(/^render-refused: .*Flux runs no functions/));
  });

  test("sees the network of nobody, no file of this machine, none of its processes and nothing of its environment", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const secret = join(folder(), "secret");
    writeFileSync(secret, "hunter2");
    process.env["HOLDFAST_TEST_SECRET"] = "hunter2";
    onTestFinished(() => void delete process.env["HOLDFAST_TEST_SECRET"]);
    const probe = `
net=no; (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null && net=yes
file=$(cat ${secret} /root/.ssh/* /home/*/.kube/config /etc/shadow 2>/dev/null; ls -d /var /srv /opt /run /etc/passwd 2>/dev/null; find /usr/etc /usr/local/etc -mindepth 1 2>/dev/null)
others=$(ls /proc | grep -c '^[0-9]')
[ "$others" -lt 20 ] && others=few
environment=$(env | grep -c hunter2)
write=no; touch /usr/x 2>/dev/null && write=yes
for one in /proc/sys/kernel/domainname /proc/self/oom_score_adj; do (echo 1 > $one) 2>/dev/null && write=yes; done
mount -t tmpfs none /tmp 2>/dev/null && write=yes
unshare -rm mount -o remount,rw /usr 2>/dev/null && write=yes
`;
    const state = await run({
      ...OVER,
      "over/run.sh": printing("$net,$file,$others,$environment,$write", probe).replace("#!/bin/sh", "#!/bin/bash"),
    });
    expect(faults(state)).toEqual([]);
    expect(state.objects[1]?.value).toMatchObject({ data: { told: "no,,few,0,no" } });
    expect(asked).toEqual([]);
  });

  test.each([
    ["hangs", "sleep 1000 & sleep 1000", /took too long, and was ended/],
    ["prints too much", "yes x", /printed more than the limit, and was ended|ended by|out of memory|no space/i],
    ["fails", "echo told why >&2; exit 3", /status 3$/],
  ])("and %s is ended, and costs itself", async (_, lines, message) => {
    const state = await run(
      { ...OVER, "over/run.sh": `#!/bin/sh\n${lines}\n` },
      { ...GRANTED, limits: { milliseconds: 4000, outputBytes: 1024 * 1024, memoryBytes: 1024 * 1024 * 1024 } },
    );
    expect(names(state)).toEqual(["ConfigMap/a"]);
    expect(faults(state)).toEqual([expect.stringMatching(message)]);
    expect(faults(state)[0]).toMatch(/^render-failed: over /);
  });

  test("and gives something else each time is masked", async () => {
    const state = await run({ ...OVER, "over/run.sh": printing("$(head -c 8 /dev/urandom | od -An -tx8)") });
    expect(faults(state)).toEqual([]);
    expect(state.objects[1]?.again).toBeDefined();
  });

  test("is run anew where it, or what it can read, is another one", async () => {
    const cache = diskCache(temporaryFolder());
    const options = { ...GRANTED, cache };
    const told = async (files: Readonly<Record<string, string>>) =>
      (await run({ ...OVER, ...files }, options)).objects.find(({ ref }) => ref.name === "made")?.value["data"];
    expect(await told({ "over/run.sh": printing("1$(cat ../x 2>&1)") })).toMatchObject({
      told: expect.stringMatching(/^1cat/),
    });
    expect(await told({ "over/run.sh": printing("1$(cat ../x 2>&1)"), x: "y" })).toEqual({ told: "1y" });
    expect(await told({ "over/run.sh": printing("2"), x: "y" })).toEqual({ told: "2" });
  });

  test("is not run where nothing keeps it from the network and the machine", async () => {
    const state = await run({ ...OVER, "over/run.sh": printing("x") }, { ...GRANTED, isolation: [] });
    expect(names(state)).toEqual(["ConfigMap/a"]);
    expect(faults(state)).toEqual([
      expect.stringMatching(/^render-refused: over needs a program to be run, and the system lets none be run without/),
    ]);
  });

  test("that may not be run, or is not there, is a fault", async () => {
    const programs = { functions: ["over/run.sh", "/nowhere/program"], plugins: new Map() };
    const unrunnable = await renderTree(treeOf({ ...OVER, "over/run.sh": printing("x") }), { programs });
    expect(faults(unrunnable)).toEqual([expect.stringMatching(/^render-failed: over .*permission denied/)]);
    const missing = await renderTree(treeOf({ ...OVER, "over/gen.yaml": CONFIG("/nowhere/program") }), { programs });
    expect(faults(missing)).toEqual([expect.stringMatching(/^renderer-missing: \/nowhere\/program/)]);
  });

  test("leaves nothing behind", async () => {
    const dir = folder();
    const marker = join(dir, "marker");
    await run({ ...OVER, "over/run.sh": printing("x", `mkdir -p ${dir}; echo x > ${marker}; echo x > left`) });
    expect(existsSync(marker)).toBe(false);
    expect(readdirSync(dir)).toEqual([]);
    expect(statSync(dir).isDirectory()).toBe(true);
  });
});
