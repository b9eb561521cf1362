import { writeFile } from "node:fs/promises";
import * as path from "node:path";

import { readText, type Story } from "../story.ts";

const story: Story = {
  title: "a change of settings takes effect at once, in both directions",
  stub: true,
  async play({ workbench, open, folder }) {
    const shown = (rows: readonly string[]) => rows.some((row) => row.includes("TL101"));
    const settings = path.join(folder, ".vscode", "settings.json");
    const before = await readText(folder, ".vscode/settings.json");
    await open("tests/test_environ.py");
    await workbench.squiggles("any");
    await workbench.problems("TL101", shown);
    await writeFile(settings, JSON.stringify({ ...(JSON.parse(before) as object), "testlsp.ignore": ["TL101"] }));
    await workbench.problems("TL101 is ignored", (rows) => !shown(rows));
    await writeFile(settings, before);
    await workbench.problems("TL101 is back", shown);
  },
};

export default story;
