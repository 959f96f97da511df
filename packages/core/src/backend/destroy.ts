import { markerAfter } from "../record/next-record.js";
import type { StoredSession } from "../record/stored-session.js";
import type { StoreContext } from "./context.js";
import type { Deadline } from "./deadline.js";
import type { ExclusiveKeys, HeldKey } from "./key-queue.js";
import { conflict, tooLate } from "./refusals.js";
import type { ReliableProvider } from "./reliable-provider.js";

/**
 * The outcome of destroying a key: `destroyed` if the session ended now or before; `missing` if there was none, or none
 * of the owner; `spared` if the key leads to a session to be kept.
 */
export type DestroyOutcome = "destroyed" | "missing" | "spared";

/** How a key is destroyed. */
export interface DestroyOptions {
  /**
   * Keys to keep, together with the markers that lead to them: a late request with such an old id must get the right
   * answer.
   */
  readonly spare: ReadonlySet<string>;
  /**
   * Set if the key was found in an owner's index. A session of another owner is kept, since an index may list too much.
   * If there is no record, one may be about to be written, and a tombstone prevents it.
   */
  readonly owner: string | undefined;
  /** Called for every session that was ended, the successors of markers included. */
  readonly ended?: () => void;
  readonly deadline: Deadline;
}

const nothing: ReadonlySet<string> = new Set();

/** For any owner, with nothing spared. */
export function destroyAll(deadline: Deadline): DestroyOptions {
  return { spare: nothing, owner: undefined, deadline };
}

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

  destroy(key: string, options: DestroyOptions, loaded?: StoredSession): Promise<DestroyOutcome> {
    return this.#keys.runExclusive(key, (held) => this.destroyHeld(held, options, loaded), options.deadline);
  }

  /**
   * Destroys a key whose queue the caller holds.
   *
   * If there is a marker with a successor, the successor is destroyed first. In the other order, a failure in between
   * would leave a live session that no marker leads to.
   */
  async destroyHeld(held: HeldKey, options: DestroyOptions, loaded?: StoredSession): Promise<DestroyOutcome> {
    const { spare, owner, ended, deadline } = options;
    if (spare.has(held.key)) return "spared";
    let current = held.stored ?? loaded ?? (await this.#provider.readToEnd(held.key, deadline));
    let successor: DestroyOutcome | undefined;
    for (let round = 0; current?.retired !== ""; round++) {
      // rule: destroy-pauses
      if (round > 1) await deadline.pause(Math.min(round, 20));
      if (deadline.passed) throw round > 0 ? conflict() : tooLate();
      // rule: a-listed-key-gets-a-tombstone
      if (current === undefined ? owner === undefined : owner !== undefined && current.owner !== owner)
        return "missing";
      // A successor is followed whoever owns it. If it is missing, it has expired.
      // rule: the-successor-goes-first
      if (current?.retired) successor = await this.destroy(current.retired, { ...options, owner: undefined });
      // rule: the-way-to-a-spared-session-stays
      if (successor === "spared") return "spared";
      const outcome = await this.#bury(held, current, options);
      if (outcome.written) {
        if (current !== undefined && current.retired === undefined) ended?.();
        return "destroyed";
      }
      // rule: destroy-starts-again
      current = outcome.current;
      // The marker has expired meanwhile, but its successor was there.
      if (current === undefined && successor === "destroyed") return "destroyed";
    }
    return "destroyed";
  }

  async #bury(held: HeldKey, current: StoredSession | undefined, { owner, deadline }: DestroyOptions) {
    const tombstone = markerAfter(this.#context, current ?? { owner, recentWrites: [] }, "");
    const outcome = await (current === undefined
      ? this.#provider.create(held.key, tombstone, deadline)
      : this.#provider.update(held.key, tombstone, current, deadline));
    if (!outcome.written) return outcome;
    held.stored = outcome.latest;
    if (current !== undefined && current.retired === undefined) this.#context.diagnostics.publish("destroyed", {});
    return outcome;
  }
}
