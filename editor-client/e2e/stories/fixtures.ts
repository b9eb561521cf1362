import type { Story } from "../story.ts";

const story: Story = {
  title: "a fixture leads to its definition, tells what it is, and a lens above it opens the tests that change it",
  async play({ workbench, open }) {
    const { page } = workbench;
    await open("tests/test_catalogue.py");
    await workbench.squiggles("any");
    await workbench.hover(4, 22, /session/);
    await workbench.goToLine(4, 22);
    await page.keyboard.press("F12");
    await workbench.tab("conftest.py");
    const lens = page.locator(".codelens-decoration a").filter({ hasText: "changed by test_new_fruit" });
    await lens.waitFor();
    await workbench.screenshot("lens");
    await lens.click();
    await page.locator(".peekview-widget").filter({ hasText: "test_catalogue.py" }).waitFor();
    await workbench.screenshot("places");
  },
};

export default story;
