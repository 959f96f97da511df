interface Timer {
  readonly at: number;
  readonly serial: number;
  readonly run: () => void;
}

// Saved before anything is replaced.
const turn = setImmediate;

/** Runs all microtasks and ticks, until none is left. */
export function drain(): Promise<void> {
  return new Promise((resolve) => turn(resolve));
}

const start = 1_800_000_000_000;

/**
 * Time that passes only on request. While installed, it replaces the global timers, `performance.now` and
 * `Math.random`. Core uses nothing else of the outside world, except the Manager's `now` and the CSPRNG.
 */
export class VirtualTime {
  #now = start;
  #serial = 0;
  readonly #timers = new Map<number, Timer>();
  readonly #random: () => number;
  #restore: (() => void) | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Epoch milliseconds. */
  get now(): number {
    return this.#now;
  }

  get elapsed(): number {
    return this.#now - start;
  }

  install(): void {
    const { setTimeout, clearTimeout, setImmediate } = globalThis;
    const { random } = Math;
    const set = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => this.#set(() => run(...args), ms);
    Object.assign(globalThis, {
      setTimeout: set,
      clearTimeout: (handle: { readonly serial?: number } | undefined) => this.#clear(handle),
      setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) => set(run, 0, ...args),
    });
    Math.random = this.#random;
    // An own property in front of the prototype's method: deleting it is enough to undo it.
    Object.defineProperty(performance, "now", { configurable: true, value: () => this.elapsed });
    this.#restore = () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate });
      Math.random = random;
      Reflect.deleteProperty(performance, "now");
    };
  }

  uninstall(): void {
    this.#restore?.();
    this.#restore = undefined;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the first timer is due. */
  get due(): number | undefined {
    return this.#first()?.at;
  }

  /**
   * Passes the time until `until` and fires the timers in order. Everything that one starts runs before the next fires.
   */
  async passUntil(until: number): Promise<void> {
    for (let timer = this.#first(); timer !== undefined && timer.at <= until; timer = this.#first()) {
      this.#timers.delete(timer.serial);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await drain();
    }
    this.#now = Math.max(this.#now, until);
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (first === undefined || timer.at < first.at) first = timer;
    }
    return first;
  }

  #set(run: () => void, ms: number) {
    const serial = ++this.#serial;
    this.#timers.set(serial, { at: this.#now + Math.max(0, ms), serial, run });
    const handle = { serial, unref: () => handle, ref: () => handle };
    return handle;
  }

  #clear(handle: { readonly serial?: number } | undefined): void {
    if (handle?.serial !== undefined) this.#timers.delete(handle.serial);
  }
}
