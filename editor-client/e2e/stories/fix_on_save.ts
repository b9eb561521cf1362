import { check, type Story } from "../story.ts";

const story: Story = {
  title: "saving mends what is safe, with source.fixAll.testlsp in codeActionsOnSave, and nothing else",
  stub: true,
  settings: {
    "[python]": { "editor.codeActionsOnSave": { "source.fixAll.testlsp": "explicit" } },
    "files.trimTrailingWhitespace": true,
  },
  files: {
    "notes.txt": "",
    "tests/test_save.py": [
      "import os",
      "",
      "",
      "def test_currency(client):",
      '    os.environ["SHOP_CURRENCY"] = "USD"',
      '    os.environ["SHOP_COUNTRY"] = "US"',
      '    response = client.post("/orders")',
      "    assert response.status_code in [200, 422]",
      "",
    ].join("\n"),
  },
  async play({ workbench, open, read }) {
    await open("notes.txt");
    // For a while after its start VS Code saves and does nothing else: it sets up all that it does on saving when it is idle.
    await workbench.until("blanks are trimmed on saving", async () => {
      await workbench.replaceLine(1, "blank ");
      await workbench.save();
      return (await read("notes.txt")) === "blank";
    });
    await workbench.openFile("tests/test_save.py");
    await workbench.squiggles("any");
    await workbench.problems("both assignments", (rows) => rows.filter((row) => row.includes("TL101")).length === 2);
    // A change, as nothing is saved without one.
    await workbench.replaceLine(2, "# changed");
    await workbench.save();
    await workbench.until("the file on the disk is mended", async () => {
      const text = await read("tests/test_save.py");
      return text.includes('monkeypatch.setenv("SHOP_CURRENCY", "USD")') && !text.includes("os.environ[");
    });
    const text = await read("tests/test_save.py");
    check(text.includes("in [200, 422]"), `what is not safe was changed:\n${text}`);
  },
};

export default story;
