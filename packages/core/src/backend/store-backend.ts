import type { SessionError } from "../errors.js";
import { limits } from "../limits.js";
import type { Changes, FieldUpdate } from "../record/changes.js";
import { expiryOfUse, isTouchDue } from "../record/next-record.js";
import { resealOwnerName } from "../record/owner-name.js";
import type { StoredSession } from "../record/stored-session.js";
import type { FieldSchemas } from "../schema/field-schemas.js";
import { commitTogether, Member } from "./commit.js";
import type { StoreContext } from "./context.js";
import { Deadline } from "./deadline.js";
import { Destroyer } from "./destroy.js";
import { endByHandle } from "./end-by-handle.js";
import { endOwned } from "./end-owned.js";
import { type HeldKey, KeyQueues } from "./key-queue.js";
import type { Leftovers } from "./leftovers.js";
import type { Reading } from "./outcomes.js";
import { busy, closed } from "./refusals.js";
import { type Regenerated, Regeneration } from "./regenerate.js";
import type { ReliableProvider } from "./reliable-provider.js";
import type { Identity, PresentedRival, SessionBackend } from "./session-backend.js";

/** The sessions of one Manager in the store. Operations on a key run in the order in which they were requested. */
export class StoreBackend implements SessionBackend {
  readonly inCookie = false;
  readonly schemas: FieldSchemas | undefined;
  readonly #provider: ReliableProvider;
  readonly #context: StoreContext;
  readonly #queues: KeyQueues<Member>;
  readonly #destroyer: Destroyer;
  /**
   * Operations outside of the queues: touches, which neither wait for a batch nor delay one, and ending an owner's
   * sessions.
   */
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(provider: ReliableProvider, context: StoreContext) {
    this.#provider = provider;
    this.#context = context;
    this.schemas = context.schemas;
    this.#queues = new KeyQueues(context.calls, (held, members) => commitTogether(provider, context, held, members));
    this.#destroyer = new Destroyer(provider, context, this.#queues);
  }

  /** Markers are returned. */
  load(key: string, deadline?: Deadline): Promise<StoredSession | undefined> {
    const refusal = this.#refusal();
    return refusal === undefined ? this.#provider.read(key, deadline) : Promise.reject(refusal);
  }

  deadline(): Deadline {
    return new Deadline(this.#context);
  }

  /** The same for several keys, in their order. */
  async loadMany(keys: readonly string[]): Promise<readonly Reading[]> {
    this.#assertOpen();
    return this.#provider.readMany(keys);
  }

  /** Rejects with `SESS_GONE` or `SESS_RETIRED` if the session has ended or has another id. */
  commit(
    { key }: Identity,
    base: StoredSession | undefined,
    changes: Changes,
    update: FieldUpdate | undefined,
    deadline: Deadline,
  ): Promise<StoredSession | undefined> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const commit = { base, changes, update };
      this.#queues.add(key, new Member(commit, this.#context.calls, deadline, resolve, reject));
    });
  }

  /**
   * Holds both queues throughout, the old key's first. Destroy takes them in the same order, so there is no deadlock.
   */
  async regenerate(
    identity: Identity,
    next: Identity,
    loaded: StoredSession,
    changes: Changes,
    deadline: Deadline,
  ): Promise<Regenerated> {
    this.#assertOpen();
    const reseal = (ownerName: string) => resealOwnerName(ownerName, identity.id, next.id);
    const parts = { provider: this.#provider, context: this.#context, destroyer: this.#destroyer, deadline, reseal };
    const move = (old: HeldKey, fresh: HeldKey) => {
      const regeneration = new Regeneration({ ...parts, old, fresh });
      return loaded.retired === undefined
        ? regeneration.fromSession(loaded, changes)
        : regeneration.fromMarker(loaded, changes);
    };
    const holding = (old: HeldKey) => this.#queues.runExclusive(next.key, (fresh) => move(old, fresh), deadline);
    return this.#queues.runExclusive(identity.key, holding, deadline);
  }

  /** Destroys the session under a key and its successors. Resolves to whether there was one. */
  async destroy(key: string, loaded: StoredSession | undefined, deadline: Deadline): Promise<boolean> {
    this.#assertOpen();
    return (await this.#destroyer.destroy(key, deadline, loaded)) !== "missing";
  }

  /** All of them are tried, even if one fails. */
  async supersede(
    rivals: readonly PresentedRival[],
    _: Identity,
    stored: StoredSession | undefined,
    deadline: Deadline,
  ): Promise<StoredSession | undefined> {
    const ends = rivals.map((rival) => this.destroy(rival.identity.key, rival.stored, deadline));
    for (const each of await Promise.allSettled(ends)) if (each.status === "rejected") throw each.reason;
    return stored;
  }

  /** The owner's live sessions. Those that could not be read are added to `leftovers`. */
  async *owned(owner: string, leftovers: Leftovers): AsyncGenerator<readonly [key: string, stored: StoredSession]> {
    this.#assertOpen();
    for await (const key of this.#provider.keysOf(owner)) {
      const stored = await leftovers.attempt(() => this.#provider.read(key));
      if (stored !== undefined && stored.retired === undefined && stored.owner === owner) yield [key, stored];
    }
  }

  /** As {@link endOwned}. */
  async destroyOwned(owner: string, spare: ReadonlySet<string>): Promise<number> {
    this.#assertOpen();
    const walk = { destroyer: this.#destroyer, spare, deadline: () => this.deadline() };
    return this.#watched(endOwned(this.#provider.keysOf(owner), owner, walk));
  }

  /** As {@link endByHandle}. */
  async destroyByHandle(owner: string, handle: string, spare: ReadonlySet<string>): Promise<boolean> {
    this.#assertOpen();
    const read = (key: string) => this.#provider.read(key);
    const walk = { read, destroyer: this.#destroyer, spare, deadline: () => this.deadline() };
    return this.#watched(endByHandle(this.#provider.keysOf(owner), owner, handle, walk));
  }

  /** The key and those that its markers lead to. */
  async chain(key: string): Promise<ReadonlySet<string>> {
    const keys = new Set<string>();
    for (let at: string | undefined = key; at && !keys.has(at); ) {
      keys.add(at);
      at = (await this.#provider.read(at))?.retired;
    }
    return keys;
  }

  async touch({ key }: Identity, stored: StoredSession, expiresAt: number, deadline: Deadline): Promise<StoredSession> {
    if (this.#refusal() !== undefined) return stored;
    // The backend publishes a failure of the store. The session stays as it was, and the next use prolongs it.
    return this.#watched(this.#prolong(key, stored, expiresAt, deadline).catch(() => stored));
  }

  cookieValue({ id }: Identity): string {
    return id;
  }

  /** Waits until all requested operations are done or have timed out. Later ones are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    // Operations under way began earlier and therefore end earlier, unless a provider blocks the event of their end.
    await this.deadline()
      .bound(() => this.#drained())
      .catch(() => {});
  }

  /**
   * Prolongs also if others have stored the session since: a socket uses its session without loading the newest state.
   * Resolves to `stored` with its present end. Never returns what the others stored: a field that this request did not
   * load would be overwritten.
   */
  async #prolong(key: string, stored: StoredSession, expiresAt: number, deadline: Deadline): Promise<StoredSession> {
    const { now, idle } = this.#context;
    const later = (time: number): StoredSession => ({ ...stored, expiresAt: Math.max(stored.expiresAt, time) });
    if (await this.#provider.touch(key, stored, expiresAt, deadline)) return later(expiresAt);
    const current = await this.#provider.read(key, deadline);
    if (current === undefined || current.retired !== undefined) return stored;
    const expiry = expiryOfUse(current, now(), idle);
    const isLate = isTouchDue(current, now(), idle);
    return later(isLate && (await this.#provider.touch(key, current, expiry, deadline)) ? expiry : current.expiresAt);
  }

  /** Makes {@link close} wait for the work. */
  async #watched<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #drained(): Promise<void> {
    while (this.#queues.busy || this.#underWay.size > 0)
      await Promise.allSettled([...this.#underWay, this.#queues.settled()]);
  }

  #assertOpen(): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
  }

  /**
   * If a store does not answer, each waiting operation uses memory until its time limit. Their number is therefore
   * limited.
   */
  #refusal(): SessionError | undefined {
    if (this.#closed) return closed();
    // rule: the-waiting-are-bounded
    return this.#context.calls.size >= limits.waiting ? busy() : undefined;
  }
}
