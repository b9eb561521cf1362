import type { Story } from "../story.ts";

const story: Story = {
  title: "testlsp.importStrategy chooses between the testlsp of the environment and the bundled one",
  async play({ workbench, open, configure, environment }) {
    await environment(".venv", "testlsp");
    await open("tests/test_environ.py");
    await workbench.squiggles("any");
    await workbench.status(/installed in \S+\.venv/);
    await configure({ "testlsp.importStrategy": "useBundled" });
    await workbench.status(/bundled with the extension, run by \S+\.venv/);
    await workbench.squiggles("any", 1);
    await configure({ "testlsp.importStrategy": "fromEnvironment" });
    await workbench.status(/installed in \S+\.venv/);
    await workbench.squiggles("any", 1);
  },
};

export default story;
