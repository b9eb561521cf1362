import { check, type Story } from "../story.ts";

const story: Story = {
  title: "a finding is silenced by a comment with a reason, from the light bulb",
  async play({ workbench, open, read }) {
    await open("tests/test_state.py");
    await workbench.squiggles("any");
    await workbench.problems("TL202", (rows) => rows.some((row) => row.includes("TL202")));
    await workbench.goToSquiggle(await read("tests/test_state.py"), "os.chdir");
    await workbench.takeOffer(/^ignore.*line/i);
    await workbench.problems("TL202 is gone", (rows) => !rows.some((row) => row.includes("TL202")));
    await workbench.save();
    const line = (await read("tests/test_state.py")).split("\n").find((each) => each.includes("os.chdir"));
    check(
      /os\.chdir\(tmp_path\) {2}# testlsp: ignore\[[\w-]+\] -- /.test(line ?? ""),
      `no comment with a place for the reason: ${String(line)}`,
    );
    await workbench.screenshot("silenced");
  },
};

export default story;
