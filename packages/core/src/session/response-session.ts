import type { LeftToStore } from "./field-view.js";
import type { SessionOperations } from "./session-operations.js";
import type { SessionState } from "./session-state.js";

/** Steps of an adapter around storing the session for its response. */
export interface AdapterHooks {
  /**
   * Runs before anything is stored, at the head and again at the end. A rejection fails the response, as one of the
   * store does.
   */
  beforeStoring(): Promise<void>;
  /** Runs when the session is stored: whether the cookie must be sent although the client should have it. */
  owesCookie(): Promise<boolean>;
}

/** A session as its response sees it: stored at the head and at the end, or discarded; and the cookie that is due. */
export class ResponseSession {
  readonly state: SessionState;
  readonly #operations: SessionOperations;
  /** An adapter's, where it has some. */
  hooks: AdapterHooks | undefined;

  constructor(state: SessionState, operations: SessionOperations) {
    this.state = state;
    this.#operations = operations;
  }

  /** Settles when the operations under way have ended, stored or failed; `undefined` when idle. */
  get running(): Promise<void> | undefined {
    return this.#operations.running;
  }

  /** Whether the response has ended, so that a failure can only be reported. */
  get ended(): boolean {
    return this.state.parts.binding?.ended ?? false;
  }

  /**
   * Commits for the response. If nothing changed, prolongs the session when that is due. Returns without a promise if
   * there is nothing to store.
   */
  commit(): void | Promise<void> {
    return this.hooks === undefined ? this.#commit() : this.#commitWith(this.hooks);
  }

  /** Commits what was changed since the response began. */
  end(): void | Promise<void> {
    if (this.hooks !== undefined) return this.hooks.beforeStoring().then(() => this.#operations.release());
    return this.#look() === "nothing" ? undefined : this.#operations.release();
  }

  /** Waits for the requested operations and then discards changes not stored, because the request failed. */
  discard(): void | Promise<void> {
    const { view } = this.state;
    if (this.#operations.occupied) {
      // If waiting takes too long, nothing is lost: changes that are not stored by now are to be discarded.
      const discard = () => view.discard();
      return this.#operations.settled(this.#operations.deadline()).then(discard, discard);
    }
    view.discard();
    return undefined;
  }

  /** What is left to store, or may be left by operations under way. */
  #look(): LeftToStore {
    return this.#operations.occupied ? "something" : this.state.look();
  }

  #commit(): void | Promise<void> {
    const left = this.#look();
    return left === "nothing" && !this.state.touchIsDue ? undefined : this.#commitAndTouch(left);
  }

  async #commitWith(hooks: AdapterHooks): Promise<void> {
    await hooks.beforeStoring();
    const stored = this.#commit();
    if (stored === undefined) this.state.parts.binding?.noMoreCookies();
    else await stored;
    if (await hooks.owesCookie()) this.state.oweCookie();
  }

  async #commitAndTouch(begin: LeftToStore): Promise<void> {
    const deadline = this.#operations.deadline();
    let left = begin;
    // Changes made meanwhile are stored too, but the head waits for them only once. Later changes are stored with the
    // end, or after it. Changes that need a cookie must go with the head; they are stored without another access to the
    // store.
    // rule: a-head-waits-for-two-rounds
    for (let round = 0; left !== "nothing" && (round < 2 || this.state.needsCookie); round++) {
      await this.#operations.storeNow(deadline, left === "all that there is" && !this.#operations.occupied);
      left = this.state.look();
    }
    this.state.parts.binding?.noMoreCookies();
    // rule: nothing-is-lost-before-the-head
    if (left !== "nothing") this.#operations.storeIfLate();
    if (this.state.touchIsDue) await this.#operations.prolong(deadline);
  }
}
