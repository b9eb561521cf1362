import { existsSync } from "node:fs";
import * as path from "node:path";

import { check, type Story } from "../story.ts";

const EXPECTED = [
  { file: "tests/test_environ.py", code: /TL1\d\d/ },
  { file: "tests/test_state.py", code: /TL2\d\d/ },
  { file: "tests/test_api.py", code: /TL3\d\d/ },
  { file: "tests/test_catalogue.py", code: /TL4\d\d/ },
  { file: "tests/integration/test_checkout.py", code: /TL5\d\d/ },
];

const story: Story = {
  title:
    "a finding of each of the five families has a squiggle and a row in the Problems view, with nothing configured and nothing of the folder run",
  short: true,
  files: { "tests/unit/conftest.py": 'from pathlib import Path\n\nPath(__file__).with_name("ran").touch()\n' },
  async play({ workbench, open, folder }) {
    await open("pyproject.toml");
    for (const { file, code } of EXPECTED) {
      await workbench.openFile(file);
      await workbench.squiggles("any");
      // The list is as long as the panel is high; it follows the file in front.
      await workbench.problems(String(code), (rows) => rows.some((row) => code.test(row)));
    }
    await workbench.screenshot("problems");
    check(!existsSync(path.join(folder, "tests", "unit", "ran")), "a file of the folder was imported");
  },
};

export default story;
