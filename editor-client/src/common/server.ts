/**
 * Which server to start. Knows nothing of VS Code: what it must ask of the world is a `Host`, so that every branch of the
 * order below can be tested without an editor.
 *
 * The order, in a trusted workspace with `testlsp.importStrategy = fromEnvironment`:
 *
 * 1. the setting `testlsp.path`, if set: the first entry that exists, and nothing else if none does;
 * 2. testlsp in the workspace's interpreter;
 * 3. the copy bundled with the extension, run with that interpreter, or with another Python of the machine;
 * 4. `testlsp` on PATH.
 *
 * With `useBundled`, 3 comes before 2. In an untrusted workspace only 3 is tried, and only with an interpreter that
 * lies outside the workspace.
 */

import { MINIMUM_PYTHON, MINIMUM_SERVER } from "./constants";

export type ImportStrategy = "fromEnvironment" | "useBundled";

export type ServerSource = "setting" | "environment" | "bundle" | "path";

/** How to start a server. `version` is "" where only the server itself could tell. */
export interface Server {
  readonly source: ServerSource;
  readonly command: string;
  readonly args: readonly string[];
  readonly version: string;
}

/** What `bundled/tool/probe.py` says of an interpreter. */
export interface Probe {
  readonly version: readonly number[];
  readonly testlsp: string | null;
  readonly bundleProblem: string;
}

export interface Host {
  exists(path: string): boolean;
  /** The absolute path of a program on PATH. */
  which(name: string): string | undefined;
  /** Ask an interpreter about itself; undefined if it cannot be started or takes too long. */
  probe(python: string): Promise<Probe | undefined>;
  /** What `COMMAND --version` prints, undefined if it fails. */
  version(command: string): Promise<string | undefined>;
  /** The file of `bundled/tool/start.py` and the folder of the bundled packages. */
  readonly starter: string;
  readonly libs: string;
}

export interface Wishes {
  readonly path: readonly string[];
  readonly importStrategy: ImportStrategy;
  /** The interpreter of the workspace, by setting, Python extension or `.venv`; undefined if there is none. */
  readonly interpreter: string | undefined;
  /** Interpreters that may run the bundled copy when the workspace's own cannot. */
  readonly otherInterpreters: readonly string[];
  readonly trusted: boolean;
}

/** A search that failed says what was tried, in order, each with the reason. */
export interface Search {
  readonly server: Server | undefined;
  readonly tried: readonly string[];
}

type Step = () => Promise<Server | undefined>;

export async function findServer(wishes: Wishes, host: Host): Promise<Search> {
  const search = new ServerSearch(wishes, host);
  for (const step of search.steps()) {
    const server = await step();
    if (server) {
      return { server, tried: search.tried };
    }
  }
  return { server: undefined, tried: search.tried };
}

class ServerSearch {
  readonly tried: string[] = [];
  private readonly probes = new Map<string, Promise<Probe | undefined>>();

  constructor(
    private readonly wishes: Wishes,
    private readonly host: Host,
  ) {}

  steps(): Step[] {
    const bundle = () => this.fromBundle();
    if (!this.wishes.trusted) {
      return [bundle];
    }
    if (this.wishes.path.length > 0) {
      return [() => this.fromSetting()];
    }
    const environment = () => this.fromEnvironment();
    const path = () => this.fromPath();
    return this.wishes.importStrategy === "useBundled" ? [bundle, environment, path] : [environment, bundle, path];
  }

  private async fromSetting(): Promise<Server | undefined> {
    for (const command of this.wishes.path) {
      if (!this.host.exists(command)) {
        this.tried.push(`testlsp.path: there is no ${command}`);
        continue;
      }
      return this.executable("setting", command, "testlsp.path");
    }
    return undefined;
  }

  private async fromPath(): Promise<Server | undefined> {
    const command = this.host.which("testlsp");
    if (!command) {
      this.tried.push("PATH: there is no testlsp");
      return undefined;
    }
    return this.executable("path", command, "PATH");
  }

  private async executable(source: ServerSource, command: string, where: string): Promise<Server | undefined> {
    const said = await this.host.version(command);
    if (said === undefined) {
      this.tried.push(`${where}: ${command} does not run`);
      return undefined;
    }
    const version = /\d+\.\d+\S*/.exec(said)?.[0] ?? "";
    return this.recentEnough(version, `${where}: ${command}`)
      ? { source, command, args: ["server"], version }
      : undefined;
  }

  private async fromEnvironment(): Promise<Server | undefined> {
    const python = this.wishes.interpreter;
    if (!python) {
      this.tried.push("environment: no interpreter is chosen for this workspace");
      return undefined;
    }
    const probe = await this.probe(python);
    const where = `environment: ${python}`;
    if (!probe) {
      this.tried.push(`${where} does not run`);
    } else if (probe.testlsp === null) {
      this.tried.push(`${where} has no testlsp`);
    } else if (this.recentEnough(probe.testlsp, where)) {
      const args = ["-I", this.host.starter, "server"];
      return { source: "environment", command: python, args, version: probe.testlsp };
    }
    return undefined;
  }

  private async fromBundle(): Promise<Server | undefined> {
    const pythons = [this.wishes.interpreter, ...this.wishes.otherInterpreters];
    for (const python of new Set(pythons.filter((each) => each !== undefined))) {
      const probe = await this.probe(python);
      const problem = probe ? (oldPython(probe) ?? probe.bundleProblem) : "it does not run";
      if (!problem) {
        const args = ["-I", this.host.starter, "--libs", this.host.libs, "server"];
        return { source: "bundle", command: python, args, version: "" };
      }
      this.tried.push(`bundled copy with ${python}: ${problem}`);
    }
    if (pythons.every((each) => each === undefined)) {
      this.tried.push("bundled copy: there is no Python to run it");
    }
    return undefined;
  }

  private probe(python: string): Promise<Probe | undefined> {
    let answer = this.probes.get(python);
    if (!answer) {
      answer = this.host.probe(python);
      this.probes.set(python, answer);
    }
    return answer;
  }

  private recentEnough(version: string, where: string): boolean {
    const recent = !isOlder(numbers(version), MINIMUM_SERVER);
    if (!recent) {
      this.tried.push(`${where} has testlsp ${version}, which is older than ${MINIMUM_SERVER.join(".")}`);
    }
    return recent;
  }
}

function oldPython(probe: Probe): string | undefined {
  return isOlder(probe.version, MINIMUM_PYTHON)
    ? `it is Python ${probe.version.join(".")}, and testlsp needs ${MINIMUM_PYTHON.join(".")}`
    : undefined;
}

function numbers(version: string): number[] {
  return version.split(".").map((part) => Number.parseInt(part, 10) || 0);
}

function isOlder(version: readonly number[], minimum: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version;
  // A version that says nothing is not held against a server: an unusual build may print none.
  return version.length > 1 && (major < minimum[0] || (major === minimum[0] && minor < minimum[1]));
}

export function sameServer(one: Server | undefined, other: Server | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** How the choice is told to people: in the menu, the log and the tooltip. */
export function describeServer(server: Server): string {
  const version = server.version ? ` ${server.version}` : "";
  switch (server.source) {
    case "setting":
      return `testlsp${version} of the setting testlsp.path (${server.command})`;
    case "environment":
      return `testlsp${version} installed in ${server.command}`;
    case "bundle":
      return `testlsp bundled with the extension, run by ${server.command}`;
    case "path":
      return `testlsp${version} on PATH (${server.command})`;
  }
}
