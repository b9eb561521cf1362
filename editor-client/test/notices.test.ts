import { beforeEach, describe, expect, it } from "vitest";

import { Notices } from "../src/common/notices";
import { resetScene, scene } from "./vscode";

/** What the editor remembers between windows. */
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
    const notices = new Notices(memory(), () => true);
    await notices.show("missing", "no server", []);
    await notices.show("missing", "still no server", []);
    await notices.show("failed", "it stopped", []);
    expect(scene.notices).toEqual(["testlsp: no server", "testlsp: it stopped"]);
  });

  it("do not pop up when the user wants none", async () => {
    await new Notices(memory(), () => false).show("missing", "no server", []);
    expect(scene.notices).toEqual([]);
  });

  it("do not come back in the next window after the user said so", async () => {
    const remembered = memory();
    scene.click = "Don't Show Again";
    await new Notices(remembered, () => true).show("missing", "no server", []);
    await new Notices(remembered, () => true).show("missing", "no server", []);
    expect(scene.notices).toHaveLength(1);
  });

  it("do what was clicked, and only that", async () => {
    const done: string[] = [];
    scene.click = "Restart";
    await new Notices(memory(), () => true).show("failed", "it stopped", [
      { title: "Show Logs", run: () => done.push("logs") },
      { title: "Restart", run: () => done.push("restart") },
    ]);
    expect(done).toEqual(["restart"]);
  });
});
