interface Timed {
  readonly due: number;
  readonly expire: () => void;
}

/** `setTimeout` for many calls of one time limit, most of which are answered long before: all share one timer. */
export class Timeouts {
  readonly #limit: number;
  /** In the order in which they began, which is the one in which they are due. */
  readonly #running = new Set<Timed>();
  #timer: NodeJS.Timeout | undefined;

  /** `limit` in ms. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Has `expire` called after the limit, unless it is cleared before. As long as it runs it keeps the process alive. */
  set(expire: () => void): Timed {
    const timed = { due: performance.now() + this.#limit, expire };
    this.#running.add(timed);
    if (this.#timer === undefined) this.#wait(this.#limit);
    else if (this.#running.size === 1) this.#timer.ref();
    return timed;
  }

  /** Answers whether it was in time. */
  clear(timed: Timed): boolean {
    const running = this.#running.delete(timed);
    // Left to run out: the next call is under way before that, mostly.
    if (this.#running.size === 0) this.#timer?.unref();
    return running;
  }

  #wait(time: number): void {
    this.#timer = setTimeout(() => this.#ring(), time);
  }

  #ring(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const timed of this.#running) {
      if (timed.due > now) {
        // A timer may ring up to a millisecond early.
        this.#wait(Math.max(1, Math.ceil(timed.due - now)));
        return;
      }
      this.#running.delete(timed);
      timed.expire();
    }
  }
}
