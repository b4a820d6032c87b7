// What Argo CD says that it deployed, on real runs: repositories of two commits, and clusters as the status has them.

import { expect, test } from "vitest";
import { commitAll, git, repositoryOf, write } from "../desired/repositories.ts";
import { application, config, deployed, scanned, synced, text } from "./argo-deployed.ts";

function repository(first: Readonly<Record<string, object>>, second: Readonly<Record<string, object>>) {
  const dir = repositoryOf(text(first));
  const one = git(dir, "rev-parse", "HEAD").trim();
  write(dir, text(second));
  for (const path of Object.keys(first)) if (!(path in second)) git(dir, "rm", "-q", path);
  commitAll(dir);
  return { dir, one, two: git(dir, "rev-parse", "HEAD").trim() };
}

test("a commit that waits for a sync by hand is no drift, and what was changed besides is", async () => {
  const { dir, one } = repository(
    { "app.yaml": application("apps"), "apps/web.yaml": config("web", { x: "1", z: "1" }) },
    {
      "app.yaml": application("apps"),
      "apps/web.yaml": config("web", { x: "2", z: "1" }),
      "apps/new.yaml": config("new", {}),
    },
  );
  expect(await scanned(dir, [synced("apps", one), deployed("web", { x: "1", z: "1" })])).toEqual({
    code: 0,
    told: ["new pending", "web pending: data.x git-ahead"],
  });
  expect(await scanned(dir, [synced("apps", one), deployed("web", { x: "1", z: "9" }, ["z"])])).toEqual({
    code: 2,
    told: ["new pending", "web drifted: data.x git-ahead, data.z live-changed"],
  });
});

test("what Git removed waits for a sync by hand, and stays where Argo CD was synced since", async () => {
  const apps = { "app.yaml": application("apps"), "apps/web.yaml": config("web", { x: "1" }) };
  const { dir, one, two } = repository({ ...apps, "apps/old.yaml": config("old", { k: "v" }) }, apps);
  const live = [deployed("web", { x: "1" }), deployed("old", { k: "v" })];
  expect((await scanned(dir, [synced("apps", one), ...live])).told).toEqual(["old pending"]);
  const automated = { syncPolicy: { automated: {} } };
  expect((await scanned(dir, [synced("apps", one, automated), ...live])).told).toEqual(["old unmanaged: Argo CD"]);
  const status = synced("apps", two) as { status: { history: object[] } };
  status.status.history.unshift({ revision: one });
  expect((await scanned(dir, [status, ...live])).told).toEqual(["old unmanaged: Argo CD"]);
});

test("an Application that waits to be applied itself deploys the new commit by its old source", async () => {
  const { dir, two } = repository(
    { "app.yaml": application("old"), "old/web.yaml": config("web", { x: "old" }) },
    {
      "app.yaml": application("new"),
      "old/web.yaml": config("web", { x: "old" }),
      "new/web.yaml": config("web", { x: "new" }),
    },
  );
  const { told } = await scanned(dir, [synced("old", two), deployed("web", { x: "old" })]);
  // Git never had both at once, which proves nothing.
  expect(told).toContain("web pending: data.x git-ahead?");
  // Git never had it deploy that folder.
  write(dir, { "elsewhere/web.yaml": JSON.stringify(config("web", { x: "elsewhere" })) });
  commitAll(dir);
  const three = git(dir, "rev-parse", "HEAD").trim();
  const changed = await scanned(dir, [synced("elsewhere", three), deployed("web", { x: "elsewhere" })]);
  expect(changed.told).toContain("web drifted: data.x live-changed");
});
