import { readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";

import { check, type Story } from "../story.ts";

const SETTINGS = { "testlsp.path": ["${workspaceFolder}/testlsp"] };
const MOST = 6;

/** Counts its starts, and dies. */
const SERVER = `#!/bin/sh
[ "$1" = --version ] && { echo testlsp 0.1.0; exit 0; }
echo started >>"$(dirname "$0")/starts"
echo there is no tea left >&2
exit 3
`;

const story: Story = {
  title: `a server that has crashed ${MOST} times stays off, with the reason, until it is started again by hand`,
  async play({ workbench, open, folder, configure, environment }) {
    const server = path.join(folder, "testlsp");
    const starts = async () =>
      (await readFile(path.join(folder, "starts"), "utf8").catch(() => "")).split("\n").length - 1;
    await writeFile(server, SERVER, { mode: 0o755 });
    const python = await environment("env", "testlsp");
    await configure(SETTINGS);
    await open("tests/test_environ.py");
    // The wait grows to half a minute; turning testlsp off and on ends it.
    for (;;) {
      await workbench.status(/there is no tea left/);
      if ((await starts()) >= MOST) {
        break;
      }
      await configure({ ...SETTINGS, "testlsp.enable": false });
      await workbench.status(/turned off/);
      await configure(SETTINGS);
    }
    await workbench.status(/testlsp: the server stopped(?! and)/);
    const notice = workbench.notice(/stopped 6 times and stays off \(exit code 3: there is no tea left\)/);
    await notice.waitFor();
    await workbench.screenshot("given up");
    check((await starts()) === MOST, `it was started ${await starts()} times`);
    check((await workbench.notices()).length === 1, `more than one notice: ${(await workbench.notices()).join("; ")}`);
    await writeFile(server, `#!/bin/sh\nexec "${python}" -m testlsp "$@"\n`);
    await notice.locator(".monaco-button").filter({ hasText: "Restart" }).click();
    await workbench.squiggles("any", 1);
    await workbench.status(/testlsp 1/);
  },
};

export default story;
