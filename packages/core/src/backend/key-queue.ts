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
  /** The newest record this Manager has seen of the key while its queue was busy. Needs not be the newest there is. */
  stored: StoredSession | undefined;
}

/** Somebody who waits for what he asked for. He is told once, at his deadline at the latest. */
export class Waiting<T> {
  readonly deadline: Deadline;
  /** What he is told at the deadline. */
  whenLate: () => SessionError = tooLate;
  /** Where he asked; set while others are before him. */
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

  /** Leaves it to the work to end in time. */
  protected untimed(): void {
    this.#calls.clear(this.#alarm);
  }

  #settle(): void {
    this.settled = true;
    this.#calls.clear(this.#alarm);
  }
}

/** A regenerate or a destroy: has the queue to itself, after what was queued before it, before what comes later. */
class Exclusive<T> extends Waiting<T> {
  readonly #work: (held: HeldKey) => Promise<T>;

  constructor(work: (held: HeldKey) => Promise<T>, ...waiting: ConstructorParameters<typeof Waiting<T>>) {
    super(...waiting);
    this.#work = work;
  }

  /** Never rejects. The work keeps the deadline by itself: only it knows what a new id comes to when time runs out. */
  run(held: HeldKey): Promise<void> {
    this.untimed();
    return this.#work(held).then(
      (value) => this.resolve(value),
      (error: unknown) => this.reject(error),
    );
  }
}

/** Does what waits together in one, and settles each. Never rejects. */
export type DoTogether<M> = (held: HeldKey, members: readonly [M, ...M[]]) => Promise<void>;

/**
 * The queue of one key in one Manager. One batch is in flight at a time, and whoever arrives meanwhile shares the next
 * (group commit). One at a time is a rule of correctness: a record lists only the *last* batch of each Manager, so of
 * two in flight the first could not recognise itself once the second had followed it.
 *
 * What is done for a request is done in that request's context, and none is kept alive by those that come after it.
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
      // Nothing will run that ends: kept, the queue would be waited for without end.
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

  /** A member with those queued right behind it, less those that have waited too long. */
  #together(first: M): [M, ...M[]] {
    const members: [M, ...M[]] = [first];
    for (let next = this.#jobs[0]; next !== undefined && !(next instanceof Exclusive); next = this.#jobs[0]) {
      if (!isLate(next)) members.push(next);
      this.#jobs.shift();
    }
    return members;
  }
}

/** By the Manager's clock as well, which no timer follows. */
function isLate(job: Waiting<never>): boolean {
  // rule: what-is-late-is-not-begun
  if (!job.settled && job.deadline.passed) job.reject(job.whenLate());
  return job.settled;
}

/** Has a key to oneself for a while. */
export interface ExclusiveKeys {
  /** `work` must settle by the deadline. */
  runExclusive<T>(key: string, work: (held: HeldKey) => Promise<T>, deadline: Deadline): Promise<T>;
}

/** The queues of one Manager: a key has one while something is asked of it. */
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

  /** Resolves when those that are busy now are empty. */
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
