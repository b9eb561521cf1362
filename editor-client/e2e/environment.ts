/** Virtual environments for stories, made without a network: what is "installed" is imported from another folder. */

import { execFileSync } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import * as path from "node:path";

import { realPython } from "./editor.ts";

/** Return the interpreter of the new environment in `folder`. With "pip", testlsp is there after `python -m pip install`. */
export async function makeEnvironment(folder: string, packages: string, has: "testlsp" | "pip"): Promise<string> {
  execFileSync(realPython(), ["-m", "venv", "--without-pip", folder]);
  const [version] = await readdir(path.join(folder, "lib"));
  const site = path.join(folder, "lib", version ?? "", "site-packages");
  if (has === "testlsp") {
    await writeFile(path.join(site, "testlsp.pth"), `${packages}\n`);
  } else {
    await mkdir(path.join(site, "pip"));
    await writeFile(path.join(site, "pip", "__main__.py"), pip(path.join(site, "testlsp.pth"), packages));
  }
  return path.join(folder, "bin", "python");
}

/** A pip that installs testlsp, and refuses everything else. */
function pip(place: string, packages: string): string {
  return [
    "import sys",
    'if sys.argv[1:2] != ["install"] or sys.argv[-1] != "testlsp":',
    '    sys.exit(f"not understood: {sys.argv[1:]}")',
    `open(${JSON.stringify(place)}, "w").write(${JSON.stringify(`${packages}\n`)})`,
    'print("Successfully installed testlsp")',
    "",
  ].join("\n");
}
