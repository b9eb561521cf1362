// Draws media/icon.svg into media/icon.png (marketplaces take no SVG), with the browser of the end-to-end tests.
import { readFile } from "node:fs/promises";

import { chromium } from "playwright-core";

const svg = await readFile("media/icon.svg", "utf8");
const browser = await chromium.launch({
  executablePath: process.env.TESTLSP_E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage({ viewport: { width: 256, height: 256 } });
await page.setContent(`<style>body { margin: 0 }</style>${svg}`);
await page.screenshot({ path: "media/icon.png", omitBackground: true });
await browser.close();
