/** Pop-ups: at most one about one thing, none if the user wants none, and none again after "Don't Show Again". */

import * as vscode from "vscode";

import { NAME } from "./constants";

const NEVER = "Don't Show Again";

export interface Choice {
  readonly title: string;
  readonly run: () => unknown;
}

/** What is remembered between windows: of the user, and of this workspace. */
export interface Memories {
  readonly globalState: vscode.Memento;
  readonly workspaceState: vscode.Memento;
}

export class Notices {
  private readonly shown = new Set<string>();

  constructor(
    private readonly memories: Memories,
    private readonly wanted: () => boolean,
  ) {}

  /** Show `message` with its choices, unless something about `topic` was shown in this window before. */
  async show(topic: string, message: string, choices: readonly Choice[]): Promise<void> {
    const { globalState } = this.memories;
    if (this.shown.has(topic) || !this.wanted() || globalState.get<boolean>(key(topic))) {
      return;
    }
    this.shown.add(topic);
    const titles = [...choices.map((choice) => choice.title), NEVER];
    const picked = await vscode.window.showWarningMessage(`${NAME}: ${message}`, ...titles);
    if (picked === NEVER) {
      await globalState.update(key(topic), true);
    }
    await choices.find((choice) => choice.title === picked)?.run();
  }

  /** As `show`, for what lasts: neither is it said again in later windows of this workspace, until `settled`. */
  async showOnce(topic: string, message: string, choices: readonly Choice[]): Promise<void> {
    const { workspaceState } = this.memories;
    if (!this.wanted() || workspaceState.get<string>(key(topic)) === message) {
      return;
    }
    await workspaceState.update(key(topic), message);
    await this.show(topic, message, choices);
  }

  /** What `topic` is about has passed: should it come again, that will be news. */
  async settled(topic: string): Promise<void> {
    const { workspaceState } = this.memories;
    this.shown.delete(topic);
    if (workspaceState.get(key(topic)) !== undefined) {
      await workspaceState.update(key(topic), undefined);
    }
  }
}

function key(topic: string): string {
  return `notice.${topic}`;
}
