/** The status bar: how the server is, and how many findings the file in front has. */

import * as vscode from "vscode";

import { NAME } from "./constants";
import { frontEditor } from "./front";

export type Phase = "off" | "starting" | "busy" | "ready" | "troubled" | "crashed" | "missing" | "failed";

/** `reason` says in a sentence what the user should know; "" where the phase says it all. */
export interface SessionState {
  readonly phase: Phase;
  readonly reason: string;
}

export interface StatusView {
  readonly text: string;
  readonly tooltip: string;
  readonly level: "normal" | "warning" | "error";
}

const MEANING: Record<Phase, string> = {
  off: "turned off by the setting testlsp.enable",
  starting: "starting",
  busy: "working",
  ready: "ready",
  troubled: "running, with trouble",
  crashed: "the server stopped and will be started again",
  missing: "no server was found",
  failed: "the server stopped",
};

const LEVEL: Partial<Record<Phase, "warning" | "error">> = {
  troubled: "warning",
  crashed: "warning",
  missing: "error",
  failed: "error",
};

function icon(phase: Phase): string {
  switch (phase) {
    case "starting":
    case "busy":
      return "$(sync~spin)";
    case "off":
      return "$(circle-slash)";
    case "ready":
      return "$(beaker)";
    case "troubled":
    case "crashed":
      return "$(warning)";
    case "missing":
    case "failed":
      return "$(error)";
  }
}

/** `findings` is the number in the file in front, undefined when that is no file of ours. */
export function statusView(state: SessionState, server: string, findings: number | undefined): StatusView {
  const counted =
    findings !== undefined && (state.phase === "ready" || state.phase === "busy" || state.phase === "troubled");
  const lines = [
    `${NAME}: ${MEANING[state.phase]}`,
    state.reason,
    counted ? `${findings === 0 ? "No" : findings} finding${findings === 1 ? "" : "s"} in this file` : "",
    server,
    "Click for a menu.",
  ];
  return {
    text: `${icon(state.phase)} ${NAME}${counted ? ` ${findings}` : ""}`,
    tooltip: lines.filter((line) => line !== "").join("\n\n"),
    level: LEVEL[state.phase] ?? "normal",
  };
}

/** Findings of ours in a document, by the diagnostics the editor holds. */
export function findingsIn(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter((diagnostic) => diagnostic.source === NAME);
}

export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly subscriptions: { dispose(): unknown }[];
  private state: SessionState = { phase: "starting", reason: "" };
  private server = "";

  constructor(menuCommand: string) {
    this.item = vscode.window.createStatusBarItem("testlsp.status", vscode.StatusBarAlignment.Right, 90);
    this.item.name = NAME;
    this.item.command = menuCommand;
    this.subscriptions = [
      this.item,
      vscode.window.onDidChangeActiveTextEditor(() => this.draw()),
      vscode.languages.onDidChangeDiagnostics((event) => {
        const front = frontDocument()?.uri.toString();
        if (event.uris.some((uri) => uri.toString() === front)) {
          this.draw();
        }
      }),
    ];
    this.draw();
  }

  show(state: SessionState, server: string): void {
    this.state = state;
    this.server = server;
    this.draw();
  }

  private draw(): void {
    const document = frontDocument();
    const view = statusView(this.state, this.server, document ? findingsIn(document.uri).length : undefined);
    this.item.text = view.text;
    this.item.tooltip = new vscode.MarkdownString(view.tooltip);
    this.item.backgroundColor =
      view.level === "normal" ? undefined : new vscode.ThemeColor(`statusBarItem.${view.level}Background`);
    // Out of the way of other work, unless there is something to be said.
    if (document || view.level !== "normal") {
      this.item.show();
    } else {
      this.item.hide();
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }
}

function frontDocument(): vscode.TextDocument | undefined {
  const document = frontEditor()?.document;
  return document?.languageId === "python" ? document : undefined;
}
