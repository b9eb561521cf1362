/** The editor that the user means by "this file". */

import * as vscode from "vscode";

/** To VS Code the text of the output panel is an editor, too; to a user who reads the log, the file behind it is in front. */
export function frontEditor(): vscode.TextEditor | undefined {
  const active = vscode.window.activeTextEditor;
  return active?.document.uri.scheme === "output"
    ? vscode.window.visibleTextEditors.find((each) => each.document.uri.scheme !== "output")
    : active;
}
