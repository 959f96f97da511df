import { failureStatus } from "../failure.js";
import type { Head, ResponseHook } from "../head.js";

/** The hooks of one response: one for each Manager that has a session there. */
export class AdapterHooks implements ResponseHook {
  readonly #hooks: ResponseHook[] = [];

  add(hook: ResponseHook): void {
    if (!this.#hooks.includes(hook)) this.#hooks.push(hook);
  }

  /** The hook that came last is asked first; where one fails, those not yet asked store nothing. */
  store(status: number): void | Promise<void> {
    return this.#each((hook) => hook.store(status));
  }

  /** Only when all have stored: a cookie that one has announced must not be dropped because another failed. */
  addHeaders(head: Head): void {
    for (const hook of this.#hooks) hook.addHeaders(head);
  }

  beforeEnd(): void | Promise<void> {
    return this.#each((hook) => hook.beforeEnd());
  }

  abandon(): void | Promise<void> {
    return this.#each((hook) => hook.abandon());
  }

  /** What the error response says, when nothing of the sessions is under way any more. */
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
