import { check, type Story } from "../story.ts";

const story: Story = {
  title: "a server that is killed comes back by itself, with a reason in the status bar and no pop-up",
  short: true,
  stub: true,
  async play({ workbench, open, serverProcesses }) {
    await open("tests/test_environ.py");
    await workbench.squiggles("any", 1);
    const before = await serverProcesses();
    check(before.length > 0, "no server process was found");
    before.forEach((pid) => process.kill(pid, "SIGKILL"));
    await workbench.status(/SIGKILL/);
    await workbench.screenshot("killed");
    await workbench.until("another process", async () => {
      const now = await serverProcesses();
      return now.length > 0 && now.every((pid) => !before.includes(pid));
    });
    await workbench.replaceLine(12, '    os.environ["SHOP_COUNTRY"] = "US"');
    await workbench.problems("both findings", (rows) => rows.filter((row) => row.includes("TL101")).length === 2);
    check((await workbench.notices()).length === 0, "there was a pop-up");
    await workbench.save();
  },
};

export default story;
