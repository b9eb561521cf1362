/** What a story is, and the stage it is played on. */

import { readFile } from "node:fs/promises";
import * as path from "node:path";

import type { Editor } from "./editor.ts";
import type { Workbench } from "./workbench.ts";

/**
 * "untrusted": folders are not trusted. "unbuilt": the bundled copy cannot run, and there is a stand-in for the Python extension,
 * which has chosen no interpreter.
 */
export type House = "usual" | "untrusted" | "unbuilt";

export interface Stage {
  readonly editor: Editor;
  readonly workbench: Workbench;
  /** The copy of the suite that is this story's alone. */
  readonly folder: string;
  /** Open the folder with this file in front. */
  readonly open: (file: string) => Promise<void>;
  /** What is on the disk. */
  readonly read: (file: string) => Promise<string>;
  /** Overwrite the settings of the workspace. */
  readonly configure: (settings: Record<string, unknown>) => Promise<void>;
  /** Make a virtual environment of that name in the folder, with testlsp installed in it or to be installed by its pip. */
  readonly environment: (name: string, has: "testlsp" | "pip") => Promise<string>;
  /** The processes of the server that belongs to this window's folder. */
  readonly serverProcesses: () => Promise<number[]>;
}

export interface Story {
  /** Said as what must hold. */
  readonly title: string;
  /** Part of the short form. */
  readonly short?: boolean;
  /** Runs with the stub of fixtures/stub_server.py, too. */
  readonly stub?: boolean;
  /** The window it needs; without, that of a user who has just installed the extension. */
  readonly house?: House;
  /** Settings of the workspace. */
  readonly settings?: Record<string, unknown>;
  /** Further or other files of the folder. */
  readonly files?: Record<string, string>;
  play(stage: Stage): Promise<void>;
}

export function check(holds: boolean, message: string): asserts holds {
  if (!holds) {
    throw new Error(message);
  }
}

export async function readText(folder: string, file: string): Promise<string> {
  return readFile(path.join(folder, file), "utf8");
}
