/** The two channels of the output panel: what the extension does, and what the server says. */

import * as vscode from "vscode";

import { NAME } from "./constants";

export type Logger = Pick<vscode.LogOutputChannel, "trace" | "debug" | "info" | "warn" | "error">;

export interface Channels {
  readonly client: vscode.LogOutputChannel;
  readonly server: vscode.LogOutputChannel;
  dispose(): void;
}

export function createChannels(): Channels {
  const client = vscode.window.createOutputChannel(NAME, { log: true });
  const server = vscode.window.createOutputChannel(`${NAME} Server`, { log: true });
  return {
    client,
    server,
    dispose: () => {
      client.dispose();
      server.dispose();
    },
  };
}
