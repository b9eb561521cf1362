import type { Story } from "../story.ts";

const story: Story = {
  title: "another interpreter chosen in the Python extension runs another server, without a restart of the window",
  house: "unbuilt",
  async play({ workbench, open, environment, serverProcesses }) {
    await environment("env-one", "testlsp");
    await environment("env-two", "testlsp");
    await open("tests/test_environ.py");
    await workbench.status(/no server was found/);
    await workbench.command("Python: Select Interpreter");
    await workbench.pick("env-one/bin/python");
    await workbench.squiggles("any", 1);
    await workbench.status(/installed in \S+env-one/);
    const before = await serverProcesses();
    await workbench.command("Python: Select Interpreter");
    await workbench.pick("env-two/bin/python");
    await workbench.status(/installed in \S+env-two/);
    await workbench.until("another process", async () => {
      const now = await serverProcesses();
      return now.length > 0 && now.every((pid) => !before.includes(pid));
    });
    await workbench.squiggles("any", 1);
  },
};

export default story;
