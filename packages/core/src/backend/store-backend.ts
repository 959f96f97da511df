import { SessionError } from "../errors.js";
import type { Changes, FieldUpdate } from "../record/changes.js";
import type { StoredSession } from "../record/stored-session.js";
import { commitTogether } from "./commit.js";
import { Deadline, type StoreContext } from "./context.js";
import { type DestroyOptions, type DestroyOutcome, destroy, destroyAll } from "./destroy.js";
import { KeyQueue, type KeyQueueOwner } from "./key-queue.js";
import { Leftovers } from "./leftovers.js";
import { prolong } from "./prolong.js";
import { type Regenerated, Regeneration } from "./regenerate.js";
import type { Reading, ReliableProvider } from "./reliable-provider.js";
import type { Identity, PresentedRival, SessionBackend } from "./session-backend.js";
import { sideBySide } from "./side-by-side.js";

/** Sessions of an owner that are ended at a time. */
const endedAtOnce = 8;

/** One Manager's sessions in the store: everything that is done to a key, in the order in which it was asked for. */
export class StoreBackend implements SessionBackend, KeyQueueOwner {
  readonly inCookie = false;
  readonly #provider: ReliableProvider;
  readonly #context: StoreContext;
  readonly #queues = new Map<string, KeyQueue>();
  /** Not in the queues, since a touch neither waits for a batch nor holds one up. */
  readonly #touching = new Set<Promise<unknown>>();
  #closed = false;

  constructor(provider: ReliableProvider, context: StoreContext) {
    this.#provider = provider;
    this.#context = context;
  }

  /** Markers are returned. */
  load(key: string, deadline?: Deadline): Promise<StoredSession | undefined> {
    return this.#closed ? Promise.reject(closed()) : this.#provider.read(key, deadline);
  }

  deadline(): Deadline {
    return new Deadline(this.#context);
  }

  /** The same for several keys, in their order. */
  async loadMany(keys: readonly string[]): Promise<readonly Reading[]> {
    this.#assertOpen();
    return this.#provider.readMany(keys);
  }

  /** Rejects with `SESS_GONE` or `SESS_RETIRED` when the session is not there any more. */
  commit(
    { key }: Identity,
    base: StoredSession | undefined,
    changes: Changes,
    update: FieldUpdate | undefined,
    deadline: Deadline,
  ): Promise<StoredSession | undefined> {
    if (this.#closed) return Promise.reject(closed());
    return this.#queueOf(key).commit({ base, changes, update }, deadline);
  }

  /** Holds both queues throughout, the old key's first. Destroying takes them in the same order, so there is no deadlock. */
  async regenerate(
    identity: Identity,
    next: Identity,
    loaded: StoredSession,
    changes: Changes,
    deadline: Deadline,
  ): Promise<Regenerated> {
    this.#assertOpen();
    const [provider, context] = [this.#provider, this.#context];
    const destroyKey = (key: string, until: Deadline) => this.#destroy(key, destroyAll(until));
    return this.#queueOf(identity.key).runExclusive(
      (old) =>
        this.#queueOf(next.key).runExclusive((fresh) => {
          const regeneration = new Regeneration({ provider, context, old, fresh, destroyKey, deadline });
          return loaded.retired === undefined
            ? regeneration.fromSession(loaded, changes)
            : regeneration.fromMarker(loaded, changes);
        }, deadline),
      deadline,
    );
  }

  /** The session under a key and what succeeded it. Resolves to whether anything was there. */
  async destroy(key: string, loaded: StoredSession | undefined, deadline: Deadline): Promise<boolean> {
    this.#assertOpen();
    return (await this.#destroy(key, destroyAll(deadline), loaded)) !== "missing";
  }

  /** All of them are tried, whatever becomes of one. */
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

  /** The owner's live sessions; those that could not be read are left over. */
  async *owned(owner: string, leftovers: Leftovers): AsyncGenerator<readonly [key: string, stored: StoredSession]> {
    this.#assertOpen();
    for await (const key of this.#provider.keysOf(owner)) {
      const stored = await leftovers.attempt(() => this.#provider.read(key));
      if (stored !== undefined && stored.retired === undefined && stored.owner === owner) yield [key, stored];
    }
  }

  /**
   * Every session of the owner but those under `spare`, and what succeeded them: a session may get a new id, and so a
   * new key, while the index is read. Goes on to the others where one cannot be ended, and then rejects. Resolves to how
   * many sessions that were.
   */
  async destroyOwned(owner: string, spare: ReadonlySet<string>): Promise<number> {
    this.#assertOpen();
    let count = 0;
    const ended = () => count++;
    const leftovers = new Leftovers();
    await sideBySide(this.#provider.keysOf(owner), endedAtOnce, (key) =>
      leftovers.attempt(() => this.#destroy(key, { spare, owner, ended, deadline: this.deadline() })),
    );
    leftovers.assertNone("ended");
    return count;
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
    if (this.#closed) return stored;
    // Published by the backend where the store fails. The session is as it was; the next use prolongs it.
    const touching = prolong(this.#provider, this.#context, { key, stored, expiresAt, deadline }).catch(() => stored);
    this.#touching.add(touching);
    const touched = await touching;
    this.#touching.delete(touching);
    return touched;
  }

  cookieValue({ id }: Identity): string {
    return id;
  }

  /** Waits until all that was asked for is done, or has had its time; what is asked for later is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    // What is under way began earlier and so ends earlier, unless a provider keeps it from hearing of its end.
    await this.deadline()
      .bound(() => this.#drained())
      .catch(() => {});
  }

  write(queue: KeyQueue, members: Parameters<KeyQueueOwner["write"]>[1]): Promise<void> {
    return commitTogether(this.#provider, this.#context, queue, members);
  }

  idle(queue: KeyQueue): void {
    this.#queues.delete(queue.key);
  }

  async #drained(): Promise<void> {
    while (this.#queues.size > 0 || this.#touching.size > 0) {
      await Promise.all([...this.#touching, ...[...this.#queues.values()].map((queue) => queue.running)]);
    }
  }

  #destroy(key: string, destruction: DestroyOptions, loaded?: StoredSession): Promise<DestroyOutcome> {
    return this.#queueOf(key).runExclusive(
      (queue) =>
        destroy(this.#provider, this.#context, queue, loaded, destruction, (each) =>
          // A successor is led to, whoever's it is, and where it is missing it has expired.
          this.#destroy(each, { ...destruction, owner: undefined }),
        ),
      destruction.deadline,
    );
  }

  #assertOpen(): void {
    if (this.#closed) throw closed();
  }

  #queueOf(key: string): KeyQueue {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new KeyQueue(key, this.#context, this);
      this.#queues.set(key, queue);
    }
    return queue;
  }
}

export function closed(): SessionError {
  return new SessionError("SESS_CLOSED", "this session manager was closed");
}
