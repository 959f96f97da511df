import type { StoreErrorEvent } from "../diagnostics.js";
import { isOfOneRecord, isSessionError, SessionError, type SessionErrorCode } from "../errors.js";
import { limits } from "../limits.js";
import type { Provider, SessionRecord } from "../provider.js";
import { decodeEnvelope, encodeEnvelope, openToEnd } from "../record/envelope.js";
import type { StoredSession } from "../record/stored-session.js";
import type { StoreContext } from "./context.js";
import { Deadline } from "./deadline.js";

/** What became of a batch: written, or refused by what is there now. */
export type WriteOutcome =
  | {
      readonly written: true;
      /** What the writer goes on from: a session that holds what was written, never somebody else's marker. */
      readonly stored: StoredSession;
      /** What is there, as far as the answer told. */
      readonly latest: StoredSession;
    }
  | { readonly written: false; readonly current: StoredSession | undefined };

/** What is under one of several keys. `failure`: it is a record, and cannot be read; a marker may be known as one all the same. */
export interface Reading {
  readonly stored: StoredSession | undefined;
  readonly failure?: SessionError;
}

interface Write<T> {
  readonly send: () => Promise<T>;
  readonly judge: (answer: T) => WriteOutcome | Promise<WriteOutcome>;
}

// Codes a provider may reject with that tell for certain that nothing was, or will be, written.
const certain: ReadonlySet<SessionErrorCode> = new Set([
  "SESS_TOO_LARGE",
  "SESS_VALUE",
  "SESS_UNSUPPORTED",
  "SESS_CLOSED",
  "SESS_ENVELOPE",
]);

/**
 * The provider as the rest of core uses it: bounded in time, and exact about outcomes. A write whose answer is lost is
 * sent again, the same content under the same id at the same expected version; having been applied already it is
 * recognised by the id, so it is never applied twice.
 */
export class ReliableProvider {
  readonly #provider: Provider;
  readonly #context: StoreContext;

  constructor(provider: Provider, context: StoreContext) {
    this.#provider = provider;
    this.#context = context;
  }

  /** What is stored under a key. Rejects with `SESS_UNAVAILABLE`, or `SESS_ENVELOPE`. */
  async read(key: string, deadline?: Deadline): Promise<StoredSession | undefined> {
    const record = await this.#call("read", () => this.#provider.read(key), deadline);
    return record && this.#open(record);
  }

  /** The same for whoever ends it: also what cannot be understood can be ended. */
  async readToEnd(key: string, deadline: Deadline): Promise<StoredSession | undefined> {
    const record = await this.#call("read", () => this.#provider.read(key), deadline);
    return record && openToEnd(record);
  }

  /**
   * What is under each of the keys, in one round trip where the provider can. A record that cannot be read hides none of
   * the others; a store that fails does.
   */
  async readMany(keys: readonly string[]): Promise<readonly Reading[]> {
    const isAlone = keys.length === 1 || this.#provider.readMany === undefined;
    if (isAlone) return Promise.all(keys.map((key) => this.#readOne(key)));
    const records = await this.#call("read", async () => this.#provider.readMany?.(keys) ?? []);
    return keys.map((_, index) => this.#reading(records[index]));
  }

  /** Stores the first record of a key. Refused: something is there, or was and expired in between. */
  async create(key: string, next: StoredSession, deadline: Deadline): Promise<WriteOutcome> {
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

  /** Replaces what has the version `expected`. */
  async update(key: string, next: StoredSession, expected: StoredSession, deadline: Deadline): Promise<WriteOutcome> {
    const record = this.#seal(next);
    const read = next.retired === "" ? openToEnd : (current: SessionRecord) => this.#open(current);
    return this.#send("update", deadline, {
      send: () => this.#provider.update(key, record, expected.version),
      judge: (answer) => {
        if (!answer.written) return this.#refused(next, answer.current && read(answer.current));
        const expiresAt = next.retired === undefined ? Math.max(next.expiresAt, expected.expiresAt) : next.expiresAt;
        return written({ ...next, expiresAt });
      },
    });
  }

  /** Prolongs a session if it still is as it is known, and says whether it is. */
  touch(key: string, stored: StoredSession, expiresAt: number, deadline: Deadline): Promise<boolean> {
    return this.#call("touch", () => this.#provider.touch(key, expiresAt, stored.version), deadline);
  }

  /**
   * The keys of an owner's records, and perhaps others. Rejects with `SESS_UNSUPPORTED` where there is no index, and with
   * `SESS_UNAVAILABLE` where it fails, or takes too long for one of its steps.
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
      // One that hangs would have its end wait as well.
      if (!done) walk?.return?.().catch(() => {});
    }
  }

  /** Sessions now. */
  count(): Promise<number> {
    return this.#call("count", () => this.#provider.count(), new Deadline(this.#context, limits.walk));
  }

  gc(): Promise<number> {
    return this.#call("gc", () => this.#provider.gc(), new Deadline(this.#context, limits.walk));
  }

  close(): Promise<void> {
    return this.#call("close", () => this.#provider.close()).finally(() => this.#context.calls.close());
  }

  /** A refusal by a record that lists this batch is an earlier attempt that was written: its answer was lost. */
  #refused(next: StoredSession, current: StoredSession | undefined): WriteOutcome {
    // rule: a-listed-write-was-written
    const mine =
      current !== undefined &&
      (current.version === next.version ||
        current.recentWrites.some(
          ([managerId, writeId]) => managerId === this.#context.managerId && writeId === next.version,
        ));
    if (!mine) return { written: false, current };
    // By a marker: it was applied, and replaced since. The writer must not take that marker for one it came by: it
    // would regenerate from it, over a destroyed session or over whoever was faster.
    // rule: acknowledged-by-a-marker
    return written(current.retired === undefined ? current : next, current);
  }

  /** Sends a write until its outcome is known: `judge` says what an answer means, and rejects where nobody knows. */
  async #send<T>(operation: StoreErrorEvent["operation"], deadline: Deadline, write: Write<T>): Promise<WriteOutcome> {
    const resend = new Deadline(this.#context, limits.resend);
    for (let tries = 1; ; tries++) {
      try {
        return await write.judge(await this.#call(operation, write.send, deadline));
      } catch (error) {
        if (isSessionError(error) && certain.has(error.code)) throw error;
        if (tries === 5 || resend.passed || deadline.passed) throw unavailable(operation, error);
        await deadline.pause(5 * 2 ** tries);
        if (deadline.passed) throw unavailable(operation, error);
      }
    }
  }

  /** What comes later than the deadline is no answer any more. */
  #call<T>(
    operation: StoreErrorEvent["operation"],
    send: () => PromiseLike<T> | T,
    deadline = new Deadline(this.#context),
  ): Promise<T> {
    // rule: a-call-ends-with-its-operation
    return deadline.bound(send).catch((error: unknown) => {
      // Here and not where the time runs out: what is published belongs to the request, also to AsyncLocalStorage.
      throw this.#failure(operation, error);
    });
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
    return decodeEnvelope(record);
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

/** Of an error about one record, that; throws any other. */
function unreadable(error: unknown): SessionError {
  if (isOfOneRecord(error)) return error;
  throw error;
}

function written(stored: StoredSession, latest: StoredSession = stored): WriteOutcome {
  return { written: true, stored, latest };
}

function unavailable(operation: StoreErrorEvent["operation"], error: unknown): SessionError {
  if (isSessionError(error) && error.code === "SESS_UNAVAILABLE") return error;
  return new SessionError("SESS_UNAVAILABLE", `the session store failed to ${operation}`, { cause: error });
}
