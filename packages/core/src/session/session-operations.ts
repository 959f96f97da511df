import type { Deadline } from "../backend/deadline.js";
import { tooLate } from "../backend/refusals.js";
import type { PresentedRival } from "../backend/session-backend.js";
import { isRefusal, SessionError } from "../errors.js";
import { limits } from "../limits.js";
import type { Changes, FieldUpdate } from "../record/changes.js";
import { expiryOfUse } from "../record/next-record.js";
import type { FieldFunction } from "./field-function.js";
import { LateStore } from "./late-store.js";
import { OperationQueue } from "./operation-queue.js";
import type { SessionState } from "./session-state.js";

const nothing = Promise.resolve();

/** The operations of one request on its session in the backend, one after another as they were requested. */
export class SessionOperations {
  readonly #state: SessionState;
  readonly #queue = new OperationQueue();
  #rivals: readonly PresentedRival[];
  #late: LateStore | undefined;

  constructor(state: SessionState) {
    this.#state = state;
    this.#rivals = state.parts.rivals;
  }

  /** Settles when the operations under way have ended, stored or failed; `undefined` when idle. */
  get running(): Promise<void> | undefined {
    return this.#queue.running;
  }

  /** Whether an operation is under way or waits. */
  get occupied(): boolean {
    return this.#state.view.busy || this.#queue.occupied;
  }

  /** The deadline of an operation that is requested now. */
  deadline(): Deadline {
    return this.#state.parts.backend.deadline();
  }

  /** Waits until nothing is under way. If the caller always requests more before that, it does not end. */
  settled(deadline: Deadline): Promise<void> {
    // rule: settling-is-bounded
    return deadline
      .bound(() => this.#queue.settled(() => this.#state.view.busy))
      .catch(() => {
        throw tooLate();
      });
  }

  /** `isKnown`: nothing is under way, and the changes were looked for in this very step of the event loop. */
  storeNow(deadline: Deadline, isKnown = false): Promise<void> {
    return isKnown ? this.commit(undefined, deadline, true) : this.#settleAndCommit(deadline);
  }

  #settleAndCommit(deadline: Deadline): Promise<void> {
    // Not at once, even if nothing is under way: changes made in the turn of this call belong to it.
    return (this.occupied ? this.settled(deadline) : nothing).then(() => this.commit(undefined, deadline));
  }

  async release(): Promise<void> {
    const deadline = this.deadline();
    await this.storeNow(deadline);
    const { backend, binding } = this.#state.parts;
    // In a cookie, prolonging needs a new cookie.
    // rule: use-prolongs
    if (!backend.inCookie || !binding?.headersSent) await this.prolong(deadline);
  }

  /** Stores changes made after the end of the response. */
  storeIfLate(): void {
    if (!this.#state.parts.binding?.ended) return;
    this.#late ??= new LateStore(
      () => this.#state.view.untaken,
      () => this.release(),
    );
    this.#late.plan();
  }

  commit(update: FieldFunction<unknown> | undefined, deadline: Deadline, isKnown = false): Promise<void> {
    const stored = this.#commitChanges(update, deadline, isKnown);
    // rule: signing-in-ends-rivals
    return this.#rivals.length === 0 ? stored : stored.then(() => this.#endRivals(deadline));
  }

  async regenerate(): Promise<void> {
    const deadline = this.deadline();
    const { view } = this.#state;
    // Taken now and not when its turn comes: changes made later belong after the operations that wait behind it.
    const taken = this.#state.takeChanges();
    await this.#queue.runExclusive(async () => {
      const changes = view.retake(taken);
      let areStored = false;
      try {
        areStored = await this.#move(changes, deadline);
      } finally {
        if (areStored) view.stored(changes);
        else this.#state.giveBack(changes);
      }
    });
  }

  destroy(): Promise<void> {
    const deadline = this.deadline();
    return this.#queue.runExclusive(async () => {
      if (this.#state.destroyed) return;
      const { backend, presented } = this.#state.parts;
      const stored = this.#state.stored !== undefined;
      // If the cookie is the session itself, the session cannot be ended without changing the cookie.
      // rule: destroy-ends-what-is-stored
      if (backend.inCookie && (stored || presented)) this.#state.assertHeadersNotSent("the cookie's deletion");
      if (stored) await this.#destroyStored(deadline);
      await this.#supersede(deadline);
      this.#state.ended();
    });
  }

  reload(): Promise<boolean> {
    const deadline = this.deadline();
    const state = this.#state;
    return this.#queue.runExclusive(async () => {
      if (state.destroyed) return false;
      if (state.stored === undefined) return true;
      state.view.findMutations();
      const stored = await state.parts.backend.load(state.identity.key, deadline);
      if (stored === undefined || stored.retired !== undefined) return false;
      state.loaded(stored);
      state.view.forgetObjects();
      return true;
    });
  }

  /** Waits for its turn: a token that is sealed again must contain the changes that are being sealed into it. */
  async prolong(deadline: Deadline): Promise<void> {
    if (this.#state.touchIsDue) await this.#queue.runExclusive(() => this.#touch(deadline));
  }

  async #touch(deadline: Deadline): Promise<void> {
    const { stored, identity, parts } = this.#state;
    if (stored === undefined || !this.#state.touchIsDue) return;
    const expiresAt = expiryOfUse(stored, parts.now(), parts.idle);
    this.#state.touched(await parts.backend.touch(identity, stored, expiresAt, deadline));
  }

  async #commitChanges(
    update: FieldFunction<unknown> | undefined,
    deadline: Deadline,
    isKnown: boolean,
  ): Promise<void> {
    const { view } = this.#state;
    // Only one commit with changes runs at a time. If two failed, or only the earlier one, the changes put back could
    // not be distinguished from newer ones. Updates without other changes run side by side and share a batch.
    const taken = this.#state.takeChanges(isKnown);
    const turn = this.#queue.turn();
    if (turn !== undefined) await turn;
    const changes = view.retake(taken);
    if (changes.empty && update === undefined) {
      view.stored(changes);
      this.#queue.skip();
      return;
    }
    const stored = this.#queue.runShared(this.#store(changes, update, deadline), !changes.empty);
    try {
      await stored;
      view.stored(changes, update);
    } catch (error) {
      this.#state.giveBack(changes);
      if (isRefusal(error)) this.#state.refused(error);
      throw error;
    } finally {
      this.#queue.ended(stored);
    }
  }

  async #store(changes: Changes, update: FieldUpdate | undefined, deadline: Deadline): Promise<void> {
    const { parts, identity, stored } = this.#state;
    this.#state.assertChangeable();
    changes.sealFor(identity.id);
    const result = await parts.backend.commit(identity, stored, changes, update, deadline);
    if (result !== undefined) this.#state.committed(result);
  }

  /**
   * Resolves to whether the changes are stored. A session that is not stored yet only gets a new id, and nothing is
   * written.
   */
  async #move(changes: Changes, deadline: Deadline): Promise<boolean> {
    const { parts, identity, stored } = this.#state;
    this.#state.assertMovable();
    const next = parts.newIdentity();
    if (stored === undefined) {
      this.#state.moved(next);
      return false;
    }
    changes.sealFor(next.id);
    const result = await parts.backend.regenerate(identity, next, stored, changes, deadline);
    this.#state.moved(next, result.stored);
    if (result.failure !== undefined) throw result.failure;
    return true;
  }

  /** Runs only after this session is stored: a failure before that would leave the client without a session. */
  async #endRivals(deadline: Deadline): Promise<void> {
    if (this.#state.stored !== undefined) await this.#queue.runExclusive(() => this.#supersede(deadline));
  }

  /** The sessions that the client presented together must not make this session ambiguous, nor stay after its end. */
  async #supersede(deadline: Deadline): Promise<void> {
    if (this.#rivals.length === 0) return;
    const { parts, identity, stored } = this.#state;
    const result = await parts.backend.supersede(this.#rivals, identity, stored, deadline);
    this.#rivals = [];
    if (result !== undefined && result !== stored) this.#state.loaded(result);
  }

  async #destroyStored(deadline: Deadline): Promise<void> {
    const { parts, identity, stored, pastKeys, loadedAt } = this.#state;
    // rule: destroy-takes-earlier-ids
    for (const key of pastKeys) await parts.backend.destroy(key, undefined, deadline);
    const found = await parts.backend.destroy(identity.key, stored, deadline);
    // There is no record. Either a marker would have expired by now, or there was one and it has expired: the session
    // may live on under an id that is unknown here.
    // rule: a-lost-chain-is-told
    const chainLost = stored?.retired !== undefined || parts.now() - loadedAt >= limits.marker;
    if (!found && chainLost) {
      throw new SessionError("SESS_GONE", "this session was loaded too long ago to be destroyed: reload() first");
    }
  }
}
