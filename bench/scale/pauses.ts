import { readFileSync } from "node:fs";
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";

/** How long something took, and how long it blocked everything else, in milliseconds. */
export interface Watched<T> {
  readonly value: T;
  readonly took: number;
  readonly pauses: {
    /** Between two turns of a timer of one millisecond. */
    readonly longest: number;
    /** The most that this thread ran in between, according to Linux: without the CPU time of others. */
    readonly ran: number;
    /** As `monitorEventLoopDelay` says. */
    readonly delay: number;
    /** The longest single stop for V8's garbage collector. */
    readonly collector: number;
  };
}

export async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let collector = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collector = Math.max(collector, duration);
  });
  observer.observe({ entryTypes: ["gc"] });
  delay.enable();
  // A monitor that has not run yet does not notice the first pause.
  await settled();
  const turns = new Turns();
  const begun = performance.now();
  const value = await work();
  const took = performance.now() - begun;
  const { longest, ran } = turns.stop();
  await settled();
  observer.disconnect();
  delay.disable();
  return { value, took, pauses: { longest, ran, delay: delay.max / 1e6, collector } };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

class Turns {
  #last = performance.now();
  #lastRun = running();
  #timer = setTimeout(() => this.#next(), 1);
  #longest = 0;
  #ran = 0;

  stop(): { longest: number; ran: number } {
    clearTimeout(this.#timer);
    this.#note();
    return { longest: this.#longest, ran: this.#ran };
  }

  #next(): void {
    this.#note();
    this.#timer = setTimeout(() => this.#next(), 1);
  }

  #note(): void {
    const now = performance.now();
    const run = running();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#ran = Math.max(this.#ran, run - this.#lastRun);
    this.#last = now;
    this.#lastRun = run;
  }
}

/** Milliseconds that this thread has run; NaN if the system does not tell. */
function running(): number {
  try {
    return Number(readFileSync("/proc/self/schedstat", "latin1").split(" ")[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}
