import { check, type Story } from "../story.ts";

const story: Story = {
  title: "when no server is found, one notice says why and offers to install it, once; installing ends it",
  house: "unbuilt",
  async play({ workbench, open, configure, environment }) {
    const missing = /no server was found.*has no testlsp.*was not built for Python/s;
    await environment(".venv", "pip");
    await open("tests/test_environ.py");
    await workbench.status(missing);
    const notice = workbench.notice(missing);
    await notice.locator(".monaco-button").filter({ hasText: "Install into the Environment" }).waitFor();
    await workbench.screenshot("notice");
    await configure({ "testlsp.enable": false });
    await workbench.status(/turned off/);
    await configure({ "testlsp.enable": true });
    await workbench.status(missing);
    // The menu is made by the extension: what it has to say it said before.
    await workbench.menu();
    check((await workbench.notices()).length === 1, "a second notice says the same");
    // Another window of the same folder, by and by.
    await open("tests/test_environ.py");
    await workbench.status(missing);
    await workbench.menu();
    check((await workbench.notices()).length === 0, "the notice came again in another window");
    await workbench.pick("Install testlsp into the environment");
    await workbench.squiggles("any", 1);
    await workbench.status(/installed in \S+\.venv/);
  },
};

export default story;
