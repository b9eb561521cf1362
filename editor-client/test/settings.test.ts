import * as os from "node:os";

import { beforeEach, describe, expect, it } from "vitest";

import manifest from "../package.json";
import { clientSettings, forServer, needsRestart, serverSettings, substituted } from "../src/common/settings";
import { resetScene, scene } from "./vscode";

interface Property {
  default: unknown;
  scope: string;
  markdownDescription: string;
}

const properties = Object.fromEntries(
  manifest.contributes.configuration.flatMap((section) => Object.entries<Property>(section.properties)),
);

beforeEach(resetScene);

describe("what the client uses", () => {
  it("has the same defaults as package.json", () => {
    expect(clientSettings()).toEqual(
      Object.fromEntries(
        ["enable", "path", "interpreter", "importStrategy", "run", "showNotifications"].map((key) => [
          key,
          properties[`testlsp.${key}`]?.default,
        ]),
      ),
    );
  });

  it("fills in the folder in paths", () => {
    scene.folders = ["/projects/shop"];
    scene.settings = { "testlsp.path": ["${workspaceFolder}/bin/testlsp"] };
    expect(clientSettings().path).toEqual(["/projects/shop/bin/testlsp"]);
  });
});

describe("variables in a path", () => {
  it.each([
    ["~/bin/testlsp", `${os.homedir()}/bin/testlsp`],
    ["${userHome}/x", `${os.homedir()}/x`],
    ["${workspaceFolder}/x", "/w/x"],
    ["${env:TOOLS}/x", "/tools/x"],
    ["${env:MISSING}/x", "/x"],
    ["a~b", "a~b"],
    ["./x", "/w/x"],
  ])("%s means %s", (value, meant) => {
    expect(substituted(value, "/w", { TOOLS: "/tools" })).toBe(meant);
  });
});

describe("what the server is told", () => {
  it("is spelt as in a configuration file, without what is not set and what is the client's", () => {
    const told = forServer({
      select: ["TL1"],
      extendSelect: null,
      perFileIgnores: { "tests/camelCase/**": ["TL304"] },
      path: ["/opt/testlsp"],
      run: "onSave",
      get: () => undefined,
    });
    expect(told).toEqual({
      select: ["TL1"],
      "per-file-ignores": { "tests/camelCase/**": ["TL304"] },
      run: "onSave",
    });
  });

  it("is how the server runs, and nothing about rules, when the user has set nothing", () => {
    scene.settings = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, value.default]));
    expect(serverSettings()).toEqual({
      run: "onType",
      definitions: true,
      "code-lens": true,
      "log-level": "warning",
    });
  });
});

describe("a change of settings", () => {
  it.each([
    ["testlsp.path", true],
    ["testlsp.importStrategy", true],
    ["testlsp.select", false],
  ])("%s needs another process: %s", (changed, wanted) => {
    expect(needsRestart({ affectsConfiguration: (key) => key === changed })).toBe(wanted);
  });
});

describe("package.json", () => {
  it("restricts every setting that chooses an executable", () => {
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    const choosing = Object.entries(properties).filter(([, value]) => value.scope === "machine-overridable");
    expect([...restricted].sort()).toEqual(choosing.map(([key]) => key).sort());
  });

  it("describes every setting", () => {
    expect(Object.values(properties).filter((value) => value.markdownDescription.length < 10)).toEqual([]);
  });

  it("pins the types to the oldest editor that is supported", () => {
    expect(manifest.engines.vscode).toBe(`^${manifest.devDependencies["@types/vscode"]}`);
  });
});
