/**
 * Plays the stories: `run.ts [--short] [--story NAME] [--repeat N] [--no-retry] [--stub] [--vsix FILE] [--list] [--pictures]`.
 *
 * One editor serves all stories of a round that need the same kind of it (`House`); each story has its own window and its own
 * copy of fixtures/suite. A story that fails is played once more, and what was seen the first time is kept in
 * e2e/artifacts; a failure that did not repeat is counted and named. `--no-retry` turns that off.
 */

import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";

import type { BrowserContext } from "playwright-core";

import { CODE_SERVER, Editor, realPython, sleep } from "./editor.ts";
import { makeEnvironment } from "./environment.ts";
import { type House, readText, type Stage, type Story } from "./story.ts";
import { CHROMIUM, openBrowser, Workbench } from "./workbench.ts";

const HERE = import.meta.dirname;
const ARTIFACTS = path.join(HERE, "artifacts");

const HOUSES: readonly House[] = ["usual", "untrusted", "unbuilt"];

/** Of the screenshots, those that the README shows, with their names there. */
const PICTURES = { "families/problems": "findings", "alternatives/offers": "alternatives", "explain/page": "rule" };

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    story: { type: "string", multiple: true, default: [] },
    repeat: { type: "string", default: "1" },
    "no-retry": { type: "boolean", default: false },
    stub: { type: "boolean", default: false },
    vsix: { type: "string" },
    list: { type: "boolean", default: false },
    pictures: { type: "boolean", default: false },
  },
});

interface Named {
  readonly name: string;
  readonly story: Story;
}

async function loadStories(): Promise<Named[]> {
  const files = (await readdir(path.join(HERE, "stories"))).filter((file) => file.endsWith(".ts")).sort();
  const all = await Promise.all(
    files.map(async (file) => {
      const module = (await import(`./stories/${file}`)) as { default: Story };
      return { name: path.basename(file, ".ts"), story: module.default };
    }),
  );
  return all
    .filter(({ story }) => !options.short || story.short)
    .filter(({ story }) => !options.stub || story.stub)
    .filter(({ name }) => !options.pictures || Object.keys(PICTURES).some((shot) => shot.startsWith(`${name}/`)))
    .filter(({ name }) => options.story.length === 0 || options.story.includes(name));
}

async function newestPackage(): Promise<string> {
  const folder = path.join(HERE, "..", "dist");
  const names = existsSync(folder) ? (await readdir(folder)).filter((file) => file.endsWith(".vsix")) : [];
  const made = names.map((name) => ({ name, at: statSync(path.join(folder, name)).mtimeMs }));
  const last = made.sort((one, other) => one.at - other.at).at(-1)?.name;
  if (last === undefined) {
    throw new Error('there is no dist/*.vsix: run "npm run build && npm run package" first');
  }
  return path.join(folder, last);
}

/** One editor and one browser for the stories that may share them. */
class Theatre {
  readonly editor: Editor;
  private readonly scratch: string;
  private readonly browser: BrowserContext;

  private constructor(scratch: string, editor: Editor, browser: BrowserContext) {
    this.scratch = scratch;
    this.editor = editor;
    this.browser = browser;
  }

  static async open(vsix: string, house: House): Promise<Theatre> {
    const scratch = await mkdtemp(path.join(tmpdir(), "testlsp-e2e-"));
    const editor = await Editor.start({
      scratch: path.join(scratch, "editor"),
      vsix: house === "unbuilt" ? [vsix, pythonExtension(scratch)] : [vsix],
      built: house !== "unbuilt",
      trust: house !== "untrusted",
    });
    return new Theatre(scratch, editor, await openBrowser(path.join(scratch, "browser")));
  }

  async play({ name, story }: Named, round: number): Promise<void> {
    const folder = path.join(await mkdtemp(path.join(this.scratch, `${name}-`)), "shop");
    await prepareFolder(folder, story);
    const page = await this.browser.newPage();
    // A window that is left with unsaved files may ask.
    page.on("dialog", (dialog) => void dialog.accept().catch(() => undefined));
    const artifacts = path.join(ARTIFACTS, name);
    const workbench = new Workbench(page, artifacts);
    const { editor } = this;
    const stage: Stage = {
      editor,
      workbench,
      folder,
      open: (file) => workbench.open(editor.address(folder, file), path.basename(file)),
      read: (file) => readText(folder, file),
      configure: (settings) => configure(folder, settings),
      environment: (name, has) => makeEnvironment(path.join(folder, name), editor.packages, has),
      serverProcesses: () => serverProcesses(path.join(this.scratch, "editor")),
    };
    try {
      await story.play(stage);
    } catch (error) {
      const kept = path.join(artifacts, `failure-${round}-${Date.now()}`);
      await mkdir(kept, { recursive: true });
      await page.screenshot({ path: path.join(kept, "screen.png") }).catch(() => undefined);
      await editor.keepLogs(kept);
      throw error;
    } finally {
      // Leaving ends the extension host and its server; a page that is only closed might come back, for all the editor knows.
      await page.goto("about:blank").catch(() => undefined);
      await page.close();
    }
    await this.emptied();
  }

  /** Wait until no server runs: one that outlived its window would count as the next story's. */
  private async emptied(): Promise<void> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const left = await serverProcesses(path.join(this.scratch, "editor"));
      if (left.length === 0) {
        return;
      }
      if (Date.now() > deadline) {
        throw new Error(`the window is closed, but a server still runs: ${left.join(", ")}`);
      }
      await sleep(100);
    }
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.editor.stop();
    await rm(this.scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function prepareFolder(folder: string, story: Story): Promise<void> {
  await cp(path.join(HERE, "fixtures", "suite"), folder, { recursive: true });
  for (const [file, text] of Object.entries(story.files ?? {})) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
  const settings: Record<string, unknown> = { ...story.settings };
  if (options.stub) {
    // Through a wrapper, so that the stub runs with the interpreter that was found and not with what PATH means later.
    const stub = path.join(path.dirname(folder), "stub-testlsp");
    await writeFile(
      stub,
      `#!/bin/sh\nexec "${realPython()}" "${path.join(HERE, "fixtures", "stub_server.py")}" "$@"\n`,
    );
    await chmod(stub, 0o755);
    settings["testlsp.path"] = [stub];
  }
  await configure(folder, settings);
}

async function configure(folder: string, settings: Record<string, unknown>): Promise<void> {
  await mkdir(path.join(folder, ".vscode"), { recursive: true });
  await writeFile(path.join(folder, ".vscode", "settings.json"), JSON.stringify(settings, null, 2));
}

/** Package the stand-in for the Python extension. */
function pythonExtension(scratch: string): string {
  const file = path.join(scratch, "python.vsix");
  const vsce = path.join(HERE, "..", "node_modules", "@vscode", "vsce", "vsce");
  execFileSync(process.execPath, [vsce, "package", "--allow-missing-repository", "--skip-license", "--out", file], {
    cwd: path.join(HERE, "fixtures", "python-extension"),
    stdio: ["ignore", "ignore", "inherit"],
  });
  return file;
}

/** Processes started by this editor whose command line is that of a language server. */
async function serverProcesses(scratch: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    const words = command.split("\0").filter((word) => word !== "");
    if (
      environment.includes(`HOME=${path.join(scratch, "home")}`) &&
      words.at(-1) === "server" &&
      /python/.test(words[0] ?? "")
    ) {
      found.push(Number(pid));
    }
  }
  return found;
}

async function main(): Promise<number> {
  const stories = await loadStories();
  if (options.list) {
    for (const { name, story } of stories) {
      console.log(`${name}: ${story.title}`);
    }
    return 0;
  }
  const vsix = options.vsix ?? (await newestPackage());
  console.log(await versions(vsix));
  const counts = { passed: 0, failed: 0, repeated: 0 };
  for (let round = 1; round <= Number(options.repeat); round += 1) {
    const began = performance.now();
    for (const house of HOUSES) {
      const here = stories.filter(({ story }) => (story.house ?? "usual") === house);
      if (here.length > 0) {
        await playAll(here, vsix, house, round, counts);
      }
    }
    if (options.repeat !== "1") {
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(
        `round ${round} of ${options.repeat} (${seconds} s): ${counts.passed} passed, ${counts.failed} failed so far`,
      );
    }
  }
  if (options.pictures && counts.failed === 0) {
    for (const [shot, name] of Object.entries(PICTURES)) {
      await cp(path.join(ARTIFACTS, `${shot}.png`), path.join(HERE, "..", "media", `${name}.png`));
    }
  }
  console.log(`${counts.repeated} stories needed a second try`);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

/** What is tried, and in what: a result without this says nothing. */
async function versions(vsix: string): Promise<string> {
  const codeServer = JSON.parse(await readFile(path.join(CODE_SERVER, "package.json"), "utf8")) as { version: string };
  const vscode = JSON.parse(await readFile(path.join(CODE_SERVER, "lib", "vscode", "package.json"), "utf8")) as {
    version: string;
  };
  const chromium = execFileSync(CHROMIUM, ["--version"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
  const date = new Date().toISOString().slice(0, 10);
  return [
    `${date}: ${path.basename(vsix)} in VS Code ${vscode.version} (code-server ${codeServer.version})`,
    chromium,
    `Node ${process.version}`,
  ].join(", ");
}

interface Counts {
  passed: number;
  failed: number;
  repeated: number;
}

let open: Theatre | undefined;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    void Promise.resolve(open?.close()).finally(() => process.exit(130));
  });
}

async function playAll(stories: Named[], vsix: string, house: House, round: number, counts: Counts): Promise<void> {
  const theatre = await Theatre.open(vsix, house);
  open = theatre;
  try {
    for (const named of stories) {
      const began = performance.now();
      const problem = await played(theatre, named, round, counts);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      counts[problem ? "failed" : "passed"] += 1;
      console.log(`${problem ? "FAILED" : "ok    "} ${named.name} (${seconds} s): ${named.story.title}`);
      if (problem) {
        console.log(`       ${problem}`);
      }
    }
  } finally {
    open = undefined;
    await theatre.close();
  }
}

/** The reason why the story failed for good, undefined if it passed. */
async function played(theatre: Theatre, named: Named, round: number, counts: Counts): Promise<string | undefined> {
  for (const attempt of options["no-retry"] ? [1] : [1, 2]) {
    try {
      await theatre.play(named, round);
      return undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt === 2 || options["no-retry"]) {
        return reason;
      }
      counts.repeated += 1;
      console.log(`again  ${named.name}: ${reason}`);
    }
  }
  return undefined;
}

process.exitCode = await main();
