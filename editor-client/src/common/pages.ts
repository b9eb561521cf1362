/** Texts that the server makes, shown in an editor of their own: rules, settings of a file, what the index knows. */

import * as vscode from "vscode";

const SCHEME = "testlsp-page";

/** What a command of the server may answer: Markdown, or anything else, which is shown as JSON. */
export type Answer = unknown;

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? "";
  }

  async show(title: string, answer: Answer): Promise<void> {
    const page = pageOf(title, answer);
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${page.name}` });
    this.texts.set(uri.path, page.text);
    this.changed.fire(uri);
    if (page.markdown) {
      await vscode.commands.executeCommand("markdown.showPreview", uri);
    } else {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
    }
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

export function pageOf(title: string, answer: Answer): { name: string; text: string; markdown: boolean } {
  const safe = title.replace(/[\\/]/g, " ");
  if (typeof answer === "string") {
    return { name: `${safe}.md`, text: answer, markdown: true };
  }
  return { name: `${safe}.json`, text: `${JSON.stringify(answer, null, 2)}\n`, markdown: false };
}
