import type { Commands, Deadline, Reply } from "./commands.js";
import { encodeTime } from "./record.js";
import { indexScript, listScript, shortenScript } from "./scripts.js";

/** Milliseconds that an entry stays beyond its score, as clocks may differ by that. */
const grace = 60_000;

/**
 * The index of owners: for each owner a sorted set of session keys, on a slot of its own in a cluster. An entry's score
 * is a time up to which it is sure to stand.
 *
 * The obligation: while a record with an owner is live, by the clock that decides, the owner's set holds its key. It
 * cannot be kept by writing both at once, because a script may use one key only. It is kept as follows.
 *
 * 1. A record with an owner carries `indexedUntil`: the score of an index entry for this owner and this key whose write
 *    was acknowledged *before* the record was written with that number. So at every crash point the entry is there.
 * 2. The scripts of create, update and touch never give a record with an owner an expiry beyond its `indexedUntil`.
 *    Update and touch refuse with "index first" instead; then the entry is extended, acknowledged, and the script sent
 *    again with the new bound. A change of owner is refused likewise, because the bound was the former owner's.
 * 3. Extensions only raise a score, so a late or repeated one is harmless. An entry is removed only when its score
 *    plus a minute has passed, and the set's own TTL ends no sooner: the record expired before that, by rule 2. It is
 *    never removed because the record is missing, since the record may be about to be written.
 * 4. A script that is carried out late, after a reconnection, stores an expiry no later than the bound it was sent
 *    with, so that if the entry is gone by then the record is born expired.
 *
 * 5. A marker lives for minutes, where its session's entry may stand for weeks, and every new id leaves a marker. So
 *    the marker is written with an `indexedUntil` of its own expiry, and afterwards the entry is shortened to that,
 *    if its score still is the `indexedUntil` of the record that the marker replaced. Whoever has extended the entry
 *    since has changed its score, even where it stood long enough (indexScript): then it stays as it is. Whoever
 *    extended it before, for a record of another version, is refused by the marker. A shortening that is lost leaves
 *    an entry that stands too long, and nothing else.
 *
 * The score leaves room: as much time beyond the expiry as there is until the expiry, a minute at least. So a session
 * in use pays one command more about once in its idle lifetime, and none otherwise, and entries outlive their
 * sessions by about one idle lifetime.
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

  /** Makes sure of an entry until `expiresAt` and beyond; resolves to the time up to which it stands, its score. */
  async extend(owner: string, key: string, expiresAt: number, until: Deadline): Promise<number> {
    const now = this.#now();
    const room = Math.max(expiresAt - now, 60_000);
    const bound = Math.min(Math.ceil(expiresAt + room), Number.MAX_SAFE_INTEGER);
    const args = [encodeTime(Math.floor(now)), encodeTime(bound), key];
    const [, stands] = await this.#commands.run(indexScript, this.#nameOf(owner), key, args, until);
    return Number(stands);
  }

  /** Has an entry stand until `expiresAt` only, unless somebody has extended it beyond `stands` since. Never rejects. */
  async shorten(owner: string, key: string, stands: number, expiresAt: number): Promise<void> {
    const args = [encodeTime(stands), encodeTime(expiresAt), key];
    try {
      await this.#commands.run(shortenScript, this.#nameOf(owner), key, args, this.#commands.deadline());
    } catch {
      // The entry stands too long, which costs whoever lists it a look at nothing.
    }
  }

  /** Every key that was in the owner's set throughout the call, each once, and perhaps others. */
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

  /** Members and scores alternate. An entry whose time has passed leads to nothing, and is pruned by the next write. */
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
