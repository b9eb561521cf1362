import { describe, expect, it } from "vitest";

import { BackOff, RestartQueue } from "../src/common/restarts";

/** A task that runs until it is let go, and counts. */
function slowTask() {
  const waiting: (() => void)[] = [];
  const state = { runs: 0, atOnce: 0, most: 0 };
  const task = async () => {
    state.runs += 1;
    state.atOnce += 1;
    state.most = Math.max(state.most, state.atOnce);
    await new Promise<void>((resolve) => waiting.push(resolve));
    state.atOnce -= 1;
  };
  const letGo = async () => {
    waiting.shift()?.();
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { state, task, letGo };
}

describe("the restart queue", () => {
  it("runs one restart at a time, and one more for all that asked meanwhile", async () => {
    const { state, task, letGo } = slowTask();
    const queue = new RestartQueue(task);
    const requests = [queue.request(), queue.request(), queue.request(), queue.request()];
    expect(state.runs).toBe(1);
    await letGo();
    expect(state.runs).toBe(2);
    await letGo();
    await Promise.all(requests);
    expect(state).toMatchObject({ runs: 2, most: 1 });
  });

  it("begins anew when a request comes after the last run has ended", async () => {
    const { state, task, letGo } = slowTask();
    const queue = new RestartQueue(task);
    const first = queue.request();
    await letGo();
    await first;
    const second = queue.request();
    await letGo();
    await second;
    expect(state.runs).toBe(2);
  });

  it("is not stuck after a run that failed", async () => {
    let runs = 0;
    const queue = new RestartQueue(() => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error("no")) : Promise.resolve();
    });
    await expect(queue.request()).rejects.toThrow("no");
    await queue.request();
    expect(runs).toBe(2);
  });
});

describe("the wait after a crash", () => {
  it("grows, and ends in giving up", () => {
    const backOff = new BackOff(() => 0, [1, 2, 4]);
    expect([1, 2, 3, 4].map(() => backOff.crashed())).toEqual([1, 2, 4, undefined]);
    expect(backOff.count).toBe(4);
  });

  it("forgets crashes that are long ago", () => {
    let now = 0;
    const backOff = new BackOff(() => now, [1, 2], 1000);
    backOff.crashed();
    now = 1500;
    expect(backOff.crashed()).toBe(1);
  });

  it("is short again when the user asked for a restart", () => {
    const backOff = new BackOff(() => 0, [1, 2]);
    backOff.crashed();
    backOff.forgive();
    expect(backOff.crashed()).toBe(1);
  });
});
