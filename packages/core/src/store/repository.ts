import { SessionError } from "../errors.js";
import type { Backend } from "./backend.js";
import { commitTogether } from "./commit.js";
import { Deadline, type StoreContext } from "./context.js";
import { type Destruction, destroy, everything, type Fate } from "./destroy.js";
import type { Changes, FieldUpdate } from "./fields.js";
import type { Identity, Keeper } from "./keeper.js";
import type { Known } from "./known.js";
import { Lane, type LaneOwner } from "./lane.js";
import { Leftovers } from "./leftovers.js";
import { type Regenerated, Regeneration } from "./regenerate.js";

/** One Manager's sessions in the store: everything that is done to a key, in the order in which it was asked for. */
export class Repository implements Keeper, LaneOwner {
  readonly inCookie = false;
  readonly #backend: Backend;
  readonly #context: StoreContext;
  readonly #lanes = new Map<string, Lane>();
  /** Not in the lanes, since a touch neither waits for a batch nor holds one up. */
  readonly #touching = new Set<Promise<void>>();
  #closed = false;

  constructor(backend: Backend, context: StoreContext) {
    this.#backend = backend;
    this.#context = context;
  }

  /** Markers are returned. */
  load(key: string, deadline?: Deadline): Promise<Known | undefined> {
    return this.#closed ? Promise.reject(closed()) : this.#backend.read(key, deadline);
  }

  deadline(): Deadline {
    return new Deadline(this.#context);
  }

  /** Rejects with `SESS_GONE` or `SESS_RETIRED` when the session is not there any more. */
  commit(
    { key }: Identity,
    base: Known | undefined,
    changes: Changes,
    update: FieldUpdate | undefined,
    deadline: Deadline,
  ): Promise<Known | undefined> {
    if (this.#closed) return Promise.reject(closed());
    return this.#lane(key).commit({ base, changes, update }, deadline);
  }

  /** Both lanes are held throughout, old before new; so are they when destroying, and so nobody waits in a ring. */
  async regenerate(
    identity: Identity,
    next: Identity,
    loaded: Known,
    changes: Changes,
    deadline: Deadline,
  ): Promise<Regenerated> {
    this.#assertOpen();
    const [backend, context] = [this.#backend, this.#context];
    const destroyKey = (key: string, until: Deadline) => this.#destroy(key, everything(until));
    return this.#lane(identity.key).alone(
      (old) =>
        this.#lane(next.key).alone((fresh) => {
          const regeneration = new Regeneration({ backend, context, old, fresh, destroyKey, deadline });
          return loaded.retired === undefined
            ? regeneration.fromSession(loaded, changes)
            : regeneration.fromMarker(loaded, changes);
        }, deadline),
      deadline,
    );
  }

  /** The session under a key and what succeeded it. Resolves to whether anything was there. */
  async destroy(key: string, loaded: Known | undefined, deadline: Deadline): Promise<boolean> {
    this.#assertOpen();
    return (await this.#destroy(key, everything(deadline), loaded)) !== "missing";
  }

  /** The owner's live sessions; those that could not be read are left over. */
  async *owned(owner: string, leftovers: Leftovers): AsyncGenerator<readonly [key: string, known: Known]> {
    this.#assertOpen();
    for await (const key of this.#backend.keysOf(owner)) {
      const known = await leftovers.attempt(() => this.#backend.read(key));
      if (known !== undefined && known.retired === undefined && known.owner === owner) yield [key, known];
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
    for await (const key of this.#backend.keysOf(owner)) {
      await leftovers.attempt(() => this.#destroy(key, { spare, owner, ended, deadline: this.deadline() }));
    }
    leftovers.assertNone("ended");
    return count;
  }

  /** The key and those that its markers lead to. */
  async chain(key: string): Promise<ReadonlySet<string>> {
    const keys = new Set<string>();
    for (let at: string | undefined = key; at && !keys.has(at); ) {
      keys.add(at);
      at = (await this.#backend.read(at))?.retired;
    }
    return keys;
  }

  async touch({ key }: Identity, known: Known, expiresAt: number): Promise<Known> {
    if (this.#closed) return known;
    const touching = this.#backend.touch(key, known, expiresAt);
    this.#touching.add(touching);
    await touching;
    this.#touching.delete(touching);
    return known;
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

  write(lane: Lane, members: Parameters<LaneOwner["write"]>[1]): Promise<void> {
    return commitTogether(this.#backend, this.#context, lane, members);
  }

  idle(lane: Lane): void {
    this.#lanes.delete(lane.key);
  }

  async #drained(): Promise<void> {
    while (this.#lanes.size > 0 || this.#touching.size > 0) {
      await Promise.all([...this.#touching, ...[...this.#lanes.values()].map((lane) => lane.running)]);
    }
  }

  #destroy(key: string, destruction: Destruction, loaded?: Known): Promise<Fate> {
    return this.#lane(key).alone(
      (lane) =>
        destroy(this.#backend, this.#context, lane, loaded, destruction, (each) =>
          // A successor is led to, whoever's it is, and where it is missing it has expired.
          this.#destroy(each, { ...destruction, owner: undefined }),
        ),
      destruction.deadline,
    );
  }

  #assertOpen(): void {
    if (this.#closed) throw closed();
  }

  #lane(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(key, this.#context, this);
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}

export function closed(): SessionError {
  return new SessionError("SESS_CLOSED", "this session manager was closed");
}
