/** Wires the parts together: settings, trust and interpreter in; session, status bar and commands out. */

import * as vscode from "vscode";

import { COMMANDS, registerCommands, showAnswer } from "./common/commands";
import { SECTION } from "./common/constants";
import { createChannels } from "./common/logger";
import { Notices } from "./common/notices";
import { Pages } from "./common/pages";
import { onInterpreterChange } from "./common/python";
import { Session } from "./common/session";
import { clientSettings, needsRestart } from "./common/settings";
import { StatusItem } from "./common/status";

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const channels = createChannels();
  const pages = new Pages();
  const notices = new Notices(context, () => clientSettings().showNotifications !== "off");
  const status = new StatusItem(COMMANDS.showMenu);
  const current = new Session({
    extensionPath: context.extensionPath,
    channels,
    notices,
    explainCommand: COMMANDS.explain,
    answered: (command, args, answer) => showAnswer(pages, command, args, answer),
  });
  session = current;

  context.subscriptions.push(
    channels,
    pages,
    status,
    current.onDidChange(() => status.show(current.state, current.server)),
    registerCommands({ context, session: current, channels, pages }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void current.refresh("the workspace is trusted now")),
    vscode.workspace.onDidChangeConfiguration((change) => void onSettings(current, change)),
  );

  await current.refresh("the extension was activated");
  // After the start: the Python extension takes its time, and most windows have none or the choice made already.
  const chosen = () => void current.refresh("another interpreter was chosen");
  context.subscriptions.push(await onInterpreterChange(chosen, channels.client));
}

async function onSettings(current: Session, change: vscode.ConfigurationChangeEvent): Promise<void> {
  if (!change.affectsConfiguration(SECTION)) {
    return;
  }
  if (change.affectsConfiguration(`${SECTION}.run`)) {
    // When to ask for findings is fixed at the start of a client.
    await current.restart("testlsp.run was changed");
  } else if (needsRestart(change)) {
    await current.refresh("a setting that chooses the server was changed");
  } else {
    await current.configure();
  }
}

export async function deactivate(): Promise<void> {
  await session?.dispose();
  session = undefined;
}
