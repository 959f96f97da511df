import { SessionError } from "../errors.js";
import { limits } from "../limits.js";
import type { Changes, FieldUpdate } from "../record/changes.js";
import type { StoredSession } from "../record/stored-session.js";
import { type Context, presentContext } from "./async-context.js";
import type { Alarm } from "./bounded.js";
import type { StoreContext } from "./context.js";
import type { Deadline } from "./deadline.js";

/** Somebody who waits for what he asked for. He is told once, at his deadline at the latest. */
class Waiting<T> {
  readonly deadline: Deadline;
  /** What he is told at the deadline. */
  whenLate: () => SessionError = tooLate;
  /** Where he asked; set while others are before him. */
  context: Context | undefined;
  settled = false;
  readonly #parts: StoreContext;
  readonly #alarm: Alarm;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(parts: StoreContext, deadline: Deadline, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.deadline = deadline;
    this.#parts = parts;
    this.#resolve = resolve;
    this.#reject = reject;
    // rule: whoever-waits-is-told
    this.#alarm = parts.calls.set(deadline.until, () => this.reject(this.whenLate()));
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
    this.#parts.calls.clear(this.#alarm);
  }

  #settle(): void {
    this.settled = true;
    this.#parts.calls.clear(this.#alarm);
  }
}

/** One request's commit, waiting to be written together with others. */
export class Member extends Waiting<StoredSession | undefined> {
  /** The record the request loaded or last committed; `undefined` when its session was never stored. */
  readonly base: StoredSession | undefined;
  readonly changes: Changes;
  readonly update: FieldUpdate | undefined;

  constructor(
    { base, changes, update }: Pick<Member, "base" | "changes" | "update">,
    ...waiting: ConstructorParameters<typeof Waiting<StoredSession | undefined>>
  ) {
    super(...waiting);
    this.base = base;
    this.changes = changes;
    this.update = update;
  }
}

/** A regenerate or a destroy: has the queue to itself, after what was queued before it, before what comes later. */
class Exclusive<T> extends Waiting<T> {
  readonly #work: (queue: KeyQueue) => Promise<T>;

  constructor(work: (queue: KeyQueue) => Promise<T>, ...waiting: ConstructorParameters<typeof Waiting<T>>) {
    super(...waiting);
    this.#work = work;
  }

  /** Never rejects. The work keeps the deadline by itself: only it knows what a new id comes to when time runs out. */
  run(queue: KeyQueue): Promise<void> {
    this.untimed();
    return this.#work(queue).then(
      (value) => this.resolve(value),
      (error: unknown) => this.reject(error),
    );
  }
}

/** Whoever keeps the queues of a Manager. */
export interface KeyQueueOwner {
  /** Writes a batch and settles its members. Never rejects. */
  write(queue: KeyQueue, members: readonly [Member, ...Member[]]): Promise<void>;
  /** The queue is empty: it is to be forgotten before anything else runs. */
  idle(queue: KeyQueue): void;
}

/** What one asks of a queue. */
export interface Commit {
  readonly base: StoredSession | undefined;
  readonly changes: Changes;
  readonly update: FieldUpdate | undefined;
}

type Job = Member | Exclusive<unknown>;

/**
 * The queue of one key in one Manager. One batch is in flight at a time, and whoever arrives meanwhile shares the next
 * (group commit). One at a time is a rule of correctness: a record lists only the *last* batch of each Manager, so of
 * two in flight the first could not recognise itself once the second had followed it.
 *
 * What is done for a request is done in that request's context, and none is kept alive by those that come after it.
 */
export class KeyQueue {
  readonly key: string;
  /** The newest record this Manager has seen of the key while the queue was busy. Needs not be the newest there is. */
  stored: StoredSession | undefined;
  readonly #jobs: Job[] = [];
  readonly #context: StoreContext;
  readonly #owner: KeyQueueOwner;
  #isRunning = false;
  readonly #whenIdle: (() => void)[] = [];

  constructor(key: string, context: StoreContext, owner: KeyQueueOwner) {
    this.key = key;
    this.#context = context;
    this.#owner = owner;
  }

  /** Settles when the queue is empty; never rejects. `undefined` when it is. */
  get running(): Promise<void> | undefined {
    return this.#isRunning ? new Promise((resolve) => this.#whenIdle.push(resolve)) : undefined;
  }

  /** Resolves to the record with the changes in it; to `undefined` when there still is nothing to store. */
  commit(commit: Commit, deadline: Deadline): Promise<StoredSession | undefined> {
    return new Promise((resolve, reject) => {
      this.#enqueue(new Member(commit, this.#context, deadline, resolve, reject));
    });
  }

  /** `work` must settle by the deadline. */
  runExclusive<T>(work: (queue: KeyQueue) => Promise<T>, deadline: Deadline): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue(new Exclusive<T>(work, this.#context, deadline, resolve, reject) as Exclusive<unknown>);
    });
  }

  #enqueue(job: Job): void {
    if (this.#jobs.length >= limits.queue) {
      job.reject(new SessionError("SESS_UNAVAILABLE", `${limits.queue} writes of this session are waiting already`));
    } else if (this.#isRunning) {
      job.context = presentContext();
      // rule: one-batch-in-flight
      this.#jobs.push(job);
    } else if (isLate(job)) {
      // Nothing will run that ends: kept, the queue would be waited for without end.
      this.#owner.idle(this);
    } else {
      this.#isRunning = true;
      this.#begin(job);
    }
  }

  #begin(job: Job): void {
    // rule: exclusives-are-barriers
    const work = job instanceof Exclusive ? job.run(this) : this.#owner.write(this, this.#together(job));
    work.then(() => this.#next());
  }

  #next(): void {
    let job = this.#jobs.shift();
    for (; job !== undefined && isLate(job); job = this.#jobs.shift());
    if (job === undefined) {
      this.#isRunning = false;
      this.#owner.idle(this);
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
  #together(first: Member): [Member, ...Member[]] {
    const members: [Member, ...Member[]] = [first];
    for (let next = this.#jobs[0]; next instanceof Member; next = this.#jobs[0]) {
      if (!isLate(next)) members.push(next);
      this.#jobs.shift();
    }
    return members;
  }
}

/** By the Manager's clock as well, which no timer follows. */
function isLate(job: Job): boolean {
  // rule: what-is-late-is-not-begun
  if (!job.settled && job.deadline.passed) job.reject(job.whenLate());
  return job.settled;
}

export function tooLate(): SessionError {
  return new SessionError("SESS_UNAVAILABLE", "earlier writes of this session took too long");
}
