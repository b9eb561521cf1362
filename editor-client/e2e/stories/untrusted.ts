import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import * as path from "node:path";

import { check, type Story } from "../story.ts";

/** Leaves a trace if it is run. */
const TRAP = '#!/bin/sh\ntouch "$(dirname "$0")/ran"\n';

const story: Story = {
  title:
    "in an untrusted folder only the bundled server runs, whatever the folder's settings and .venv say; once it is trusted, these count",
  house: "untrusted",
  settings: {
    "testlsp.path": ["${workspaceFolder}/trap/testlsp"],
    "testlsp.interpreter": "${workspaceFolder}/trap/python",
  },
  files: {
    "trap/testlsp": TRAP,
    "trap/python": TRAP,
    ".venv/bin/python": TRAP,
    "testlsp/__init__.py": "raise SystemExit(9)\n",
  },
  async play({ workbench, open, folder }) {
    const { page } = workbench;
    for (const file of ["trap/testlsp", "trap/python", ".venv/bin/python"]) {
      await chmod(path.join(folder, file), 0o755);
    }
    await open("tests/test_environ.py");
    await workbench.squiggles("any");
    await workbench.problems("TL101", (rows) => rows.some((row) => row.includes("TL101")));
    await workbench.status(/testlsp/);
    await workbench.screenshot("restricted");
    check(!existsSync(path.join(folder, "trap", "ran")), "a program of the untrusted folder was run");
    check(!existsSync(path.join(folder, ".venv", "bin", "ran")), "the interpreter of the untrusted folder was run");
    await workbench.command("Workspaces: Manage Workspace Trust");
    await page.locator(".workspace-trust-editor .monaco-button").filter({ hasText: "Trust" }).first().click();
    await workbench.until("the setting is followed", () =>
      Promise.resolve(existsSync(path.join(folder, "trap", "ran"))),
    );
  },
};

export default story;
