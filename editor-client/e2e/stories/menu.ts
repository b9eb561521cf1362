import { check, type Story } from "../story.ts";

const story: Story = {
  title: "a click on the status bar shows what can be done: restart, logs, settings of this file, the rules at hand",
  async play({ workbench, open, serverProcesses }) {
    const { page } = workbench;
    await open("tests/test_environ.py");
    await workbench.squiggles("any", 1);
    await workbench.status(/testlsp 1/);
    await workbench.menu();
    const texts = (await page.locator(".quick-input-list .monaco-list-row").allInnerTexts()).join("\n");
    await workbench.screenshot("menu");
    for (const wanted of ["Restart the server", "Show logs", "Show the settings of this file", "Open rule TL101"]) {
      check(texts.includes(wanted), `"${wanted}" is not in the menu:\n${texts}`);
    }
    const before = await serverProcesses();
    await workbench.pick("Restart the server");
    await workbench.until("another process", async () => {
      const now = await serverProcesses();
      return now.length > 0 && now.every((pid) => !before.includes(pid));
    });
    await workbench.squiggles("any", 1);
    await workbench.menu();
    await workbench.pick("Show logs");
    await page.locator(".output-view-container, .pane-body.output-view").first().waitFor();
    await page.locator(".part.panel .view-line").filter({ hasText: "looking for the server" }).first().waitFor();
    await workbench.menu();
    await workbench.pick("Show the settings of this file");
    await page.waitForSelector('.tab.active[aria-label*="Settings of test_environ.py"]');
    await page.locator('.tab[data-resource-name="test_environ.py"]').click();
    await workbench.tab("test_environ.py");
    await workbench.menu();
    await workbench.pick("Open rule TL101");
    await page.waitForSelector('.tab.active[aria-label*="TL101"]');
  },
};

export default story;
