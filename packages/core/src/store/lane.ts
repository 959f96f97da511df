import { SessionError } from "../errors.js";
import { Deadline, limits, type StoreContext } from "./context.js";
import type { Changes, FieldUpdate } from "./fields.js";
import type { Known } from "./known.js";

/** One request's commit, waiting to be written together with others. */
export interface Member {
  /** The record the request loaded or last committed; `undefined` when its session was never stored. */
  readonly base: Known | undefined;
  readonly changes: Changes;
  readonly update: FieldUpdate | undefined;
  readonly deadline: Deadline;
  resolve(known: Known | undefined): void;
  reject(error: unknown): void;
}

/** A regenerate or a destroy: has the lane to itself, after what was queued before it, before what comes later. */
export type Exclusive = (lane: Lane) => Promise<void>;

/** Whoever keeps the lanes of a Manager. */
export interface LaneOwner {
  /** Writes a batch and settles its members. Never rejects. */
  write(lane: Lane, members: readonly Member[]): Promise<void>;
  /** The lane is empty: it is to be forgotten before anything else runs. */
  idle(lane: Lane): void;
}

/**
 * The queue of one key in one Manager. One batch is in flight at a time, and whoever arrives meanwhile shares the next
 * (group commit). One at a time is a rule of correctness: a record lists only the *last* batch of each Manager, so of
 * two in flight the first could not recognise itself once the second had followed it.
 */
export class Lane {
  readonly key: string;
  /** The newest record this Manager has seen of the key while the lane was busy. Needs not be the newest there is. */
  known: Known | undefined;
  readonly #queue: (Member | Exclusive)[] = [];
  readonly #context: StoreContext;
  readonly #owner: LaneOwner;
  #running: Promise<void> | undefined;

  constructor(key: string, context: StoreContext, owner: LaneOwner) {
    this.key = key;
    this.#context = context;
    this.#owner = owner;
  }

  /** Settles when the lane is empty; never rejects. `undefined` when it is. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Resolves to the record with the changes in it; to `undefined` when there still is nothing to store. */
  commit(base: Known | undefined, changes: Changes, update?: FieldUpdate): Promise<Known | undefined> {
    return new Promise((resolve, reject) => {
      const deadline = new Deadline(this.#context, limits.batch);
      this.#enqueue({ base, changes, update, deadline, resolve, reject }, reject);
    });
  }

  alone<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue((lane) => work(lane).then(resolve, reject), reject);
    });
  }

  #enqueue(job: Member | Exclusive, reject: (error: unknown) => void): void {
    if (this.#queue.length >= limits.queue) {
      reject(new SessionError("SESS_UNAVAILABLE", `${limits.queue} writes of this session are waiting already`));
      return;
    }
    this.#queue.push(job);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (typeof job === "function") await job(this);
      else await this.#owner.write(this, this.#together(job));
    }
    this.#running = undefined;
    this.#owner.idle(this);
  }

  /** A member with those queued right behind it, less those that have waited too long. */
  #together(first: Member): Member[] {
    const members = [first];
    for (let next = this.#queue[0]; next !== undefined && typeof next !== "function"; next = this.#queue[0]) {
      members.push(next);
      this.#queue.shift();
    }
    return members.filter((member) => {
      const late = member.deadline.passed;
      if (late) member.reject(new SessionError("SESS_UNAVAILABLE", "earlier writes of this session took too long"));
      return !late;
    });
  }
}
