import type { Finding, Provider, SessionRecord, Update } from "@sess/core";
import type { Commands, Deadline, Reply } from "./commands.js";
import { unavailable } from "./failure.js";
import type { OwnerIndex } from "./owners.js";
import { decodeRecord, encodeRecord, encodeTime, never, newerLayout, type StoredRecord, textOf } from "./record.js";
import { readHeaders, scanKeys } from "./scan.js";
import { createScript, inspectScript, outcome, type Script, touchScript, updateScript } from "./scripts.js";

/** Maximum number of attempts to write while others move the expiry beyond the bound of the index entry. */
const mostAttempts = 4;

/**
 * A {@link Provider} over Redis. A value under one of our names that is not a record of ours (torn, of another type, of
 * another key) is not a session: `read` returns undefined. Its key is not free either: `create` returns false, and
 * nothing overwrites it. For a record of a later version of this package, every method rejects with `SESS_ENVELOPE`.
 */
export class RedisStore implements Provider {
  readonly #commands: Commands;
  readonly #replicated: Commands;
  readonly #owners: OwnerIndex;
  readonly #now: () => number;
  readonly #prefix: string;
  readonly diagnose: () => Promise<readonly Finding[]>;

  /** `replicated` writes new sessions and markers; `commands` does everything else. */
  constructor(
    commands: Commands,
    replicated: Commands,
    owners: OwnerIndex,
    now: () => number,
    prefix: string,
    diagnose: () => Promise<readonly Finding[]>,
  ) {
    this.diagnose = diagnose;
    this.#commands = commands;
    this.#replicated = replicated;
    this.#owners = owners;
    this.#now = now;
    this.#prefix = prefix;
  }

  async read(key: string): Promise<SessionRecord | undefined> {
    const until = this.#commands.deadline();
    const answer = await this.#get(key, until);
    if (answer === null || answer === undefined) return undefined;
    const value = textOf(answer);
    // GET never returns this, so the answer belongs to another command.
    if (value === undefined) throw this.#commands.distrusted();
    const stored = decodeRecord(value);
    if (stored === undefined) await this.#assertForeign(key, until);
    return stored && this.#live(key, stored);
  }

  async create(key: string, record: SessionRecord): Promise<boolean> {
    const until = this.#commands.deadline();
    const { owner, expiresAt } = record;
    const stands = owner === undefined ? never : await this.#owners.extend(owner, key, expiresAt, until);
    const indexed = record.retired === undefined ? stands : Math.min(stands, Math.ceil(expiresAt));
    const [result] = await this.#run(this.#replicated, createScript, key, [encodeRecord(key, record, indexed)], until);
    if (result === outcome.done && indexed < stands) this.#shorten(key, record, stands);
    return result === outcome.done;
  }

  async update(key: string, record: SessionRecord, expected: string): Promise<Update> {
    const until = this.#commands.deadline();
    const commands = record.retired === undefined ? this.#commands : this.#replicated;
    const attempt = (indexed: number) =>
      this.#run(commands, updateScript, key, [expected, encodeRecord(key, record, indexed)], until);
    const [result, more] = await this.#indexed(key, record.owner, attempt, until);
    if (result === outcome.done) {
      if (more !== undefined) this.#shorten(key, record, Number(more));
      return { written: true };
    }
    const current = more === undefined ? undefined : decodeRecord(String(more));
    return { written: false, current: current && this.#live(key, current) };
  }

  async touch(key: string, expiresAt: number, expected: string): Promise<boolean> {
    const until = this.#commands.deadline();
    const attempt = (indexed: number) =>
      this.#run(this.#commands, touchScript, key, [expected, encodeTime(expiresAt), encodeTime(indexed)], until);
    const [result] = await this.#indexed(key, undefined, attempt, until);
    return result === outcome.done;
  }

  async count(): Promise<number> {
    const live = new Set<string>();
    for await (const keys of scanKeys(this.#commands, this.#prefix)) {
      const headers = await readHeaders(this.#commands, this.#prefix, keys);
      const now = this.#now();
      for (const header of headers) {
        if (header !== undefined && !header.marker && header.expiresAt > now) live.add(header.key);
      }
    }
    return live.size;
  }

  /** The server removes expired records by its own TTLs, a minute late. Nothing is left to do here. */
  async gc(): Promise<number> {
    this.#commands.assertOpen();
    return 0;
  }

  async close(): Promise<void> {
    await Promise.all([this.#commands.close(), this.#replicated.close()]);
  }

  async *keys(): AsyncGenerator<string> {
    for await (const keys of scanKeys(this.#commands, this.#prefix)) yield* keys;
  }

  keysOf(owner: string): AsyncGenerator<string> {
    return this.#owners.keysOf(owner);
  }

  async #get(key: string, until: Deadline): Promise<unknown> {
    try {
      return await this.#commands.send((driver) => driver.get(this.#prefix + key), until);
    } catch (error) {
      if (isWrongType(error)) return null;
      throw error;
    }
  }

  /**
   * Called when an answer is not a record of ours. Either the value is foreign, or the answer belongs to another
   * command. Asks the server once more, in a way that names the key.
   */
  async #assertForeign(key: string, until: Deadline): Promise<void> {
    const [what] = await this.#run(this.#commands, inspectScript, key, [], until);
    if (what === "record") throw this.#commands.distrusted();
  }

  /** Not awaited: the requested write is already done. */
  #shorten(key: string, { owner, expiresAt }: SessionRecord, stands: number): void {
    if (owner !== undefined) void this.#owners.shorten(owner, key, stands, expiresAt);
  }

  /** Never returns a record that was written for another key. */
  #live(key: string, stored: StoredRecord): SessionRecord | undefined {
    if (stored.key !== key) throw this.#commands.distrusted();
    return stored.record.expiresAt > this.#now() ? stored.record : undefined;
  }

  /** Runs a script on a record. Returns its reply without the key at its start. */
  async #run(
    commands: Commands,
    script: Script,
    key: string,
    args: readonly string[],
    until: Deadline,
  ): Promise<Reply> {
    const now = encodeTime(Math.floor(this.#now()));
    const reply = await commands.run(script, this.#prefix + key, key, [now, ...args], until);
    if (reply[0] === outcome.newer) throw newerLayout();
    return reply;
  }

  /** Attempts a write, and extends the owner's index entry first when the script asks for it. */
  async #indexed(
    key: string,
    newOwner: string | undefined,
    attempt: (indexed: number) => Promise<Reply>,
    until: Deadline,
  ): Promise<Reply> {
    let indexed = never;
    for (let attempts = 0; attempts < mostAttempts; attempts++) {
      const reply = await attempt(indexed);
      const [result, needed, currentOwner] = reply;
      const owner = newOwner ?? currentOwner;
      if (result !== outcome.indexFirst || owner === undefined) return reply;
      indexed = await this.#owners.extend(String(owner), key, Number(needed), until);
    }
    throw unavailable("redis: the session's expiry moved while its owner's index was extended");
  }
}

function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && error.cause.message.includes("WRONGTYPE");
}
