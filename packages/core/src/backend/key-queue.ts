import { SessionError } from "../errors.js";
import type { Changes, FieldUpdate } from "../record/changes.js";
import type { StoredSession } from "../record/stored-session.js";
import { Deadline, limits, type StoreContext } from "./context.js";

/** One request's commit, waiting to be written together with others. */
export interface Member {
  /** The record the request loaded or last committed; `undefined` when its session was never stored. */
  readonly base: StoredSession | undefined;
  readonly changes: Changes;
  readonly update: FieldUpdate | undefined;
  readonly deadline: Deadline;
  resolve(stored: StoredSession | undefined): void;
  reject(error: unknown): void;
}

/** A regenerate or a destroy: has the queue to itself, after what was queued before it, before what comes later. */
export type Exclusive = (queue: KeyQueue) => Promise<void>;

/** Whoever keeps the queues of a Manager. */
export interface KeyQueueOwner {
  /** Writes a batch and settles its members. Never rejects. */
  write(queue: KeyQueue, members: readonly Member[]): Promise<void>;
  /** The queue is empty: it is to be forgotten before anything else runs. */
  idle(queue: KeyQueue): void;
}

/**
 * The queue of one key in one Manager. One batch is in flight at a time, and whoever arrives meanwhile shares the next
 * (group commit). One at a time is a rule of correctness: a record lists only the *last* batch of each Manager, so of
 * two in flight the first could not recognise itself once the second had followed it.
 */
export class KeyQueue {
  readonly key: string;
  /** The newest record this Manager has seen of the key while the queue was busy. Needs not be the newest there is. */
  stored: StoredSession | undefined;
  readonly #jobs: (Member | Exclusive)[] = [];
  readonly #context: StoreContext;
  readonly #owner: KeyQueueOwner;
  #running: Promise<void> | undefined;

  constructor(key: string, context: StoreContext, owner: KeyQueueOwner) {
    this.key = key;
    this.#context = context;
    this.#owner = owner;
  }

  /** Settles when the queue is empty; never rejects. `undefined` when it is. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Resolves to the record with the changes in it; to `undefined` when there still is nothing to store. */
  commit(base: StoredSession | undefined, changes: Changes, update?: FieldUpdate): Promise<StoredSession | undefined> {
    return new Promise((resolve, reject) => {
      const deadline = new Deadline(this.#context, limits.batch);
      this.#enqueue({ base, changes, update, deadline, resolve, reject }, reject);
    });
  }

  runExclusive<T>(work: (queue: KeyQueue) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue((queue) => work(queue).then(resolve, reject), reject);
    });
  }

  #enqueue(job: Member | Exclusive, reject: (error: unknown) => void): void {
    if (this.#jobs.length >= limits.queue) {
      reject(new SessionError("SESS_UNAVAILABLE", `${limits.queue} writes of this session are waiting already`));
      return;
    }
    // rule: one-batch-in-flight
    this.#jobs.push(job);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      // rule: exclusives-are-barriers
      if (typeof job === "function") await job(this);
      else await this.#owner.write(this, this.#together(job));
    }
    this.#running = undefined;
    this.#owner.idle(this);
  }

  /** A member with those queued right behind it, less those that have waited too long. */
  #together(first: Member): Member[] {
    const members = [first];
    for (let next = this.#jobs[0]; next !== undefined && typeof next !== "function"; next = this.#jobs[0]) {
      members.push(next);
      this.#jobs.shift();
    }
    return members.filter((member) => {
      const late = member.deadline.passed;
      if (late) member.reject(new SessionError("SESS_UNAVAILABLE", "earlier writes of this session took too long"));
      return !late;
    });
  }
}
