// Chromium, and people who look through it.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

/** How long a person would wait at most. */
const PATIENCE = 15_000;

export class Browser {
  #chromium;
  #stage;
  #sessions = new Map();
  #complaints = [];

  static async open(stage) {
    const browser = new Browser();
    browser.#stage = stage;
    // Continuous integration is root, whom Chromium gives no sandbox.
    const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
    browser.#chromium = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
    return browser;
  }

  /** A browser of somebody who is not signed in. */
  async stranger(options = {}) {
    const context = await this.#chromium.newContext({ baseURL: this.#stage.url, ...options });
    context.setDefaultTimeout(PATIENCE);
    context.on("weberror", (error) => this.#complaints.push(error.error().message));
    context.on("console", (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.#complaints.push(message.text());
    });
    return context;
  }

  /** A page of somebody with a role, in a browser of their own. */
  async person(role, options = {}) {
    const context = await this.stranger({ storageState: await this.#session(role), ...options });
    return context.newPage();
  }

  async #session(role) {
    if (!this.#sessions.has(role)) {
      const context = await this.stranger();
      await signIn(await context.newPage(), this.#stage.tokens[role]);
      this.#sessions.set(role, await context.storageState());
      await context.close();
    }
    return this.#sessions.get(role);
  }

  async close() {
    await this.#chromium.close();
    assert.deepEqual(this.#complaints, [], "what scripts threw, and what the policy for content refused");
  }
}

export async function signIn(page, token) {
  await page.goto("/");
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await sees(page.getByRole("button", { name: "Sign out" }));
}

/** Waits until somebody sees it. */
export const sees = (locator) => locator.first().waitFor();

/** Waits until nobody sees it. */
export const seesNot = (locator) => locator.first().waitFor({ state: "hidden" });

/** The row of a watch in the overview. */
export const row = (page, name) =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { level: 3, name, exact: true }) });

/** The part of a watch's page that tells of one workload. */
export const workload = (page, name) => page.locator(`section.workload-panel[aria-label*="${name}"]`);

/** What a workload runs, by the facts on a watch's page. */
export const runs = (page, tag) =>
  page.locator(".workload-panel dl div", { has: page.getByText("Runs", { exact: true }) }).getByText(tag, { exact: true });

/** Confirms what a dialog asks, once it asks `question`. */
export async function confirm(page, question, button) {
  const dialog = page.getByRole("dialog", { name: question });
  await sees(dialog);
  await dialog.getByRole("button", { name: button }).click();
}
