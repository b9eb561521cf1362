/** The life of the server in one window: found, started, restarted, missed. The only owner of a client. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { type ClientEvents, createClient, type RunningClient, type ServerStatus } from "./client";
import { NAME, SECTION } from "./constants";
import { Machine } from "./host";
import type { Channels } from "./logger";
import type { Choice, Notices } from "./notices";
import { interpreters } from "./python";
import { BackOff, RestartQueue } from "./restarts";
import { describeServer, findServer, sameServer, type Search, type Server } from "./server";
import { type ClientSettings, clientSettings, serverSettings } from "./settings";
import type { Phase, SessionState } from "./status";

export interface SessionNeeds {
  readonly extensionPath: string;
  readonly channels: Channels;
  readonly notices: Notices;
  readonly explainCommand: string;
  readonly answered: ClientEvents["answered"];
}

const PHASES: Record<string, Phase> = { starting: "starting", indexing: "busy", busy: "busy", ready: "ready" };

export class Session implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly queue = new RestartQueue(() => this.run());
  private readonly backOff = new BackOff();
  private running: RunningClient | undefined;
  private found: Server | undefined;
  private forced = false;
  private timer: NodeJS.Timeout | undefined;
  private disposed = false;

  readonly onDidChange = this.changed.event;
  state: SessionState = { phase: "starting", reason: "" };
  /** The interpreter that an installation would go into. */
  interpreter: string | undefined;
  tried: readonly string[] = [];

  constructor(private readonly needs: SessionNeeds) {}

  get server(): string {
    return this.found ? describeServer(this.found) : "";
  }

  /** From the protocol's types to the editor's; undefined when no server runs. */
  get converter(): LanguageClient["protocol2CodeConverter"] | undefined {
    return this.running?.client.protocol2CodeConverter;
  }

  get capabilities(): unknown {
    return this.running?.client.initializeResult;
  }

  /** Look for the server again, and start anew if it is another one or the present one does not run. */
  refresh(reason: string): Promise<void> {
    this.needs.channels.client.info(`looking for the server: ${reason}`);
    return this.queue.request();
  }

  /** Start anew in any case; past crashes are forgiven. */
  restart(reason: string): Promise<void> {
    this.forced = true;
    this.backOff.forgive();
    return this.refresh(reason);
  }

  /** Tell the server the settings of now. */
  async configure(): Promise<void> {
    const settings = { [SECTION]: serverSettings() };
    await this.running?.client.sendNotification("workspace/didChangeConfiguration", { settings });
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    clearTimeout(this.timer);
    await this.stop();
    this.changed.dispose();
  }

  private async run(): Promise<void> {
    clearTimeout(this.timer);
    if (this.disposed) {
      return;
    }
    const settings = clientSettings();
    if (!settings.enable) {
      await this.stop();
      this.become("off", "");
      return;
    }
    const search = await this.search();
    this.tried = search.tried;
    for (const line of search.tried) {
      this.needs.channels.client.info(`  ${line}`);
    }
    const forced = this.forced;
    this.forced = false;
    if (this.running && !forced && sameServer(search.server, this.found)) {
      this.needs.channels.client.info("the same server as before: it goes on");
      return;
    }
    await this.stop();
    if (!sameServer(search.server, this.found)) {
      // What another one did is not held against this one.
      this.backOff.forgive();
    }
    this.found = search.server;
    if (search.server) {
      await this.start(search.server);
    } else {
      this.miss(settings);
    }
  }

  private async search(): Promise<Search> {
    const host = new Machine(this.needs.extensionPath);
    const settings = clientSettings();
    const trusted = vscode.workspace.isTrusted;
    const python = await interpreters(settings.interpreter, trusted, host, this.needs.channels.client);
    this.interpreter = python.own;
    return findServer(
      {
        path: settings.path,
        importStrategy: settings.importStrategy,
        interpreter: python.own,
        otherInterpreters: python.others,
        trusted,
      },
      host,
    );
  }

  private async start(server: Server): Promise<void> {
    const { channels, explainCommand, answered, extensionPath } = this.needs;
    await this.needs.notices.settled("missing");
    channels.client.info(`starting ${describeServer(server)}: ${[server.command, ...server.args].join(" ")}`);
    this.become("starting", "");
    // Not in the workspace's folder: nothing there may be taken for a module of the server.
    const running = createClient(server, extensionPath, channels.server, explainCommand, {
      exited: (reason) => this.crashed(running, reason),
      status: (status) => this.told(running, status),
      answered,
    });
    this.running = running;
    try {
      await running.start();
      if (this.running === running && this.state.phase === "starting") {
        this.become("ready", "");
      }
    } catch (error) {
      this.crashed(running, error instanceof Error ? error.message : String(error));
    }
  }

  private async stop(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    await running?.stop();
  }

  private told(running: RunningClient, status: ServerStatus): void {
    if (running !== this.running) {
      return;
    }
    const phase = status.crashes ? "troubled" : (PHASES[status.state] ?? "troubled");
    this.become(phase, phase === "troubled" ? (status.message ?? status.state) : "");
  }

  private crashed(running: RunningClient, reason: string): void {
    // A process that ends is noticed twice: by its end, and by the request that will not be answered.
    if (running !== this.running || this.disposed) {
      return;
    }
    this.running = undefined;
    void running.stop();
    const delay = this.backOff.crashed();
    this.needs.channels.client.error(`the server stopped: ${reason}`);
    if (delay === undefined) {
      this.become("failed", reason);
      void this.needs.notices.show(
        "failed",
        `the server stopped ${this.backOff.count} times and stays off (${reason}).`,
        [
          { title: "Show Logs", run: () => this.needs.channels.client.show() },
          { title: "Restart", run: () => this.restart("asked for in the notice") },
        ],
      );
      return;
    }
    this.become("crashed", reason);
    this.timer = setTimeout(() => void this.refresh(`the server stopped ${delay} ms ago`), delay);
  }

  private miss(settings: ClientSettings): void {
    const reason = missingReason(this.tried);
    this.become("missing", reason);
    const { client } = this.needs.channels;
    const choices: Choice[] = [{ title: "Show Logs", run: () => client.show() }];
    if (vscode.workspace.isTrusted && settings.path.length > 0) {
      // Nothing but this setting is looked at: an installation would not be found.
      choices.unshift({ title: "Open Settings", run: () => openSetting("path") });
    } else if (vscode.workspace.isTrusted && this.interpreter) {
      choices.unshift({ title: "Install into the Environment", run: () => this.install() });
    }
    // Not awaited: a notice that nobody answers must not hold up the next request.
    void this.needs.notices.showOnce("missing", `no server was found: ${reason}.`, choices);
  }

  /** Install testlsp with the interpreter's own pip, in a terminal, where the user sees what is done; then look again. */
  install(): void {
    const { interpreter } = this;
    if (!interpreter || !vscode.workspace.isTrusted) {
      void vscode.window.showInformationMessage(`${NAME}: choose an interpreter for this workspace first.`);
      return;
    }
    const terminal = vscode.window.createTerminal({
      name: "Install testlsp",
      shellPath: interpreter,
      shellArgs: INSTALL,
    });
    const closed = vscode.window.onDidCloseTerminal((each) => {
      if (each === terminal) {
        closed.dispose();
        void this.restart("an installation has ended");
      }
    });
    terminal.show();
  }

  private become(phase: Phase, reason: string): void {
    this.state = { phase, reason };
    this.needs.channels.client.debug(`state: ${phase} ${reason}`);
    this.changed.fire();
  }
}

/** Why no server was found, in a line: what was tried first tells most. All of it is in the log. */
export function missingReason(tried: readonly string[]): string {
  return tried.slice(0, 2).join("; ");
}

function openSetting(key: string): Thenable<unknown> {
  return vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.${key}`);
}

const INSTALL = ["-m", "pip", "install", "--upgrade", "testlsp"];
