import type { StoreErrorEvent } from "../diagnostics.js";
import { isSessionError, SessionError } from "../errors.js";
import { limits } from "../limits.js";
import type { Finding, Provider, SessionRecord } from "../provider.js";
import { encodeEnvelope, openToEnd } from "../record/envelope.js";
import type { StoredSession } from "../record/stored-session.js";
import { decodeSession } from "../schema/decode-stored.js";
import type { StoreContext } from "./context.js";
import { Deadline } from "./deadline.js";
import { certain, type Reading, unavailable, unreadable, type WriteOutcome, written } from "./outcomes.js";
import { isTraced, traced } from "./store-trace.js";

interface Write<T> {
  readonly send: () => Promise<T>;
  readonly judge: (answer: T) => WriteOutcome | Promise<WriteOutcome>;
}

/**
 * The provider as the rest of core uses it: with time limits and exact outcomes. A write whose answer is lost is sent
 * again, with the same content, id and expected version. If it was applied already, it is recognised by its id, so it
 * is never applied twice.
 */
export class ReliableProvider {
  readonly #provider: Provider;
  readonly #context: StoreContext;

  constructor(provider: Provider, context: StoreContext) {
    this.#provider = provider;
    this.#context = context;
  }

  /** The stored session under a key. Rejects with `SESS_UNAVAILABLE` or `SESS_ENVELOPE`. */
  read(key: string, deadline?: Deadline): Promise<StoredSession | undefined> {
    return this.#call(
      "read",
      () => this.#provider.read(key),
      deadline,
      (record) => record && this.#open(record),
    );
  }

  /** As {@link read}, for ending the session: a record that cannot be decoded can be ended too. */
  readToEnd(key: string, deadline: Deadline): Promise<StoredSession | undefined> {
    return this.#call(
      "read",
      () => this.#provider.read(key),
      deadline,
      (record) => record && openToEnd(record),
    );
  }

  /** Several keys in one round trip, if the provider can. An unreadable record does not affect the others. */
  async readMany(keys: readonly string[]): Promise<readonly Reading[]> {
    const isAlone = keys.length === 1 || this.#provider.readMany === undefined;
    if (isAlone) return Promise.all(keys.map((key) => this.#readOne(key)));
    const records = await this.#call("read", async () => this.#provider.readMany?.(keys) ?? []);
    return keys.map((_, index) => this.#reading(records[index]));
  }

  /** Stores the first record of a key. Refused if there is a record, or was one that has expired meanwhile. */
  create(key: string, next: StoredSession, deadline: Deadline): Promise<WriteOutcome> {
    const record = this.#seal(next);
    return this.#send("create", deadline, {
      send: () => this.#provider.create(key, record),
      judge: async (created) => {
        if (created) return written(next);
        const current = await (next.retired === "" ? this.readToEnd(key, deadline) : this.read(key, deadline));
        // rule: a-lost-create-is-read-back
        return this.#refused(next, current);
      },
    });
  }

  /** Replaces the record with the version `expected`. */
  update(key: string, next: StoredSession, expected: StoredSession, deadline: Deadline): Promise<WriteOutcome> {
    const record = this.#seal(next);
    const read = next.retired === "" ? openToEnd : (current: SessionRecord) => this.#open(current);
    return this.#send("update", deadline, {
      send: () => this.#provider.update(key, record, expected.version),
      judge: (answer) => {
        if (!answer.written) return this.#refused(next, answer.current && read(answer.current));
        const expiresAt = next.retired === undefined ? Math.max(next.expiresAt, expected.expiresAt) : next.expiresAt;
        return written(expiresAt === next.expiresAt ? next : { ...next, expiresAt });
      },
    });
  }

  /** Prolongs a session if it is unchanged, and returns whether it is. */
  touch(key: string, stored: StoredSession, expiresAt: number, deadline: Deadline): Promise<boolean> {
    return this.#call("touch", () => this.#provider.touch(key, expiresAt, stored.version), deadline);
  }

  /**
   * The keys of an owner's records, and possibly others. Rejects with `SESS_UNSUPPORTED` if there is no index, and with
   * `SESS_UNAVAILABLE` if it fails or one step takes too long.
   */
  async *keysOf(owner: string): AsyncGenerator<string> {
    if (this.#provider.keysOf === undefined) {
      throw new SessionError("SESS_UNSUPPORTED", "this provider does not know whose a session is");
    }
    const walk = await this.#call("keysOf", () => this.#provider.keysOf?.(owner)[Symbol.asyncIterator]());
    let done = false;
    try {
      while (walk !== undefined) {
        // rule: each-step-is-bounded
        const step = await this.#call("keysOf", () => walk.next());
        if (step.done) done = true;
        if (step.done) return;
        yield step.value;
      }
    } finally {
      // Not awaited: a listing that hangs would also delay its return.
      if (!done) walk?.return?.().catch(() => {});
    }
  }

  /** The number of live sessions. */
  count(): Promise<number> {
    return this.#call("count", () => this.#provider.count(), new Deadline(this.#context, limits.walk));
  }

  gc(): Promise<number> {
    return this.#call("gc", () => this.#provider.gc(), new Deadline(this.#context, limits.walk));
  }

  diagnose(): Promise<readonly Finding[]> {
    return this.#call("diagnose", async () => (await this.#provider.diagnose?.()) ?? []);
  }

  close(): Promise<void> {
    return this.#call("close", () => this.#provider.close()).finally(() => this.#context.calls.close());
  }

  /** If the refusing record lists this batch, an earlier attempt was written and its answer was lost. */
  #refused(next: StoredSession, current: StoredSession | undefined): WriteOutcome {
    // rule: a-listed-write-was-written
    const mine =
      current !== undefined &&
      (current.version === next.version ||
        current.recentWrites.some(
          ([managerId, writeId]) => managerId === this.#context.managerId && writeId === next.version,
        ));
    if (!mine) return { written: false, current };
    // The batch was applied, and a marker then replaced the record. The writer must not take it for the one it came by,
    // or it would regenerate over a destroyed session or a faster request.
    // rule: acknowledged-by-a-marker
    return written(current.retired === undefined ? current : next, current);
  }

  /** Sends a write until its outcome is known. `judge` interprets an answer, and rejects if the outcome is unknown. */
  async #send<T>(operation: StoreErrorEvent["operation"], deadline: Deadline, write: Write<T>): Promise<WriteOutcome> {
    const resend = new Deadline(this.#context, limits.resend);
    for (let tries = 1; ; tries++) {
      try {
        return await this.#call(operation, write.send, deadline, write.judge);
      } catch (error) {
        if (isSessionError(error) && certain.has(error.code)) throw error;
        if (tries === 5 || resend.passed || deadline.passed) throw unavailable(operation, error);
        await deadline.pause(5 * 2 ** tries);
        if (deadline.passed) throw unavailable(operation, error);
      }
    }
  }

  /** An answer after the deadline is ignored. What `take` throws is not the store's failure. */
  #call<T>(operation: StoreErrorEvent["operation"], send: () => PromiseLike<T> | T, deadline?: Deadline): Promise<T>;
  #call<T, R>(
    operation: StoreErrorEvent["operation"],
    send: () => PromiseLike<T> | T,
    deadline: Deadline | undefined,
    take: (answer: T) => R | Promise<R>,
  ): Promise<R>;
  #call(
    operation: StoreErrorEvent["operation"],
    send: () => unknown,
    deadline = new Deadline(this.#context),
    take?: (answer: unknown) => unknown,
  ): Promise<unknown> {
    // rule: a-call-ends-with-its-operation
    const answer = isTraced() ? this.#traced(operation, send, deadline) : deadline.bound(send);
    return answer.then(take, (error: unknown) => {
      // Published here and not where the time runs out, so that it runs in the request's AsyncLocalStorage context.
      throw this.#failure(operation, error);
    });
  }

  #traced<T>(operation: StoreErrorEvent["operation"], send: () => PromiseLike<T> | T, deadline: Deadline): Promise<T> {
    return traced(this.#context.diagnostics.about({ operation }), () => deadline.bound(send));
  }

  #seal(next: StoredSession): SessionRecord {
    const record = encodeEnvelope(next);
    if (next.retired === undefined) this.#assertSize(record);
    return record;
  }

  async #readOne(key: string): Promise<Reading> {
    try {
      return this.#reading(await this.#call("read", () => this.#provider.read(key)));
    } catch (error) {
      return { stored: undefined, failure: unreadable(error) };
    }
  }

  #reading(record: SessionRecord | undefined): Reading {
    if (record === undefined) return { stored: undefined };
    try {
      return { stored: this.#open(record) };
    } catch (error) {
      return { stored: openToEnd(record), failure: unreadable(error) };
    }
  }

  #open(record: SessionRecord): StoredSession | undefined {
    this.#assertSize(record);
    return decodeSession(record, this.#context.schemas);
  }

  #assertSize({ data }: SessionRecord): void {
    const { maxBytes } = this.#context;
    // A UTF-16 code unit is three bytes at most.
    if (data.length * 3 <= maxBytes || Buffer.byteLength(data) <= maxBytes) return;
    throw new SessionError("SESS_TOO_LARGE", `the session takes more than ${maxBytes} bytes (maxBytes)`);
  }

  #failure(operation: StoreErrorEvent["operation"], error: unknown): SessionError {
    if (isSessionError(error) && certain.has(error.code)) return error;
    this.#context.diagnostics.publish("store-error", { operation, error });
    return unavailable(operation, error);
  }
}
