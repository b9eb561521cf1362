/** One language client for one run of a server process. */

import { type ChildProcess, spawn } from "node:child_process";

import type * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
} from "vscode-languageclient/node";

import { NAME, SECTION } from "./constants";
import { withExplanation } from "./explanations";
import type { Server } from "./server";
import { clientSettings, forServer, serverSettings } from "./settings";

/** What `testlsp/status` says. */
export interface ServerStatus {
  readonly state: string;
  readonly message?: string;
  readonly crashes?: number;
}

export interface ClientEvents {
  /** The process ended. `reason` is for people: how it ended and the last it said. */
  exited(reason: string): void;
  status(status: ServerStatus): void;
  /** A command of the server gave an answer that is to be shown. */
  answered(command: string, args: readonly unknown[], answer: unknown): void;
}

export interface RunningClient {
  readonly client: LanguageClient;
  /** Start the process and the protocol; rejects if either fails. */
  start(): Promise<void>;
  /** End both, whatever state they are in. */
  stop(): Promise<void>;
}

const STOP_MS = 2_000;
const END_MS = 1_000;
const LAST_WORDS = 2_000;

const SELECTOR = [
  { scheme: "file", language: "python" },
  { scheme: "untitled", language: "python" },
  { scheme: "file", pattern: "**/{pyproject,testlsp}.toml" },
];

export function createClient(
  server: Server,
  cwd: string,
  output: vscode.LogOutputChannel,
  explainCommand: string,
  events: ClientEvents,
): RunningClient {
  const worker = new ServerProcess(server, cwd, events);
  const options = clientOptions(output, explainCommand, events);
  const client = new QuietClient(SECTION, NAME, () => worker.spawn(), options);
  client.onNotification("testlsp/status", (status: ServerStatus) => events.status(status));
  return {
    client,
    start: () =>
      client.start().catch(async (error: unknown) => {
        // How the process ended says more than which request it left unanswered.
        await worker.ended(END_MS);
        throw error;
      }),
    stop: async () => {
      worker.expectEnd();
      // A client whose server died or never answered refuses to stop; the process is ended all the same.
      await client.stop(STOP_MS).catch(() => undefined);
      await client.dispose().catch(() => undefined);
      worker.kill();
    },
  };
}

/** Writes to its output and leaves pop-ups to the session, which shows at most one about one thing. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }
}

class ServerProcess {
  private process: ChildProcess | undefined;
  private lastWords = "";
  private ending = false;
  private tellEnd: () => void = () => undefined;
  private readonly end = new Promise<void>((resolve) => (this.tellEnd = resolve));

  constructor(
    private readonly server: Server,
    private readonly cwd: string,
    private readonly events: ClientEvents,
  ) {}

  spawn(): Promise<ChildProcess> {
    return new Promise((resolve, reject) => {
      const { command, args } = this.server;
      const child = spawn(command, [...args], { cwd: this.cwd, windowsHide: true });
      this.process = child;
      child.stderr.on("data", (chunk: Buffer) => {
        this.lastWords = (this.lastWords + chunk.toString()).slice(-LAST_WORDS);
      });
      child.once("spawn", () => resolve(child));
      child.once("error", (error) => {
        this.tell(error.message);
        reject(error);
      });
      // "close" comes after "exit", when the last output was read.
      child.once("close", (code, signal) => this.tell(signal ? `ended by ${signal}` : `exit code ${String(code)}`));
    });
  }

  expectEnd(): void {
    this.ending = true;
  }

  kill(): void {
    if (this.process?.exitCode === null) {
      this.process.kill();
    }
  }

  /** Wait until the end was told, but not for ever: the process may live on. */
  async ended(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([this.end, patience]);
    clearTimeout(timer);
  }

  private tell(how: string): void {
    if (!this.ending) {
      this.ending = true;
      const last = this.lastWords.trim().split("\n").at(-1)?.trim();
      this.events.exited(last ? `${how}: ${last}` : how);
    }
    this.tellEnd();
  }
}

function clientOptions(
  outputChannel: vscode.LogOutputChannel,
  explainCommand: string,
  events: ClientEvents,
): LanguageClientOptions {
  const linked = (diagnostic: vscode.Diagnostic) => withExplanation(diagnostic, explainCommand);
  const { run } = clientSettings();
  return {
    documentSelector: SELECTOR,
    outputChannel,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: { settings: serverSettings() },
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      // Starting again is the session's decision, which waits longer after each crash.
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    diagnosticPullOptions: { onChange: run === "onType", onSave: run === "onSave" },
    middleware: {
      handleDiagnostics: (uri, diagnostics, next) => next(uri, diagnostics.map(linked)),
      provideDiagnostics: async (document, previous, token, next) => {
        const report = await next(document, previous, token);
        if (report && "items" in report) {
          report.items = report.items.map(linked);
        }
        return report;
      },
      executeCommand: async (command, args: unknown[], next) => {
        const answer: unknown = await next(command, args);
        events.answered(command, args, answer);
        return answer;
      },
      workspace: {
        configuration: async (params, token, next) => {
          const answers = await next(params, token);
          return Array.isArray(answers)
            ? answers.map((answer: unknown, index) =>
                params.items[index]?.section === SECTION && answer ? forServer(answer) : answer,
              )
            : answers;
        },
      },
    },
  };
}
