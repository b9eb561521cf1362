import { check, type Story } from "../story.ts";

const story: Story = {
  title: "a click on the status bar shows what can be done: restart, logs, settings of this file, the rules at hand",
  stub: true,
  async play({ workbench, open }) {
    const { page } = workbench;
    await open("tests/test_environ.py");
    await workbench.squiggles("any", 1);
    await workbench.status(/testlsp 1/);
    await page.locator(".statusbar-item").filter({ hasText: "testlsp 1" }).first().click();
    const entries = page.locator(".quick-input-list .monaco-list-row");
    await entries.filter({ hasText: "Restart the server" }).waitFor();
    const texts = (await entries.allInnerTexts()).join("\n");
    await workbench.screenshot("menu");
    for (const wanted of ["Show logs", "Show the settings of this file", "Open rule TL101"]) {
      check(texts.includes(wanted), `"${wanted}" is not in the menu:\n${texts}`);
    }
    await page.keyboard.press("Enter");
    await workbench.squiggles("any", 1);
    await workbench.command("testlsp: Show the Settings of This File");
    await page.waitForSelector('.tab.active[aria-label*="Settings of test_environ.py"]');
  },
};

export default story;
