import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { Machine } from "../src/common/host";

const ROOT = path.join(__dirname, "..");
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), "testlsp-host-"));
});
afterEach(() => {
  rmSync(scratch, { recursive: true });
});

function program(name: string, mode = 0o755): string {
  const file = path.join(scratch, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "#!/bin/sh\necho testlsp 9.9\n");
  chmodSync(file, mode);
  return file;
}

describe("the machine", () => {
  it("finds a program on PATH, but not one that cannot be run or that depends on the folder", async () => {
    program("a/testlsp", 0o644);
    const wanted = program("b/testlsp");
    const machine = new Machine(ROOT, {
      PATH: ["relative", path.join(scratch, "a"), path.join(scratch, "b")].join(":"),
    });
    expect(machine.which("testlsp")).toBe(wanted);
    expect(machine.which("nothing")).toBeUndefined();
    expect(await machine.version(wanted)).toBe("testlsp 9.9\n");
  });

  it("asks a real interpreter what it offers", async () => {
    const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
    const probe = await new Machine(ROOT).probe(python);
    expect(probe?.version[0]).toBe(3);
    expect(typeof probe?.bundleProblem).toBe("string");
  });

  it("has no answer from what is no interpreter", async () => {
    expect(await new Machine(ROOT).probe(program("python"))).toBeUndefined();
    expect(await new Machine(ROOT).probe(path.join(scratch, "gone"))).toBeUndefined();
  });
});
