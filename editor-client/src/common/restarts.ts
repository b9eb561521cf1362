/** When a server is started again: requests wait their turn, and crashes wait longer each time. */

/**
 * Runs one task at a time. A request that comes while the task runs makes it run once more afterwards, however many come.
 */
export class RestartQueue {
  private running: Promise<void> | undefined;
  private again = false;

  constructor(private readonly task: () => Promise<void>) {}

  /** Resolves when a run has ended that began after the request. */
  request(): Promise<void> {
    if (this.running) {
      this.again = true;
    } else {
      this.running = this.drain();
    }
    return this.running;
  }

  private takeRequest(): boolean {
    const requested = this.again;
    this.again = false;
    return requested;
  }

  private async drain(): Promise<void> {
    try {
      await this.task();
      while (this.takeRequest()) {
        await this.task();
      }
    } finally {
      this.running = undefined;
    }
  }
}

/** How long to wait after each crash, in milliseconds; undefined when it is time to give up. */
export class BackOff {
  private crashes: number[] = [];

  constructor(
    private readonly now: () => number = Date.now,
    private readonly delays: readonly number[] = [500, 2_000, 5_000, 15_000, 30_000],
    private readonly windowMs = 5 * 60_000,
  ) {}

  /** Note a crash. Crashes longer ago than the window are forgotten. */
  crashed(): number | undefined {
    const now = this.now();
    this.crashes = this.crashes.filter((at) => now - at < this.windowMs);
    const delay = this.delays[this.crashes.length];
    this.crashes.push(now);
    return delay;
  }

  get count(): number {
    return this.crashes.length;
  }

  /** The user asked for a restart: what was before does not count. */
  forgive(): void {
    this.crashes = [];
  }
}
