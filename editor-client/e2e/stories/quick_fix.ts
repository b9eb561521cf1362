import { check, type Story } from "../story.ts";

const story: Story = {
  title: "the quick fix of TL101 is applied and saved to the disk",
  short: true,
  stub: true,
  async play({ workbench, open, read }) {
    await open("tests/test_environ.py");
    await workbench.squiggles("any");
    await workbench.problems("TL101", (rows) => rows.some((row) => row.includes("TL101")));
    await workbench.screenshot("problems");
    await workbench.goToSquiggle(await read("tests/test_environ.py"), "os.environ[");
    await workbench.takeOffer(/monkeypatch\.setenv/);
    await workbench.problems("TL101 is gone", (rows) => !rows.some((row) => row.includes("TL101")));
    await workbench.save();
    const text = await read("tests/test_environ.py");
    check(text.includes('monkeypatch.setenv("SHOP_CURRENCY", "USD")'), `not in the saved file:\n${text}`);
    check(!text.includes("os.environ["), `the assignment is still there:\n${text}`);
  },
};

export default story;
