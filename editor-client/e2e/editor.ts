/** A VS Code of our own: code-server in a scratch folder, with nothing of the user's and no network. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import * as path from "node:path";

const CACHE = process.env["TESTLSP_E2E_CACHE"] ?? path.join(process.env["HOME"] ?? "/root", ".cache", "testlsp-e2e");
export const CODE_SERVER = path.join(CACHE, "code-server");
const ENTRY = path.join(CODE_SERVER, "out", "node", "entry.js");

/** Everything quiet that would move, ask or call home. */
const QUIET = {
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "editor.accessibilitySupport": "off",
  "editor.autoClosingBrackets": "never",
  "editor.autoClosingQuotes": "never",
  "editor.cursorBlinking": "solid",
  "editor.lightbulb.enabled": "on",
  "editor.minimap.enabled": false,
  "editor.occurrencesHighlight": "off",
  "editor.quickSuggestions": false,
  "editor.suggestOnTriggerCharacters": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "files.autoSave": "off",
  "git.enabled": false,
  "security.workspace.trust.banner": "never",
  "security.workspace.trust.startupPrompt": "never",
  "telemetry.telemetryLevel": "off",
  "testlsp.trace.server": "messages",
  "update.mode": "none",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.editor.enablePreview": false,
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

export interface EditorOptions {
  /** A folder that is this editor's alone. */
  readonly scratch: string;
  /** The extensions to install, ours first. */
  readonly vsix: readonly string[];
  /** false: the compiled parts of the bundled copy are taken away, as if it were built for another Python. */
  readonly built: boolean;
  /** false: folders are untrusted until the user says otherwise. */
  readonly trust: boolean;
  /** User settings besides the quiet ones. */
  readonly settings?: Record<string, unknown>;
}

export class Editor {
  readonly url: string;
  private readonly options: EditorOptions;
  private readonly port: number;
  private readonly processes: ChildProcess[] = [];

  private constructor(options: EditorOptions, port: number) {
    this.options = options;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(options: EditorOptions): Promise<Editor> {
    const editor = new Editor(options, await freePort());
    await editor.prepare();
    await editor.install();
    editor.launch();
    await editor.ready();
    return editor;
  }

  /** The address at which a folder opens, with a file in front; of several, only the last would be opened. */
  address(folder: string, file: string): string {
    const remote = `vscode-remote://127.0.0.1:${this.port}${path.posix.join(folder, file)}`;
    const payload = JSON.stringify([
      ["openFile", remote],
      // So that the logs of a failure tell what passed between editor and server.
      ["logLevel", "testlsp.testlsp=trace"],
    ]);
    return `${this.url}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(payload)}`;
  }

  /** The server and all it needs, as packages. */
  get packages(): string {
    return path.join(this.options.scratch, "packages");
  }

  /** Stop code-server with all it started. Without it, the extension host and the language server live on. */
  async stop(): Promise<void> {
    for (const child of this.processes) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.pid !== undefined && child.exitCode === null) {
        process.kill(-child.pid, "SIGTERM");
        await Promise.race([ended, sleep(5_000)]);
        try {
          process.kill(-child.pid, "SIGKILL");
        } catch {
          // The group is gone, as it should be.
        }
      }
    }
  }

  /** Copy what the editor and its extension host wrote to `target`. */
  async keepLogs(target: string): Promise<void> {
    await mkdir(target, { recursive: true });
    await cp(path.join(this.options.scratch, "user", "logs"), path.join(target, "logs"), { recursive: true }).catch(
      () => undefined,
    );
    await cp(path.join(this.options.scratch, "code-server.log"), path.join(target, "code-server.log")).catch(
      () => undefined,
    );
  }

  private async prepare(): Promise<void> {
    const { scratch } = this.options;
    for (const folder of ["bin", "home", "tmp", "run", "user/User", "extensions"]) {
      await mkdir(path.join(scratch, folder), { recursive: true });
    }
    await symlink(realPython(), path.join(scratch, "bin", "python3"));
    // An empty file is refused.
    await writeFile(path.join(scratch, "config.yaml"), "auth: none\n");
    const settings = { ...QUIET, "security.workspace.trust.enabled": !this.options.trust, ...this.options.settings };
    await writeFile(path.join(scratch, "user", "User", "settings.json"), JSON.stringify(settings, null, 2));
  }

  private arguments(): string[] {
    const { scratch, trust } = this.options;
    return [
      ENTRY,
      ...["--config", path.join(scratch, "config.yaml")],
      ...["--user-data-dir", path.join(scratch, "user")],
      ...["--extensions-dir", path.join(scratch, "extensions")],
      ...["--bind-addr", `127.0.0.1:${this.port}`],
      ...["--auth", "none", "--disable-telemetry", "--disable-update-check"],
      // A window that is left without a word, as some are, takes its extension host and its server with it soon.
      ...["--reconnection-grace-time", "1"],
      ...(trust ? ["--disable-workspace-trust"] : []),
    ];
  }

  private environment(): NodeJS.ProcessEnv {
    const { scratch } = this.options;
    const kept = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|TESTLSP_|VIRTUAL_ENV|PYTHON)/.test(name));
    return {
      ...Object.fromEntries(kept),
      HOME: path.join(scratch, "home"),
      TMPDIR: path.join(scratch, "tmp"),
      XDG_RUNTIME_DIR: path.join(scratch, "run"),
      // Version managers put wrappers on PATH that look into HOME, which is another here. No testlsp but our own may be found.
      PATH: [
        path.join(scratch, "bin"),
        ...(process.env["PATH"] ?? "").split(path.delimiter).filter((each) => !existsSync(path.join(each, "testlsp"))),
      ].join(path.delimiter),
      EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "http://127.0.0.1:9/", itemUrl: "http://127.0.0.1:9/" }),
    };
  }

  private async install(): Promise<void> {
    const wanted = this.options.vsix.flatMap((file) => ["--install-extension", file]);
    const said = execFileSync(process.execPath, [...this.arguments(), ...wanted], {
      env: this.environment(),
      encoding: "utf8",
    });
    const extensions = path.join(this.options.scratch, "extensions");
    const ours = (await readdir(extensions)).find((name) => name.startsWith("testlsp."));
    if (ours === undefined) {
      throw new Error(`the extension was not installed:\n${said}`);
    }
    const bundled = path.join(extensions, ours, "bundled", "libs");
    // Environments of stories import from here what an installation would have put into them.
    await cp(bundled, this.packages, { recursive: true });
    if (!this.options.built) {
      for (const file of await readdir(bundled, { recursive: true })) {
        if (/\.(so|pyd)$/.test(file)) {
          await rm(path.join(bundled, file));
        }
      }
    }
  }

  private launch(): void {
    const child = spawn(process.execPath, this.arguments(), {
      env: this.environment(),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = createWriteStream(path.join(this.options.scratch, "code-server.log"));
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    this.processes.push(child);
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      const answer = await fetch(`${this.url}/healthz`).catch(() => undefined);
      if (answer?.ok) {
        return;
      }
      await sleep(100);
    }
    throw new Error("code-server did not start within a minute");
  }
}

let python = "";

/** The interpreter itself, not a wrapper of a version manager. */
export function realPython(): string {
  python ||= execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
  return python;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
