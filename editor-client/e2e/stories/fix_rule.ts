import { type Story } from "../story.ts";

const story: Story = {
  title: "one rule is fixed in all files of the workspace, open or not",
  files: {
    "tests/test_second.py": [
      "import os",
      "",
      "",
      "def test_country():",
      '    os.environ["SHOP_COUNTRY"] = "US"',
      '    assert os.sep == "/"',
      "",
    ].join("\n"),
  },
  async play({ workbench, open, read }) {
    const { page } = workbench;
    await open("tests/test_environ.py");
    await workbench.squiggles("any");
    await workbench.problems("TL101", (rows) => rows.some((row) => row.includes("TL101")));
    await workbench.command("testlsp: Fix One Rule in the Workspace…");
    await workbench.pick("TL101");
    await workbench.edited();
    await page.waitForSelector('.tab.dirty[data-resource-name="test_second.py"]');
    await workbench.saveAll();
    for (const file of ["tests/test_environ.py", "tests/test_second.py"]) {
      await workbench.until(`${file} is mended`, async () => {
        const text = await read(file);
        return text.includes("monkeypatch.setenv(") && !text.includes("os.environ[");
      });
    }
  },
};

export default story;
