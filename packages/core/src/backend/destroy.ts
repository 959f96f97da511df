import { markerAfter } from "../record/next-record.js";
import type { StoredSession } from "../record/stored-session.js";
import type { StoreContext } from "./context.js";
import type { Deadline } from "./deadline.js";
import type { ExclusiveKeys, HeldKey } from "./key-queue.js";
import { conflict, tooLate } from "./refusals.js";
import type { ReliableProvider } from "./reliable-provider.js";

/** The outcome of destroying a key: the session ended now or before; or there was none. */
export type DestroyOutcome = "destroyed" | "missing";

/** The outcome for a key of an owner's index. A session of another owner is kept, and so is a marker. */
export type ListedOutcome =
  | "ended"
  | "nothing"
  | "somebody else's"
  | {
      /** For a marker, which is not a session: the successor's key. */
      readonly successor: string;
    };

/**
 * Ends sessions. The session under a key, and every session that succeeded it, is replaced by a marker. There is no
 * delete: after a delete, a late write could bring the record back.
 */
export class Destroyer {
  readonly #provider: ReliableProvider;
  readonly #context: StoreContext;
  readonly #keys: ExclusiveKeys;

  constructor(provider: ReliableProvider, context: StoreContext, keys: ExclusiveKeys) {
    this.#provider = provider;
    this.#context = context;
    this.#keys = keys;
  }

  destroy(key: string, deadline: Deadline, loaded?: StoredSession): Promise<DestroyOutcome> {
    return this.#keys.runExclusive(key, (held) => this.destroyHeld(held, deadline, loaded), deadline);
  }

  /**
   * Destroys a key whose queue the caller holds.
   *
   * If there is a marker with a successor, the successor is destroyed first. In the other order, a failure in between
   * would leave a live session that no marker leads to.
   */
  async destroyHeld(held: HeldKey, deadline: Deadline, loaded?: StoredSession): Promise<DestroyOutcome> {
    let current = held.stored ?? loaded ?? (await this.#provider.readToEnd(held.key, deadline));
    let successor: DestroyOutcome | undefined;
    for (let round = 0; current?.retired !== ""; round++) {
      await begin(round, deadline);
      if (current === undefined) return "missing";
      // A successor is ended whoever owns it. If it is missing, it has expired.
      // rule: the-successor-goes-first
      if (current.retired) successor = await this.destroy(current.retired, deadline);
      const outcome = await this.#bury(held, current, deadline);
      if (outcome.written) return "destroyed";
      // rule: destroy-starts-again
      current = outcome.current;
      // The marker has expired meanwhile, but its successor was there.
      if (current === undefined && successor === "destroyed") return "destroyed";
    }
    return "destroyed";
  }

  /**
   * Ends the session under a key of an owner's index. With `owner` undefined, the key came from a marker, and its
   * session is ended whoever owns it. A marker stays: it refuses every operation that was under way when it was made,
   * and outlives them.
   */
  endListed(key: string, owner: string | undefined, deadline: Deadline): Promise<ListedOutcome> {
    const end = async (held: HeldKey): Promise<ListedOutcome> => {
      let current = held.stored ?? (await this.#provider.readToEnd(key, deadline));
      for (let round = 0; current?.retired !== ""; round++) {
        await begin(round, deadline);
        if (current !== undefined && owner !== undefined && current.owner !== owner) return "somebody else's";
        // rule: a-listed-marker-is-followed
        if (current?.retired) return { successor: current.retired };
        // An entry may be written before its record, which a tombstone prevents.
        // rule: a-listed-key-gets-a-tombstone
        const outcome = current ? await this.#bury(held, current, deadline) : await this.#forbid(held, owner, deadline);
        if (outcome === undefined) return "nothing";
        if (outcome.written) return current === undefined ? "nothing" : "ended";
        current = outcome.current;
      }
      return "nothing";
    };
    return this.#keys.runExclusive(key, end, deadline);
  }

  async #bury(held: HeldKey, current: StoredSession, deadline: Deadline) {
    const tombstone = markerAfter(this.#context, current, "");
    const outcome = await this.#provider.update(held.key, tombstone, current, deadline);
    if (!outcome.written) return outcome;
    held.stored = outcome.latest;
    if (current.retired === undefined) this.#context.diagnostics.publish("destroyed", {});
    return outcome;
  }

  /** Stores a tombstone under a free key that is in the owner's index. */
  async #forbid(held: HeldKey, owner: string | undefined, deadline: Deadline) {
    if (owner === undefined) return undefined;
    const tombstone = markerAfter(this.#context, { owner, recentWrites: [] }, "");
    const outcome = await this.#provider.create(held.key, tombstone, deadline);
    if (outcome.written) held.stored = outcome.latest;
    return outcome;
  }
}

/** Begins a round of a loop that other writers can keep going by being faster. */
async function begin(round: number, deadline: Deadline): Promise<void> {
  // rule: destroy-pauses
  if (round > 1) await deadline.pause(Math.min(round, 20));
  if (deadline.passed) throw round > 0 ? conflict() : tooLate();
}
