import { report } from "../../diagnostics.js";
import { failureStatus } from "../failure.js";
import type { ResponseHead, ResponseHook } from "../head.js";

/**
 * - `open`: nothing of the response has been sent.
 * - `held`: its first byte waits for the sessions.
 * - `passing`: further data leaves at once.
 * - `ending`: its end waits for the sessions.
 * - `failing`: an error is about to replace it.
 * - `failed`: an error has replaced it.
 */
export type HoldState = "open" | "held" | "passing" | "ending" | "failing" | "failed";

/** Holds one response until the sessions of its request are stored. Its subclasses define what is held, and how. */
export abstract class Hold {
  readonly hooks = new ResponseHooks();
  protected state: HoldState;

  constructor(hasBegun: boolean) {
    // After the head has been sent, only the end can be held.
    this.state = hasBegun ? "passing" : "open";
  }

  /** Adds the sessions' headers and sends everything that was held. */
  protected abstract release(): void;

  /** Sends the end. */
  protected abstract finish(): void;

  /** Sends the error response instead of what was held. */
  protected abstract replace(status: number, error: unknown): void;

  /** Ends the connection: a part of the response has been sent, and the rest cannot be. */
  protected abstract breakOff(error: unknown): void;

  /** Called when the first byte is about to leave. */
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

  /** Called when the end is about to leave, some time after the first byte. */
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

  /** Handles the failure of any response. It never rejects, whatever fails within it. */
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

/** The hooks of one response: one for each Manager with a session in it. */
class ResponseHooks implements ResponseHook {
  readonly #hooks: ResponseHook[] = [];

  add(hook: ResponseHook): void {
    if (!this.#hooks.includes(hook)) this.#hooks.push(hook);
  }

  /** The newest hook is asked first. If one fails, those not yet asked store nothing. */
  store(status: number): void | Promise<void> {
    return this.#each((hook) => hook.store(status));
  }

  /**
   * Headers are added only when all have stored: a cookie that one hook has announced must not be dropped because
   * another fails.
   */
  addHeaders(head: ResponseHead): void {
    for (const hook of this.#hooks) hook.addHeaders(head);
  }

  beforeEnd(): void | Promise<void> {
    return this.#each((hook) => hook.beforeEnd());
  }

  abandon(): void | Promise<void> {
    return this.#each((hook) => hook.abandon());
  }

  /** Prepares the error response, when no session has an operation under way any more. */
  async fail(error: unknown): Promise<number> {
    await this.abandon();
    return failureStatus(error);
  }

  #each(ask: (hook: ResponseHook) => void | Promise<void>, from = this.#hooks.length - 1): void | Promise<void> {
    for (let at = from; at >= 0; at--) {
      const wait = ask(this.#hooks[at] as ResponseHook);
      if (wait !== undefined) return at === 0 ? wait : wait.then(() => this.#each(ask, at - 1));
    }
    return undefined;
  }
}

/** The error that Node gives to writers whose connection is gone. */
export function destroyedError(): Error {
  const message = "the connection was closed before the session was stored";
  return Object.assign(new Error(message), { code: "ERR_STREAM_DESTROYED" });
}
