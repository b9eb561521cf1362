/** The section `testlsp` of the editor's settings: what the client itself uses, and what the server is told. */

import * as os from "node:os";
import * as path from "node:path";

import * as vscode from "vscode";

import { SECTION } from "./constants";
import type { ImportStrategy } from "./server";

export interface ClientSettings {
  readonly enable: boolean;
  readonly path: readonly string[];
  readonly interpreter: string;
  readonly importStrategy: ImportStrategy;
  readonly run: "onType" | "onSave";
  readonly showNotifications: "onError" | "off";
}

/** Keys that mean something to this client only, or that would tell the server which program it is. */
const CLIENT_ONLY = new Set(["enable", "path", "interpreter", "importStrategy", "showNotifications", "trace"]);

/** A change of these needs another process; any other change is told to the running one. */
const NEEDS_RESTART = ["enable", "path", "interpreter", "importStrategy"];

export function clientSettings(scope?: vscode.ConfigurationScope): ClientSettings {
  const config = vscode.workspace.getConfiguration(SECTION, scope);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  return {
    enable: config.get<boolean>("enable", true),
    path: config.get<string[]>("path", []).map((each) => substituted(each, folder)),
    interpreter: substituted(config.get<string>("interpreter", ""), folder),
    importStrategy: config.get<ImportStrategy>("importStrategy", "fromEnvironment"),
    run: config.get<"onType" | "onSave">("run", "onType"),
    showNotifications: config.get<"onError" | "off">("showNotifications", "onError"),
  };
}

/**
 * What the user has set, by the keys of a configuration file. A setting that is null is not set: it must not override what
 * the project's configuration file says, so it is left out.
 */
export function serverSettings(scope?: vscode.ConfigurationScope): Record<string, unknown> {
  return forServer(vscode.workspace.getConfiguration(SECTION, scope));
}

export function forServer(section: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(section)
      .filter(([key, value]) => value !== null && typeof value !== "function" && !CLIENT_ONLY.has(key))
      .map(([key, value]) => [kebab(key), value]),
  );
}

export function needsRestart(change: vscode.ConfigurationChangeEvent): boolean {
  return NEEDS_RESTART.some((key) => change.affectsConfiguration(`${SECTION}.${key}`));
}

export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Fill in `~`, `${workspaceFolder}`, `${userHome}` and `${env:NAME}`, as in VS Code's own settings. */
export function substituted(
  value: string,
  folder: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const home = os.homedir();
  const filled = value
    .replace(/^~(?=$|[\\/])/, home)
    .replaceAll("${userHome}", home)
    .replaceAll("${workspaceFolder}", folder ?? "")
    .replace(/\$\{env:([^}]+)\}/g, (_, name: string) => environment[name] ?? "");
  return folder && filled.startsWith(`.${path.sep}`) ? path.join(folder, filled) : filled;
}
