import { limits } from "../limits.js";
import type { StoreContext } from "./context.js";

/**
 * The instant at which an operation is given up; it counts from the request for the operation. It passes by the
 * Manager's clock or by the process's own, whichever is earlier; timers follow the process's own.
 */
export class Deadline {
  /** An instant of `performance.now()`. */
  readonly until: number;
  readonly #context: Pick<StoreContext, "now" | "calls">;
  readonly #limit: number;
  readonly #wall: number;

  constructor(context: Pick<StoreContext, "now" | "calls">, limit: number = limits.operation) {
    this.until = performance.now() + limit;
    this.#context = context;
    this.#limit = limit;
    this.#wall = context.now();
  }

  get passed(): boolean {
    // rule: a-deadline-passes
    return performance.now() >= this.until || this.#context.now() - this.#wall >= this.#limit;
  }

  /** Milliseconds by the process's own clock. */
  get left(): number {
    return this.until - performance.now();
  }

  /** Rejects with `NoAnswer` when it passes first. */
  bound<T>(work: () => PromiseLike<T> | T): Promise<T> {
    return this.#context.calls.run(work, this.until);
  }

  /**
   * Random over the whole interval (full jitter), so that processes that were refused together do not retry together.
   * At most `limit` ms.
   */
  pause(limit: number): Promise<void> {
    const most = Math.min(limit, this.left);
    return new Promise((resolve) => setTimeout(resolve, Math.random() * Math.max(0, most)));
  }
}
