import type { Story } from "../story.ts";

const story: Story = {
  title: "a change of settings takes effect at once, in both directions",
  async play({ workbench, open, configure }) {
    const shown = (rows: readonly string[]) => rows.some((row) => row.includes("TL101"));
    await open("tests/test_environ.py");
    await workbench.squiggles("any");
    await workbench.problems("TL101", shown);
    await configure({ "testlsp.ignore": ["TL101"] });
    await workbench.problems("TL101 is ignored", (rows) => !shown(rows));
    await configure({});
    await workbench.problems("TL101 is back", shown);
  },
};

export default story;
