import type { Story } from "../story.ts";

const story: Story = {
  title: "an edit of conftest.py, not yet saved, changes the finding in another open file",
  async play({ workbench, open }) {
    const shared = (rows: readonly string[]) => rows.some((row) => /TL401/.test(row));
    await open("tests/test_catalogue.py");
    await workbench.squiggles("any");
    await workbench.problems("TL401", shared);
    await workbench.openFile("tests/conftest.py");
    await workbench.replaceLine(6, "@pytest.fixture");
    await workbench.problems("TL401 is gone", (rows) => !shared(rows));
    await workbench.replaceLine(6, '@pytest.fixture(scope="module")');
    await workbench.problems("TL401 is back", shared);
    await workbench.screenshot("back");
  },
};

export default story;
