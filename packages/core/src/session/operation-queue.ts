interface Waiting {
  /** Whether nothing else may be under way with it. */
  readonly exclusive: boolean;
  readonly resolve: () => void;
}

/**
 * What one request has its session do, begun in the order in which it was asked for: commits beside each other, but one
 * at a time where they hold changes; a new id or the end alone.
 *
 * Nobody passes those that wait. A newer change that were stored before an older one would be undone by it: the older
 * one was taken from the request earlier, and has the field as it was then.
 */
export class OperationQueue {
  readonly #waiting: Waiting[] = [];
  /** Whether it is somebody's turn who has not begun yet. */
  #given = false;
  readonly #underWay = new Set<Promise<unknown>>();
  /** The commit under way that holds changes. */
  #saving: Promise<void> | undefined;
  #exclusive: Promise<unknown> | undefined;
  /** How many have asked to run alone and have not ended. */
  #asked = 0;

  /** Whether something runs alone or waits to. */
  get occupied(): boolean {
    return this.#asked > 0;
  }

  /** Settles when what runs now has ended; `undefined` when idle. */
  get running(): Promise<void> | undefined {
    if (this.#exclusive === undefined && this.#underWay.size === 0) return undefined;
    return Promise.allSettled([this.#exclusive, ...this.#underWay]).then(() => {});
  }

  /** The turn of a commit; nothing where it has come already. It is over with {@link runShared}, or {@link skip}. */
  turn(): Promise<void> | undefined {
    return this.#mayBegin(false) ? undefined : this.#wait(false);
  }

  /** Begins a commit, which is under way until it has {@link ended}. With `exclusive` the next one waits for that. */
  runShared(stored: Promise<void>, exclusive: boolean): Promise<void> {
    this.#underWay.add(stored);
    if (exclusive) this.#saving = stored;
    this.skip();
    return stored;
  }

  /** A turn was not needed, or something was begun in it. */
  skip(): void {
    this.#given = false;
    this.#next();
  }

  /** A commit has ended, and what it left is in its place. To be called before whoever asked for it hears of it. */
  ended(stored: Promise<void>): void {
    this.#underWay.delete(stored);
    if (this.#saving === stored) this.#saving = undefined;
    this.#next();
  }

  /** Runs with nothing else of this session under way. */
  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#asked++;
    return this.#mayBegin(true) ? this.#begin(work) : this.#wait(true).then(() => this.#begin(work));
  }

  /** Waits until what has begun has ended, and `isBusy` says that nothing waits to begin. */
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
    // Before whoever asked for it hears of it.
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
    return !exclusive || this.#underWay.size === 0;
  }
}
