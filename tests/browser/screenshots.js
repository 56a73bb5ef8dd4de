// Writes a picture of each page at three widths, light and dark, to the folder that is given.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { Browser, sees } from "./browser.js";
import { Stage } from "./stage.js";

const folder = process.argv[2];
const WIDTHS = { phone: 390, tablet: 820, wide: 1440 };
const PAGES = {
  overview: "/",
  watch: "/watches/billing",
  ask: "/watches/web/deploy?tag=v1.1.0",
  tags: "/watches/web/tags",
  events: "/events",
  registries: "/registries",
  freeze: "/freeze",
};

const stage = await Stage.set({
  api: { tags: ["2.0.0", "2.1.0"], jobs: ["api-staging", "api"] },
  billing: { tags: ["v4.2.0"] },
  mailer: { tags: ["v3.4.1", "v3.5.0"] },
  search: { tags: ["v0.9.0"] },
  web: { tags: ["v1.0.0", "v1.1.0", "v1.2.0"] },
  worker: { tags: ["v7.0.3", "v7.0.4"] },
});
let browser;
try {
  await stage.settled();
  await stage.call("PATCH", "/api/v1/watches/search/intent", { auto_deploy: false });
  await stage.move("publish", "acme/search", "v0.10.0");
  await stage.move("publish-broken", "acme/billing", "v4.3.0");
  browser = await Browser.open(stage);
  await mkdir(folder, { recursive: true });
  const ready = await browser.person("viewer");
  await ready.goto("/watches/billing");
  await sees(ready.getByRole("heading", { name: "In quarantine" }));
  const [failed] = (await stage.call("GET", "/api/v1/deployments?watch=billing")).items;
  const pages = { ...PAGES, deployment: `/deployments/${failed.id}` };
  for (const [size, width] of Object.entries(WIDTHS)) {
    for (const colorScheme of ["light", "dark"]) {
      const looks = { colorScheme, viewport: { width, height: 900 } };
      const take = (page, name) =>
        page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), animations: "disabled", fullPage: size !== "wide" });
      const page = await browser.person("admin", looks);
      for (const [name, address] of Object.entries(pages)) {
        await page.goto(address);
        if (name !== "ask") await sees(page.getByText("Live", { exact: true }));
        await take(page, name);
      }
      await page.close();
      const stranger = await (await browser.stranger(looks)).newPage();
      await stranger.goto("/");
      await take(stranger, "sign-in");
      await stranger.close();
    }
  }
} finally {
  await browser?.close();
  await stage.strike();
}
