import { check, type Story } from "../story.ts";

const SECOND = '    os.environ["SHOP_COUNTRY"] = "US"';

const story: Story = {
  title: "with testlsp.run = onSave a change is looked at when the file is saved; with onType at once",
  settings: { "testlsp.run": "onSave" },
  async play({ workbench, open, configure, serverProcesses }) {
    const { page } = workbench;
    const count = (rows: readonly string[]) => rows.filter((row) => row.includes("TL101")).length;
    await open("tests/test_environ.py");
    await workbench.squiggles("any", 1);
    await workbench.problems("one finding", (rows) => count(rows) === 1);
    await workbench.replaceLine(12, SECOND);
    // The server has read the change when it answers what was asked later.
    await workbench.hover(11, 6, /TL101|environ/);
    const rows = await workbench.problems("the list", () => true);
    check(count(rows) === 1, `the change was looked at before it was saved: ${JSON.stringify(rows)}`);
    await workbench.save();
    await workbench.problems("both findings", (now) => count(now) === 2);
    const before = await serverProcesses();
    await configure({ "testlsp.run": "onType" });
    await workbench.until("another process", async () => {
      const present = await serverProcesses();
      return present.length > 0 && present.every((pid) => !before.includes(pid));
    });
    await workbench.squiggles("any", 2);
    await workbench.replaceLine(12, '    assert price(3) == "3 USD"');
    await workbench.problems("one finding, without saving", (now) => count(now) === 1);
    check(await page.locator(".tab.active.dirty").isVisible(), "the file was saved");
  },
};

export default story;
