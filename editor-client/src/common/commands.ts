/** The commands of the palette and of the status bar's menu. Those the server carries out get their arguments here. */

import * as path from "node:path";

import * as vscode from "vscode";
import type { Location, Position } from "vscode-languageclient";

import { NAME, SECTION, SERVER_COMMANDS } from "./constants";
import { frontEditor } from "./front";
import type { Channels } from "./logger";
import { pageOf, type Pages } from "./pages";
import type { Session } from "./session";
import { findingsIn } from "./status";

export const COMMANDS = {
  restart: "testlsp.restart",
  showLogs: "testlsp.showLogs",
  showServerLogs: "testlsp.showServerLogs",
  showMenu: "testlsp.showMenu",
  showPlaces: "testlsp.showPlaces",
  fixThisFile: "testlsp.fixThisFile",
  fixOneRule: "testlsp.fixOneRule",
  explain: "testlsp.explain",
  settingsOfThisFile: "testlsp.settingsOfThisFile",
  indexOfThisFile: "testlsp.indexOfThisFile",
  debugInformation: "testlsp.debugInformation",
  openExample: "testlsp.openExample",
  install: "testlsp.install",
} as const;

export interface CommandNeeds {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly channels: Channels;
  readonly pages: Pages;
}

export function registerCommands(needs: CommandNeeds): vscode.Disposable {
  const { session, channels, context } = needs;
  const run: Record<string, (...args: never[]) => unknown> = {
    [COMMANDS.restart]: () => session.restart("asked for"),
    [COMMANDS.showLogs]: () => channels.client.show(),
    [COMMANDS.showServerLogs]: () => channels.server.show(),
    [COMMANDS.showMenu]: () => showMenu(session),
    [COMMANDS.showPlaces]: (...places: ProtocolPlaces) => showPlaces(session, places),
    [COMMANDS.fixThisFile]: () => onFrontFile(SERVER_COMMANDS.fixFile),
    [COMMANDS.fixOneRule]: () => fixOneRule(),
    [COMMANDS.explain]: (rule?: string) => explain(rule),
    [COMMANDS.settingsOfThisFile]: () => onFrontFile(SERVER_COMMANDS.showSettings),
    [COMMANDS.indexOfThisFile]: () => onFrontFile(SERVER_COMMANDS.showIndex),
    [COMMANDS.debugInformation]: () => debugInformation(needs),
    [COMMANDS.openExample]: () => openExample(context),
    [COMMANDS.install]: () => session.install(),
  };
  return vscode.Disposable.from(
    ...Object.entries(run).map(([name, action]) => vscode.commands.registerCommand(name, action)),
  );
}

/** What a command of the server answered, shown if it is something to read or a reason why nothing was done. */
export function showAnswer(pages: Pages, command: string, args: readonly unknown[], answer: unknown): void {
  const reason = refusal(answer);
  if (reason !== "") {
    void vscode.window.showInformationMessage(`${NAME}: ${reason}.`);
    return;
  }
  const shown: readonly string[] = [
    SERVER_COMMANDS.explainRule,
    SERVER_COMMANDS.showSettings,
    SERVER_COMMANDS.showIndex,
  ];
  if (!shown.includes(command) || answer === null || answer === undefined) {
    return;
  }
  const [first] = args;
  const subject = typeof first === "string" ? path.posix.basename(first) : "";
  const title = { [SERVER_COMMANDS.showSettings]: "Settings of", [SERVER_COMMANDS.showIndex]: "Index of" }[command];
  void pages.show(`${title ?? ""} ${subject}`.trim(), answer);
}

/** Why a command that fixes did nothing, "" if it did something or is no such command. */
export function refusal(answer: unknown): string {
  if (typeof answer !== "object" || answer === null || !("applied" in answer) || answer.applied !== false) {
    return "";
  }
  return "reason" in answer && typeof answer.reason === "string" && answer.reason !== ""
    ? answer.reason
    : "nothing was changed";
}

/** What the server puts into a code lens: a document, a position in it, and the places that belong to it. */
type ProtocolPlaces = [uri: string, position: Position, locations: Location[]];

async function showPlaces(session: Session, [uri, position, locations]: ProtocolPlaces): Promise<void> {
  const convert = session.converter;
  if (convert) {
    await vscode.commands.executeCommand(
      "editor.action.showReferences",
      convert.asUri(uri),
      convert.asPosition(position),
      locations.map((location) => convert.asLocation(location)),
    );
  }
}

async function execute(command: string, ...args: unknown[]): Promise<void> {
  const known = await vscode.commands.getCommands(true);
  if (!known.includes(command)) {
    void vscode.window.showInformationMessage(`${NAME}: the server is not running, or does not know "${command}".`);
    return;
  }
  await vscode.commands.executeCommand(command, ...args);
}

async function onFrontFile(command: string): Promise<void> {
  const document = frontEditor()?.document;
  if (!document) {
    void vscode.window.showInformationMessage(`${NAME}: open a test file first.`);
    return;
  }
  await execute(command, document.uri.toString());
}

/** Rules that have findings at the moment, those of the line of the cursor first. */
function presentRules(): string[] {
  const editor = frontEditor();
  const here = editor
    ? findingsIn(editor.document.uri).filter((each) => each.range.intersection(editor.selection) !== undefined)
    : [];
  const everywhere = vscode.languages
    .getDiagnostics()
    .flatMap(([, diagnostics]) => diagnostics.filter((each) => each.source === NAME));
  return [...new Set([...here, ...everywhere].map(ruleOf).filter((rule) => rule !== ""))];
}

function ruleOf(diagnostic: vscode.Diagnostic): string {
  const { code } = diagnostic;
  return String(typeof code === "object" ? code.value : (code ?? ""));
}

async function fixOneRule(): Promise<void> {
  const rules = presentRules();
  if (rules.length === 0) {
    void vscode.window.showInformationMessage(`${NAME}: there are no findings.`);
    return;
  }
  const rule = await vscode.window.showQuickPick(rules, { placeHolder: "Fix every finding of which rule?" });
  if (rule) {
    await execute(SERVER_COMMANDS.fixRuleInWorkspace, rule);
  }
}

async function explain(rule: string | undefined): Promise<void> {
  const chosen = rule ?? (await askForRule());
  if (chosen) {
    await execute(SERVER_COMMANDS.explainRule, chosen);
  }
}

async function askForRule(): Promise<string | undefined> {
  const other = "Another…";
  const rules = presentRules();
  const picked = rules.length
    ? await vscode.window.showQuickPick([...rules, other], { placeHolder: "Explain which rule?" })
    : other;
  return picked === other
    ? vscode.window.showInputBox({ prompt: "Code or name of the rule", placeHolder: "TL101" })
    : picked;
}

async function showMenu(session: Session): Promise<void> {
  type Entry = vscode.QuickPickItem & { readonly command: string; readonly args?: readonly unknown[] };
  const rules = presentRules().slice(0, 5);
  const entries: Entry[] = [
    { label: "$(refresh) Restart the server", command: COMMANDS.restart },
    { label: "$(output) Show logs", command: COMMANDS.showLogs },
    { label: "$(settings) Show the settings of this file", command: COMMANDS.settingsOfThisFile },
    { label: "$(wand) Fix everything safe in this file", command: COMMANDS.fixThisFile },
    ...rules.map((rule) => ({ label: `$(book) Open rule ${rule}`, command: COMMANDS.explain, args: [rule] })),
    { label: "$(gear) Open the settings of testlsp", command: "workbench.action.openSettings", args: [`${SECTION}.`] },
    { label: "$(bug) Collect information for a bug report", command: COMMANDS.debugInformation },
  ];
  if (session.state.phase === "missing" && session.interpreter) {
    entries.unshift({ label: "$(cloud-download) Install testlsp into the environment", command: COMMANDS.install });
  }
  const reason = session.state.reason || session.server;
  const picked = await vscode.window.showQuickPick(entries, { title: NAME, placeHolder: reason });
  if (picked) {
    await vscode.commands.executeCommand(picked.command, ...(picked.args ?? []));
  }
}

async function debugInformation({ session, context, channels }: CommandNeeds): Promise<void> {
  const { version } = context.extension.packageJSON as { version: string };
  const facts = {
    extension: version,
    editor: `${vscode.env.appName} ${vscode.version}`,
    platform: `${process.platform}-${process.arch}`,
    trusted: vscode.workspace.isTrusted,
    folders: vscode.workspace.workspaceFolders?.length ?? 0,
    state: session.state,
    server: session.server,
    tried: session.tried,
    settings: vscode.workspace.getConfiguration(SECTION),
    initialize: session.capabilities,
  };
  const page = pageOf("testlsp", facts);
  channels.client.info("debug information was collected");
  const document = await vscode.workspace.openTextDocument({ language: "json", content: page.text });
  await vscode.window.showTextDocument(document);
}

/** Copy the example of the walkthrough to where it may be changed, and open it. */
async function openExample(context: vscode.ExtensionContext): Promise<void> {
  const source = vscode.Uri.joinPath(context.extensionUri, "walkthrough", "test_example.py");
  const target = vscode.Uri.joinPath(context.globalStorageUri, "example", "test_example.py");
  await vscode.workspace.fs.copy(source, target, { overwrite: true });
  await vscode.window.showTextDocument(target, { viewColumn: vscode.ViewColumn.Beside });
}
