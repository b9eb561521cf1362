import { beforeEach, describe, expect, it, vi } from "vitest";

import { Notices } from "../src/common/notices";
import { missingReason, Session } from "../src/common/session";
import type { Search, Server } from "../src/common/server";
import { resetScene, scene, terminalClosed } from "./vscode";

/** What the search finds next, and the clients that were made. */
const world = vi.hoisted((): World => ({ found: { server: undefined, tried: [] }, clients: [], startsFail: false }));

interface World {
  found: Search;
  wishes?: unknown;
  startsFail: boolean;
  clients: {
    server: Server;
    running: boolean;
    events: { exited(reason: string): void; status(status: { state: string; message?: string }): void };
  }[];
}

vi.mock("../src/common/host", () => ({
  Machine: class {
    exists = () => true;
    pythons = () => [];
  },
}));
vi.mock("../src/common/server", async (original) => ({
  ...(await original<object>()),
  findServer: (wishes: unknown) => {
    world.wishes = wishes;
    return Promise.resolve(world.found);
  },
}));
vi.mock("../src/common/client", () => ({
  createClient: (server: never, _cwd: string, _output: unknown, _command: string, events: never) => {
    const made = { server, events, running: false };
    world.clients.push(made);
    return {
      client: { sendNotification: () => Promise.resolve() },
      start: () => {
        made.running = true;
        return world.startsFail ? failure() : Promise.resolve();
      },
      stop: () => {
        made.running = false;
        return Promise.resolve();
      },
    };
  },
}));

/** As the real one, after the end of the process was told. */
const failure = () =>
  new Promise<void>((_, reject) => setTimeout(() => reject(new Error("it left a request unanswered")), 300));

const SERVER: Server = { source: "environment", command: "/venv/python", args: ["server"], version: "0.1.0" };
const memory = () => ({ get: () => undefined, update: () => Promise.resolve(), keys: () => [] });

function session(): Session {
  const log = { info: () => undefined, debug: () => undefined, error: () => undefined, warn: () => undefined };
  return new Session({
    extensionPath: "/ext",
    channels: { client: { ...log, show: () => undefined }, server: log, dispose: () => undefined } as never,
    notices: new Notices({ globalState: memory(), workspaceState: memory() }, () => true),
    explainCommand: "testlsp.explain",
    answered: () => undefined,
  });
}

beforeEach(() => {
  resetScene();
  vi.useRealTimers();
  Object.assign(world, { found: { server: SERVER, tried: [] }, clients: [], startsFail: false });
});

describe("a session", () => {
  it("starts the server that was found, and is ready", async () => {
    const made = session();
    await made.refresh("test");
    expect(made.state.phase).toBe("ready");
    expect(made.server).toBe("testlsp 0.1.0 installed in /venv/python");
  });

  it("lets the running server go on when the search finds the same", async () => {
    const made = session();
    await made.refresh("one");
    await made.refresh("two");
    expect(world.clients).toHaveLength(1);
  });

  it("ends the running server before another one is started", async () => {
    const made = session();
    await made.refresh("one");
    world.found = { server: { ...SERVER, command: "/other/python" }, tried: [] };
    await made.refresh("two");
    expect(world.clients.map((each) => [each.server.command, each.running])).toEqual([
      ["/venv/python", false],
      ["/other/python", true],
    ]);
  });

  it("starts the same server anew when a restart is asked for", async () => {
    const made = session();
    await made.refresh("one");
    await made.restart("two");
    expect(world.clients.map((each) => each.running)).toEqual([false, true]);
  });

  it("runs nothing when it is turned off", async () => {
    const made = session();
    await made.refresh("one");
    scene.settings = { "testlsp.enable": false };
    await made.refresh("two");
    expect(made.state.phase).toBe("off");
    expect(world.clients.map((each) => each.running)).toEqual([false]);
  });

  it("tells the search whether the workspace is trusted", async () => {
    scene.trusted = false;
    await session().refresh("one");
    expect(world.wishes).toMatchObject({ trusted: false, interpreter: undefined });
  });

  it("shows the trouble a server is in, and that it is over", async () => {
    const made = session();
    await made.refresh("one");
    world.clients[0]?.events.status({ state: "error", message: "a rule failed" });
    expect(made.state).toEqual({ phase: "troubled", reason: "a rule failed" });
    world.clients[0]?.events.status({ state: "ready" });
    expect(made.state.phase).toBe("ready");
  });
});

describe("a server that crashes", () => {
  it("is started again after a while, with the reason in sight", async () => {
    vi.useFakeTimers();
    const made = session();
    await made.refresh("one");
    world.clients[0]?.events.exited("exit code 3: no tea");
    expect(made.state).toEqual({ phase: "crashed", reason: "exit code 3: no tea" });
    await vi.advanceTimersByTimeAsync(499);
    expect(world.clients).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(world.clients).toHaveLength(2);
    expect(made.state.phase).toBe("ready");
  });

  it("stays off after the sixth time, with one notice, until it is started by hand", async () => {
    vi.useFakeTimers();
    const made = session();
    await made.refresh("one");
    for (let crash = 1; crash <= 6; crash += 1) {
      world.clients.at(-1)?.events.exited("no tea");
      await vi.advanceTimersByTimeAsync(60_000 / 2);
    }
    expect(world.clients).toHaveLength(6);
    expect(made.state).toEqual({ phase: "failed", reason: "no tea" });
    expect(scene.notices).toEqual(["testlsp: the server stopped 6 times and stays off (no tea)."]);
    await made.restart("asked for");
    expect(made.state.phase).toBe("ready");
    world.clients.at(-1)?.events.exited("no tea");
    expect(made.state.phase).toBe("crashed");
  });

  it("is counted once when its start fails because it ended", async () => {
    world.startsFail = true;
    const made = session();
    const started = made.refresh("one");
    await vi.waitFor(() => expect(world.clients).toHaveLength(1));
    world.clients[0]?.events.exited("exit code 3: no tea");
    await started;
    expect(made.state).toEqual({ phase: "crashed", reason: "exit code 3: no tea" });
    await made.dispose();
  });

  it("says nothing more after the session is over", async () => {
    const made = session();
    await made.refresh("one");
    await made.dispose();
    world.clients[0]?.events.exited("ended by SIGTERM");
    expect(made.state.phase).toBe("ready");
  });
});

describe("a server that is not found", () => {
  beforeEach(() => {
    world.found = {
      server: undefined,
      tried: ["environment: /venv/python has no testlsp", "bundled copy: no", "PATH"],
    };
  });

  it("is said once, with what was tried first as the reason", async () => {
    const made = session();
    await made.refresh("one");
    await made.refresh("two");
    expect(made.state.phase).toBe("missing");
    expect(scene.notices).toEqual([
      "testlsp: no server was found: environment: /venv/python has no testlsp; bundled copy: no.",
    ]);
  });

  it("may be installed into the interpreter of the workspace, and is looked for again afterwards", async () => {
    scene.settings = { "testlsp.interpreter": "/venv/python" };
    scene.click = "Install into the Environment";
    const made = session();
    await made.refresh("one");
    await vi.waitFor(() => expect(scene.terminals).toHaveLength(1));
    expect(scene.terminals[0]).toMatchObject({
      shellPath: "/venv/python",
      shellArgs: ["-m", "pip", "install", "--upgrade", "testlsp"],
    });
    world.found = { server: SERVER, tried: [] };
    terminalClosed.fire(scene.terminals[0]);
    await vi.waitFor(() => expect(made.state.phase).toBe("ready"));
  });

  it.each([
    ["nothing says into which interpreter", {}, true],
    ["the setting testlsp.path says where to look", { "testlsp.interpreter": "/p", "testlsp.path": ["/no"] }, true],
    ["the workspace is not trusted", { "testlsp.interpreter": "/p" }, false],
  ])("is not offered to be installed when %s", async (_why, settings, trusted) => {
    Object.assign(scene, { settings, trusted });
    await session().refresh("one");
    expect(scene.choices).not.toContain("Install into the Environment");
  });

  it("has a reason of one line", () => {
    expect(missingReason(["a", "b", "c"])).toBe("a; b");
  });
});
