/** Pop-ups: at most one about one thing, none if the user wants none, and none again after "Don't Show Again". */

import * as vscode from "vscode";

import { NAME } from "./constants";

const NEVER = "Don't Show Again";

export interface Choice {
  readonly title: string;
  readonly run: () => unknown;
}

export class Notices {
  private readonly shown = new Set<string>();

  constructor(
    private readonly memory: vscode.Memento,
    private readonly wanted: () => boolean,
  ) {}

  /** Show `message` with its choices, unless something about `topic` was shown in this window before. */
  async show(topic: string, message: string, choices: readonly Choice[]): Promise<void> {
    const key = `notice.${topic}`;
    if (this.shown.has(topic) || !this.wanted() || this.memory.get<boolean>(key)) {
      return;
    }
    this.shown.add(topic);
    const titles = [...choices.map((choice) => choice.title), NEVER];
    const picked = await vscode.window.showWarningMessage(`${NAME}: ${message}`, ...titles);
    if (picked === NEVER) {
      await this.memory.update(key, true);
    }
    await choices.find((choice) => choice.title === picked)?.run();
  }
}
