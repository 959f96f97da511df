import type { Commands, Deadline, Reply } from "./commands.js";
import { encodeTime } from "./record.js";
import { indexScript, listScript, shortenScript } from "./scripts.js";

/** Milliseconds that an entry stays beyond its score, because clocks may differ by that much. */
const grace = 60_000;

/**
 * The index of owners: for each owner a sorted set of session keys. In a cluster it has a slot of its own. An entry's
 * score is a time until which the entry certainly exists.
 *
 * The obligation: while a record with an owner is live, by the Manager's clock, the owner's set contains its key. The
 * two cannot be written at once, because a script may use one key only. These rules keep the obligation:
 *
 * 1. A record with an owner carries `indexedUntil`: the score of an index entry for this owner and this key whose write
 *    was acknowledged *before* the record was written with that number. The entry therefore exists at every point at
 *    which the process may crash.
 * 2. The scripts of create, update and touch never give a record with an owner an expiry beyond its `indexedUntil`.
 *    Update and touch answer "index first" instead; then the entry is extended, acknowledged, and the script sent again
 *    with the new bound. A change of owner is refused in the same way, because the bound belongs to the former owner.
 * 3. Extensions only raise a score, so a late or repeated one is harmless. An entry is removed only a minute after its
 *    score, and the set's own TTL ends no sooner; by rule 2, the record expired before that. A missing record is never
 *    a reason to remove an entry, since the record may be about to be written.
 * 4. A script that runs late, after a reconnection, stores an expiry no later than the bound it was sent with. If the
 *    entry no longer exists by then, the record is already expired when it is written.
 * 5. A marker lives for minutes, but the entry of its session may last for weeks, and every new id leaves a marker. The
 *    marker is therefore written with its own expiry as `indexedUntil`. Afterwards the entry is shortened to that,
 *    provided that its score still equals the `indexedUntil` of the record that the marker replaced. Every extension
 *    since then has changed the score, even if the entry lasted long enough (indexScript), and prevents the shortening.
 *    The write that follows an earlier extension is refused by the marker. If the shortening is lost, the entry merely
 *    stays too long.
 *
 * The score leaves room beyond the expiry: as much time as there is until the expiry, and at least a minute. A session
 * in use therefore needs one more command about once in its idle lifetime, and its entry outlives it by about one idle
 * lifetime.
 */
export class OwnerIndex {
  readonly #commands: Commands;
  readonly #now: () => number;
  readonly #prefix: string;

  constructor(commands: Commands, now: () => number, prefix: string) {
    this.#commands = commands;
    this.#now = now;
    this.#prefix = prefix;
  }

  /** Makes sure that an entry exists beyond `expiresAt`. Resolves to its score: the time until which it exists. */
  async extend(owner: string, key: string, expiresAt: number, until: Deadline): Promise<number> {
    const now = this.#now();
    const room = Math.max(expiresAt - now, 60_000);
    const bound = Math.min(Math.ceil(expiresAt + room), Number.MAX_SAFE_INTEGER);
    const args = [encodeTime(Math.floor(now)), encodeTime(bound), key];
    const [, stands] = await this.#commands.run(indexScript, this.#nameOf(owner), key, args, until);
    return Number(stands);
  }

  /** Shortens an entry to `expiresAt`, unless it has been extended beyond `stands` since. Never rejects. */
  async shorten(owner: string, key: string, stands: number, expiresAt: number): Promise<void> {
    const args = [encodeTime(stands), encodeTime(expiresAt), key];
    try {
      await this.#commands.run(shortenScript, this.#nameOf(owner), key, args, this.#commands.deadline());
    } catch {
      // The entry stays too long. The only cost is one useless read when the owner's sessions are listed.
    }
  }

  /** Every key that was in the owner's set throughout the call, each once, and possibly others. */
  async *keysOf(owner: string): AsyncGenerator<string> {
    const seen = new Set<string>();
    let cursor = "0";
    do {
      const args = [cursor, "1000", owner];
      const [next, elements] = await this.#commands.run(
        listScript,
        this.#nameOf(owner),
        owner,
        args,
        this.#commands.deadline(),
      );
      cursor = String(next);
      for (const key of this.#standing(elements)) {
        if (seen.has(key)) continue;
        seen.add(key);
        yield key;
      }
    } while (cursor !== "0");
  }

  /** Members and scores alternate. An entry whose time has passed has no live record; the next write removes it. */
  #standing(elements: Reply[number] | undefined): string[] {
    const since = this.#now() - grace;
    return Array.isArray(elements)
      ? elements.filter((_, position) => position % 2 === 0 && Number(elements[position + 1]) > since)
      : [];
  }

  #nameOf(owner: string): string {
    return `${this.#prefix}o:${owner}`;
  }
}
