interface Waiting {
  /** Whether no other operation may run at the same time. */
  readonly exclusive: boolean;
  readonly resolve: () => void;
}

/**
 * The operations of one request on its session, begun in the order in which they were requested. Commits run side by
 * side, but only one at a time that holds changes. Regenerate and destroy run exclusively.
 *
 * Operations never overtake each other. If a newer change were stored before an older one, the older one would undo it:
 * it was taken from the request earlier and has the older value of the field.
 */
export class OperationQueue {
  readonly #waiting: Waiting[] = [];
  /** Whether a turn was given to an operation that has not begun yet. */
  #given = false;
  readonly #underWay: Promise<unknown>[] = [];
  /** The commit under way that holds changes. */
  #saving: Promise<void> | undefined;
  #exclusive: Promise<unknown> | undefined;
  /** The number of operations that have asked to run exclusively and have not ended. */
  #asked = 0;

  /** Whether an operation runs exclusively or waits to. */
  get occupied(): boolean {
    return this.#asked > 0;
  }

  /** Settles when the present operations have ended; `undefined` when idle. */
  get running(): Promise<void> | undefined {
    if (this.#exclusive === undefined && this.#underWay.length === 0) return undefined;
    return Promise.allSettled([this.#exclusive, ...this.#underWay]).then(() => {});
  }

  /**
   * Waits for the turn of a commit; `undefined` if it has come already. The turn ends with {@link runShared} or {@link
   * skip}.
   */
  turn(): Promise<void> | undefined {
    return this.#mayBegin(false) ? undefined : this.#wait(false);
  }

  /** Begins a commit, which is under way until {@link ended}. With `exclusive`, the next commit waits for that. */
  runShared(stored: Promise<void>, exclusive: boolean): Promise<void> {
    this.#underWay.push(stored);
    if (exclusive) this.#saving = stored;
    this.skip();
    return stored;
  }

  /** Gives the turn back, because it was not needed or an operation was begun in it. */
  skip(): void {
    this.#given = false;
    this.#next();
  }

  /** A commit has ended and its result is in place. To be called before its caller is told. */
  ended(stored: Promise<void>): void {
    this.#underWay.splice(this.#underWay.indexOf(stored), 1);
    if (this.#saving === stored) this.#saving = undefined;
    this.#next();
  }

  /** Runs without any other operation of this session under way. */
  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#asked++;
    return this.#mayBegin(true) ? this.#begin(work) : this.#wait(true).then(() => this.#begin(work));
  }

  /** Waits until every begun operation has ended and `isBusy` is false. */
  async settled(isBusy: () => boolean): Promise<void> {
    while (this.occupied || isBusy()) await this.running;
  }

  #begin<T>(work: () => Promise<T>): Promise<T> {
    this.#given = false;
    const result = work();
    this.#exclusive = result;
    const ended = () => {
      this.#exclusive = undefined;
      this.#asked--;
      this.#next();
    };
    // Runs before the caller is told.
    result.then(ended, ended);
    return result;
  }

  #wait(exclusive: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ exclusive, resolve });
    });
  }

  #next(): void {
    const first = this.#waiting[0];
    if (first === undefined || !this.#isFree(first.exclusive)) return;
    this.#waiting.shift();
    // rule: a-turn-is-nobody-elses
    this.#given = true;
    first.resolve();
  }

  #mayBegin(exclusive: boolean): boolean {
    // rule: nobody-passes-those-that-wait
    return this.#waiting.length === 0 && this.#isFree(exclusive);
  }

  #isFree(exclusive: boolean): boolean {
    if (this.#given || this.#exclusive !== undefined || this.#saving !== undefined) return false;
    return !exclusive || this.#underWay.length === 0;
  }
}
