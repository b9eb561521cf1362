/** The machine, as the search for a server sees it. */

import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import * as path from "node:path";

import type { Host, Probe } from "./server";

const PROBE_MS = 10_000;

export class Machine implements Host {
  readonly starter: string;
  readonly libs: string;

  constructor(
    private readonly extensionPath: string,
    private readonly environment: NodeJS.ProcessEnv = process.env,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {
    this.starter = path.join(extensionPath, "bundled", "tool", "start.py");
    this.libs = path.join(extensionPath, "bundled", "libs");
  }

  exists(file: string): boolean {
    try {
      return statSync(file).isFile();
    } catch {
      return false;
    }
  }

  which(name: string): string | undefined {
    return this.all(name)[0];
  }

  /** Every program called `name` on PATH. Relative entries of PATH are skipped: they would depend on the workspace. */
  all(name: string): string[] {
    const suffixes = this.platform === "win32" ? [".exe"] : [""];
    const folders = (this.environment["PATH"] ?? "").split(path.delimiter).filter((each) => path.isAbsolute(each));
    return folders
      .flatMap((folder) => suffixes.map((suffix) => path.join(folder, name + suffix)))
      .filter((file) => this.isExecutable(file));
  }

  /** Pythons on PATH: what `python3` and `python` mean first, then those that say their version. */
  pythons(): string[] {
    const names = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
    return [...new Set(names.flatMap((name) => this.all(name)))];
  }

  async probe(python: string): Promise<Probe | undefined> {
    const script = path.join(this.extensionPath, "bundled", "tool", "probe.py");
    const said = await output(python, ["-I", script, this.libs]);
    try {
      return said === undefined ? undefined : (JSON.parse(said) as Probe);
    } catch {
      return undefined;
    }
  }

  version(command: string): Promise<string | undefined> {
    return output(command, ["--version"]);
  }

  private isExecutable(file: string): boolean {
    try {
      accessSync(file, constants.X_OK);
      return this.exists(file);
    } catch {
      return false;
    }
  }
}

function output(command: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: PROBE_MS, windowsHide: true }, (error, stdout) => {
      resolve(error ? undefined : stdout);
    });
  });
}
