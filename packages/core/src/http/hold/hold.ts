import { report } from "../../diagnostics.js";
import { AdapterHooks } from "./hooks.js";

/**
 * - `open`: nothing of the response has been sent.
 * - `held`: its first byte waits for the sessions.
 * - `passing`: what is sent leaves at once.
 * - `ending`: its end waits for the sessions.
 * - `failing`: an error is about to take its place; `failed`: it has.
 */
export type HoldState = "open" | "held" | "passing" | "ending" | "failing" | "failed";

/** Holds one response until the sessions of its request are stored. What is held, and how, is its subclass's matter. */
export abstract class Hold {
  readonly hooks = new AdapterHooks();
  protected state: HoldState;

  constructor(hasBegun: boolean) {
    // A head that has gone cannot be held, but the end can.
    this.state = hasBegun ? "passing" : "open";
  }

  /** Adds the sessions' headers and lets everything pass that was held. */
  protected abstract release(): void;

  /** Lets the end pass. */
  protected abstract finish(): void;

  /** Sends the error response in place of what was held. */
  protected abstract replace(status: number, error: unknown): void;

  /** Ends the connection: part of the response has gone, and the rest is not to be had. */
  protected abstract breakOff(error: unknown): void;

  /** The first byte is about to leave. */
  protected begin(status: number): void {
    this.state = "held";
    try {
      const wait = this.hooks.store(status);
      if (wait !== undefined) this.#after(wait, () => this.release());
      else this.release();
    } catch (error) {
      void this.#fail(error);
    }
  }

  /** The end is about to leave, some time after the first byte. */
  protected beginEnd(): void {
    this.state = "ending";
    try {
      const wait = this.hooks.beforeEnd();
      if (wait !== undefined) this.#after(wait, () => this.finish());
      else this.finish();
    } catch (error) {
      void this.#fail(error);
    }
  }

  #after(wait: Promise<void>, then: () => void): void {
    wait.then(then).catch((error: unknown) => this.#fail(error));
  }

  /** The last resort of every response: it never rejects, whatever fails within it. */
  async #fail(error: unknown): Promise<void> {
    const isHeld = this.state === "held";
    this.state = "failing";
    try {
      const status = await this.hooks.fail(error);
      if (isHeld) this.replace(status, error);
      else this.breakOff(error);
    } catch (second) {
      report(second);
      try {
        this.breakOff(error);
      } catch (third) {
        report(third);
      }
    }
    this.state = "failed";
  }
}
