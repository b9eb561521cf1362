import { describe, expect, it } from "vitest";

import {
  describeServer,
  findServer,
  type Host,
  type Probe,
  sameServer,
  type Server,
  type Wishes,
} from "../src/common/server";

const OLD: Probe = { version: [3, 8, 10], testlsp: null, bundleProblem: "" };
const PLAIN: Probe = { version: [3, 12, 1], testlsp: null, bundleProblem: "" };
const INSTALLED: Probe = { version: [3, 12, 1], testlsp: "0.3.0", bundleProblem: "" };
const UNBUILT: Probe = { version: [3, 15, 0], testlsp: null, bundleProblem: "the bundled libcst was not built" };

interface World {
  files?: string[];
  onPath?: string;
  probes?: Record<string, Probe>;
  versions?: Record<string, string>;
}

function host(world: World): Host & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    starter: "/ext/start.py",
    libs: "/ext/libs",
    exists: (file) => (world.files ?? []).includes(file),
    which: () => world.onPath,
    probe: (python) => {
      asked.push(python);
      return Promise.resolve(world.probes?.[python]);
    },
    version: (command) => {
      asked.push(command);
      return Promise.resolve(world.versions?.[command]);
    },
  };
}

function wishes(changed: Partial<Wishes> = {}): Wishes {
  return {
    path: [],
    importStrategy: "fromEnvironment",
    interpreter: "/venv/python",
    otherInterpreters: [],
    trusted: true,
    ...changed,
  };
}

async function found(wanted: Partial<Wishes>, world: World): Promise<Server | undefined> {
  return (await findServer(wishes(wanted), host(world))).server;
}

describe("the order in which a server is looked for", () => {
  it("takes the first executable of testlsp.path that exists", async () => {
    const server = await found(
      { path: ["/no", "/opt/testlsp"] },
      { files: ["/opt/testlsp"], versions: { "/opt/testlsp": "testlsp 0.2.0\n" } },
    );
    expect(server).toEqual({ source: "setting", command: "/opt/testlsp", args: ["server"], version: "0.2.0" });
  });

  it("looks nowhere else when testlsp.path names nothing that exists, and says so", async () => {
    const search = await findServer(wishes({ path: ["/no"] }), host({ probes: { "/venv/python": INSTALLED } }));
    expect(search.server).toBeUndefined();
    expect(search.tried).toEqual(["testlsp.path: there is no /no"]);
  });

  it("takes the testlsp of the workspace's interpreter before the bundled one", async () => {
    const server = await found({}, { probes: { "/venv/python": INSTALLED } });
    expect(server).toMatchObject({ source: "environment", command: "/venv/python", version: "0.3.0" });
    expect(server?.args).toEqual(["-I", "/ext/start.py", "server"]);
  });

  it("runs the bundled copy with the workspace's interpreter when that has no testlsp", async () => {
    const server = await found({}, { probes: { "/venv/python": PLAIN } });
    expect(server).toMatchObject({ source: "bundle", command: "/venv/python" });
    expect(server?.args).toEqual(["-I", "/ext/start.py", "--libs", "/ext/libs", "server"]);
  });

  it("takes the bundled copy first with useBundled", async () => {
    const server = await found({ importStrategy: "useBundled" }, { probes: { "/venv/python": INSTALLED } });
    expect(server?.source).toBe("bundle");
  });

  it("falls back to the environment when the bundled copy cannot run", async () => {
    const installed = { ...INSTALLED, bundleProblem: "not built" };
    const server = await found({ importStrategy: "useBundled" }, { probes: { "/venv/python": installed } });
    expect(server?.source).toBe("environment");
  });

  it("runs the bundled copy with another Python when the workspace's is too old", async () => {
    const server = await found(
      { otherInterpreters: ["/usr/bin/python3"] },
      { probes: { "/venv/python": OLD, "/usr/bin/python3": PLAIN } },
    );
    expect(server).toMatchObject({ source: "bundle", command: "/usr/bin/python3" });
  });

  it("takes testlsp on PATH last", async () => {
    const server = await found(
      { interpreter: undefined },
      { onPath: "/usr/bin/testlsp", versions: { "/usr/bin/testlsp": "testlsp 0.1.0" } },
    );
    expect(server?.source).toBe("path");
  });

  it("passes over a testlsp that is too old, and says why", async () => {
    const search = await findServer(
      wishes(),
      host({ probes: { "/venv/python": { ...INSTALLED, testlsp: "0.0.9", bundleProblem: "not built" } } }),
    );
    expect(search.server).toBeUndefined();
    expect(search.tried[0]).toContain("0.0.9, which is older than 0.1");
  });

  it("gives a reason for everything that was tried", async () => {
    const search = await findServer(
      wishes({ otherInterpreters: ["/gone"] }),
      host({ probes: { "/venv/python": UNBUILT } }),
    );
    expect(search.tried).toEqual([
      "environment: /venv/python has no testlsp",
      "bundled copy with /venv/python: the bundled libcst was not built",
      "bundled copy with /gone: it does not run",
      "PATH: there is no testlsp",
    ]);
  });

  it("asks an interpreter only once", async () => {
    const machine = host({ probes: { "/venv/python": UNBUILT } });
    await findServer(wishes({ otherInterpreters: ["/venv/python"] }), machine);
    expect(machine.asked).toEqual(["/venv/python"]);
  });
});

describe("an untrusted workspace", () => {
  it("runs the bundled copy only, whatever settings and environments say", async () => {
    const machine = host({
      files: ["/opt/testlsp"],
      onPath: "/usr/bin/testlsp",
      probes: { "/usr/bin/python3": INSTALLED },
    });
    const wanted = wishes({
      trusted: false,
      path: ["/opt/testlsp"],
      interpreter: undefined,
      otherInterpreters: ["/usr/bin/python3"],
    });
    const { server } = await findServer(wanted, machine);
    expect(server?.source).toBe("bundle");
    expect(machine.asked).toEqual(["/usr/bin/python3"]);
  });

  it("has no server when the bundled copy cannot run", async () => {
    const search = await findServer(
      wishes({ trusted: false, interpreter: undefined }),
      host({ onPath: "/usr/bin/testlsp", versions: { "/usr/bin/testlsp": "testlsp 0.1.0" } }),
    );
    expect(search.server).toBeUndefined();
    expect(search.tried).toEqual(["bundled copy: there is no Python to run it"]);
  });
});

describe("the choice", () => {
  const server: Server = { source: "environment", command: "/venv/python", args: ["server"], version: "0.3.0" };

  it("is the same when everything that starts it is the same", () => {
    expect(sameServer(server, { ...server })).toBe(true);
    expect(sameServer(server, { ...server, version: "0.4.0" })).toBe(false);
    expect(sameServer(undefined, server)).toBe(false);
  });

  it("is told with version and place", () => {
    expect(describeServer(server)).toBe("testlsp 0.3.0 installed in /venv/python");
  });
});
