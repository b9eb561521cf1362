/** Which Python belongs to the workspace. The Python extension is asked if it is there, and not missed if it is not. */

import * as path from "node:path";

import type { PythonExtension } from "@vscode/python-extension";
import * as vscode from "vscode";

import type { Logger } from "./logger";

const PYTHON_EXTENSION = "ms-python.python";

export interface Interpreters {
  /** The interpreter of the workspace, undefined if nothing says which. */
  readonly own: string | undefined;
  /** Others of the machine, which may run the bundled copy. */
  readonly others: readonly string[];
}

export interface Pythons {
  exists(file: string): boolean;
  pythons(): string[];
}

/**
 * The order: the setting `testlsp.interpreter`, the Python extension's choice, `.venv` or `venv` in a workspace folder. In an
 * untrusted workspace nothing that lies in the workspace is considered, because running it would run the workspace's code.
 */
export async function interpreters(
  setting: string,
  trusted: boolean,
  host: Pythons,
  log: Logger,
): Promise<Interpreters> {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri);
  const inWorkspace = (file: string) => folders.some((folder) => isInside(file, folder.fsPath));
  const allowed = (file: string) => trusted || !inWorkspace(file);
  const others = host.pythons().filter(allowed);
  if (setting && allowed(setting)) {
    return { own: setting, others };
  }
  if (!trusted) {
    return { own: undefined, others };
  }
  const chosen = await fromPythonExtension(folders[0], log);
  return { own: chosen ?? fromFolders(folders, host), others };
}

/** Loaded when it is needed: most of the time there is nothing to talk to. */
async function pythonExtension(): Promise<PythonExtension> {
  const { PythonExtension } = await import("@vscode/python-extension");
  return PythonExtension.api();
}

async function fromPythonExtension(folder: vscode.Uri | undefined, log: Logger): Promise<string | undefined> {
  if (!vscode.extensions.getExtension(PYTHON_EXTENSION)) {
    return undefined;
  }
  try {
    const api = await pythonExtension();
    await api.ready;
    const environment = await api.environments.resolveEnvironment(api.environments.getActiveEnvironmentPath(folder));
    return environment?.executable.uri?.fsPath;
  } catch (error) {
    log.warn(`the Python extension does not say which interpreter is chosen: ${String(error)}`);
    return undefined;
  }
}

function fromFolders(folders: readonly vscode.Uri[], host: Pythons): string | undefined {
  const candidates = folders.flatMap((folder) =>
    [".venv", "venv"].flatMap((name) => [
      path.join(folder.fsPath, name, "bin", "python"),
      path.join(folder.fsPath, name, "Scripts", "python.exe"),
    ]),
  );
  return candidates.find((file) => host.exists(file));
}

/** Calls back when the Python extension's choice changes. */
export async function onInterpreterChange(callback: () => void, log: Logger): Promise<vscode.Disposable> {
  if (vscode.extensions.getExtension(PYTHON_EXTENSION)) {
    try {
      const api = await pythonExtension();
      return api.environments.onDidChangeActiveEnvironmentPath(callback);
    } catch (error) {
      log.warn(`the Python extension will not say when another interpreter is chosen: ${String(error)}`);
    }
  }
  return new vscode.Disposable(() => undefined);
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}
