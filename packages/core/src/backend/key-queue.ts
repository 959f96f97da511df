import { SessionError } from "../errors.js";
import { limits } from "../limits.js";
import type { StoredSession } from "../record/stored-session.js";
import { type Context, presentContext } from "./async-context.js";
import type { Alarm, BoundedCalls } from "./bounded.js";
import type { Deadline } from "./deadline.js";
import { tooLate } from "./refusals.js";

/** A key whose queue the caller has to itself. */
export interface HeldKey {
  readonly key: string;
  /**
   * The newest record that this Manager has seen of the key while its queue was busy. The store may have a newer one.
   */
  stored: StoredSession | undefined;
}

/** A caller that waits for a result. It gets one at its deadline at the latest. */
export class Waiting<T> {
  readonly deadline: Deadline;
  /** The error that the caller gets at the deadline. */
  whenLate: () => SessionError = tooLate;
  /** The context of the caller; set while others are before it. */
  context: Context | undefined;
  settled = false;
  readonly #calls: BoundedCalls;
  readonly #alarm: Alarm;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(calls: BoundedCalls, deadline: Deadline, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.deadline = deadline;
    this.#calls = calls;
    this.#resolve = resolve;
    this.#reject = reject;
    // rule: whoever-waits-is-told
    this.#alarm = calls.set(deadline.until, () => this.reject(this.whenLate()));
  }

  resolve(value: T): void {
    if (this.settled) return;
    this.#settle();
    this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.settled) return;
    this.#settle();
    this.#reject(error);
  }

  /** Removes the time limit: the work then ends in time by itself. */
  protected untimed(): void {
    this.#calls.clear(this.#alarm);
  }

  #settle(): void {
    this.settled = true;
    this.#calls.clear(this.#alarm);
  }
}

/** A regenerate or a destroy. It runs alone: after the operations queued before it, and before later ones. */
class Exclusive<T> extends Waiting<T> {
  readonly #work: (held: HeldKey) => Promise<T>;

  constructor(work: (held: HeldKey) => Promise<T>, ...waiting: ConstructorParameters<typeof Waiting<T>>) {
    super(...waiting);
    this.#work = work;
  }

  /** Never rejects. The work itself keeps the deadline: only it knows the outcome of a new id when time runs out. */
  run(held: HeldKey): Promise<void> {
    this.untimed();
    return this.#work(held).then(
      (value) => this.resolve(value),
      (error: unknown) => this.reject(error),
    );
  }
}

/** Performs the waiting operations as one, and settles each. Never rejects. */
export type DoTogether<M> = (held: HeldKey, members: readonly [M, ...M[]]) => Promise<void>;

/**
 * The queue of one key in one Manager. One batch is in flight at a time, and operations that arrive meanwhile share the
 * next one (group commit). This is needed for correctness: a record lists only the *last* batch of each Manager, so
 * with two batches in flight the first could not be recognised after the second.
 *
 * The work for a request runs in that request's context, and later requests do not keep that context alive.
 */
class KeyQueue<M extends Waiting<never>> implements HeldKey {
  readonly key: string;
  stored: StoredSession | undefined;
  readonly #jobs: (M | Exclusive<unknown>)[] = [];
  readonly #calls: BoundedCalls;
  readonly #doTogether: DoTogether<M>;
  /** To be called when the queue is empty, before anything else runs. */
  readonly #forget: () => void;
  #isRunning = false;
  readonly #whenIdle: (() => void)[] = [];

  constructor(key: string, calls: BoundedCalls, doTogether: DoTogether<M>, forget: () => void) {
    this.key = key;
    this.#calls = calls;
    this.#doTogether = doTogether;
    this.#forget = forget;
  }

  /** Settles when the queue is empty; never rejects. `undefined` when it is. */
  get running(): Promise<void> | undefined {
    return this.#isRunning ? new Promise((resolve) => this.#whenIdle.push(resolve)) : undefined;
  }

  runExclusive<T>(work: (held: HeldKey) => Promise<T>, deadline: Deadline): Promise<T> {
    return new Promise((resolve, reject) => {
      this.add(new Exclusive<T>(work, this.#calls, deadline, resolve, reject) as Exclusive<unknown>);
    });
  }

  add(job: M | Exclusive<unknown>): void {
    if (this.#jobs.length >= limits.queue) {
      job.reject(new SessionError("SESS_UNAVAILABLE", `${limits.queue} writes of this session are waiting already`));
    } else if (this.#isRunning) {
      job.context = presentContext();
      // rule: one-batch-in-flight
      this.#jobs.push(job);
    } else if (isLate(job)) {
      // Nothing will run that could end: if it were kept, `settled` would wait for the queue without end.
      this.#forget();
    } else {
      this.#isRunning = true;
      this.#begin(job);
    }
  }

  #begin(job: M | Exclusive<unknown>): void {
    // rule: exclusives-are-barriers
    const work = job instanceof Exclusive ? job.run(this) : this.#doTogether(this, this.#together(job));
    work.then(() => this.#next());
  }

  #next(): void {
    let job = this.#jobs.shift();
    for (; job !== undefined && isLate(job); job = this.#jobs.shift());
    if (job === undefined) {
      this.#isRunning = false;
      this.#forget();
      for (const tell of this.#whenIdle.splice(0)) tell();
      return;
    }
    const next = job;
    const context = next.context ?? presentContext();
    next.context = undefined;
    // rule: queues-keep-no-context
    context(() => this.#begin(next));
  }

  /** A member with those queued directly behind it, without those that have waited too long. */
  #together(first: M): [M, ...M[]] {
    const members: [M, ...M[]] = [first];
    for (let next = this.#jobs[0]; next !== undefined && !(next instanceof Exclusive); next = this.#jobs[0]) {
      if (!isLate(next)) members.push(next);
      this.#jobs.shift();
    }
    return members;
  }
}

/** Also by the Manager's clock, which has no timer. */
function isLate(job: Waiting<never>): boolean {
  // rule: what-is-late-is-not-begun
  if (!job.settled && job.deadline.passed) job.reject(job.whenLate());
  return job.settled;
}

/** Gives exclusive access to a key for a while. */
export interface ExclusiveKeys {
  /** `work` must settle by the deadline. */
  runExclusive<T>(key: string, work: (held: HeldKey) => Promise<T>, deadline: Deadline): Promise<T>;
}

/** The queues of one Manager: a key has a queue while operations on it wait or run. */
export class KeyQueues<M extends Waiting<never>> implements ExclusiveKeys {
  readonly #queues = new Map<string, KeyQueue<M>>();
  readonly #calls: BoundedCalls;
  readonly #doTogether: DoTogether<M>;

  constructor(calls: BoundedCalls, doTogether: DoTogether<M>) {
    this.#calls = calls;
    this.#doTogether = doTogether;
  }

  add(key: string, member: M): void {
    this.#of(key).add(member);
  }

  runExclusive<T>(key: string, work: (held: HeldKey) => Promise<T>, deadline: Deadline): Promise<T> {
    return this.#of(key).runExclusive(work, deadline);
  }

  get busy(): boolean {
    return this.#queues.size > 0;
  }

  /** Resolves when the queues that are busy now are empty. */
  async settled(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.running));
  }

  #of(key: string): KeyQueue<M> {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new KeyQueue(key, this.#calls, this.#doTogether, () => this.#queues.delete(key));
      this.#queues.set(key, queue);
    }
    return queue;
  }
}
