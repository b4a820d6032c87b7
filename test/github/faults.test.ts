import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { refused, useBench } from "./bench.ts";

const bench = useBench();
const ISSUES = { method: "POST", path: /\/issues$/ };

function create(title: string): Promise<unknown> {
  return bench.bot.issues.create({ ...bench.where, title });
}

async function titles(): Promise<readonly string[]> {
  return (await bench.github.issues(bench.repo)).map(({ title }) => title);
}

describe("faults on demand", () => {
  it("answer the n-th matching request with a status, and nothing happens", async () => {
    bench.github.inject({ ...ISSUES, nth: 2, kind: "status", status: 502, headers: { "retry-after": "1" } });
    await create("one");
    expect((await refused(create("two"))).status).toBe(502);
    await create("three");
    expect(await titles()).toEqual(["one", "three"]);
    expect(bench.github.writes()).toHaveLength(2);
  });

  it("cut the connection before anything happens", async () => {
    bench.github.inject({ ...ISSUES, kind: "drop-before" });
    await expect(create("one")).rejects.toMatchObject({ status: 500 });
    expect(await titles()).toEqual([]);
    expect(bench.github.requests).toMatchObject([{ method: "POST", answered: false, wrote: false }]);
  });

  it("cut the connection after it happened", async () => {
    bench.github.inject({ ...ISSUES, kind: "drop-after" });
    await expect(create("one")).rejects.toMatchObject({ status: 500 });
    expect(await titles()).toEqual(["one"]);
    expect(bench.github.writes()).toMatchObject([{ status: 201, answered: false }]);
  });

  it("stall one request while others go on", async () => {
    bench.github.inject({ ...ISSUES, kind: "stall" });
    const request = { signal: AbortSignal.timeout(200) };
    await expect(bench.bot.issues.create({ ...bench.where, title: "one", request })).rejects.toThrow(/aborted/);
    await create("two");
    expect(await titles()).toEqual(["two"]);
  });
});

describe("a list that lags", () => {
  it("shows what is new only the next time, while the thing itself is there", async () => {
    const { bot, github, where } = bench;
    await create("old");
    await new Promise((resolve) => setTimeout(resolve, 2));
    github.inject({ method: "GET", path: /\/issues$/, kind: "lag" });
    await new Promise((resolve) => setTimeout(resolve, 2));
    await create("new");
    const listed = async () =>
      (await bot.issues.listForRepo({ ...where, direction: "asc" })).data.map(({ title }) => title);
    expect(await listed()).toEqual(["old"]);
    expect((await bot.issues.get({ ...where, issue_number: 2 })).data.title).toBe("new");
    expect(await listed()).toEqual(["old", "new"]);
  });
});

describe("the hook on writes", () => {
  it("is called after the effect and before the answer, and holds back every other", async () => {
    const seen: string[] = [];
    const stop = bench.github.onWrite(async ({ method, path }) => {
      const other = fetch(`${bench.github.url}/rate_limit`, { signal: AbortSignal.timeout(50) });
      const outcome = await other.then(
        () => "answered",
        () => "held back",
      );
      seen.push(`${method} ${path} ${outcome}`);
    });
    await create("one");
    await bench.bot.issues.listForRepo(bench.where);
    stop();
    await create("two");
    expect(seen).toEqual([`POST /repos/${bench.repo}/issues held back`]);
  });

  it("lets a test kill the client: what it wrote stays, and it never makes the next write", async () => {
    const headers = JSON.stringify({ authorization: `token ${bench.github.userToken("alice")}` });
    const url = `${bench.github.url}/repos/${bench.repo}/issues`;
    const script = `for (const title of ["one", "two", "three"])
      await fetch("${url}", { method: "POST", headers: ${headers}, body: JSON.stringify({ title }) });`;
    const client = spawn(process.execPath, ["--input-type=module", "-e", script]);
    const ended = once(client, "close");
    const stop = bench.github.onWrite(({ body }) => {
      if ((body as { title: string }).title === "two") client.kill("SIGKILL");
    });
    expect((await ended)[1]).toBe("SIGKILL");
    stop();
    expect(await titles()).toEqual(["one", "two"]);
  });

  it("drops the answer where it says so", async () => {
    const stop = bench.github.onWrite(() => "drop");
    await expect(create("one")).rejects.toMatchObject({ status: 500 });
    stop();
    expect(await titles()).toEqual(["one"]);
  });
});
