import { markerAfter } from "../record/next-record.js";
import type { StoredSession } from "../record/stored-session.js";
import type { StoreContext } from "./context.js";
import type { Deadline } from "./deadline.js";
import type { ExclusiveKeys, HeldKey } from "./key-queue.js";
import { conflict, tooLate } from "./refusals.js";
import type { ReliableProvider } from "./reliable-provider.js";

/**
 * What became of a key: what was there is destroyed, now or before; there was nothing, or nothing of the owner's; or
 * it leads to a session that was to be spared.
 */
export type DestroyOutcome = "destroyed" | "missing" | "spared";

/** How a key is destroyed. */
export interface DestroyOptions {
  /** Keys that stay, and with them the markers that lead there: a late request that comes by one must be told. */
  readonly spare: ReadonlySet<string>;
  /**
   * Set where the key was found in an owner's index. What is there of somebody else stays, since an index may list
   * too much; and where nothing is there, a record may be about to be written, which a tombstone prevents.
   */
  readonly owner: string | undefined;
  /** Called for every session that was ended, the successors of markers included. */
  readonly ended?: () => void;
  readonly deadline: Deadline;
}

const nothing: ReadonlySet<string> = new Set();

/** Whosever it is, and nothing is spared. */
export function destroyAll(deadline: Deadline): DestroyOptions {
  return { spare: nothing, owner: undefined, deadline };
}

/**
 * Ends sessions. Whatever session is under a key is replaced by a marker, and what succeeded it. There is no delete: a
 * record taken away is a record that a late write can bring back.
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
   * The same under a key that the caller holds.
   *
   * On a marker that names a successor the successor goes first: done the other way round, a failure in between would
   * leave a live session that nothing leads to any more.
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
      // A successor is led to, whoever's it is, and where it is missing it has expired.
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
      // The marker has expired meanwhile, but what it led to was there.
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
