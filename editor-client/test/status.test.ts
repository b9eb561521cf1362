import { beforeEach, describe, expect, it } from "vitest";

import { type Phase, StatusItem, statusView } from "../src/common/status";
import { activeEditorChanged, diagnosticsChanged, resetScene, scene, Uri } from "./vscode";

const FILE = Uri.file("/w/test_x.py");

beforeEach(resetScene);

function openPython(findings: number): void {
  scene.activeEditor = { document: { uri: FILE, languageId: "python" } };
  scene.diagnostics = [{ source: "another" }, ...Array.from({ length: findings }, () => ({ source: "testlsp" }))];
}

describe("what the status bar says", () => {
  it.each<[Phase, number | undefined, string]>([
    ["ready", 3, "$(beaker) testlsp 3"],
    ["ready", 0, "$(beaker) testlsp 0"],
    ["ready", undefined, "$(beaker) testlsp"],
    ["busy", 2, "$(sync~spin) testlsp 2"],
    ["starting", 2, "$(sync~spin) testlsp"],
    ["crashed", 2, "$(warning) testlsp"],
    ["missing", undefined, "$(error) testlsp"],
    ["off", undefined, "$(circle-slash) testlsp"],
  ])("%s with %s findings: %s", (phase, findings, text) => {
    expect(statusView({ phase, reason: "" }, "", findings).text).toBe(text);
  });

  it("counts in words", () => {
    const words = (count: number) => statusView({ phase: "ready", reason: "" }, "", count).tooltip;
    expect(words(0)).toContain("No findings in this file");
    expect(words(1)).toContain("1 finding in this file");
    expect(words(2)).toContain("2 findings in this file");
  });

  it("gives the reason and the server", () => {
    const view = statusView({ phase: "crashed", reason: "exit code 3: out of tea" }, "testlsp 0.1 on PATH", 1);
    expect(view.tooltip).toContain("exit code 3: out of tea");
    expect(view.tooltip).toContain("testlsp 0.1 on PATH");
    expect(view.level).toBe("warning");
  });
});

describe("the status item", () => {
  it("counts our findings in the file in front, and follows them", () => {
    openPython(1);
    const item = new StatusItem("menu");
    item.show({ phase: "ready", reason: "" }, "");
    expect(scene.statusItem.text).toBe("$(beaker) testlsp 1");

    openPython(4);
    diagnosticsChanged.fire({ uris: [Uri.file("/w/other.py")] });
    expect(scene.statusItem.text).toBe("$(beaker) testlsp 1");
    diagnosticsChanged.fire({ uris: [FILE] });
    expect(scene.statusItem.text).toBe("$(beaker) testlsp 4");
  });

  it("goes on counting while the user reads the log of the output panel", () => {
    openPython(2);
    const item = new StatusItem("menu");
    item.show({ phase: "ready", reason: "" }, "");
    scene.otherEditors = scene.activeEditor ? [scene.activeEditor] : [];
    scene.activeEditor = { document: { uri: Uri.from({ scheme: "output", path: "log" }), languageId: "log" } };
    activeEditorChanged.fire(undefined);
    expect(scene.statusItem).toMatchObject({ text: "$(beaker) testlsp 2", shown: true });
  });

  it("is out of the way when no Python file is in front, unless there is trouble", () => {
    openPython(1);
    const item = new StatusItem("menu");
    item.show({ phase: "ready", reason: "" }, "");
    expect(scene.statusItem.shown).toBe(true);

    scene.activeEditor = undefined;
    activeEditorChanged.fire(undefined);
    expect(scene.statusItem.shown).toBe(false);

    item.show({ phase: "missing", reason: "no Python" }, "");
    expect(scene.statusItem.shown).toBe(true);
    expect(scene.statusItem.backgroundColor?.id).toBe("statusBarItem.errorBackground");
  });
});
