import { outside } from "./async-context.js";

/** The error of a bounded call at its deadline. It is unknown whether the work was done or still will be. */
export class NoAnswer extends Error {
  constructor() {
    super("no answer in time");
    this.name = "NoAnswer";
  }
}

/** A function to be called at an instant, unless it is cleared before. */
export interface Alarm {
  /** An instant of `performance.now()`. */
  readonly due: number;
  readonly ring: () => void;
}

class Entry implements Alarm {
  readonly due: number;
  readonly ring: () => void;
  before: Entry | undefined;
  after: Entry | undefined;
  set = true;

  constructor(due: number, ring: () => void) {
    this.due = due;
    this.ring = ring;
  }
}

/**
 * Calls that settle by a deadline, whatever the other side does: for example, a provider's commands. All calls of one
 * instance share one timer, since most are answered long before. Make one instance for each client or connection.
 *
 * ```ts
 * const calls = new BoundedCalls();
 * const until = performance.now() + 2000; // All commands of one operation share it.
 * const value = await calls.run(() => client.get(key), until);
 * ```
 */
export class BoundedCalls {
  // A list ordered by due time. Most entries are due later than all others and are appended.
  #first: Entry | undefined;
  #last: Entry | undefined;
  /** Under jsdom timers are numbers, which have no `unref`. */
  #timer: (NodeJS.Timeout & Partial<Pick<NodeJS.Timeout, "ref" | "unref">>) | undefined;
  #rings = 0;
  #size = 0;

  /** The number of pending calls and alarms. */
  get size(): number {
    return this.#size;
  }

  /**
   * Settles with the work, or rejects with {@link NoAnswer} at `until`, an instant of `performance.now()`. A result
   * after that is passed to `late`; a failure after that is ignored. Rejects if `work` throws. A pending call keeps the
   * process alive.
   */
  run<T>(work: () => PromiseLike<T> | T, until: number, late?: (value: T) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const alarm = this.set(until, () => reject(new NoAnswer()));
      const answered = (value: T) => {
        if (this.clear(alarm)) resolve(value);
        else late?.(value);
      };
      const failed = (error: unknown) => {
        this.clear(alarm);
        reject(error);
      };
      try {
        Promise.resolve(work()).then(answered, failed);
      } catch (error) {
        failed(error);
      }
    });
  }

  /** Calls `ring` at `due`, never synchronously. */
  set(due: number, ring: () => void): Alarm {
    const entry = new Entry(due, ring);
    this.#insert(entry);
    if (this.#timer === undefined || due < this.#rings) this.#wait(due);
    else if (this.#first === this.#last) this.#timer.ref?.();
    return entry;
  }

  /** Cancels the alarm; returns whether it was still to ring. */
  clear(alarm: Alarm): boolean {
    const entry = alarm as Entry;
    if (!entry.set) return false;
    this.#remove(entry);
    // The timer runs on, because the next call usually begins before it ends.
    if (this.#first === undefined) this.#timer?.unref?.();
    return true;
  }

  /** To be called when no more calls will be made: removes the timer. */
  close(): void {
    if (this.#first !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #insert(entry: Entry): void {
    this.#size++;
    let before = this.#last;
    while (before !== undefined && before.due > entry.due) before = before.before;
    const after = before === undefined ? this.#first : before.after;
    entry.before = before;
    entry.after = after;
    if (before === undefined) this.#first = entry;
    else before.after = entry;
    if (after === undefined) this.#last = entry;
    else after.before = entry;
  }

  #remove(entry: Entry): void {
    this.#size--;
    const { before, after } = entry;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.set = false;
    entry.before = undefined;
    entry.after = undefined;
  }

  #wait(due: number): void {
    clearTimeout(this.#timer);
    this.#rings = due;
    // A timer may ring up to a millisecond early. The tolerance of a microsecond covers rounding of floating-point
    // numbers.
    const delay = Math.max(1, Math.ceil(due - performance.now() - 0.001));
    this.#timer = outside(() => setTimeout(() => this.#ring(), delay));
  }

  #ring(): void {
    this.#timer = undefined;
    const now = performance.now();
    const due: Entry[] = [];
    for (let first = this.#first; first !== undefined && first.due <= now + 0.001; first = this.#first) {
      this.#remove(first);
      due.push(first);
    }
    if (this.#first !== undefined) this.#wait(this.#first.due);
    // Rings last, because a callback may set another alarm.
    for (const entry of due) entry.ring();
  }
}
