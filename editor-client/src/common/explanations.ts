/** Where the code of a finding leads. */

import * as vscode from "vscode";

import { NAME } from "./constants";

/** A click on the code of a finding shows the rule's page in the editor, which works without a network. */
export function withExplanation(diagnostic: vscode.Diagnostic, explainCommand: string): vscode.Diagnostic {
  const value = typeof diagnostic.code === "object" ? diagnostic.code.value : diagnostic.code;
  if (diagnostic.source === NAME && value !== undefined) {
    const query = encodeURIComponent(JSON.stringify([value]));
    diagnostic.code = { value, target: vscode.Uri.parse(`command:${explainCommand}?${query}`) };
  }
  return diagnostic;
}
