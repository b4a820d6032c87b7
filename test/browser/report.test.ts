// The HTML report in a real browser: it shows what it should, asks for nothing, and cluster text does nothing in it.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((file) =>
  existsSync(file),
);
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

const missing = CHROMIUM === undefined && !process.env["CI"];
if (missing) process.stderr.write("skipped: the report in a browser: no chromium (Debian: apt-get install chromium)\n");

describe.skipIf(missing)("the HTML report in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM ?? "chromium", headless: true, args: FLAGS });
  });

  afterAll(() => browser.close());

  test("shows every drift with its fields and findings", async () => {
    const page = await browser.newPage();
    await page.setContent(reportOf("demo"));
    expect(await page.title()).toBe("Drift report");
    const headings = await page.locator("h2").allInnerTexts();
    expect(headings).toEqual(expect.arrayContaining(["Deployment/web in shop", "NetworkPolicy/default-deny in data"]));
    const web = page.locator("section", { hasText: "Deployment/web in shop" });
    expect(await web.locator("td").allInnerTexts()).toEqual(
      expect.arrayContaining(["spec.replicas", "3", "5", "compliant"]),
    );
    expect(await page.locator("section", { hasText: "node-agent" }).innerText()).toContain("pss-baseline/privileged");
    await page.close();
  });

  test("asks for nothing and runs nothing, whatever the cluster says", async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    const said: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => said.push(message.text()));
    page.on("dialog", (dialog) => said.push(dialog.message()));
    await page.setContent(reportOf("hostile-text"));
    expect(await page.title()).toBe("Drift report");
    expect(asked.filter((url) => !url.startsWith("about:"))).toEqual([]);
    expect(said).toEqual([]);
    expect(await page.locator("img, script, iframe, link, object, a, form").count()).toBe(0);
    expect(await page.locator("body").innerText()).toContain("<");
    await page.close();
  });

  test("fits a small screen without scrolling sideways", async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    await page.setContent(reportOf("demo"));
    expect(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")).toBe(
      true,
    );
    await page.close();
  });
});

/** What the real command prints for a scenario of fixtures/. */
function reportOf(scenario: string): string {
  const folder = join(ROOT, "fixtures", scenario);
  const args = ["scan", "--format", "html", "--repo", join(folder, "repo"), "--live", join(folder, "live")];
  const ran = spawnSync(process.execPath, [join(ROOT, "src/cli/holdfast.js"), ...args], {
    env: { ...process.env, HOLDFAST_SECRET: "a key for this test alone" },
    encoding: "utf8",
  });
  expect(ran.stdout, ran.stderr).toContain("<!doctype html>");
  return ran.stdout;
}
