/** As much of the `vscode` API as the unit tests touch, with what a test must set or see as plain data. */

export class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
    private readonly text: string,
  ) {}

  static file(file: string): Uri {
    return new Uri("file", file, `file://${file}`);
  }

  static parse(text: string): Uri {
    const scheme = /^[\w-]+/.exec(text)?.[0] ?? "";
    return new Uri(scheme, text.slice(scheme.length + 1), text);
  }

  static from(parts: { scheme: string; path: string }): Uri {
    return new Uri(parts.scheme, parts.path, `${parts.scheme}:${parts.path}`);
  }

  get fsPath(): string {
    return this.path;
  }

  toString(): string {
    return this.text;
  }
}

export class Disposable {
  constructor(readonly dispose: () => unknown) {}

  static from(...parts: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => parts.forEach((part) => part.dispose()));
  }
}

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => unknown>();

  readonly event = (listener: (value: T) => unknown): Disposable => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };

  fire(value: T): void {
    this.listeners.forEach((listener) => listener(value));
  }

  dispose(): void {
    this.listeners.clear();
  }
}

export class MarkdownString {
  constructor(readonly value: string) {}
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export const StatusBarAlignment = { Left: 1, Right: 2 };

export interface StubEditor {
  document: { uri: Uri; languageId: string };
}

/** What tests set, and what they look at afterwards. */
export interface Scene {
  settings: Record<string, unknown>;
  folders: string[];
  extensions: Record<string, unknown>;
  activeEditor: StubEditor | undefined;
  /** Editors in sight besides the active one. */
  otherEditors: StubEditor[];
  diagnostics: { source: string }[];
  /** What the user clicks in a notice. */
  click: string | undefined;
  notices: string[];
  /** The choices of the last notice. */
  choices: string[];
  terminals: unknown[];
  trusted: boolean;
  statusItem: { text: string; shown: boolean; backgroundColor?: ThemeColor | undefined };
}

export const scene: Scene = emptyScene();

function emptyScene(): Scene {
  return {
    settings: {},
    folders: [],
    extensions: {},
    activeEditor: undefined,
    otherEditors: [],
    diagnostics: [],
    click: undefined,
    notices: [],
    choices: [],
    terminals: [],
    trusted: true,
    statusItem: { text: "", shown: false },
  };
}

export const activeEditorChanged = new EventEmitter<undefined>();
export const diagnosticsChanged = new EventEmitter<{ uris: Uri[] }>();
export const terminalClosed = new EventEmitter<unknown>();

export function resetScene(): void {
  Object.assign(scene, emptyScene());
  activeEditorChanged.dispose();
  diagnosticsChanged.dispose();
  terminalClosed.dispose();
}

export const workspace = {
  get isTrusted() {
    return scene.trusted;
  },
  get workspaceFolders() {
    return scene.folders.map((folder) => ({ uri: Uri.file(folder) }));
  },
  getConfiguration: (section: string): Record<string, unknown> => ({
    get: (key: string, otherwise: unknown) => scene.settings[`${section}.${key}`] ?? otherwise,
    ...Object.fromEntries(Object.entries(scene.settings).map(([key, value]) => [key.split(".")[1] ?? "", value])),
  }),
};

export const window = {
  get activeTextEditor() {
    return scene.activeEditor;
  },
  get visibleTextEditors() {
    return [...(scene.activeEditor ? [scene.activeEditor] : []), ...scene.otherEditors];
  },
  onDidChangeActiveTextEditor: activeEditorChanged.event,
  createStatusBarItem: () =>
    Object.assign(scene.statusItem, {
      show: () => (scene.statusItem.shown = true),
      hide: () => (scene.statusItem.shown = false),
      dispose: () => undefined,
    }),
  onDidCloseTerminal: terminalClosed.event,
  createTerminal: (options: object) => {
    const terminal = { ...options, show: () => undefined };
    scene.terminals.push(terminal);
    return terminal;
  },
  showWarningMessage: (message: string, ...choices: string[]) => {
    scene.notices.push(message);
    scene.choices = choices;
    return Promise.resolve(scene.click);
  },
};

export const languages = {
  getDiagnostics: () => scene.diagnostics,
  onDidChangeDiagnostics: diagnosticsChanged.event,
};

export const extensions = {
  getExtension: (name: string) => scene.extensions[name],
};
