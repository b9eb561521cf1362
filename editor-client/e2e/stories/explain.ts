import type { Story } from "../story.ts";

const story: Story = {
  title: "the code of a finding opens the rule's page inside the editor",
  stub: true,
  async play({ workbench, open }) {
    const { page } = workbench;
    await open("tests/test_environ.py");
    await workbench.squiggles("any");
    await workbench.problems("TL101", (rows) => rows.some((row) => row.includes("TL101")));
    await page
      .locator(".markers-panel .monaco-list-row a")
      .filter({ hasText: "TL101" })
      .first()
      .click({ modifiers: ["Control"] });
    await page.waitForSelector('.tab.active[aria-label*="TL101"]');
    const preview = page.frameLocator("iframe.webview").frameLocator("#active-frame");
    await preview.locator("body").filter({ hasText: "TL101" }).waitFor();
    await workbench.screenshot("page");
  },
};

export default story;
