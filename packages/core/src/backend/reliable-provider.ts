import type { StoreErrorEvent } from "../diagnostics.js";
import { isSessionError, SessionError, type SessionErrorCode } from "../errors.js";
import type { Provider } from "../provider.js";
import { decodeEnvelope, encodeEnvelope, type StoredSession } from "../record/stored-session.js";
import { Deadline, limits, type StoreContext } from "./context.js";
import { Timeouts } from "./timeouts.js";

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
  readonly #timeouts = new Timeouts(limits.call);

  constructor(provider: Provider, context: StoreContext) {
    this.#provider = provider;
    this.#context = context;
  }

  /** What is stored under a key. Rejects with `SESS_UNAVAILABLE`, or `SESS_ENVELOPE`. */
  async read(key: string): Promise<StoredSession | undefined> {
    const record = await this.#call("read", () => this.#provider.read(key));
    return record && decodeEnvelope(record);
  }

  /** As {@link read} for each of the keys, in one round trip where the provider can. */
  async readMany(keys: readonly string[]): Promise<readonly (StoredSession | undefined)[]> {
    const isAlone = keys.length === 1 || this.#provider.readMany === undefined;
    if (isAlone) return Promise.all(keys.map((key) => this.read(key)));
    const records = await this.#call("read", async () => this.#provider.readMany?.(keys) ?? []);
    return keys.map((_, index) => {
      const record = records[index];
      return record && decodeEnvelope(record);
    });
  }

  /** Stores the first record of a key. Refused: something is there, or was and expired in between. */
  create(key: string, next: StoredSession): Promise<WriteOutcome> {
    const record = encodeEnvelope(next);
    return this.#send(
      "create",
      () => this.#provider.create(key, record),
      async (created) => {
        if (created) return written(next);
        // rule: a-lost-create-is-read-back
        return this.#refused(next, await this.read(key));
      },
    );
  }

  /** Replaces what has the version `expected`. */
  update(key: string, next: StoredSession, expected: StoredSession): Promise<WriteOutcome> {
    const record = encodeEnvelope(next);
    return this.#send(
      "update",
      () => this.#provider.update(key, record, expected.version),
      (answer) => {
        if (!answer.written) return this.#refused(next, answer.current && decodeEnvelope(answer.current));
        const expiresAt = next.retired === undefined ? Math.max(next.expiresAt, expected.expiresAt) : next.expiresAt;
        return written({ ...next, expiresAt });
      },
    );
  }

  /** Prolongs a session if it still is as it is known, and says whether it is. */
  touch(key: string, stored: StoredSession, expiresAt: number): Promise<boolean> {
    return this.#call("touch", () => this.#provider.touch(key, expiresAt, stored.version));
  }

  /** The keys of an owner's records, and perhaps others. Rejects with `SESS_UNSUPPORTED` where there is no index. */
  async *keysOf(owner: string): AsyncGenerator<string> {
    if (this.#provider.keysOf === undefined) {
      throw new SessionError("SESS_UNSUPPORTED", "this provider does not know whose a session is");
    }
    try {
      yield* this.#provider.keysOf(owner);
    } catch (error) {
      this.#context.diagnostics.publish("store-error", { operation: "keysOf", error });
      throw unavailable("keysOf", error);
    }
  }

  /** Sessions now. */
  count(): Promise<number> {
    return this.#walk("count", () => this.#provider.count());
  }

  gc(): Promise<number> {
    return this.#walk("gc", () => this.#provider.gc());
  }

  close(): Promise<void> {
    return this.#provider.close();
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
  async #send<T>(
    operation: StoreErrorEvent["operation"],
    send: () => Promise<T>,
    judge: (answer: T) => WriteOutcome | Promise<WriteOutcome>,
  ): Promise<WriteOutcome> {
    const deadline = new Deadline(this.#context, limits.resend);
    for (let tries = 1; ; tries++) {
      try {
        return await judge(await this.#call(operation, send));
      } catch (error) {
        if (isSessionError(error) && certain.has(error.code)) throw error;
        if (tries === 5 || deadline.passed) throw unavailable(operation, error);
        await pause(5 * 2 ** tries);
      }
    }
  }

  /** Unlike the others not bounded here: how long it takes depends on how many sessions there are. */
  async #walk<T>(operation: StoreErrorEvent["operation"], send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw this.#failure(operation, error);
    }
  }

  #call<T>(operation: StoreErrorEvent["operation"], send: () => Promise<T>): Promise<T> {
    return this.#inTime(send).catch((error: unknown) => {
      // Here and not where the time runs out: what is published belongs to the request, also to AsyncLocalStorage.
      throw this.#failure(operation, error);
    });
  }

  /** Bounded by `limits.call`, since what comes later than that is no answer any more. */
  #inTime<T>(send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timed = this.#timeouts.set(() => reject(new Error(`no answer within ${limits.call} ms`)));
      const answered = (answer: T) => {
        this.#timeouts.clear(timed);
        resolve(answer);
      };
      const failed = (error: unknown) => {
        this.#timeouts.clear(timed);
        reject(error);
      };
      try {
        Promise.resolve(send()).then(answered, failed);
      } catch (error) {
        failed(error);
      }
    });
  }

  #failure(operation: StoreErrorEvent["operation"], error: unknown): SessionError {
    if (isSessionError(error) && certain.has(error.code)) return error;
    this.#context.diagnostics.publish("store-error", { operation, error });
    return unavailable(operation, error);
  }
}

function written(stored: StoredSession, latest: StoredSession = stored): WriteOutcome {
  return { written: true, stored, latest };
}

function unavailable(operation: StoreErrorEvent["operation"], error: unknown): SessionError {
  if (isSessionError(error) && error.code === "SESS_UNAVAILABLE") return error;
  return new SessionError("SESS_UNAVAILABLE", `the session store failed to ${operation}`, { cause: error });
}

/** Full jitter, so that processes that were refused together do not come back together. At most `limit` ms. */
export function pause(limit: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * limit));
}
