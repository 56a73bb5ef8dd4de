// What people see and do on the page, in Debian's Chromium over a running server.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";

import { Browser, confirm, row, runs, sees, seesNot, signIn } from "./browser.js";
import { Stage, eventually } from "./stage.js";

let stage;
let browser;

before(async () => {
  stage = await Stage.set();
  await stage.settled();
  browser = await Browser.open(stage);
});

after(async () => {
  await browser?.close();
  await stage?.strike();
});

/** The page of a watch, as somebody of that role sees it. */
async function watching(name, role = "deployer", options = {}) {
  const page = await browser.person(role, options);
  await page.goto(`/watches/${name}`);
  return page;
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const link = (page, name) => page.getByRole("link", { name, exact: true });

/** The row of the switches that is called so. */
const setting = (page, name) => page.locator(".switches li").filter({ has: page.getByText(name, { exact: true }) });

/** A switch that stands so. */
const set = (page, name, how) => setting(page, name).filter({ hasText: new RegExp(`^\\s*${name}\\s*${how}`) });

/** How much wider a page is than its window, in pixels. */
const surplus = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

async function deploy(page, tag) {
  await page.getByLabel("Tag", { exact: true }).fill(tag);
  await button(page, "Deploy…").click();
  await confirm(page, new RegExp(`^Deploy ${tag} `), `Deploy ${tag}`);
}

describe("somebody with a token", () => {
  test("signs in and out, and the session is over", async () => {
    const context = await browser.stranger();
    const page = await context.newPage();
    await page.goto("/watches/web");
    await page.getByLabel("Token").fill("no token of ours");
    await button(page, "Sign in").click();
    await sees(page.getByRole("alert"));
    await signIn(page, stage.tokens.viewer);
    const cookies = await context.cookies();
    assert.ok(cookies.every((it) => it.httpOnly && it.sameSite === "Strict"), "out of the reach of scripts and other sites");
    await button(page, "Sign out").click();
    await sees(page.getByRole("heading", { name: "Sign in" }));
    await context.addCookies(cookies);
    await page.goto("/");
    await sees(page.getByRole("heading", { name: "Sign in" }));
  });
});

describe("the overview", () => {
  test("tells what runs and why", async () => {
    const page = await browser.person("viewer");
    await page.goto("/");
    await sees(row(page, "mailer").getByText("v3.4.1").first());
    await sees(row(page, "mailer").getByText("Up to date with"));
    await sees(row(page, "mailer").getByText("up to date", { exact: true }));
  });

  test("keeps what is looked for in its address", async () => {
    const page = await browser.person("viewer");
    await page.goto("/");
    await page.getByRole("searchbox").fill("mail");
    await page.waitForURL(/[?&]q=mail/);
    await seesNot(row(page, "web"));
    await page.reload();
    await sees(row(page, "mailer"));
    assert.equal(await row(page, "web").count(), 0);
    await page.goto("/?q=nobody");
    await sees(page.getByText("No watch is like this"));
  });
});

describe("whoever may deploy", () => {
  test("deploys an older tag and follows it to its end, then rolls back", async () => {
    const page = await watching("web");
    await sees(runs(page, "v1.2.0"));
    await deploy(page, "v1.1.0");
    await sees(runs(page, "v1.1.0"));
    await seesNot(setting(page, "Hold").filter({ hasText: /none/ }));
    await link(page, "Roll back…").first().click();
    await confirm(page, /^Roll .*back/, "Roll back");
    await sees(runs(page, "v1.2.0"));
    await page.getByRole("link", { name: "succeeded" }).first().click();
    await sees(page.getByRole("heading", { name: "What happened" }));
    await sees(page.getByText("dora").first());
  });

  test("pins, and lets the policy pick again", async () => {
    const page = await watching("web");
    await page.getByLabel("Tag", { exact: true }).fill("v1.0.0");
    await button(page, "Pin…").click();
    await confirm(page, "Pin web to v1.0.0?", "Pin to v1.0.0");
    await sees(set(page, "Target", "pinned to v1.0.0"));
    await sees(runs(page, "v1.0.0"));
    await link(page, "Track…").click();
    await confirm(page, /^Let the policy pick/, "Track");
    await sees(set(page, "Target", "tracking"));
    await sees(runs(page, "v1.2.0"));
  });

  test("turns auto-deploy off and on, and holds", async () => {
    const page = await watching("mailer");
    await setting(page, "Auto-deploy").getByRole("link").click();
    await confirm(page, /^Turn auto-deploy off/, "Turn off");
    await sees(set(page, "Auto-deploy", "off"));
    await setting(page, "Auto-deploy").getByRole("link").click();
    await confirm(page, /^Turn auto-deploy on/, "Turn on");
    await link(page, "Hold…").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("the fair is on");
    await dialog.getByRole("button", { name: "Hold" }).click();
    await sees(setting(page, "Hold").getByText("the fair is on"));
    await setting(page, "Hold").getByRole("link", { name: "End…" }).click();
    await confirm(page, /^End the hold/, "End the hold");
    await sees(set(page, "Hold", "none"));
    await button(page, "Check now").click();
    await sees(page.getByText("The registry was asked just now."));
  });

  test("is asked first, and may think better of it", async () => {
    const page = await watching("web");
    const { intent } = await stage.call("GET", "/api/v1/watches/web");
    const question = page.getByRole("dialog", { name: /^Hold web/ });
    for (const leave of [() => question.getByRole("link", { name: "Cancel" }).click(), () => page.keyboard.press("Escape")]) {
      await link(page, "Hold…").click();
      await sees(question);
      await leave();
      await seesNot(question);
    }
    assert.deepEqual((await stage.call("GET", "/api/v1/watches/web")).intent, intent);
  });

  test("freezes a watch, whose next release waits until the freeze ends", async () => {
    const page = await watching("news");
    await link(page, "Freeze…").click();
    const dialog = page.getByRole("dialog", { name: "Freeze news?" });
    await dialog.getByLabel("For how many minutes").fill("30");
    await dialog.getByRole("textbox").fill("the newsletter goes out");
    await dialog.getByRole("button", { name: "Freeze", exact: true }).click();
    await sees(page.getByText(/This watch is frozen until .*, by dora: the newsletter goes out/));
    await stage.move("publish", "acme/news", "v1.1.0");
    await sees(page.getByText(/frozen until .* by dora \(the newsletter goes out\)/));
    await sees(runs(page, "v1.0.0"));
    await setting(page, "Freeze").getByRole("link", { name: "End…" }).click();
    await confirm(page, /^End the freeze of news/, "End the freeze");
    await sees(runs(page, "v1.1.0"));
    await page.goto("/events?watch=news");
    await sees(page.locator(".event").filter({ hasText: /dora.*the newsletter goes out/ }));
  });

  test("is told why an image failed, and releases it", async () => {
    await stage.move("publish-broken", "acme/mailer", "v3.5.0");
    const page = await watching("mailer");
    await sees(page.getByRole("heading", { name: "In quarantine" }));
    await sees(page.getByText("The last deployment failed"));
    await sees(runs(page, "v3.4.1"));
    await stage.move("repair");
    await link(page, "Release…").click();
    await confirm(page, /^Release /, "Release");
    await sees(runs(page, "v3.5.0"));
    await seesNot(page.getByRole("heading", { name: "In quarantine" }));
  });

  test("cannot send the same twice", async () => {
    const page = await watching("api");
    const deployments = async () => (await stage.call("GET", "/api/v1/deployments?watch=api")).items.length;
    const known = await deployments();
    await page.goto("/watches/api/deploy?tag=2.0.0");
    const form = page.locator("form[data-once]");
    // As fast as nobody clicks, and past what the script disables.
    await form.evaluate(async (it) => {
      const send = () => fetch(it.action, { method: "POST", body: new URLSearchParams(new FormData(it)) });
      await Promise.all([send(), send(), send()]);
    });
    await stage.call("POST", "/api/v1/watches/api/check");
    await eventually(async () => (await deployments()) >= known + 2, "both workloads are deployed to");
    assert.equal(await deployments(), known + 2);
  });

  test("acts by the keyboard alone", async () => {
    const page = await watching("mailer");
    await link(page, "Hold…").focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await sees(dialog);
    await page.keyboard.press("Escape");
    await seesNot(dialog);
    await link(page, "Hold…").focus();
    await page.keyboard.press("Enter");
    await sees(dialog);
    await dialog.getByRole("textbox").focus();
    await page.keyboard.type("by hand");
    await page.keyboard.press("Enter");
    await sees(setting(page, "Hold").getByText("by hand"));
    await stage.call("PATCH", "/api/v1/watches/mailer/intent", { hold: false });
  });

  test("acts without JavaScript as well", async () => {
    const page = await watching("mailer", "deployer", { javaScriptEnabled: false });
    await setting(page, "Auto-deploy").getByRole("link").click();
    await sees(page.getByRole("heading", { name: /^Turn auto-deploy off/ }));
    await button(page, "Turn off").click();
    await page.waitForURL(/\/watches\/mailer/);
    await sees(set(page, "Auto-deploy", "off"));
    await setting(page, "Auto-deploy").getByRole("link").click();
    await button(page, "Turn on").click();
    await sees(set(page, "Auto-deploy", "on"));
  });
});

describe("what others do", () => {
  test("a push that nobody clicked shows by itself", async () => {
    const page = await browser.person("viewer");
    await page.goto("/");
    await sees(page.getByText("Live", { exact: true }));
    await stage.move("publish", "acme/mailer", "v3.6.0");
    await sees(row(page, "mailer").getByText("Up to date with v3.6.0"));
  });

  test("shows in a second tab, whose old form is refused and explained", async () => {
    const one = await watching("mailer");
    const two = await one.context().newPage();
    await two.goto("/watches/mailer/hold");
    await setting(one, "Auto-deploy").getByRole("link").click();
    await confirm(one, /^Turn auto-deploy off/, "Turn off");
    await sees(set(one, "Auto-deploy", "off"));
    await two.getByRole("textbox").fill("decided before");
    await button(two, "Hold").click();
    await sees(two.getByText("Your page was out of date."));
    await two.goto("/watches/mailer");
    await sees(set(two, "Auto-deploy", "off"));
    await setting(one, "Auto-deploy").getByRole("link").click();
    await confirm(one, /^Turn auto-deploy on/, "Turn on");
    await sees(set(two, "Auto-deploy", "on"));
  });

  test("an admin freezes all, which everybody sees, and ends it", async () => {
    const page = await browser.person("admin");
    const other = await browser.person("viewer");
    await page.goto("/freeze");
    await link(page, "Freeze all…").click();
    const dialog = page.getByRole("dialog", { name: "Freeze all watches?" });
    await dialog.getByLabel("Reason").or(dialog.getByRole("textbox")).first().fill("stocktaking");
    await dialog.getByRole("button", { name: "Freeze all" }).click();
    await sees(page.getByRole("complementary", { name: "Freeze" }).getByText("stocktaking"));
    await other.goto("/");
    await sees(other.getByRole("complementary", { name: "Freeze" }));
    await link(page, "End the freeze…").click();
    await confirm(page, /^End the freeze/, "End the freeze");
    await sees(page.getByText("Not frozen."));
  });

  test("a lost connection is told, and recovers", async () => {
    const page = await browser.person("viewer");
    await page.goto("/");
    await sees(page.getByText("Live", { exact: true }));
    await stage.halt();
    await sees(page.getByText("Connecting…"));
    await stage.start();
    await sees(page.getByText("Live", { exact: true }));
  });

  test("a network that is gone is told, and what happened meanwhile is shown once it is back", async () => {
    const page = await watching("web", "viewer");
    await sees(page.getByText("Live", { exact: true }));
    await page.context().setOffline(true);
    await sees(page.getByText("Connecting…"));
    await stage.call("PATCH", "/api/v1/watches/web/intent", { auto_deploy: false });
    await page.context().setOffline(false);
    await sees(page.getByText("Live", { exact: true }));
    await sees(page.getByText("auto-deploy off", { exact: true }));
    await stage.call("PATCH", "/api/v1/watches/web/intent", { auto_deploy: true });
  });
});

test("a viewer sees no button that would be refused", async () => {
  const page = await watching("web", "viewer");
  await sees(runs(page, "v1.2.0"));
  assert.equal(await page.locator("[data-ask], form[data-once]").count(), 0);
  await page.goto("/freeze");
  assert.equal(await page.locator("[data-ask]").count(), 0);
  await page.goto("/watches/web/hold");
  assert.equal(await page.getByRole("button", { name: "Hold" }).count(), 0);
});

test("a tag as long as tags may be fits on a phone", async () => {
  const tag = `nightly-${"0123456789".repeat(12)}`;
  await stage.move("publish", "acme/mailer", tag);
  const page = await browser.person("deployer", { viewport: { width: 390, height: 844 } });
  await page.goto(`/watches/mailer/deploy?tag=${tag}`);
  await sees(button(page, `Deploy ${tag}`));
  assert.equal(await surplus(page), 0);
});

describe("no page has a fault that axe knows, and none is wider than its window", async () => {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const wide = { width: 1280, height: 720 };
  const phone = { width: 390, height: 844 };
  const PAGES = {
    "/": [wide, phone],
    "/watches/web": [wide, phone],
    "/watches/web/tags": [wide, phone],
    "/watches/web/hold": [wide],
    "the last deployment": [wide],
    "/events": [wide, phone],
    "/registries": [wide],
    "/freeze": [wide],
    "/no/such/page": [wide],
  };

  async function passes(page) {
    assert.equal(await surplus(page), 0);
    await page.addScriptTag({ content: axe });
    const { violations } = await page.evaluate(() => axe.run());
    assert.deepEqual(violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target)}`), []);
    await page.close();
  }

  async function goTo(page, name) {
    if (name.startsWith("/")) return page.goto(name);
    const { items } = await stage.call("GET", "/api/v1/deployments?limit=1");
    return page.goto(`/deployments/${items[0].id}`);
  }

  for (const colorScheme of ["light", "dark"]) {
    // What axe injects is none of the page's, whose own policy the other tests hold.
    const looks = { colorScheme, bypassCSP: true };
    for (const [name, viewports] of Object.entries(PAGES)) {
      for (const viewport of viewports) {
        test(`${name}, ${colorScheme}, ${viewport.width} wide`, async () => {
          const page = await browser.person("admin", { ...looks, viewport });
          await goTo(page, name);
          await passes(page);
        });
      }
    }
    test(`a dialog, ${colorScheme}`, async () => {
      const page = await browser.person("admin", looks);
      await page.goto("/watches/web");
      await link(page, "Freeze…").click();
      await sees(page.getByRole("dialog"));
      await passes(page);
    });
    test(`the sign-in, ${colorScheme}`, async () => {
      const page = await (await browser.stranger(looks)).newPage();
      await page.goto("/");
      await passes(page);
    });
  }
});
