import { beforeEach, describe, expect, it, vi } from "vitest";

import { interpreters, type Pythons } from "../src/common/python";
import { resetScene, scene } from "./vscode";

const environments = vi.hoisted(() => ({
  getActiveEnvironmentPath: () => ({ path: "chosen" }),
  resolveEnvironment: vi.fn(() => Promise.resolve({ executable: { uri: { fsPath: "/conda/python" } } })),
}));
vi.mock("@vscode/python-extension", () => ({
  PythonExtension: { api: () => Promise.resolve({ ready: Promise.resolve(), environments }) },
}));

const LOG = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function machine(files: string[], onPath: string[] = ["/usr/bin/python3"]): Pythons {
  return { exists: (file) => files.includes(file), pythons: () => onPath };
}

beforeEach(() => {
  resetScene();
  scene.folders = ["/projects/shop"];
});

describe("the interpreter of the workspace", () => {
  it("is that of the setting", async () => {
    const found = await interpreters("/opt/python", true, machine(["/projects/shop/.venv/bin/python"]), LOG);
    expect(found.own).toBe("/opt/python");
  });

  it("is that of .venv when there is no Python extension", async () => {
    const found = await interpreters("", true, machine(["/projects/shop/.venv/bin/python"]), LOG);
    expect(found).toEqual({ own: "/projects/shop/.venv/bin/python", others: ["/usr/bin/python3"] });
  });

  it("is unknown when nothing says which", async () => {
    expect((await interpreters("", true, machine([]), LOG)).own).toBeUndefined();
  });
});

describe("the Python extension", () => {
  it("is not missed when it fails", async () => {
    scene.extensions = { "ms-python.python": {} };
    environments.resolveEnvironment.mockRejectedValueOnce(new Error("no"));
    const found = await interpreters("", true, machine(["/projects/shop/.venv/bin/python"]), LOG);
    expect(found.own).toBe("/projects/shop/.venv/bin/python");
  });
});

describe("in an untrusted workspace", () => {
  it("nothing that lies in the workspace is considered", async () => {
    const host = machine(["/projects/shop/.venv/bin/python"], ["/projects/shop/bin/python3", "/usr/bin/python3"]);
    expect(await interpreters("", false, host, LOG)).toEqual({ own: undefined, others: ["/usr/bin/python3"] });
    expect((await interpreters("/projects/shop/evil", false, host, LOG)).own).toBeUndefined();
  });

  it("the user's own setting counts when it points outside", async () => {
    expect((await interpreters("/opt/python", false, machine([]), LOG)).own).toBe("/opt/python");
  });

  it("a folder whose name begins like the workspace's is outside", async () => {
    expect((await interpreters("/projects/shop2/python", false, machine([]), LOG)).own).toBe("/projects/shop2/python");
  });
});
