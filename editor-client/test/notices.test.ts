import { beforeEach, describe, expect, it } from "vitest";

import { Notices } from "../src/common/notices";
import { resetScene, scene } from "./vscode";

/** What the editor remembers between windows, of the user and of one workspace. */
function memories() {
  return { globalState: memory(), workspaceState: memory() };
}

function memory() {
  const kept = new Map<string, unknown>();
  return {
    get: (key: string) => kept.get(key) as never,
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
    keys: () => [...kept.keys()],
  };
}

beforeEach(resetScene);

describe("notices", () => {
  it("pop up once about one thing", async () => {
    const notices = new Notices(memories(), () => true);
    await notices.show("missing", "no server", []);
    await notices.show("missing", "still no server", []);
    await notices.show("failed", "it stopped", []);
    expect(scene.notices).toEqual(["testlsp: no server", "testlsp: it stopped"]);
  });

  it("do not pop up when the user wants none", async () => {
    await new Notices(memories(), () => false).show("missing", "no server", []);
    expect(scene.notices).toEqual([]);
  });

  it("do not come back in the next window after the user said so", async () => {
    const remembered = memories();
    scene.click = "Don't Show Again";
    await new Notices(remembered, () => true).show("missing", "no server", []);
    await new Notices(remembered, () => true).show("missing", "no server", []);
    expect(scene.notices).toHaveLength(1);
  });

  it("about what lasts do not come back in later windows of the workspace, but do in another workspace", async () => {
    const remembered = memories();
    await new Notices(remembered, () => true).showOnce("missing", "no server", []);
    await new Notices(remembered, () => true).showOnce("missing", "no server", []);
    expect(scene.notices).toHaveLength(1);
    await new Notices({ ...remembered, workspaceState: memory() }, () => true).showOnce("missing", "no server", []);
    expect(scene.notices).toHaveLength(2);
  });

  it("about what had passed and comes again are news", async () => {
    const remembered = memories();
    const notices = new Notices(remembered, () => true);
    await notices.showOnce("missing", "no server", []);
    await notices.settled("missing");
    await notices.showOnce("missing", "no server", []);
    expect(scene.notices).toHaveLength(2);
  });

  it("do what was clicked, and only that", async () => {
    const done: string[] = [];
    scene.click = "Restart";
    await new Notices(memories(), () => true).show("failed", "it stopped", [
      { title: "Show Logs", run: () => done.push("logs") },
      { title: "Restart", run: () => done.push("restart") },
    ]);
    expect(done).toEqual(["restart"]);
  });
});
