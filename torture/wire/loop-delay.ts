/** How late the event loop runs a timer. A deadline of ours may be late by that much without a defect. */
export class LoopDelay {
  readonly #late: { at: number; ms: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #interval: number;
  #expected: number;

  constructor(interval = 5) {
    this.#interval = interval;
    this.#expected = performance.now() + interval;
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (now - this.#expected > 1) this.#late.push({ at: now, ms: now - this.#expected + interval });
      this.#expected = now + interval;
    }, interval).unref();
  }

  /** The most since an instant of the monotonic clock, in milliseconds. */
  since(begun: number): number {
    // The loop may have stopped right after the last measurement, an interval before the next was due.
    const now = performance.now();
    let most = now > this.#expected ? now - this.#expected + this.#interval : 0;
    for (let index = this.#late.length - 1; index >= 0; index--) {
      const each = this.#late[index];
      if (each === undefined || each.at < begun) break;
      most = Math.max(most, each.ms);
    }
    return most;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
