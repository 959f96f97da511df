interface Timed {
  readonly due: number;
  readonly expire: () => void;
}

/** `setTimeout` for many calls of one time limit, most of which are answered long before: all share one timer. */
export class Timeouts {
  readonly #limit: number;
  /** In the order in which they began, which is the one in which they are due. */
  readonly #running = new Set<Timed>();
  /** Where timers are numbers, as under jsdom, they cannot be told to keep no process alive. */
  #timer: (NodeJS.Timeout & Partial<Pick<NodeJS.Timeout, "ref" | "unref">>) | undefined;

  /** `limit` in ms. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Has `expire` called after the limit, unless it is cleared before. As long as it runs it keeps the process alive. */
  set(expire: () => void): Timed {
    const timed = { due: performance.now() + this.#limit, expire };
    this.#running.add(timed);
    if (this.#timer === undefined) this.#wait(this.#limit);
    else if (this.#running.size === 1) this.#timer.ref?.();
    return timed;
  }

  clear(timed: Timed): void {
    this.#running.delete(timed);
    // Left to run out: the next call is under way before that, mostly.
    if (this.#running.size === 0) this.#timer?.unref?.();
  }

  #wait(time: number): void {
    this.#timer = setTimeout(() => this.#ring(), time);
  }

  #ring(): void {
    this.#timer = undefined;
    const now = performance.now();
    const due: Timed[] = [];
    for (const timed of this.#running) {
      if (timed.due > now) {
        // A timer may ring up to a millisecond early.
        this.#wait(Math.max(1, Math.ceil(timed.due - now)));
        break;
      }
      due.push(timed);
      this.#running.delete(timed);
    }
    // Last, because what expires may set another timeout.
    for (const timed of due) timed.expire();
  }
}
